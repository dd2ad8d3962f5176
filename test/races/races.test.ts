/** Data races: against every pair of steps in every state of tiny models, and what is known of the catalogue. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generalised, raceKey, readRaces } from '../../cli/races_record.ts'
import { dataRaces, type RaceReport } from '../../counterexamples/races/report.ts'
import { raceText } from '../../counterexamples/races/text.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { ACCESS_MARKS, BENIGN_RACES } from '../../model/mm/access_marks.ts'
import { FRAME_FIELDS } from '../../model/mm/frame_types.ts'
import { MM_FIELDS } from '../../model/mm/mm_types.ts'
import { findConflicts } from '../../solver/races/find.ts'
import { successors, type State } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { at, eq, model, num, set, slot, type StepSpec } from '../engines/build.ts'
import { arbitraryTiny, exploreAll } from '../liveness/tiny.ts'
import { scenarioOn, share } from '../support/scenarios.ts'

describe('conflicts', () => {
  const x = 0
  const lock = 1
  const locked = (write: boolean): StepSpec[] => [
    { guard: eq(at(lock), num(0)), body: [set(lock, 1)], to: 1 },
    { body: write ? [set(x, 1)] : [set(2, at(x))], to: 2 },
    { body: [set(lock, 0)], to: 3 },
  ]
  const slots = [slot('x', 0, 1), slot('lock', 0, 1, { kind: 'lock' }), slot('seen', 0, 1, { kind: 'register' })]

  test('a lock that both take leaves none', () => {
    expect(findConflicts(model(slots, [locked(true), locked(false)])).found).toEqual([])
  })

  test('where one does without it there is one, and the way to it runs', () => {
    const m = model(slots, [locked(true), [{ body: [set(2, at(x))], to: 1 }]])
    const { found } = findConflicts(m)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ slot: x, steps: [{ writes: true }, { writes: false }] })
    const ran = replay(m, found[0]?.moves ?? [])
    expect(ran.kind === 'ran' && ran.states.at(-1)).toEqual(found[0]?.state)
    expect(found[0]?.moves).toHaveLength(1)
  })

  test('two readers are none', () => {
    const reader = (): StepSpec[] => [{ body: [set(2, at(x))], to: 1 }]
    expect(findConflicts(model(slots, [reader(), reader()])).found).toEqual([])
  })

  /**
   * By what a step does, not by what its text names: whether the value of x matters to it. It does if another
   * value makes it run or not, or come to another state (but for x itself, where that is left as it was).
   */
  test('in tiny models, whatever a step can be seen to touch in a state is found', () => {
    let seen = 0
    fc.assert(
      fc.property(arbitraryTiny, (m) => {
        const found = new Set(findConflicts(m).found.map(({ steps }) => steps.map((s) => s.move.step).join()))
        const stepsIn = (state: State): readonly number[] => [...new Set(successors(m, state).map((s) => s.move.step))]
        const writes = (state: State, step: number): boolean =>
          successors(m, state).some((s) => s.move.step === step && s.state[0] !== state[0])
        const reads = (state: State, step: number): boolean => {
          const told = (x0: number): string =>
            successors(
              m,
              state.map((v, i) => (i === 0 ? x0 : v)),
            )
              .filter((s) => s.move.step === step)
              .map((s) => s.state.slice(1).join())
              .join('|')
          return [0, 1, 2].some((x0) => told(x0) !== told(state[0] ?? 0))
        }
        for (const state of exploreAll(m).states) {
          const can = stepsIn(state)
          for (const a of can)
            for (const b of can) {
              const [first, second] = [m.steps.find((s) => s.id === a), m.steps.find((s) => s.id === b)]
              if (first === undefined || second === undefined || first.thread >= second.thread) continue
              const [wa, wb] = [writes(state, a), writes(state, b)]
              if ((wa && (wb || reads(state, b))) || (wb && reads(state, a))) {
                expect(found).toContain(`${a},${b}`)
                seen++
              }
            }
        }
      }),
      { numRuns: 150, seed: 30 },
    )
    expect(seen).toBeGreaterThan(100)
  })
})

const of = (name: string, kernel: string): RaceReport => dataRaces(lower(scenarioOn(name, kernel).program))
const open = (report: RaceReport): readonly string[] =>
  report.races
    .filter((r) => r.benign === undefined)
    .map((r) => [r.variable, ...r.sides.map((s) => `${s.step.routine}.${s.step.local}`)].join(' '))

describe('guard install under the per-VMA lock, and who computes flags before vma_start_write()', () => {
  test.each([
    ['v7.0', ['a.vm_flags madvise_guard_install.set_flag mprotect.newflags']],
    ['v6.18.37', []],
  ])('mprotect() on %s', (kernel, races) => {
    expect(open(of('mprotect+install', kernel))).toEqual(races)
  })

  test.each([
    ['pin_fast+ksm', 'v7.0'],
    ['fork-mem_write+exit', 'v7.0'],
  ])('counts and flags of page frames are atomics or under a lock: %s', (name, kernel) => {
    const report = of(name, kernel)
    expect(open(report)).toEqual([])
    expect(report.marked).toBeGreaterThan(0)
  })

  test('told with both steps and the locks of each, in 75 columns', () => {
    const [race] = of('mprotect+install', 'v7.0').races
    if (race === undefined) throw new Error('no race')
    expect(race.sides.map((s) => s.locks)).toEqual([['a.lock (read)'], ['mm.mmap_lock (write)']])
    const text = raceText(race)
    expect(text).toMatch(/madvise_guard_install\(\) +READ, plain:/)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(75)
  })

  test('with retract_page_tables() all that is left is known to be harmless', () => {
    const report = of('install+collapse', 'v7.0')
    expect(open(report)).toEqual([])
    expect(new Set(report.races.map((r) => r.benign?.name))).toEqual(
      new Set(['other-bit-of-vm_flags', 'walker-looks-again']),
    )
  })
})

describe('the record', () => {
  const recorded = new Set(readRaces().map(raceKey))
  const some = share(8, (c) => c.scenario.without.length === 0 && c.scenario.world.frames === undefined)

  test('has every race of some cells', () => {
    let seen = 0
    for (const { scenario, name, kernel } of some)
      for (const race of dataRaces(lower(scenario.program)).races) {
        expect([...recorded], `${name} on ${kernel}`).toContain(raceKey(generalised(race)))
        seen++
      }
    expect(seen).toBeGreaterThan(0)
  })

  test('uses every name of a harmless race, and every mark is of a variable', () => {
    const used = new Set(readRaces().map((r) => r.benign))
    for (const { name } of BENIGN_RACES) expect(used).toContain(name)
    const fields = new Set([...MM_FIELDS, ...FRAME_FIELDS].map((f) => f.decl.name))
    for (const f of [...ACCESS_MARKS, ...BENIGN_RACES].flatMap((m) => m.fields)) expect(fields).toContain(f)
  })
})
