/** Models made by hand, growth, budgets, refusals and bad models. */
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Progress } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { searchFast, searchWasm } from '../../solver/wasm/search.ts'
import { testBudgets, words } from '../engines/budgets.ts'
import type { StepSpec } from '../engines/build.ts'
import { and, at, bin, eq, ite, model, not, num, set, slot } from '../engines/build.ts'
import {
  counters,
  leavesItsRange,
  LEAVES_ITS_RANGE,
  peterson,
  philosophers,
  tokenRing,
} from '../engines/hand_models.ts'
import { mesh } from './models.ts'
import { wasm } from './words.ts'

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Threads that count to `top` one after the other: few states, but as many values of each component. */
function relay(threads: number, top: number): LoweredModel {
  const turn = threads
  const programs = range(threads).map((t): StepSpec[] => {
    const done = eq(at(t), num(top))
    return [
      {
        guard: and(eq(at(turn), num(t)), not(done)),
        body: [set(t, bin('add', at(t), num(1)))],
        to: 0,
      },
      { to: 1 },
    ].map((spec, pc) =>
      pc === 0 ? { ...spec, body: [...(spec.body ?? []), set(turn, ite(done, num(t + 1), num(t)))] } : spec,
    )
  })
  return model([...range(threads).map((t) => slot(`c${t}`, 0, top)), slot('turn', 0, threads)], programs)
}

describe('wasm = reference', () => {
  test.each([
    ['counters', counters([4, 5, 6])],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(5)],
    ['token ring', tokenRing(4, 3)],
    ['a relay', relay(3, 40)],
    ['a mesh', mesh(3, 9)],
    ['no thread at all', model([slot('x', 0, 1)], [])],
    ['no thread, and a condition that holds at once', { ...peterson(true), threads: [], steps: [] }],
  ])('%s', (_, m) => {
    expect(words(wasm(m))).toEqual(words(searchReference(m)))
  })

  test('negative values, words of several slots, slots of a single value', () => {
    const wide = range(9).map((i) => slot(`w${i}`, -(2 ** 15), 2 ** 15 - 1, { init: -7 }))
    const body = wide.map((_, i) => set(i, bin('sub', at((i + 1) % 9), num(i))))
    const m = model([...wide, slot('one', 3, 3)], [[{ body: [...body, set(9, 3)], to: 1 }], [{ body, to: 1 }]], {
      invariants: wide.map((_, i) => ({ property: 0, expr: bin('lt', num(-12), at(i)) })),
      properties: [{ name: 'I', kind: 'invariant' }],
    })
    const result = wasm(m)
    expect(result.violations).toHaveLength(1)
    expect(words(result)).toEqual(words(searchReference(m)))
  })
})

describe('growth', () => {
  test('of the table and the arena, with the figures that are known', () => {
    const result = wasm(counters([49, 49, 49]))
    expect(result).toMatchObject({ states: 50 ** 3, transitions: 3 * 49 * 50 ** 2, depth: 147 })
  })

  test('of components and memos, where no two states have anything in common', () => {
    const m = mesh(3, 39)
    const result = wasm(m)
    expect(result).toMatchObject({ states: 40 ** 3, depth: 117 })
    expect(words(result)).toEqual(words(searchExplicit(m)))
    expect(result.violations.map(({ moves }) => moves.length)).toEqual([117, 117])
  })

  test('a budget that lets memos not grow changes nothing but the time', () => {
    const m = mesh(3, 19)
    const least = range(40)
      .map((i) => wasm(m, { maxBytes: 300_000 + 50_000 * i }))
      .find((r) => r.incomplete === undefined)
    expect(least && words(least)).toEqual(words(searchReference(m)))
  })

  test('parents are found again after a long search', () => {
    const m = counters([49, 49, 49])
    const allDone = and(...[0, 1, 2].map((i) => eq(at(i), num(49))))
    const invariants = [{ property: 0, expr: not(allDone) }]
    const last: LoweredModel = { ...m, properties: [{ name: 'I', kind: 'invariant' }], invariants }
    const [violation] = wasm(last).violations
    expect(violation?.moves).toHaveLength(147)
    expect(replay(last, violation?.moves ?? [])).toMatchObject({ kind: 'ran', violated: [0] })
    expect(violation).toEqual(searchExplicit(last).violations[0])
  })
})

testBudgets(wasm, 1_000_000)

describe('progress', () => {
  test('progress is that of the search', () => {
    const seen: Progress[] = []
    const big = counters([99, 99, 99])
    const result = wasm(big, { onProgress: (p) => seen.push(p) })
    expect(result.states).toBe(10 ** 6)
    for (const { states, frontier, bytes } of seen) {
      expect(frontier).toBeLessThanOrEqual(states)
      expect(bytes).toBeGreaterThan(8 * states)
    }
  })
})

describe('refusals', () => {
  const wideSlot = model([slot('x', 0, 2 ** 32)], [[{ body: [set(0, bin('add', at(0), num(1)))], to: 1 }]])
  const wideSum = model(
    [slot('x', 0, 2 ** 31 - 2)],
    [
      [
        { guard: bin('lt', bin('add', at(0), at(0)), num(5)), to: 1 },
        { body: [set(0, 1)], to: 2 },
      ],
    ],
  )
  test.each([
    ['values beyond 31 bits', wideSlot, 'beyond 31 bits'],
    ['sums beyond 32 bits', wideSum, 'beyond 32 bits'],
    ['very many threads', counters(range(30).map(() => 1)), 'more than 24 threads'],
    ['components that do not fit, seen at once', relay(17, 3), 'do not fit 64 bits'],
    ['components that do not fit, seen late', relay(8, 400), 'do not fit 64 bits'],
    [
      'very many choices',
      model([slot('x', 0, 9999)], [[{ choices: [{ slot: 0, lo: 0, hi: 9999 }], to: 1 }]]),
      'successors',
    ],
  ])('%s', (_, m, reason) => {
    const answer = searchWasm(m, { maxStates: 10_000 })
    expect(answer.ok ? '' : answer.reason).toContain(reason)
  })

  test('the JavaScript engine then answers', async () => {
    const m = relay(8, 400)
    expect(await searchFast(m)).toEqual(searchExplicit(m))
    expect((await searchFast(peterson())).engine).toBe('wasm')
  })
})

describe('bad models', () => {
  test('a step that leaves a range is the same error as in the reference', () => {
    for (const m of leavesItsRange()) {
      expect(() => searchReference(m)).toThrow(LEAVES_ITS_RANGE)
      expect(() => searchWasm(m)).toThrow(LEAVES_ITS_RANGE)
    }
  })

  test('what is no integer is refused', () => {
    const m = model([slot('x', 0, 3)], [[{ body: [set(0, bin('band', at(0), num(1)))], to: 1 }]])
    const evil = JSON.stringify(m).replaceAll('{"kind":"const","value":1}', '{"kind":"const","value":"0x1"}')
    expect(evil).toContain('0x1')
    expect(searchWasm(JSON.parse(evil)).ok).toBe(false)
  })
})
