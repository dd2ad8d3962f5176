/** Minimised traces: they replay, they break the same property, and nothing of them has grown. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCounterexample, resolveMoves, toJson } from '../../counterexamples/json.ts'
import { finish } from '../../counterexamples/minimise/finish.ts'
import { minimise, type Minimised, type MinimiseOptions } from '../../counterexamples/minimise/minimise.ts'
import type { Target } from '../../counterexamples/minimise/oracle.ts'
import { measuresOf } from '../../counterexamples/minimise/size.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { PROPERTIES } from '../../properties/all.ts'
import type { Violation } from '../../solver/engine.ts'
import { simulate } from '../../solver/explicit/simulate.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { lowerScenario, scenariosOf } from '../support/scenarios.ts'
import { scenarioText } from './random_scenario.ts'

const WALKS = { seed: 1, runs: 60, depth: 1000, stay: 60 } as const
const ofModel = (name: string | undefined): boolean => PROPERTIES.some((p) => p.ofModel === true && p.name === name)

interface Given {
  readonly scenario: Scenario
  readonly target: Target
  readonly violation: Violation
}

const only = (text: string): Scenario => {
  const [scenario] = scenariosOf(text)
  if (scenario === undefined) throw new Error('no scenario')
  return scenario
}

/** A long violation of a text, if some walks find one: of the first property or, for variety, of the last. */
function given(text: string, last: boolean): Given | undefined {
  const scenario = only(text)
  const { model } = lowerScenario(scenario)
  const walked = simulate(model, WALKS).violation
  if (walked === undefined) return undefined
  const ran = replay(model, walked.moves)
  const broken = (ran.kind === 'ran' ? ran.violated : []).filter((p) => !ofModel(model.properties[p]?.name))
  const property = last ? broken.at(-1) : broken[0]
  const name = model.properties[property ?? -1]?.name
  if (property === undefined || name === undefined) return undefined
  const target = { kernel: kernelLine([scenario.kernel.name], scenario.without), property: name }
  return { scenario, target, violation: { property, moves: walked.moves } }
}

const OPTIONS: MinimiseOptions = { maxMs: 250_000, exhaust: false, stopped: () => false }

async function minimised(
  { scenario, target, violation }: Given,
  options: MinimiseOptions = OPTIONS,
): Promise<Minimised> {
  const made = await minimise(scenario.file, target, violation, options)
  if (!made.ok) throw new Error(made.error)
  return made.value
}

/** Everything that is promised of a minimised counterexample, checked from its recorded text alone. */
function expectSound(from: Given, made: Minimised): void {
  const finished = finish(made, from.target)
  if (!finished.ok) throw new Error(finished.error)
  const recorded = parseCounterexample(toJson(finished.value.found.counterexample))
  if (!recorded.ok) throw new Error(recorded.error.message)
  const again = only(recorded.value.scenario.litmus)
  const { model } = lowerScenario(again)
  const moves = resolveMoves(model, recorded.value.trace)
  if (!moves.ok) throw new Error(moves.error.message)
  const ran = replay(model, moves.value)
  expect(ran.kind).toBe('ran')
  const violated = ran.kind === 'ran' ? ran.violated.map((p) => model.properties[p]?.name) : []
  expect(violated).toContain(from.target.property)
  expect(again.kernel.name).toBe(from.scenario.kernel.name)
  const [before, after] = [measuresOf(from.scenario), measuresOf(again)]
  after.forEach((n, i) => expect(n).toBeLessThanOrEqual(before[i] ?? 0))
  expect(after).toEqual(made.after)
  if (after.join() === before.join()) expect(moves.value.length).toBeLessThanOrEqual(from.violation.moves.length)
}

describe('random scenarios', () => {
  test('are made smaller, and never worse', { timeout: 600_000 }, async () => {
    let broken = 0
    await fc.assert(
      fc.asyncProperty(scenarioText, fc.boolean(), async (text, last) => {
        const from = given(text, last)
        if (from === undefined) return
        broken++
        expectSound(from, await minimised(from))
      }),
      { numRuns: 30, seed: 20_251_107, endOnFailure: true },
    )
    // Most scenarios break nothing; of these there must be enough to say something.
    expect(broken).toBeGreaterThan(5)
  })

  test('are left sound wherever the user interrupts', { timeout: 300_000 }, async () => {
    const from = given(BIG, false)
    if (from === undefined) throw new Error('no walk finds the violation')
    for (const patience of [0, 3]) {
      let asked = 0
      const made = await minimised(from, { ...OPTIONS, stopped: () => ++asked > patience })
      expect(made.over).toBe('interrupted')
      expectSound(from, made)
    }
  })
})

/** The races of the catalogue's lesson, hidden among what has nothing to do with them. */
const BIG = `MM big
kernel maybe-guard-v2
{
  shmem f[4]; shmem g[2]; mm A; mm B;
  map a = f[0..3] shared rw in A; map b = f[0..1] shared rw in B;
  map c = g[0..1] shared rw in A; map d = anon[0..1] private rw in A;
  ptes 2; oom; fill b[0]; fill c[0..1] write; fill d[1];
}
P0 in A { r0 = guard_install(a[0..1]); r1 = read(a[2]); r2 = write(d[0]); }
P1 in B { r0 = madvise_collapse(b); r1 = write(b[1]); }
P2 { collapse(g); collapse(f); }
P3 in A { r0 = guard_install(d); r1 = dontneed(c); r2 = read(a[0]); }
exists (P0:r0 = 0 /\\ P0:r1 = ok)
`

/** What is known to be the least, from a text with more. */
const PLANTED: readonly (readonly [name: string, text: string, property: string, least: string])[] = [
  [
    'one thread is enough where nothing but the flag would keep the table',
    BIG,
    'GuardStays',
    '{ shmem f[1]; map a = f[0] shared rw; tables 1; fill a[0]; }\nP0 { guard_install(a[0]); madvise_collapse(a); }\n',
  ],
  [
    'the finding, among a fault, a removal and another file',
    `MM hidden
kernel v7.0
{ shmem g[1]; shmem f[2]; map x = g[0] private rw; map y = f[0..1] shared rw; huge; fill y[1]; fill x[0]; }
P0 { r0 = write(x[0]); r1 = guard_install(x[0]); }
P1 { r0 = madvise_collapse(y); }
P2 { r0 = guard_install(y[0]); }
forall (P1:r0 = 0)
`,
    'GuardStays',
    '{ shmem f[1]; map a = f[0] shared rw; huge; tables 2; }\nP0 { guard_install(a[0]); }\nP1 { madvise_collapse(a); }\n',
  ],
  [
    'a table must be there before, in the second half of a file',
    `MM recheck
kernel v7.0 without retract_page_tables.recheck
{ shmem f[4]; map a = f[2..3] shared rw; map b = f[2..3] shared r; ptes 2; oom; fill a[1]; fill b[0..1]; }
P0 { collapse(f[2]); }
P1 { r0 = read(b[0]); }
P2 { r0 = guard_install(a[0]); r1 = read(a[1]); }
`,
    'GuardStays',
    '{ shmem f[1]; map a = f[0] shared r; fill a[0]; }\nP0 { guard_install(a[0]); }\nP1 { collapse(f); }\n',
  ],
]

describe('planted races', () => {
  test.each(PLANTED)('%s', { timeout: 300_000 }, async (_, text, property, least) => {
    const scenario = only(text)
    const { model } = lowerScenario(scenario)
    const number = model.properties.findIndex((p) => p.name === property)
    let found: Violation | undefined
    for (let seed = 1; found === undefined && seed <= 400; seed++) {
      const walked = simulate(model, { ...WALKS, stay: 80, runs: 200, seed }).violation
      const ran = replay(model, walked?.moves ?? [])
      if (ran.kind === 'ran' && ran.violated.includes(number)) found = walked
    }
    if (found === undefined) throw new Error('no walk finds the violation')
    const target = { kernel: kernelLine([scenario.kernel.name], scenario.without), property }
    const from = { scenario, target, violation: { property: number, moves: found.moves } }
    const made = await minimised(from)
    expectSound(from, made)
    const finished = finish(made, target)
    if (!finished.ok) throw new Error(finished.error)
    const printed = finished.value.found.counterexample.scenario.litmus
    expect(printed.split('\n').slice(3).join('\n')).toBe(least)
    // The trace is as short as the reference interpreter says that it can be.
    const shortest = searchReference(lowerScenario(only(printed)).model).violations.find(
      (v) => v.property === finished.value.property,
    )
    expect(finished.value.found.trace.steps.length).toBe(shortest?.moves.length)
  })
})
