import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import type { Program } from '../../model/language/routine.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { symmetriesOf } from '../../solver/reduce/symmetry/group.ts'
import { searchSymmetric } from '../../solver/reduce/symmetry/symmetric.ts'
import { specialise } from '../../solver/specialise.ts'
import { replay } from '../../solver/reference/replay.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { counters, peterson, philosophers } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { catalogueText, lowerScenario, scenarioOn, scenariosOf, share } from '../support/scenarios.ts'
import { mirrored } from './mirror.ts'

const SEED = Number(process.env['MMCHECK_SEED'] ?? 20_261_121)
const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 100)
const STATES_MAX = 60_000

/** What has to be the same, to the number of states; the traces are compared by length, and replayed. */
const answer = (r: SearchResult): unknown => ({
  violations: r.violations.map(({ property, moves }) => [property, moves.length]),
  steps: r.reachedSteps,
  covers: r.reachedCovers,
  outcomes: r.outcomes,
  depth: r.depth,
})

/** Holds a model against its full search; gives the states saved, or why it was refused. */
function agrees(model: LoweredModel, maxStates: number = STATES_MAX): number | string {
  const reduced = searchSymmetric(model, { maxStates })
  if (!reduced.ok) return reduced.why
  const full = searchExplicit(model, { maxStates })
  fc.pre(full.incomplete === undefined)
  expect(answer(reduced.result)).toEqual(answer(full))
  expect(reduced.result.standsFor).toBe(full.states)
  for (const { property, moves } of reduced.result.violations) {
    const ran = replay(model, moves)
    expect(ran.kind === 'ran' && ran.violated).toContain(property)
  }
  return full.states - reduced.result.states
}

const binomial = (n: number, k: number): number => (k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k)

describe('models whose orbits can be counted', () => {
  test.each([1, 2, 3, 4].map((n) => [n]))('%i counters are a multiset', (n) => {
    const model = counters(Array.from({ length: n }, () => 3))
    const reduced = searchSymmetric(model)
    const each = searchExplicit(counters([3])).states
    if (n === 1) expect(reduced.ok).toBe(false)
    else expect(reduced.ok && reduced.result.states).toBe(binomial(each + n - 1, n))
    if (n > 1) expect(agrees(model)).toBeGreaterThan(0)
  })

  test('counters of two lengths change places among their like alone', () => {
    const model = counters([3, 3, 4, 4])
    const reduced = searchSymmetric(model)
    const of = (n: number): number => binomial(searchExplicit(counters([n])).states + 1, 2)
    expect(reduced.ok && reduced.result.states).toBe(of(3) * of(4))
    expect(agrees(model)).toBeGreaterThan(0)
  })
})

test('philosophers go round the table in pairs, with their forks', () => {
  expect(agrees(philosophers(4))).toBeGreaterThan(0)
  // No turn of an odd table is its own inverse.
  expect(agrees(philosophers(5))).toMatch(/cannot change places/)
})

test.each([
  ['a turn that is a number', peterson(), /differ at/],
  ['one thread', counters([3]), /one thread/],
])('what is no symmetry is refused: %s', (_, model, why) => {
  expect(agrees(model)).toMatch(why)
})

/** What a variable becomes, by each way in which things can change places. */
function exchangedFor(original: LoweredModel, name: string): readonly string[] {
  const model = specialise(original)
  const found = symmetriesOf(model)
  const slot = model.slots.findIndex((s) => s.name === name)
  return found.ok ? found.all.map(({ slots }) => model.slots[slots[slot] ?? slot]?.name ?? '') : []
}

describe('threads of the kernel model that do the same', () => {
  const file = (name: string, ops: readonly string[]): string =>
    `MM ${name}\nkernel v7.0\n{ map a = anon[0..1] private rw; }\n${ops.map((op, t) => `P${t} { r0 = ${op}; }`).join('\n')}\n`

  test.each([
    ['two stores', ['write(a[0])', 'write(a[0])']],
    ['two installs', ['guard_install(a[0])', 'guard_install(a[0])']],
    ['two loads and one that drops the page', ['read(a[0])', 'read(a[0])', 'dontneed(a[0])']],
  ])('%s', (name, ops) => {
    const [scenario] = scenariosOf(file(name.replaceAll(' ', '-'), ops))
    if (scenario === undefined) throw new Error('there is a kernel')
    expect(agrees(lowerScenario(scenario).model)).toBeGreaterThan(0)
  })

  test.each([
    ['a page each', ['write(a[0])', 'write(a[1])'], 'table0.pte[1]'],
    ['a page for two', ['read(a[0])', 'write(a[0])', 'read(a[1])', 'dontneed(a[0..1])'], /an array|differ|no two/],
    ['walks that begin at a page each', ['guard_install(a[0])', 'guard_install(a[1])'], /different states/],
  ])('%s', (name, ops, expected) => {
    const [scenario] = scenariosOf(file(name.replaceAll(' ', '-'), ops))
    if (scenario === undefined) throw new Error('there is a kernel')
    const { model } = lowerScenario(scenario)
    if (expected instanceof RegExp) {
      const reduced = searchSymmetric(model, { maxStates: 10 })
      expect(reduced.ok ? '' : reduced.why).toMatch(expected)
      return
    }
    expect(agrees(model)).toBeGreaterThan(0)
    expect(exchangedFor(model, 'table0.pte[0]')).toEqual([expected])
  })

  test('two pairs change places, each with its page, where no single thread can', () => {
    const [scenario] = scenariosOf(file('pairs', ['read(a[0])', 'write(a[0])', 'read(a[1])', 'write(a[1])']))
    if (scenario === undefined) throw new Error('there is a kernel')
    const { model } = lowerScenario(scenario)
    expect(exchangedFor(model, 'P0.pc')).toEqual(['P2.pc'])
    expect(exchangedFor(model, 'P1.pc')).toEqual(['P3.pc'])
    expect(exchangedFor(model, 'table1.pte[0]')).toEqual(['table1.pte[1]'])
  })

  test('a violation is found at its length, by threads that nobody has renamed', () => {
    const text = catalogueText('install+madvise_collapse-huge').replace(/^P1/m, 'P1 { r0 = guard_install(a[0]); }\nP2')
    const [scenario] = scenariosOf(text, [kernelLine(['v7.0'], [])])
    if (scenario === undefined) throw new Error('there is a kernel')
    const { model } = lowerScenario(scenario)
    expect(agrees(model, 10 * STATES_MAX)).toBeGreaterThan(0)
    const reduced = searchSymmetric(model)
    expect(reduced.ok && reduced.result.violations.length).toBeGreaterThan(0)
  })

  test('those that differ in one operation are refused', () => {
    expect(agrees(lowerScenario(scenarioOn('install+collapse', 'v7.0')).model)).toMatch(/no two|cannot change places/)
  })
})

describe.each(share(80, ({ expected }) => (expected?.states ?? 0) < STATES_MAX))(
  '$name on $kernel',
  ({ lowered: { model } }) => {
    test('says what the full search says, or refuses', () => {
      const said = agrees(model)
      if (typeof said === 'number') expect(said).toBeGreaterThan(0)
      else expect(said).toMatch(/one thread|no two|cannot change places/)
    })
  },
)

/** The program with its first thread once more, at the end. */
function doubled(program: Program): Program {
  const [first] = program.threads
  if (first === undefined) throw new Error('a program has a thread')
  const { thread = program.threads.length } = program.sizes
  return {
    ...program,
    sizes: { ...program.sizes, thread: thread + 1 },
    threads: [...program.threads, { ...first, name: `${first.name}again` }],
  }
}

test('random programs, one thread of which is there twice', () => {
  const seen: (number | string)[] = []
  fc.assert(
    fc.property(arbitraryProgram, ({ program }) => {
      seen.push(agrees(lower(doubled(program)).model))
    }),
    { numRuns: RUNS, seed: SEED },
  )
  const saved = seen.filter((s) => typeof s === 'number' && s > 0).length
  expect(saved).toBeGreaterThan(seen.length / 4)
})

test('random models beside their mirror images', () => {
  const seen: (number | string)[] = []
  fc.assert(
    fc.property(arbitraryModel, (m) => {
      fc.pre(searchExplicit(m, { maxStates: 100 }).incomplete === undefined)
      seen.push(agrees(mirrored(m)))
    }),
    { numRuns: RUNS / 2, seed: SEED },
  )
  const saved = seen.filter((s) => typeof s === 'number' && s > 0).length
  expect(saved).toBeGreaterThan(seen.length / 4)
})
