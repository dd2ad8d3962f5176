import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LExpr } from '../../model/language/lowered.ts'
import { bounds } from '../../solver/bounds.ts'
import { fold } from '../../solver/fold.ts'
import { evaluate } from '../../solver/reference/interpreter.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { specialise } from '../../solver/specialise.ts'
import { SEED } from '../support/seed.ts'
import { and, assert, at, bin, eq, ite, model, not, num, old, set, slot } from './build.ts'
import { arbitraryModel } from './random_lowered.ts'

describe('specialise', () => {
  test('does not change what the reference finds', () => {
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const limit = { maxStates: 2000 }
        expect(searchReference(specialise(m), limit)).toEqual(searchReference(m, limit))
      }),
      { numRuns: 200, seed: SEED },
    )
  })

  test('drops steps that cannot run, and then finds more constants', () => {
    // P0 never reaches its step 1, the only one to write y; so P1, which waits for y, never moves.
    const m = model(
      [slot('x', 0, 1), slot('y', 0, 1), slot('z', 0, 1)],
      [
        [
          { guard: eq(at(0), num(0)), to: 2 },
          { body: [set(1, 1)], to: 2 },
        ],
        [{ guard: at(1), body: [set(2, 1)], to: 1 }],
      ],
      { invariants: [{ property: 0, expr: bin('or', at(2), at(3)) }], properties: [{ name: 'I', kind: 'invariant' }] },
    )
    const special = specialise(m)
    expect(special.steps.map(({ id, guard }) => [id, guard])).toEqual([[0, num(1)]])
    expect(special.slots).toEqual(m.slots)
    expect(special.invariants[0]?.expr).toEqual(bin('ne', at(3), num(0)))
  })

  test('a write of the value that is always there is none', () => {
    const m = model([slot('x', 0, 5, { init: 3 })], [[{ body: [set(0, 3), assert(0, eq(at(0), num(3)))], to: 1 }]], {
      properties: [{ name: 'A', kind: 'assertion' }],
    })
    expect(specialise(m).steps[0]?.body).toEqual([set(1, 1)])
  })

  test('keeps a write that leaves the range', () => {
    const m = model([slot('x', 1, 1)], [[{ body: [set(0, 0)] }]])
    expect(specialise(m).steps[0]?.body).toEqual([set(0, 0)])
  })

  test('follows a program counter through branches and through other threads', () => {
    const jump = ite(at(0), num(1), num(2))
    const m = model(
      [slot('x', 0, 1)],
      [
        [{ choices: [{ slot: 0, lo: 0, hi: 1 }], body: [set(1, jump)] }, { to: 4 }, { to: 4 }, { to: 4 }],
        [{ body: [set(1, 3)], to: 1 }],
      ],
    )
    expect(specialise(m).steps.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4])
    const alone = { ...m, steps: m.steps.filter(({ thread }) => thread === 0) }
    expect(specialise(alone).steps.map(({ id }) => id)).toEqual([0, 1, 2])
  })
})

describe('fold and bounds', () => {
  const slots = [slot('a', 0, 1), slot('b', -2, 3), slot('c', 0, 6), slot('k', 4, 4)]
  const cell = (expr: LExpr): LExpr => ({ kind: 'select', base: 0, index: [{ expr, first: 0, count: 3, stride: 1 }] })

  test.each<[LExpr, LExpr]>([
    [bin('add', num(2), bin('sub', num(3), num(7))), num(-2)],
    [at(3), num(4)],
    [bin('lt', at(0), num(2)), num(1)],
    [eq(at(1), num(4)), num(0)],
    [and(at(0), num(7)), at(0)],
    [and(num(1), at(1)), bin('ne', at(1), num(0))],
    [bin('or', at(1), num(0)), bin('ne', at(1), num(0))],
    [bin('or', at(1), num(2)), num(1)],
    [not(not(at(0))), at(0)],
    [not(bin('lt', at(1), at(2))), bin('le', at(2), at(1))],
    [cell(num(1)), at(1)],
    [cell(num(3)), num(0)],
    [cell(at(3)), num(0)],
    [ite(num(2), at(1), at(2)), at(1)],
    [old(at(3)), num(4)],
    [bin('bandnot', num(7), num(2)), num(5)],
  ])('%j', (expr, folded) => {
    expect(fold(expr, slots)).toEqual(folded)
  })

  test('folding keeps every value, and bounds hold them', () => {
    fc.assert(
      fc.property(arbitraryModel, fc.infiniteStream(fc.nat({ max: 999 })), (m, random) => {
        const state = m.slots.map(({ lo, hi }) => lo + ((random.next().value ?? 0) % (hi - lo + 1)))
        for (const { expr } of [...m.covers, ...m.invariants]) {
          const truth = evaluate(m, expr, state)
          expect(evaluate(m, fold(expr, m.slots), state)).toBe(truth)
          const { lo, hi } = bounds(expr, m.slots)
          expect(truth >= lo && truth <= hi).toBe(true)
        }
      }),
      { numRuns: 300, seed: SEED },
    )
  })
})
