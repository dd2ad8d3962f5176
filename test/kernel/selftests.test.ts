/**
 * The selftests of guard-regions.c on the running kernel, as their litmus files have them. What is asked of
 * the kernel is the condition that the model meets on every path (test/scenarios/selftests.test.ts, and the
 * catalogue's own tests); some go through the whole comparison, and all do with MMCHECK_CELLS=all.
 */
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { conformSequential, runSequential } from '../../kernel/sequential/conform.ts'
import { sequentialProgram } from '../../kernel/sequential/program.ts'
import type { Feature } from '../../kernel/probe/features.ts'
import { openProbe, type Probe } from '../../kernel/probe/probe.ts'
import { against, type Against } from '../../kernel/running.ts'
import { scenarioOn } from '../support/scenarios.ts'
import { CELLS, type SelftestCell } from '../scenarios/selftests.ts'
import { meets } from './meets.ts'
import { have } from './support.ts'

const present = CELLS.filter((c) => c.without === undefined)
/** Through the whole comparison on every run: a few that are cheap. */
const FEW = ['selftest-populate-anon', 'selftest-pagemap_scan-shmem', 'selftest-uffd-shmem']

const NEEDS: Readonly<Partial<Record<SelftestCell['test'], Feature>>> = {
  uffd: 'userfaultfd',
  pagemap_scan: 'pagemap-scan-guard',
  collapse: 'shmem-collapse',
  smaps: 'maybe-guard',
}

/** What of this kernel a selftest is about. */
function needs({ test: of, backing }: SelftestCell): readonly Feature[] {
  const more = NEEDS[of]
  const first: Feature = backing === 'anon' && of !== 'anon_zeropage' ? 'anon-guards' : 'file-guards'
  return more === undefined ? [first] : [first, more]
}

/** One probe for all of them; what the machine lacks is told by each test that asks. */
let opened: Awaited<ReturnType<typeof openProbe>> | undefined
let against_: Awaited<ReturnType<typeof against>> | undefined
beforeAll(async () => {
  opened = await openProbe()
  against_ = await against()
})
afterAll(async () => {
  if (opened?.ok === true) await opened.value.close()
})

function machine(context: TestContext): { readonly probe: Probe; readonly kernel: Against } {
  if (opened === undefined || against_ === undefined) throw new Error('nothing was opened')
  return { probe: have(opened, context), kernel: have(against_, context) }
}

/** Runs a scenario once and asks its condition. */
async function ask(name: string, features: readonly Feature[], context: TestContext): Promise<void> {
  const { probe, kernel } = machine(context)
  for (const f of features) if (!kernel.running.features.has(f)) context.skip(`this kernel lacks ${f}`)
  const scenario = scenarioOn(name, kernel.model.name)
  const program = have(sequentialProgram(scenario), context)
  const { outcome, hung } = have(await runSequential(probe, program), context)
  const cond = scenario.file.final?.cond
  const met = cond !== undefined && meets(cond, outcome)
  expect({ hung, outcome, met }).toEqual({ hung: false, outcome, met: true })
}

describe('on this kernel as the model has it', () => {
  for (const cell of present)
    test(cell.name, async (context) => {
      await ask(cell.name, needs(cell), context)
    })
})

/** Scenarios of what userfaultfd makes of faults, with conditions that every kernel with guards meets. */
const UFFD_SCENARIOS: readonly (readonly [string, readonly Feature[]])[] = [
  ['missing-anon', ['anon-guards']],
  ['missing-shmem', ['file-guards']],
  ['missing-private', ['file-guards']],
  ['register-plain', ['anon-guards']],
  ['register-process_install', ['anon-guards']],
  ['register-collapse', ['shmem-collapse']],
  ['protect-anon', ['anon-guards']],
  ['protect-shmem', ['file-guards']],
  ['protect-private', ['file-guards']],
  ['protect-fork-access', ['file-guards']],
  ['protect-mremap-access', ['file-guards']],
  ['protect-pageout', ['anon-guards']],
  ['protect-guard', ['anon-guards']],
  ['protect-register', ['file-guards']],
]

describe('userfaultfd in the fault path, on this kernel as the model has it', () => {
  for (const [name, features] of UFFD_SCENARIOS)
    test(name, async (context) => {
      await ask(name, ['userfaultfd', ...features], context)
    })

  test('protect-install: the finding, an install that never returns', async (context) => {
    const { kernel } = machine(context)
    for (const f of ['userfaultfd', 'file-guards'] as const)
      if (!kernel.running.features.has(f)) context.skip(`this kernel lacks ${f}`)
    const report = have(await conformSequential(scenarioOn('protect-install', kernel.model.name), 1), context)
    const [seen] = report.seen
    expect([seen?.allowed, seen?.outcome.registers.at(-1)]).toEqual([true, { name: 'P0:r2', value: 'unfinished' }])
  })
})

const whole = process.env['MMCHECK_CELLS'] === 'all' ? present : present.filter((c) => FEW.includes(c.name))

describe('the whole comparison', () => {
  for (const cell of whole)
    test(cell.name, async (context) => {
      const { kernel } = machine(context)
      for (const f of needs(cell)) if (!kernel.running.features.has(f)) context.skip(`this kernel lacks ${f}`)
      const report = have(await conformSequential(scenarioOn(cell.name, kernel.model.name), 2), context)
      expect(report.seen.map((s) => [s.rounds, s.allowed])).toEqual([[2, true]])
    })

  test('a model of another kernel is found out', async (context) => {
    const { kernel } = machine(context)
    if (!kernel.running.features.has('file-guards')) context.skip('this kernel lacks file-guards')
    const report = have(await conformSequential(scenarioOn('selftest-pagemap_scan-shmem', 'v6.13'), 1), context)
    expect(report.seen.map((s) => s.allowed)).toEqual([false])
  })
})

test('a condition that an outcome does not meet', () => {
  const scenario = scenarioOn('selftest-dontneed-anon', 'v7.0')
  const cond = scenario.file.final?.cond
  if (cond === undefined) throw new Error('no condition')
  const results = ['ok', 'ok', '0', '0', 'SEGV', 'SEGV', 'ok', 'guard']
  const registers = results.map((value, i) => ({ name: `P0:r${i}`, value }))
  const pages = [
    { name: 'a[0]', guard: true },
    { name: 'a[1]', guard: false },
  ]
  expect(meets(cond, { registers, pages })).toBe(true)
  expect(meets(cond, { registers, pages: pages.map((p) => ({ ...p, guard: true })) })).toBe(false)
  for (const i of results.keys()) {
    const wrong = registers.map((r, j) => (i === j ? { ...r, value: '-EINVAL' } : r))
    expect(meets(cond, { registers: wrong, pages })).toBe(false)
  }
})
