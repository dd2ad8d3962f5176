/** Loops and threads that never return: their C programs, what is said of them, and what this kernel shows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, type TestContext } from 'vitest'
import { buildCounterexample } from '../../counterexamples/build.ts'
import { C_FLAGS, compile } from '../../kernel/compile.ts'
import { confirm } from '../../kernel/race/confirm.ts'
import { goesOn, heldCall, loopHead, loopSeen, parseEndless, runLoop, type Endless } from '../../kernel/race/endless.ts'
import { generateC } from '../../kernel/race/generate.ts'
import { NO_RETURN, rawOutcome, readOutcome } from '../../kernel/race/outcome.ts'
import { raceProgram, type RaceProgram, type Unending } from '../../kernel/race/program.ts'
import { raceTemplate, type Main } from '../../kernel/race/run.ts'
import { targetOf, type Target } from '../../kernel/race/target.ts'
import type { Counterexample } from '../../counterexamples/json.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'
import { have, running } from './support.ts'

const KERNEL = 'v6.18.37'
const LOOP = 'install+keep_reading'
const DEADLOCK = 'read+register-install'

function programOf(name: string, may: Unending): RaceProgram {
  const made = raceProgram(scenarioOn(name, KERNEL), undefined, may)
  if (!made.ok) throw new Error(made.error.message)
  return made.value
}

async function warningsOf(program: RaceProgram, main: Main, context: TestContext): Promise<string> {
  const text = generateC(await raceTemplate(main), program, { head: ['ends in \\'], wanted: [] })
  expect(text).not.toContain('//@')
  // In a cache of its own: no earlier compilation stands in for this one, and nothing is left.
  const directory = await mkdtemp(join(tmpdir(), 'mmcheck-endless-'))
  try {
    const env = { ...process.env, XDG_CACHE_HOME: directory }
    return have(await compile('race', [{ name: 'race.c', text }], env), context).warnings
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

describe('the C program', () => {
  test('of a loop, and of a wait, has no warning', async (context) => {
    expect(C_FLAGS).toEqual(expect.arrayContaining(['-Wall', '-Wextra']))
    expect(await warningsOf(programOf(`${LOOP}+mprotect`, { keeps: true }), 'endless', context)).toBe('')
    expect(await warningsOf(programOf(DEADLOCK, { waits: true }), 'rounds', context)).toBe('')
  })

  test('is made only for whoever looks for what does not end', () => {
    for (const name of [LOOP, DEADLOCK]) expect(raceProgram(scenarioOn(name, KERNEL)).ok).toBe(false)
    expect(raceProgram(scenarioOn(LOOP, KERNEL), undefined, { waits: true }).ok).toBe(false)
    expect([goesOn(scenarioOn(LOOP, KERNEL)), goesOn(scenarioOn(DEADLOCK, KERNEL))]).toEqual([true, false])
  })
})

const TEXT = [
  'alone 0 0 2000.000',
  'held 0 0 8000.500 4096 30',
  'released 12.250',
  'calls 3 2 4',
  'op 0 0 1.500 7000.000',
  'restarts 10',
  '',
].join('\n')

describe('what it prints', () => {
  const program = { ...programOf(LOOP, { keeps: true }), block: 512 }

  test('is read, and nothing else', () => {
    expect(parseEndless(TEXT, program)).toEqual({
      block: 512,
      calls: [{ text: 'r0 = guard_install(a[0])', aloneMs: 2, longestMs: 7, heldMs: 8000.5 }],
      rounds: 3,
      turned: 2,
      most: 4,
      reads: 4096,
      faults: 30,
      releasedMs: 12.25,
      restarts: 10,
    })
    expect(parseEndless('setup Cannot allocate memory\n', program)).toBe('Cannot allocate memory')
    // Thread 1 goes on and on: it has no call.
    expect(() => parseEndless('held 1 0 5.0 1 1\n', program)).toThrow('held')
    expect(() => parseEndless('hello\n', program)).toThrow('hello')
    expect(() => parseEndless('calls x 1 2\n', program)).toThrow('calls x')
  })

  test('is a call held up only where it took far longer than alone, and its page came back', () => {
    const run = parseEndless(TEXT, program)
    if (typeof run === 'string') throw new Error(run)
    const seen = (long: typeof run): Endless => ({ plain: run, long, reproducer: () => '' })
    expect(heldCall(seen(run))?.heldMs).toBe(8000.5)
    expect(heldCall(seen({ ...run, faults: 1 }))).toBeUndefined()
    const soon = run.calls.map((c) => ({ ...c, heldMs: 10 }))
    expect(heldCall(seen({ ...run, calls: soon }))).toBeUndefined()
    const said = loopSeen({ ...seen(run), traced: run })
    for (const part of ['not returned after 8 s', 'alone: 0.002 s', '30 times', 'returned 0.012 s after', '10 times'])
      expect(said).toContain(part)
    const returned = run.calls.map(({ heldMs: _, ...c }) => c)
    expect(loopSeen(seen({ ...run, calls: returned }))).toContain('every call returned')
  })
})

/** The counterexample of the deadlock, and what of it is looked for. */
function deadlock(context: TestContext): { readonly c: Counterexample; readonly target: Target } {
  const scenario = scenarioOn(DEADLOCK, KERNEL)
  const { model } = lowerScenario(scenario)
  const violation = searchExplicit(model).violations.find((v) => model.properties[v.property]?.name === 'NoDeadlock')
  if (violation === undefined) throw new Error('no deadlock')
  const found = buildCounterexample(scenario, model, violation)
  if (!found.ok) throw new Error(found.error)
  const target = have(targetOf(scenario, found.value.trace, 'NoDeadlock'), context)
  return { c: found.value.counterexample, target }
}

test('a thread that never returns is an outcome, and shown by that alone', (context) => {
  const { target } = deadlock(context)
  const { outcome, program } = target
  expect(outcome.registers).toEqual([
    { name: 'P0:r0', value: NO_RETURN },
    ...['P1:r0', 'P1:r1', 'P1:r2'].map((name) => ({ name, value: '0' })),
  ])
  expect(outcome.pages).toEqual([{ name: 'a[0]', guard: true }])
  const raw = rawOutcome(program, outcome)
  expect(raw?.results.slice(1)).toEqual([0, 0, 0])
  expect(raw === undefined ? undefined : readOutcome(program, raw)).toEqual(outcome)
  expect(target.shows(outcome)).toBe(true)
  const woken = outcome.registers.map((r) => (r.name === 'P0:r0' ? { ...r, value: 'SEGV' } : r))
  expect(target.shows({ ...outcome, registers: woken })).toBe(false)
  expect(target.shows({ ...outcome, pages: [{ name: 'a[0]', guard: false }] })).toBe(false)
})

/** It shows in one of 70 to 160 rounds, on a busy machine too. */
const ROUNDS_TELLING = 5_000

test('a fault that waits behind a guard is seen on this kernel, and let go', async (context) => {
  const kernel = await running(context)
  if (kernel.model.name !== KERNEL) context.skip(`this kernel is like ${kernel.model.name}`)
  if (!kernel.running.features.has('userfaultfd')) context.skip('this kernel lacks userfaultfd')
  const { c, target } = deadlock(context)
  const budget = { rounds: 0, seconds: 20, seed: 1, enough: 2 }
  const { confirmed, result } = have(await confirm(c, target, kernel.running, budget), context)
  expect(result.hung).toBe(false)
  if (confirmed.length === 0 && result.rounds < ROUNDS_TELLING) context.skip(`only ${result.rounds} rounds in the time`)
  // The second comes in a later round: the thread of the first had been woken.
  expect(confirmed.map((x) => [x.outcome, x.rounds])).toEqual([[target.outcome, 2]])
})

/**
 * Most runs have no more restarts than the reader's faults explain. Some have: 32 where 2 were explained, and 35, 38 and
 * 41 for 6, 23 and 31, three in a row on cores that were free. What else made them is not known, so that only the least
 * is asked of each run, and a run without others looked for.
 */
const RUNS = 3

test('a tracer sees at least as many restarts as the faults of the reader make, and in some run no others', async (context) => {
  const kernel = await running(context)
  if (!kernel.running.features.has('anon-guards')) context.skip('this kernel lacks anon-guards')
  const seen: { readonly restarts: number; readonly most: number }[] = []
  for (let run = 0; run < RUNS; run++) {
    const { long, traced } = have(await runLoop(scenarioOn(LOOP, kernel.model.name), 1), context)
    expect(long.calls.map((x) => x.text)).toEqual(['r0 = guard_install(a[0])'])
    if (traced?.restarts === undefined) continue
    const { faults, restarts } = traced
    // MAX_MADVISE_GUARD_RETRIES is 3: so many times the page is there again before restart_syscall().
    expect(restarts).toBeGreaterThanOrEqual(Math.floor(faults / 3))
    seen.push({ restarts, most: Math.floor((faults + 3) / 3) })
    if (restarts <= Math.floor((faults + 3) / 3)) return
  }
  if (seen.length === 0) context.skip('every call returned: the reader had too little of a CPU')
  context.skip(`more restarts than the faults explain in each of ${seen.length} runs: ${JSON.stringify(seen)}`)
})

test('the head of the program tells what it is of', (context) => {
  const { c } = deadlock(context)
  const head = loopHead(c, '6.18.44', 'one; two').join('\n')
  for (const part of [c.id, 'uffd_register(a, missing)', 'On Linux 6.18.44:\n    one\n    two', '-Wall -Wextra'])
    expect(head).toContain(part)
})
