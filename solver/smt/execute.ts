/**
 * One step, executed symbolically: its expressions and statements over an environment of values. A
 * run of a body keeps what it wrote apart from the state it started from, so that `old`, the merge of
 * the two branches of an `if`, and the frame condition all read off what was written.
 */
import type { LExpr, LIndex, LStmt, Slot } from '../../model/language/lowered.ts'
import { FALSE, TRUE, and, isConstant, not, or } from './term.ts'
import type { Lit, Terms } from './term.ts'
import { add, boolean, choose, equal, equalsNumber, fit, less, mask, number, pick, subtract, truth } from './value.ts'
import type { Form, Guarded, Value } from './value.ts'

export interface Env {
  readonly terms: Terms
  readonly slots: readonly Slot[]
  /** The state before the step. */
  readonly before: readonly Value[]
  /** What the step wrote so far; a branch of an `if` works on a copy. */
  readonly written: Map<number, Value>
  /** The condition of getting here, within the step. */
  readonly path: Lit
  /** For each property, the conditions under which the step breaks it. */
  readonly fails: Map<number, Lit[]>
  /** The conditions under which a write leaves the range of its slot, which no sound model does. */
  readonly faults: Lit[]
}

export function newEnv(terms: Terms, slots: readonly Slot[], before: readonly Value[]): Env {
  return { terms, slots, before, written: new Map(), path: TRUE, fails: new Map(), faults: [] }
}

export const formOf = (slot: Slot): Form => (slot.kind === 'pc' ? 'cases' : 'bits')

function read(env: Env, slot: number): Value {
  return env.written.get(slot) ?? env.before[slot] ?? number(0)
}

/** Writes a slot where `cond` holds, which may be less than everywhere on the path. */
export function write(env: Env, slot: number, value: Value, cond: Lit = TRUE): void {
  const { terms } = env
  const declared = env.slots[slot]
  if (declared === undefined) return
  const { lo, hi } = declared
  const outside = or(terms, [less(terms, value, number(lo)), less(terms, number(hi), value)])
  const fault = and(terms, [env.path, cond, outside])
  if (fault !== FALSE) env.faults.push(fault)
  const fitted = fit(terms, value, lo, hi, formOf(declared))
  env.written.set(slot, cond === TRUE ? fitted : choose(terms, cond, fitted, read(env, slot)))
}

/** Every slot that an access can mean, with the condition under which it means that one. */
function places(env: Env, base: number, index: readonly LIndex[]): (readonly [Lit, number])[] {
  const { terms } = env
  let found: (readonly [Lit, number])[] = [[TRUE, base]]
  for (const dimension of index) {
    const value = evaluate(env, dimension.expr)
    const next: (readonly [Lit, number])[] = []
    for (let i = 0; i < dimension.count; i++) {
      const here = equalsNumber(terms, value, dimension.first + i)
      if (here === FALSE) continue
      for (const [cond, slot] of found) next.push([and(terms, [cond, here]), slot + i * dimension.stride])
    }
    found = next
  }
  return found.filter(([cond]) => cond !== FALSE)
}

/** The condition of no place at all. Known ranges often show that there always is one. */
function outside(env: Env, index: readonly LIndex[], found: readonly (readonly [Lit, number])[]): Lit {
  const total = index.every((dimension) => {
    const value = evaluate(env, dimension.expr)
    const { first, count } = dimension
    if (value.kind === 'cases') return [...value.cases.keys()].every((v) => v >= first && v < first + count)
    return value.base >= first && value.max < first + count
  })
  if (total) return FALSE
  return not(
    or(
      env.terms,
      found.map(([cond]) => cond),
    ),
  )
}

/** The value of an expression. Booleans are 0 and 1. */
export function evaluate(env: Env, expr: LExpr): Value {
  const { terms } = env
  switch (expr.kind) {
    case 'const':
      return number(expr.value)
    case 'slot':
      return read(env, expr.slot)
    case 'select': {
      const found = places(env, expr.base, expr.index)
      const options: Guarded[] = found.map(([cond, slot]) => [cond, read(env, slot)])
      return pick(terms, [...options, [outside(env, expr.index, found), number(0)]], 'bits')
    }
    case 'not':
      return boolean(not(condition(env, expr.arg)))
    case 'ite':
      return choose(terms, condition(env, expr.cond), evaluate(env, expr.then), evaluate(env, expr.else))
    case 'old':
      return evaluate({ ...env, written: new Map() }, expr.arg)
    case 'binary':
      switch (expr.op) {
        case 'and':
        case 'or':
        case 'eq':
        case 'ne':
        case 'lt':
        case 'le':
          return boolean(condition(env, expr))
        case 'add':
          return add(terms, evaluate(env, expr.left), evaluate(env, expr.right))
        case 'sub':
          return subtract(terms, evaluate(env, expr.left), evaluate(env, expr.right))
        case 'band':
        case 'bor':
        case 'bandnot':
          return mask(terms, evaluate(env, expr.left), evaluate(env, expr.right), expr.op)
      }
  }
}

/** Whether the expression is non-zero. */
export function condition(env: Env, expr: LExpr): Lit {
  const { terms } = env
  if (expr.kind === 'not') return not(condition(env, expr.arg))
  if (expr.kind !== 'binary') return truth(terms, evaluate(env, expr))
  const { left, right } = expr
  switch (expr.op) {
    case 'and': {
      const first = condition(env, left)
      return first === FALSE ? FALSE : and(terms, [first, condition(env, right)])
    }
    case 'or': {
      const first = condition(env, left)
      return first === TRUE ? first : or(terms, [first, condition(env, right)])
    }
    case 'eq':
      return equal(terms, evaluate(env, left), evaluate(env, right))
    case 'ne':
      return not(equal(terms, evaluate(env, left), evaluate(env, right)))
    case 'lt':
      return less(terms, evaluate(env, left), evaluate(env, right))
    case 'le':
      return not(less(terms, evaluate(env, right), evaluate(env, left)))
    case 'add':
    case 'sub':
    case 'band':
    case 'bor':
    case 'bandnot':
      return truth(terms, evaluate(env, expr))
  }
}

/** Merges what two branches wrote into the environment that they both started from. */
function merge(env: Env, cond: Lit, a: Env, b: Env): void {
  for (const slot of new Set([...a.written.keys(), ...b.written.keys()]))
    env.written.set(slot, choose(env.terms, cond, read(a, slot), read(b, slot)))
}

/** Runs statements in order. */
export function execute(env: Env, body: readonly LStmt[]): void {
  const { terms } = env
  for (const stmt of body)
    switch (stmt.kind) {
      case 'set': {
        const value = evaluate(env, stmt.value)
        if (stmt.target.kind === 'slot') {
          write(env, stmt.target.slot, value)
          break
        }
        for (const [cond, slot] of places(env, stmt.target.base, stmt.target.index)) write(env, slot, value, cond)
        break
      }
      case 'if': {
        const cond = condition(env, stmt.cond)
        if (isConstant(cond)) {
          execute(env, cond === FALSE ? stmt.else : stmt.then)
          break
        }
        const whenTrue = { ...env, written: new Map(env.written), path: and(terms, [env.path, cond]) }
        const whenFalse = { ...env, written: new Map(env.written), path: and(terms, [env.path, not(cond)]) }
        execute(whenTrue, stmt.then)
        execute(whenFalse, stmt.else)
        merge(env, cond, whenTrue, whenFalse)
        break
      }
      case 'assert': {
        const fails = and(terms, [env.path, not(condition(env, stmt.cond))])
        if (fails !== FALSE) env.fails.set(stmt.property, [...(env.fails.get(stmt.property) ?? []), fails])
        break
      }
    }
}
