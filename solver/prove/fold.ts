/** Expressions with what is known of the running thread's locals put in, and constants folded. */
import type { Expr, Field, FieldExpr } from '../../model/language/expr.ts'
import { apply } from '../../model/language/lower/build.ts'
import { bool, type Type } from '../../model/language/types.ts'

/** Values known of locals of the running thread. */
export type Known = ReadonlyMap<Field, number>

/** The first value of a type; of a reference that is not nil, the first object. */
export const firstValueOf = (type: Type): number => {
  switch (type.kind) {
    case 'int':
      return type.lo <= 0 && type.hi >= 0 ? 0 : type.lo
    case 'ref':
      return type.nonNil === true ? 1 : 0
    case 'bool':
    case 'enum':
    case 'flags':
    case 'subset':
      return 0
  }
}

const number = (type: Type, value: number): Expr => ({ kind: 'const', type, value })
const truthOf = (value: boolean): Expr => number(bool, value ? 1 : 0)
export const isTruth = (e: Expr): boolean | undefined => (e.kind === 'const' ? e.value !== 0 : undefined)

export const isOwn = (e: Expr): e is FieldExpr =>
  e.kind === 'field' && e.field.sets.length === 1 && e.field.sets[0] === 'thread' && e.index[0]?.kind === 'self'

/** Whether two expressions are written alike. */
export function sameExpr(a: Expr, b: Expr): boolean {
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'const':
      return b.kind === 'const' && a.value === b.value
    case 'field':
      return (
        b.kind === 'field' &&
        a.field === b.field &&
        a.index.every((x, i) => {
          const y = b.index[i]
          return y !== undefined && sameExpr(x, y)
        })
      )
    case 'self':
      return true
    case 'bound':
      return b.kind === 'bound' && a.name === b.name
    case 'local':
    case 'not':
    case 'binary':
    case 'ite':
    case 'quantifier':
    case 'singleton':
    case 'first':
    case 'old':
      return a === b
  }
}

export function fold(e: Expr, known: Known): Expr {
  const sub = (x: Expr): Expr => fold(x, known)
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'self':
    case 'bound':
      return e
    case 'field': {
      const value = isOwn(e) ? known.get(e.field) : undefined
      if (value !== undefined) return number(e.type, value)
      return { ...e, index: e.index.map(sub) }
    }
    case 'not': {
      const arg = sub(e.arg)
      if (arg.kind === 'const') return truthOf(arg.value === 0)
      return arg.kind === 'not' ? arg.arg : { ...e, arg }
    }
    case 'binary': {
      const left = sub(e.left)
      const right = sub(e.right)
      if (left.kind === 'const' && right.kind === 'const') return number(e.type, apply(e.op, left.value, right.value))
      if (e.op === 'and' || e.op === 'or') {
        const neutral = e.op === 'and' ? 1 : 0
        if (left.kind === 'const') return left.value === neutral ? right : left
        if (right.kind === 'const') return right.value === neutral ? left : right
      }
      return { ...e, left, right }
    }
    case 'ite': {
      const cond = sub(e.cond)
      if (cond.kind === 'const') return cond.value === 0 ? sub(e.else) : sub(e.then)
      return { ...e, cond, then: sub(e.then), else: sub(e.else) }
    }
    case 'quantifier':
    case 'first':
      return { ...e, body: sub(e.body) }
    case 'singleton':
    case 'old':
      return { ...e, arg: sub(e.arg) }
  }
}

/** What a condition that came out true (or false) says of locals. */
export function assuming(cond: Expr, outcome: boolean, known: Known): Known {
  const learn = (f: Field, value: number): Known => new Map([...known, [f, value]])
  if (cond.kind === 'not') return assuming(cond.arg, !outcome, known)
  if (cond.kind === 'field' && isOwn(cond) && cond.type.kind === 'bool') return learn(cond.field, outcome ? 1 : 0)
  if (cond.kind !== 'binary') return known
  if (cond.op === (outcome ? 'eq' : 'ne') && isOwn(cond.left) && cond.right.kind === 'const')
    return learn(cond.left.field, cond.right.value)
  if (cond.op === (outcome ? 'and' : 'or')) return assuming(cond.right, outcome, assuming(cond.left, outcome, known))
  return known
}
