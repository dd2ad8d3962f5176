import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { fewestSwitches } from '../../solver/explicit/fewest_switches.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { SEED } from '../support/seed.ts'
import { testBudgets, words } from './budgets.ts'
import { and, at, bin, eq, model, not, num, set, slot } from './build.ts'
import { counters, leavesItsRange, LEAVES_ITS_RANGE, peterson, philosophers, tokenRing } from './hand_models.ts'
import { arbitraryModel } from './random_lowered.ts'

describe('explicit = reference', () => {
  test.each([
    ['counters', counters([4, 5, 6])],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(5)],
    ['token ring', tokenRing(4, 3)],
    ['no thread at all', model([slot('x', 0, 1)], [])],
  ])('%s', (_, m) => {
    expect(words(searchExplicit(m))).toEqual(words(searchReference(m)))
  })

  test('random models, and replay confirms every trace', () => {
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const result = searchExplicit(m, { maxStates: 2000 })
        expect(words(result)).toEqual(words(searchReference(m, { maxStates: 2000 })))
        for (const { property, moves } of result.violations) {
          const ran = replay(m, moves)
          expect(ran.kind === 'ran' && ran.violated).toContain(property)
        }
      }),
      { numRuns: 300, seed: SEED },
    )
  })
})

describe('the store', () => {
  test('grows', () => {
    const result = searchExplicit(counters([49, 49, 49]))
    expect(result).toMatchObject({ states: 50 ** 3, transitions: 3 * 49 * 50 ** 2, depth: 147 })
    expect(result.bytes).toBeGreaterThan(50 ** 3 * 8)
  })

  test('keeps its traces when it grows', () => {
    const m = counters([49, 49, 49])
    const allDone = and(...[0, 1, 2].map((i) => eq(at(i), num(49))))
    const invariants = [{ property: 0, expr: not(allDone) }]
    const last: LoweredModel = { ...m, properties: [{ name: 'I', kind: 'invariant' }], invariants }
    const [violation] = searchExplicit(last).violations
    if (violation === undefined) throw new Error('all counters come to their ends')
    expect(violation.moves).toHaveLength(147)
    expect(replay(last, violation.moves)).toMatchObject({ kind: 'ran', violated: [0] })
    const steps = fewestSwitches(last, violation).moves.map(({ step }) => step)
    expect(steps).toEqual([0, 1, 2].flatMap((step) => Array.from({ length: 49 }, () => step)))
  })

  test('packs more than one word, negative values and slots of a single value', () => {
    const wide = Array.from({ length: 5 }, (_, i) => slot(`w${i}`, -(2 ** 15), 2 ** 15 - 1, { init: -7 }))
    const body = wide.map((_, i) => set(i, bin('sub', at((i + 1) % 5), num(i))))
    const m = model([...wide, slot('one', 3, 3)], [[{ body: [...body, set(5, 3)], to: 1 }], [{ body, to: 1 }]], {
      invariants: wide.map((_, i) => ({ property: 0, expr: bin('lt', num(-12), at(i)) })),
      properties: [{ name: 'I', kind: 'invariant' }],
    })
    const result = searchExplicit(m)
    expect(result.violations).toHaveLength(1)
    expect(words(result)).toEqual(words(searchReference(m)))
  })

  test.each([
    ['the last of which is wider', [slot('a', 0, 3), slot('b', 0, 3), slot('c', 0, 6, { init: 6 })]],
    ['one of which begins elsewhere', [slot('a', 0, 3), slot('b', 0, 3), slot('c', -1, 2, { init: -1 })]],
    ['that are alike', [slot('a', -2, 1), slot('b', -2, 1, { init: 1 }), slot('c', -2, 1)]],
  ])('reads and writes an array of cells %s', (_, cells) => {
    const cell = { kind: 'select', base: 0, index: [{ expr: at(3), first: 0, count: 3, stride: 1 }] } as const
    const choices = [{ slot: 3, lo: -1, hi: 3 }]
    const body = [set(5, bin('add', cell, num(2))), set(cell, bin('band', bin('add', cell, num(1)), num(1)))]
    const slots = [...cells, slot('i', -1, 3), slot('gap', 0, 1), slot('seen', 0, 8, { kind: 'register' })]
    const m = model(slots, [
      [
        { choices, body, to: 1 },
        { choices, body, to: 2 },
      ],
    ])
    const result = searchReference(m)
    expect(result.states).toBeGreaterThan(10)
    expect(words(searchExplicit(m))).toEqual(words(result))
  })

  test('refuses a slot that does not fit a word', () => {
    const m = model([slot('x', 0, 2 ** 32)], [[{ body: [set(0, bin('add', at(0), num(1)))] }]])
    expect(() => searchExplicit(m)).toThrow("slot 0 'x'")
  })
})

testBudgets(searchExplicit, 500_000)

describe('bad models', () => {
  test('a step that leaves a range is the same error as in the reference', () => {
    for (const m of leavesItsRange()) {
      expect(() => searchReference(m)).toThrow(LEAVES_ITS_RANGE)
      expect(() => searchExplicit(m)).toThrow(LEAVES_ITS_RANGE)
    }
  })

  test('nothing textual gets into generated code', () => {
    const evil: unknown = '0);globalThis.broken=1;('
    const m = model([slot('x', 0, 3)], [[{ body: [set(0, bin('band', at(0), num(1)))], to: 1 }]])
    const texts = JSON.stringify({ ...m, slots: m.slots.map((s) => ({ ...s, name: evil })) })
    expect(searchExplicit(JSON.parse(texts)).states).toBe(2)
    const values = texts.replaceAll('{"kind":"const","value":1}', JSON.stringify({ kind: 'const', value: evil }))
    expect(values).toContain('"value":"0)')
    expect(() => searchExplicit(JSON.parse(values))).toThrow('not an integer')
    expect('broken' in globalThis).toBe(false)
  })
})
