/** New memory is touched page by page, and nothing behind it. */
import { expect, test } from 'vitest'
import { specialise } from '../../solver/specialise.ts'
import { buildMachine } from '../../solver/wasm/machine.ts'
import { PAGE_BYTES, planFor } from '../../solver/wasm/plan.ts'
import { counters } from '../engines/hand_models.ts'

test.each([4096, 5000, 3 * 2 ** 20])('%d bytes', (bytes) => {
  const plan = planFor(specialise(counters([2, 2])))
  const machine = buildMachine(plan)
  machine.memory.grow(64)
  const from = Math.ceil(plan.addresses.end / PAGE_BYTES) * PAGE_BYTES
  const ends = [from - 4, Math.ceil((from + bytes) / 4096) * 4096]
  for (const address of [from, ...ends]) machine.poke(address, 7)
  machine.run('touch', from, from + bytes)
  expect(machine.peek(from)).toBe(0)
  for (const address of ends) expect(machine.peek(address)).toBe(7)
})
