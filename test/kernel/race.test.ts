/** Litmus files as C programs, the outcomes that their models allow, and the recorded finding on a real kernel. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, type TestContext } from 'vitest'
import { corpusDirectory, rebuild, rerun } from '../../cli/commands/replay.ts'
import { parseCounterexample } from '../../counterexamples/json.ts'
import { C_FLAGS, compile } from '../../kernel/compile.ts'
import { confirm } from '../../kernel/race/confirm.ts'
import { conformRace } from '../../kernel/race/conform.ts'
import { generateC } from '../../kernel/race/generate.ts'
import { allowedOutcomes, isAllowed, shows } from '../../kernel/race/judge.ts'
import { keeping } from '../../kernel/race/keeping.ts'
import { rawOutcome, readOutcome, type RaceOutcome } from '../../kernel/race/outcome.ts'
import { raceProgram, type RaceProgram } from '../../kernel/race/program.ts'
import { parseRace, raceTemplate } from '../../kernel/race/run.ts'
import { targetOf } from '../../kernel/race/target.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenarioOn, scenariosOf, shareOfNames } from '../support/scenarios.ts'
import { have, running } from './support.ts'

const KERNEL = 'v6.18.37'

/** Compiles in a cache of its own, so that no earlier compilation stands in for this one. */
async function warningsOf(text: string, context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mmcheck-race-'))
  try {
    const env = { ...process.env, XDG_CACHE_HOME: directory }
    return have(await compile('race', [{ name: 'race.c', text }], env), context).warnings
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What the compiler says of a text that it does not make code of. */
function syntaxOf(text: string, context: TestContext): string {
  const ran = spawnSync('cc', [...C_FLAGS, '-fsyntax-only', '-x', 'c', '-'], { input: text, encoding: 'utf8' })
  if (ran.error !== undefined) context.skip("no C compiler: 'cc' cannot be run")
  return ran.stderr
}

const SHARED = shareOfNames(8)

function programOf(name: string): RaceProgram {
  const program = raceProgram(scenarioOn(name, KERNEL))
  if (!program.ok) throw new Error(program.error.message)
  return program.value
}

const outcome = (
  registers: Readonly<Record<string, string>>,
  guards: Readonly<Record<string, boolean>>,
): RaceOutcome => ({
  registers: Object.entries(registers).map(([name, value]) => ({ name, value })),
  pages: Object.entries(guards).map(([name, guard]) => ({ name, guard })),
})

describe('the C program', () => {
  test('of everything in the corpus that can be run, and of a share of the catalogue, has no warning', async (context) => {
    const template = await raceTemplate()
    const corpus = readdirSync(corpusDirectory()).filter((f) => /^[0-9a-f]{12}\.json$/.test(f))
    const recorded_ = corpus.flatMap((f) => {
      const parsed = parseCounterexample(readFileSync(join(corpusDirectory(), f), 'utf8'))
      const found = parsed.ok ? rebuild(parsed.value) : parsed
      return found.ok ? [found.value.scenario] : []
    })
    expect(recorded_.length).toBe(corpus.length)
    const scenarios = [...recorded_, ...SHARED.map((name) => scenarioOn(name, KERNEL))]
    let checked = 0
    for (const scenario of scenarios) {
      const made = raceProgram(scenario)
      if (!made.ok) continue
      const wanted = [{ results: made.value.results.map(() => -22), guards: made.value.pages.map(() => 1) }]
      const text = generateC(template, made.value, { head: [scenario.name], wanted })
      expect(`${scenario.name}: ${syntaxOf(text, context)}`).toBe(`${scenario.name}: `)
      checked++
    }
    expect(checked).toBeGreaterThan(10)
  })

  test('with the optimiser, which sees more, has no warning', async (context) => {
    const template = await raceTemplate()
    for (const name of ['install+madvise_collapse-huge', 'install-uffd_copy', 'install-punch+read-two-plain'])
      expect(await warningsOf(generateC(template, programOf(name), { head: [], wanted: [] }), context)).toBe('')
  })

  test('no text from elsewhere gets into code', async (context) => {
    const template = await raceTemplate()
    const head = [
      '*/ int broken; /*',
      'ends in a backslash \\',
      'a trigraph ??/',
      'two\nlines',
      '//@PROGRAM@',
      '\u2028#error x',
    ]
    const text = generateC(template, programOf('install+collapse'), { head, wanted: [] })
    const plain = generateC(template, programOf('install+collapse'), { head: [], wanted: [] })
    const code = (c: string): string =>
      c
        .split('\n')
        .filter((l) => !l.startsWith('//') && l !== '')
        .join('\n')
    expect(code(text)).toBe(code(plain))
    expect(await warningsOf(text, context)).toBe('')
  })

  test('what it prints is read, and nothing else', () => {
    const program = programOf('install+madvise_collapse-huge')
    const text = 'outcome 3 0 -22 1 0\noutcome 9 0 0 0 0\nrounds 12 hits 9 failed 1 uncounted 0\n'
    expect(parseRace(text, program, false)).toEqual({
      outcomes: [
        { rounds: 9, results: [0, 0], guards: [0, 0] },
        { rounds: 3, results: [0, -22], guards: [1, 0] },
      ],
      rounds: 12,
      hits: 9,
      failed: 1,
      uncounted: 0,
      hung: false,
    })
    expect(parseRace('setup Cannot allocate memory\n', program, false)).toBe('Cannot allocate memory')
    expect(() => parseRace('outcome 3 0\n', program, false)).toThrow('too little')
    expect(() => parseRace('outcome 3 0 x 1 1\n', program, false)).toThrow("'x'")
    expect(() => parseRace('hello\n', program, false)).toThrow('hello')
  })

  test('outcomes have one meaning on both sides', () => {
    const program = programOf('install-read+collapse')
    const seen = readOutcome(program, { results: [0, 11], guards: [1, 0] })
    expect(seen).toEqual(outcome({ 'P0:r0': '0', 'P0:r1': 'SEGV' }, { 'a[0]': true, 'a[1]': false }))
    expect(rawOutcome(program, seen)).toEqual({ results: [0, 11], guards: [1, 0] })
    expect(readOutcome(program, { results: [-16, 7], guards: [0, 0] }).registers.map((r) => r.value)).toEqual([
      '-EBUSY',
      'BUS',
    ])
  })
})

test('geometry: mappings of one process, khugepaged as another', () => {
  const { processes, mappings, threads, ptes } = programOf('install+collapse')
  expect([processes, ptes]).toEqual([2, 2])
  expect(mappings.map((m) => [m.process, m.file, m.first, m.pages])).toEqual([
    [0, 0, 0, 2],
    [1, 0, 0, 2],
  ])
  expect(threads.map((t) => t.process)).toEqual([0, 1])
  expect(programOf('two-processes+collapse').threads.map((t) => t.process)).toEqual([0, 1])
})

test('what cannot be run is said', () => {
  const [three] = scenariosOf(
    'MM x\nkernel v6.18\n{ map a = anon[0..2] private rw; ptes 3; }\nP0 { madvise_collapse(a); }\n',
  )
  const [both] = scenariosOf(
    'MM x\nkernel v6.18\n{ shmem f[2]; map a = f[0..1] shared rw; }\nP0 { read(a[0]); collapse(f); }\n',
  )
  for (const [s, text] of [
    [three, 'page table of 3'],
    [both, 'thread of its own'],
  ] as const) {
    const made = s === undefined ? undefined : raceProgram(s)
    expect(made?.ok === false ? made.error.message : '').toContain(text)
  }
})

describe('the judge', () => {
  const scenario = scenarioOn('install+madvise_collapse-huge', KERNEL)
  const registers = { 'P0:r0': '0', 'P1:r0': '0' }
  const lost = outcome(registers, { 'a[0]': false, 'a[1]': false })
  const kept = outcome(registers, { 'a[0]': true, 'a[1]': false })

  test('allows what the model does, registers and guards together', () => {
    expect(isAllowed(scenario, lost)).toBe(true)
    expect(isAllowed(scenario, kept)).toBe(true)
    expect(isAllowed(scenario, outcome(registers, { 'a[0]': true, 'a[1]': true }))).toBe(false)
    expect(isAllowed(scenario, outcome({ ...registers, 'P0:r0': '-EINVAL' }, { 'a[0]': true, 'a[1]': false }))).toBe(
      false,
    )
    expect(isAllowed(scenario, outcome({ ...registers, 'P0:r0': '-EBUSY' }, { 'a[0]': true, 'a[1]': false }))).toBe(
      false,
    )
    expect(allowedOutcomes(scenario).registers).toEqual(['P0:r0=0; P1:r0=0;', 'P0:r0=0; P1:r0=-EINVAL;'])
  })

  test('an outcome shows a violation only where nothing else leads to it', () => {
    expect(shows(scenario, 'GuardStays', lost)).toBe(true)
    expect(shows(scenario, 'GuardStays', kept)).toBe(false)
    expect(shows(scenario, 'NoDeadlock', lost)).toBe(undefined)
    // A removal may have come later: the same end, and no violation.
    const removed = scenarioOn('install+remove', KERNEL)
    expect(shows(removed, 'GuardStays', outcome(registers, { 'a[0]': false, 'a[1]': true }))).toBe(false)
  })
})

describe('a property that compares two states', () => {
  const POISON = '11f233f2c81f'

  test('is shown by the load after the collapse, which the trace does not reach', (context) => {
    const { c, scenario, found } = recorded(POISON)
    const { outcome: looked, scenario: of } = have(targetOf(scenario, found.trace, c.property.name), context)
    expect(of.file.threads[0]?.stmts).toHaveLength(5)
    expect(looked.registers.map((r) => r.value)).toEqual(['0', '0', 'HWPOISON', '0', 'ok'])
    // Had the collapse left the table alone, the page would be poisoned still: no outcome of this model.
    const kept = looked.registers.map((r) => (r.name === 'P0:r4' ? { ...r, value: 'HWPOISON' } : r))
    expect(shows(of, c.property.name, { ...looked, registers: kept })).toBe(false)
  })

  test('is kept by what no step breaks', () => {
    const { model } = lowerScenario(scenarioOn('install+read', KERNEL))
    const number = model.properties.findIndex((p) => p.name === 'GuardsRefine')
    const kept = keeping(model, number)
    if (kept === undefined) throw new Error('it cannot be said')
    const [before, after] = [searchExplicit(model), searchExplicit(kept)]
    // What is remembered of a state is forgotten at the end of a step, so that there are no more states.
    expect([after.states, after.transitions, after.outcomes]).toEqual([
      before.states,
      before.transitions,
      before.outcomes,
    ])
    expect(
      keeping(
        model,
        model.properties.findIndex((p) => p.kind === 'deadlock'),
      ),
    ).toBeUndefined()
  })

  test('is broken on no path of what is kept', () => {
    const scenario = scenarioOn('install+collapse', 'v7.0', ['retract_page_tables.recheck'])
    const { model } = lowerScenario(scenario)
    const number = model.properties.findIndex((p) => p.name === 'GuardsRefine')
    const kept = keeping(model, number)
    if (kept === undefined) throw new Error('it cannot be said')
    expect(searchExplicit(model).violations.map((v) => v.property)).toContain(number)
    expect(searchExplicit(kept).states).toBeLessThan(searchExplicit(model).states)
  })
})

test('a poisoned page has a name of its own, whatever the kernel gives it', () => {
  const program = programOf('poison-collapse')
  const results = (plainPoison: boolean, signal: number): string | undefined =>
    readOutcome({ ...program, plainPoison }, { results: [0, 0, signal, 0, 0], guards: [] }).registers[2]?.value
  expect([results(true, 7), results(false, 7), results(false, 135), results(true, 135)]).toEqual([
    'HWPOISON',
    'BUS',
    'HWPOISON',
    'HWPOISON',
  ])
  const outcome_ = readOutcome({ ...program, plainPoison: false }, { results: [0, 0, 135, 0, 0], guards: [] })
  expect(rawOutcome({ ...program, plainPoison: false }, outcome_)?.results).toEqual([0, 0, 135, 0, 0])
  expect(rawOutcome({ ...program, plainPoison: true }, outcome_)?.results).toEqual([0, 0, 7, 0, 0])
})

const FINDING = '584ee0706522'

function recorded(id: string): NonNullable<ReturnType<typeof load>> {
  const found = load(id)
  if (found === undefined) throw new Error(`no counterexample ${id}`)
  return found
}
function load(id: string) {
  const parsed = parseCounterexample(readFileSync(join(corpusDirectory(), `${id}.json`), 'utf8'))
  if (!parsed.ok) return undefined
  const again = rerun(parsed.value)
  return again.ok ? { c: parsed.value, ...again.value } : undefined
}

/** Kernels whose column of the catalogue has the finding. */
const HAVE_IT = ['v6.15', 'v6.18', 'v6.18.37', 'v6.19', 'v7.0']
/** It shows in one of six rounds on an idle machine, and in one of 400 on a busy one. */
const ROUNDS_TELLING = 10_000
const BUDGET = { rounds: 0, seconds: 30, seed: 1 }

test('the finding is confirmed on this kernel within seconds', async (context) => {
  const kernel = await running(context)
  if (!HAVE_IT.includes(kernel.model.name)) context.skip(`${kernel.model.name} does not have it`)
  if (!kernel.running.features.has('shmem-collapse')) context.skip('this kernel lacks shmem-collapse')
  const { c, scenario, found } = recorded(FINDING)
  const target = have(targetOf(scenario, found.trace, c.property.name), context)
  expect(target.outcome).toEqual(outcome({ 'P0:r0': '0', 'P1:r0': '0' }, { 'a[0]': false, 'a[1]': false }))
  const { confirmed, result, reproducer } = have(
    await confirm(c, target, kernel.running, { ...BUDGET, enough: 3 }),
    context,
  )
  // A race needs both CPUs at once: on a machine that is busy with other things there are too few meetings to tell.
  if (confirmed.length === 0 && result.rounds < ROUNDS_TELLING) context.skip(`only ${result.rounds} rounds in the time`)
  expect(confirmed.map((x) => x.outcome)).toEqual([target.outcome])
  expect(result.hits).toBeGreaterThan(0)
  expect(reproducer).toContain(c.id)
  expect(reproducer).not.toContain('//@')
})

test('a litmus file on this kernel ends only as its model does', async (context) => {
  const { model } = await running(context)
  for (const name of ['install+read', 'install-read+collapse', 'two-processes+collapse']) {
    const ran = await conformRace(scenarioOn(name, model.name), { rounds: 300, seconds: 200, seed: 1, enough: 0 })
    const report = have(ran, context)
    expect(report.result.hung).toBe(false)
    expect(report.result.failed).toBe(0)
    expect(report.seen.filter((s) => s.allowed !== true)).toEqual([])
    expect(report.seen.reduce((n, s) => n + s.rounds, 0)).toBe(300)
  }
})

test('an outcome that the model does not have is seen as such', async (context) => {
  const { running: of } = await running(context)
  if (!of.features.has('file-guards')) context.skip('this kernel lacks file-guards')
  // The model of v6.13 refuses guards in files; a later kernel does not.
  const report = have(
    await conformRace(scenarioOn('install-read+collapse', 'v6.13'), { ...BUDGET, rounds: 50, enough: 0 }),
    context,
  )
  expect(report.seen.length).toBeGreaterThan(0)
  expect(report.seen.every((s) => s.allowed === false)).toBe(true)
  expect(report.neverSeen.length).toBeGreaterThan(0)
})
