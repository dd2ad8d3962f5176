/**
 * The rows of cow.c (tools/testing/selftests/mm/cow.c, v6.18) on the running kernel, by its own titles. What is run
 * is the litmus file of the row, in every order of its operations; a configuration that the model does not have
 * takes the file of the base page, on memory of that shape. What the selftest skips is skipped here: without swap,
 * without CONFIG_GUP_TEST, without free huge pages. MMCHECK_HUGETLB=N reserves N of them for the time of the test.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { catalogue } from '../../cli/input.ts'
import { conformFrames, runOrder } from '../../kernel/frames/conform.ts'
import { framesProgram } from '../../kernel/frames/program.ts'
import { HUGE, SHAPES, type Shape, type Step } from '../../kernel/frames/shapes.ts'
import { by, fork, madvise, op, type ProbeOp } from '../../kernel/probe/operations.ts'
import { openProbe, type Probe } from '../../kernel/probe/probe.ts'
import { showResult } from '../../kernel/probe/protocol.ts'
import { against } from '../../kernel/running.ts'
import type { RaceOutcome } from '../../kernel/race/outcome.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { printLitmus } from '../../model/litmus/printer.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { GUP_ROWS, scenarioOfRow } from '../../model/scenarios/gup_rows.ts'
import { CELLS, COLLAPSE, CONFIGURATIONS, TESTS } from '../scenarios/cow_selftests.ts'
import { scenarioOn, scenariosOf } from '../support/scenarios.ts'
import { meets } from './meets.ts'
import { have } from './support.ts'

const NR_HUGEPAGES = '/proc/sys/vm/nr_hugepages'
const reserve = process.env['MMCHECK_HUGETLB']
let reserved: string | undefined

let opened: Awaited<ReturnType<typeof openProbe>> | undefined
let kernel: Awaited<ReturnType<typeof against>> | undefined
beforeAll(async () => {
  if (reserve !== undefined) {
    reserved = readFileSync(NR_HUGEPAGES, 'utf8')
    writeFileSync(NR_HUGEPAGES, reserve)
  }
  opened = await openProbe()
  kernel = await against(undefined, [])
})
afterAll(async () => {
  if (opened?.ok === true) await opened.value.close()
  if (reserved !== undefined) writeFileSync(NR_HUGEPAGES, reserved)
})

function machine(context: TestContext): { readonly probe: Probe; readonly model: string } {
  if (opened === undefined || kernel === undefined) throw new Error('nothing was opened')
  return { probe: have(opened, context), model: have(kernel, context).model.name }
}

/** The outcome of every order of the operations of a scenario; skips where the machine lacks something. */
async function outcomesOf(s: Scenario, context: TestContext, shape?: Shape): Promise<readonly RaceOutcome[]> {
  const { probe } = machine(context)
  const program = have(framesProgram(s, shape), context)
  const outcomes: RaceOutcome[] = []
  for (const order of program.orders) {
    const { outcome, hung } = have(await runOrder(probe, program, order), context)
    expect(hung).toBe(false)
    outcomes.push(outcome)
  }
  expect(outcomes.length).toBeGreaterThan(0)
  return outcomes
}

const passes = (s: Scenario, o: RaceOutcome): boolean => s.file.final !== undefined && meets(s.file.final.cond, o)
const failing = (s: Scenario, all: readonly RaceOutcome[]): readonly RaceOutcome[] => all.filter((o) => !passes(s, o))

const files = catalogue()
/** Configurations whose litmus files run as they are; of the others the probe makes the shape, and base is run on it. */
const AS_WRITTEN = ['base page', 'swapped out base page', 'THP', 'hugetlb']
const anonymous = Object.entries(TESTS).flatMap(([name, description]) =>
  Object.keys(CONFIGURATIONS).map((configuration) => {
    const cell = CELLS.find((c) => c.description === description && c.configuration === configuration)
    const own = cell !== undefined && AS_WRITTEN.includes(configuration)
    return {
      title: `${description} ... with ${configuration}`,
      file: own ? cell.name : `selftest-cow-${name}-base`,
      shape: own ? undefined : SHAPES[configuration],
      leaks: cell?.expectedToFail === true,
    }
  }),
)

const configurationOf = (file: string): string => CELLS.find((c) => c.name === file)?.configuration ?? ''

describe('anonymous memory', () => {
  for (const { title, file, shape, leaks } of anonymous)
    test(title, async (context) => {
      const s = scenarioOn(file, machine(context).model)
      const wrong = failing(s, await outcomesOf(s, context, shape))
      if (leaks) expect(wrong).not.toEqual([])
      else expect(wrong).toEqual([])
    })

  test('every configuration of cow.c has a shape, or a file of its own', () => {
    expect(anonymous).toHaveLength(14 * 11)
    for (const { file, shape, title } of anonymous) {
      expect(files).toContain(file)
      expect(shape !== undefined || title.endsWith(` ... with ${configurationOf(file)}`)).toBe(true)
    }
  })
})

/** cow.c makes a huge page that PTEs map, and has it collapsed where part of it is shared with a child. */
const child = (o: ProbeOp): ProbeOp => by(1, o)
const [FILLED, STORED] = [1, 2]

async function collapsed(unshared: number, compared: number, context: TestContext): Promise<void> {
  const { probe } = machine(context)
  const shape = SHAPES['PTE-mapped THP']
  const setUp: readonly Step[] = shape?.setUp(0, FILLED) ?? []
  const half = HUGE / 2
  const ops = [
    madvise(unshared, half, 'dontfork'),
    fork(1),
    madvise(0, HUGE, 'dofork'),
    madvise(0, HUGE, 'collapse'),
    op('store', 0, HUGE, STORED),
    child(op('load', compared, half)),
    op('load', 0, HUGE),
    child(op('exit')),
    op('wait', 1),
  ]
  const { ops: results } = await probe.run({ ops: [...setUp.map((x) => x.op), ...ops], timeoutMs: 20_000 })
  const missing = setUp.flatMap((x, i) => {
    const r = results[i]
    return r === undefined ? [] : (x.missing(r) ?? [])
  })
  if (missing[0] !== undefined) context.skip(missing[0])
  const said = results.slice(setUp.length).map(showResult)
  if (said[3] !== '0') context.skip(`MADV_COLLAPSE failed: ${said[3] ?? ''}`)
  expect(said).toEqual(['0', '0', '0', '0', '0', String(FILLED), String(STORED), '0', '0'])
}

describe('anonymous THP', () => {
  const whole = Object.entries(COLLAPSE).filter(([title]) => !/\((lower|upper) shared\)/.test(title))
  for (const [title, file] of whole)
    test(title, async (context) => {
      const s = scenarioOn(file, machine(context).model)
      expect(failing(s, await outcomesOf(s, context))).toEqual([])
    })

  test('Basic COW after fork() when collapsing after fork() (lower shared)', async (context) => {
    await collapsed(HUGE / 2, 0, context)
  })
  test('Basic COW after fork() when collapsing after fork() (upper shared)', async (context) => {
    await collapsed(0, HUGE / 2, context)
  })
})

const PINS = ['pin', 'pin_fast', 'pin_read', 'unpin']
/** "Basic COW" of memory that is not anonymous: the rows of long-term pins, without the pin. */
function withoutPins(file: LitmusFile): LitmusFile {
  const { final: _, ...rest } = file
  const threads = file.threads.map((t) => ({ ...t, stmts: t.stmts.filter((s) => !PINS.includes(s.op.text)) }))
  return { ...rest, threads }
}

const GIB = '1048576 kB'
const NO_GIB = 'mappings of the probe lie closer together than 1 GiB'

describe('memory that is not anonymous', () => {
  for (const row of GUP_ROWS)
    test(`${row.number}: ${row.run}`, async (context) => {
      if (row.backing.includes(GIB)) context.skip(NO_GIB)
      const s = scenarioOn(scenarioOfRow(row, files) ?? '', machine(context).model)
      expect(failing(s, await outcomesOf(s, context))).toEqual([])
    })

  for (const row of GUP_ROWS.filter((r) => r.how === 'GUP'))
    test(`Basic COW ... with ${row.backing}`, async (context) => {
      if (row.backing.includes(GIB)) context.skip(NO_GIB)
      const { model } = machine(context)
      const pinned = scenarioOn(scenarioOfRow(row, files) ?? '', model)
      // The litmus file of the huge zero page has no second mapping of it.
      const [s] = scenariosOf(row.backing === 'huge zeropage' ? TWO_HUGE_ZERO : printLitmus(withoutPins(pinned.file)), [
        kernelLine([model], []),
      ])
      if (s === undefined) throw new Error(`no scenario of ${row.backing}`)
      const [outcome] = await outcomesOf(s, context)
      expect(outcome?.registers.map((r) => r.value)).toEqual(['0', 'ok', '0'])
    })
})

const TWO_HUGE_ZERO = `MM basic-huge_zeropage
kernel v6.2
{
  frames 2;
  ptes 1;
  map a = anon[0] private rw;
  map s = anon[0] private r;
  fill a[0] huge_zero;
  fill s[0] huge_zero;
}
P0 {
  r0 = load(a[0]);
  r2 = store(a[0], 3);
  r4 = load(s[0]);
}
`

/** Through the whole comparison on every run: a few that are cheap; all of them with MMCHECK_CELLS=all. */
const FEW = ['selftest-cow-basic_mprotect-base', 'selftest-cow-vmsplice_child-thp', 'selftest-cow-iouring_fork-base']

describe('held against the model', () => {
  for (const name of process.env['MMCHECK_CELLS'] === 'all' ? CELLS.map((c) => c.name) : FEW)
    test(name, async (context) => {
      const report = have(await conformFrames(scenarioOn(name, machine(context).model)), context)
      expect(report.seen.filter((o) => o.allowed !== true)).toEqual([])
    })

  test('a model of another kernel is found out', async (context) => {
    machine(context)
    // v5.9 copies a page that somebody else has a reference to, a pin included, which sees no store from then on.
    const report = have(await conformFrames(scenarioOn('selftest-cow-iouring_ro-base', 'v5.9')), context)
    expect(report.seen.map((o) => [o.outcome.registers.at(-1)?.value, o.allowed])).toEqual([['2', false]])
  })
})
