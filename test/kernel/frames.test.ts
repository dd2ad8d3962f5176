/** Scenarios with page frames as sequences of the probe: orders, shapes, and what cannot be asked of a kernel. */
import { describe, expect, test } from 'vitest'
import { orders } from '../../kernel/frames/orders.ts'
import { framesProgram } from '../../kernel/frames/program.ts'
import { SHAPES } from '../../kernel/frames/shapes.ts'
import { op } from '../../kernel/probe/operations.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { catalogueText, scenarioOn, scenariosOf } from '../support/scenarios.ts'
import { results, withProbe } from './support.ts'

const KERNEL = 'v6.18.37'

describe('orders', () => {
  test('are all that there are, each once', () => {
    const all = orders([2, 3], () => true)
    expect(all).toHaveLength(10)
    expect(new Set(all.map((o) => o.join(''))).size).toBe(10)
    for (const o of all) expect([o.filter((t) => t === 0).length, o.filter((t) => t === 1).length]).toEqual([2, 3])
  })

  test('let nobody run before the fork', () => {
    const all = orders([3, 1], (t, done) => t === 0 || (done[0] ?? 0) > 1)
    expect(all).toEqual([
      [0, 0, 0, 1],
      [0, 0, 1, 0],
    ])
  })
})

const programOf = (s: Scenario, shape?: string): ReturnType<typeof framesProgram> =>
  framesProgram(s, shape === undefined ? undefined : SHAPES[shape])
const refusal = (s: Scenario): string => {
  const made = programOf(s)
  return made.ok ? '' : made.error.message
}

describe('the program', () => {
  test('has the operations of the litmus file, by the processes that they name', () => {
    const made = programOf(scenarioOn('selftest-cow-vmsplice_child-base', KERNEL))
    if (!made.ok) throw new Error(made.error.message)
    const { threads, setUp } = made.value
    expect(setUp.map((s) => s.op.name)).toEqual(['mmap', 'madvise', 'store'])
    expect(threads.map((t) => t.flatMap((c) => c.steps.map((s) => `${s.op.proc} ${s.op.name}`)))).toEqual([
      ['0 fork', '0 store'],
      ['1 vmsplice', '1 munmap', '1 pipe_read'],
    ])
    expect(made.value.orders).toHaveLength(4)
  })

  test('waits for a child that exits', () => {
    const made = programOf(scenarioOn('selftest-cow-ro_pin_previously-base', KERNEL))
    const child = made.ok ? made.value.threads[1]?.flatMap((c) => c.steps.map((s) => `${s.op.proc} ${s.op.name}`)) : []
    expect(child).toEqual(['1 exit', '0 wait'])
  })

  test('takes as many real pages for one of the model as its shape has', () => {
    const pages = (shape?: string): number | undefined => {
      const made = programOf(scenarioOn('selftest-cow-basic-base', KERNEL), shape)
      return made.ok ? made.value.threads[0]?.[1]?.steps[0]?.op.args[1] : undefined
    }
    expect([pages(), pages('PTE-mapped THP'), pages("partially mremap()'ed THP"), pages('single PTE of THP')]).toEqual([
      1, 512, 256, 1,
    ])
  })

  test('is refused with a reason where a kernel cannot be asked', () => {
    expect(refusal(scenarioOn('pin_fast+ksm', 'v7.0'))).toContain("'ksm' is not run")
    const text = catalogueText('selftest-cow-basic-base').replace('fill a[0] write;', 'fill a[0] guard;')
    const [guarded] = scenariosOf(text)
    expect(guarded === undefined ? '' : refusal(guarded)).toContain('first contents')
  })
})

describe('the probe', () => {
  const anon = [op('mmap', 0, 2, 3, 0x22, -1, 0)]

  test('compares whole pages', async (context) => {
    await withProbe(context, async (probe) => {
      const seen = await results(probe, [
        ...anon,
        op('store', 0, 2, 7),
        op('load', 0, 2),
        op('write', 1, 9),
        op('load', 0, 2),
      ])
      expect(seen).toEqual(['0', '0', '7', '0', '256'])
    })
  })

  test('splices and pins what was there, and sees what came of it', async (context) => {
    await withProbe(context, async (probe) => {
      const ops = [op('store', 0, 2, 3), op('vmsplice', 0, 2), op('write', 1, 4), op('pipe_read'), op('pipe_read')]
      // Nobody else has the page: the pipe holds the very page that is written to.
      expect((await results(probe, [...anon, ...ops])).slice(2)).toEqual(['0', '0', '256', '-EAGAIN'])
    })
  })

  test('has no pin where the kernel has no test of pins', async (context) => {
    await withProbe(context, async (probe) => {
      const [, pinned, read] = await results(probe, [...anon, op('gup_pin', 0, 1, 0), op('gup_read')])
      if (pinned === '0') context.skip('this kernel has CONFIG_GUP_TEST')
      expect(pinned).toMatch(/^-E(NOENT|ACCES|PERM)$/)
      expect(read).toBe('-EBADF')
    })
  })
})
