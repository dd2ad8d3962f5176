/**
 * Values of expressions, straight from model/language/expr.ts: no slots, no folding. Evaluation never
 * fails: an element whose index is nil reads 0, and what was wrong with that is told to `onFault`.
 */
import type { BinaryExpr, Expr, FieldExpr } from '../../model/language/expr.ts'
import type { Program } from '../../model/language/routine.ts'

/** Values of all variables, locks and registers among them: by name, elements in row-major order. */
export type Shared = ReadonlyMap<string, readonly number[]>

export interface Env {
  readonly program: Program
  readonly shared: Shared
  /** The state before the step, where an expression may look at it. */
  readonly before?: Shared
  readonly bound: ReadonlyMap<string, number>
  readonly self?: number
  readonly local: (name: string) => number
  /** Told of the property that an access to a nil or dead object breaks. */
  readonly onFault: (property: string) => void
}

export const sizeOf = (program: Program, set: string): number => program.sizes[set] ?? 0

/** Which element a reference means; undefined where an index is nil. Reports what the access breaks. */
export function elementOf(env: Env, e: FieldExpr): number | undefined {
  let at = 0
  let nil = false
  e.index.forEach((index, d) => {
    const set = e.field.sets[d] ?? ''
    const value = evaluate(env, index)
    if (value === 0) {
      nil = true
      env.onFault('NoNilDereference')
    }
    for (const life of env.program.lifetimes) {
      if (value === 0 || life.set !== set || life.exempt.includes(e.field)) continue
      // Whether an object lives is asked by the property, not by the program: it is no access of its own.
      const object: Expr = { kind: 'const', type: { kind: 'ref', set, nonNil: true }, value }
      if (evaluate({ ...env, onFault: () => undefined }, life.live(object)) === 0) env.onFault(life.property)
    }
    at = at * sizeOf(env.program, set) + value - 1
  })
  return nil ? undefined : at
}

function evaluateBinary(env: Env, e: BinaryExpr): number {
  const left = evaluate(env, e.left)
  if (e.op === 'and') return left !== 0 && evaluate(env, e.right) !== 0 ? 1 : 0
  if (e.op === 'or') return left !== 0 || evaluate(env, e.right) !== 0 ? 1 : 0
  const right = evaluate(env, e.right)
  switch (e.op) {
    case 'eq':
      return Number(left === right)
    case 'ne':
      return Number(left !== right)
    case 'lt':
      return Number(left < right)
    case 'le':
      return Number(left <= right)
    case 'add':
      return left + right
    case 'sub':
      return left - right
    case 'band':
      return left & right
    case 'bor':
      return left | right
    case 'bandnot':
      return left & ~right
  }
}

export const withBound = (env: Env, name: string, value: number): Env => ({
  ...env,
  bound: new Map([...env.bound, [name, value]]),
})

/** The body's value for each object of the set, all of them looked at. */
const forEachObject = (env: Env, set: string, name: string, body: Expr): readonly number[] =>
  Array.from({ length: sizeOf(env.program, set) }, (_, i) => evaluate(withBound(env, name, i + 1), body))

export function evaluate(env: Env, e: Expr): number {
  switch (e.kind) {
    case 'const':
      return e.value
    case 'field': {
      const at = elementOf(env, e)
      return at === undefined ? 0 : (env.shared.get(e.field.name)?.[at] ?? 0)
    }
    case 'local':
      return env.local(e.name)
    case 'self':
      if (env.self === undefined) throw new Error('no thread runs here')
      return env.self + 1
    case 'bound': {
      const value = env.bound.get(e.name)
      if (value === undefined) throw new Error(`${e.name} is bound by nothing`)
      return value
    }
    case 'not':
      return evaluate(env, e.arg) === 0 ? 1 : 0
    case 'binary':
      return evaluateBinary(env, e)
    case 'ite':
      return evaluate(env, evaluate(env, e.cond) === 0 ? e.else : e.then)
    case 'quantifier': {
      const values = forEachObject(env, e.set, e.bound, e.body)
      return Number(e.which === 'forall' ? values.every((v) => v !== 0) : values.some((v) => v !== 0))
    }
    case 'first':
      return forEachObject(env, e.set, e.bound, e.body).findIndex((v) => v !== 0) + 1
    case 'singleton': {
      const value = evaluate(env, e.arg)
      return value === 0 ? 0 : 1 << (value - 1)
    }
    case 'old':
      if (env.before === undefined) throw new Error('there is no state before this one')
      return evaluate({ ...env, shared: env.before }, e.arg)
  }
}
