/**
 * What threads can meet in. Slots that one thread alone touches are left out; of a mask in which steps
 * set and clear single bits, as the readers of an rwsem, each bit counts for itself.
 */
import type { LExpr, LoweredModel, LStmt } from '../../model/language/lowered.ts'
import { accessesOf, stepAccesses } from '../../model/language/slots.ts'
import type { Part } from './parts.ts'

export interface Atoms {
  /** The last atom stands for no slot, but for how the run ends: see `daemonsDecide`. */
  readonly count: number
  /** The first atom of each slot, or -1 where only one thread touches it. */
  readonly first: readonly number[]
  /** How many atoms a slot has: one, or one for each of its bits. */
  readonly width: readonly number[]
  /** The thread that alone writes a slot; -1 where none does, or several. */
  readonly writer: readonly number[]
}

/** `slot | constant` or `slot & ~constant`: the bits that a write of it to `slot` changes. */
export function maskedBits(slot: number, value: LExpr): number | undefined {
  if (value.kind !== 'binary' || (value.op !== 'bor' && value.op !== 'bandnot')) return undefined
  const { left, right } = value
  return left.kind === 'slot' && left.slot === slot && right.kind === 'const' ? right.value : undefined
}

function eachMask(body: readonly LStmt[], visit: (slot: number) => void): void {
  for (const s of body) {
    if (s.kind === 'if') {
      eachMask(s.then, visit)
      eachMask(s.else, visit)
    } else if (s.kind === 'set' && s.target.kind === 'slot' && maskedBits(s.target.slot, s.value) !== undefined) {
      visit(s.target.slot)
    }
  }
}

const NONE = -1
const SEVERAL = -2

const merge = (before: number | undefined, thread: number): number =>
  before === NONE || before === thread ? thread : SEVERAL

interface Touched {
  readonly owner: readonly number[]
  readonly writer: readonly number[]
}

/** Which thread touches each slot; a step that writes what a part looks at looks at all of that part. */
function touched(model: LoweredModel, parts: readonly Part[]): Touched {
  const owner = model.slots.map(() => NONE)
  const writer = model.slots.map(() => NONE)
  model.threads.forEach(({ pcSlot }, t) => (owner[pcSlot] = merge(owner[pcSlot], t)))
  for (const step of model.steps) {
    const { reads } = accessesOf(step.body)
    const { reads: guard, writes } = stepAccesses(step)
    const seen = parts.filter((part) => [...part.slots].some((slot) => writes.has(slot))).map((part) => part.slots)
    for (const slots of [reads, guard, writes, ...seen])
      for (const slot of slots) owner[slot] = merge(owner[slot], step.thread)
    for (const slot of writes) writer[slot] = merge(writer[slot], step.thread)
  }
  return { owner, writer }
}

/** The atoms of a specialised model. */
export function atomsOf(model: LoweredModel, parts: readonly Part[]): Atoms {
  const masks = new Set<number>()
  for (const step of model.steps) eachMask(step.body, (slot) => masks.add(slot))
  const { owner, writer } = touched(model, parts)
  let count = 0
  const width: number[] = []
  const first = model.slots.map(({ lo, hi }, slot) => {
    const bits = masks.has(slot) && lo >= 0 && hi > 0 && hi < 2 ** 16 ? 32 - Math.clz32(hi) : 1
    width.push(bits)
    if (owner[slot] !== SEVERAL) return -1
    count += bits
    return count - bits
  })
  return { count: count + 1, first, width, writer }
}
