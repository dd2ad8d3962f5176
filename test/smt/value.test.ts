import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BinaryOp, LExpr } from '../../model/language/lowered.ts'
import { evaluate } from '../../solver/reference/interpreter.ts'
import { condition, evaluate as evaluateSymbolic, newEnv } from '../../solver/smt/execute.ts'
import {
  FALSE,
  TRUE,
  and,
  iff,
  isNegated,
  ite,
  newTerms,
  nodeOf,
  not,
  or,
  variable,
  xor,
} from '../../solver/smt/term.ts'
import type { Lit, Terms } from '../../solver/smt/term.ts'
import { add, bitsValue, number, widthOf } from '../../solver/smt/value.ts'
import type { Value } from '../../solver/smt/value.ts'
import { at, bin, ite as iteExpr, model, not as notExpr, num, slot } from '../engines/build.ts'
import { SEED } from '../support/seed.ts'

/** What a literal is where the named variables are true and all others false. */
function holds(terms: Terms, lit: Lit, truths: ReadonlySet<string>): boolean {
  const node = terms.nodes[nodeOf(lit)]
  const sub = (a: Lit): boolean => holds(terms, a, truths)
  const plain = (): boolean => {
    switch (node?.kind) {
      case undefined:
      case 'const':
        return false
      case 'var':
        return truths.has(node.name)
      case 'and':
        return node.args.every(sub)
      case 'iff':
        return sub(node.left) === sub(node.right)
      case 'ite':
        return sub(node.cond) ? sub(node.then) : sub(node.else)
    }
  }
  return plain() !== isNegated(lit)
}

function valueOf(terms: Terms, value: Value, truths: ReadonlySet<string>): number {
  if (value.kind === 'bits')
    return value.bits.reduce((sum, bit, i) => (holds(terms, bit, truths) ? sum + 2 ** i : sum), value.base)
  const met = [...value.cases].filter(([, lit]) => holds(terms, lit, truths))
  expect(met).toHaveLength(1)
  return met[0]?.[0] ?? NaN
}

describe('terms', () => {
  const terms = newTerms()
  const a = variable(terms, 'a')
  const b = variable(terms, 'b')

  test('equal terms are one', () => {
    expect(and(terms, [a, b])).toBe(and(terms, [b, a, b, TRUE]))
    expect(or(terms, [a, b])).toBe(not(and(terms, [not(a), not(b)])))
    expect(iff(terms, a, not(b))).toBe(xor(terms, b, a))
    expect(ite(terms, not(a), b, not(b))).toBe(xor(terms, a, b))
  })

  test('what is known folds', () => {
    expect(and(terms, [a, b, not(a)])).toBe(FALSE)
    expect(and(terms, [a, and(terms, [not(a), b])])).toBe(FALSE)
    expect(and(terms, [a, or(terms, [a, b])])).toBe(a)
    expect(or(terms, [])).toBe(FALSE)
    expect(ite(terms, a, TRUE, FALSE)).toBe(a)
  })
})

/** Two small variables, one of them partly negative, and an array between them whose index can be out of range. */
const SLOTS = [slot('x', -2, 5), slot('y', 0, 6), slot('a0', 1, 3), slot('a1', 0, 1), slot('a2', -1, 2)]
const RANGES = SLOTS.map(({ lo, hi }) => ({ lo, hi }))
const OPS: readonly BinaryOp[] = ['and', 'or', 'eq', 'ne', 'lt', 'le', 'add', 'sub', 'band', 'bor', 'bandnot']

const expressions = fc.letrec<{ expr: LExpr }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.integer({ min: -3, max: 7 }).map(num),
    fc.nat({ max: SLOTS.length - 1 }).map(at),
    fc.tuple(fc.constantFrom(...OPS), tie('expr'), tie('expr')).map(([op, l, r]) => bin(op, l, r)),
    tie('expr').map(notExpr),
    fc.tuple(tie('expr'), tie('expr'), tie('expr')).map(([c, t, e]) => iteExpr(c, t, e)),
    tie('expr').map((expr): LExpr => ({ kind: 'select', base: 2, index: [{ expr, first: 1, count: 3, stride: 1 }] })),
  ),
})).expr

test('symbolic expressions, at any point, are what the interpreter says', () => {
  const state = fc.tuple(...RANGES.map(({ lo, hi }) => fc.integer({ min: lo, max: hi })))
  fc.assert(
    fc.property(expressions, state, (expr, values) => {
      const terms = newTerms()
      const truths = new Set<string>()
      const symbolic = RANGES.map(({ lo, hi }, s): Value => {
        const bits = Array.from({ length: widthOf(hi - lo) }, (_, i) => variable(terms, `s${s}.${i}`))
        bits.forEach((_, i) => {
          if ((((values[s] ?? lo) - lo) >> i) & 1) truths.add(`s${s}.${i}`)
        })
        return bitsValue(lo, bits, hi)
      })
      const env = newEnv(terms, SLOTS, symbolic)
      const truth = evaluate(model(SLOTS, []), expr, values)
      expect(valueOf(terms, evaluateSymbolic(env, expr), truths)).toBe(truth)
      expect(holds(terms, condition(env, expr), truths)).toBe(truth !== 0)
    }),
    { numRuns: 2000, seed: SEED },
  )
})

test('constants stay constants', () => {
  expect(add(newTerms(), number(3), number(-5))).toEqual(number(-2))
})
