/** Explores a module that `parseModule` read, as TLC would: breadth first, actions by their conjuncts in order. */
import type { Definition, Expr, Module } from './tla_parse.ts'

type Value = number | boolean
type State = readonly number[]
/** The values of names: constants of a LET are worked out when they are used. */
type Scope = ReadonlyMap<string, () => Value>

export interface TlaResult {
  readonly states: number
  /** Names of assertions and invariants that failed. */
  readonly violated: ReadonlySet<string>
  readonly deadlock: boolean
}

const EMPTY: Scope = new Map()

function number(value: Value): number {
  if (typeof value !== 'number') throw new Error('a truth value where a number is needed')
  return value
}
function truth(value: Value): boolean {
  if (typeof value !== 'boolean') throw new Error('a number where a truth value is needed')
  return value
}

/** Remainders are never negative in TLA+, and quotients are rounded down. */
const arithmetic: Readonly<Record<string, (a: number, b: number) => Value>> = {
  '=': (a, b) => a === b,
  '#': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '%': (a, b) => ((a % b) + b) % b,
  '\\div': (a, b) => Math.floor(a / b),
}

export function runModule(module: Module, invariants: readonly string[]): TlaResult {
  const { variables, definitions } = module
  const place = new Map(variables.map((name, i) => [name, i]))
  const violated = new Set<string>()

  const lookUp = (name: string): Definition => {
    const found = definitions.get(name)
    if (found === undefined) throw new Error(`'${name}' is not defined`)
    return found
  }

  function withDefinitions(defs: readonly Definition[], scope: Scope, state: State): Scope {
    const inner = new Map(scope)
    for (const { name, params, body } of defs) {
      if (params.length > 0 || inner.has(name) || place.has(name) || definitions.has(name))
        throw new Error(`LET gives '${name}' a second meaning`)
      const outside = new Map(inner)
      let known: Value | undefined
      inner.set(name, () => (known ??= evaluate(body, outside, state)))
    }
    return inner
  }

  function range(expr: Expr, scope: Scope, state: State): readonly [lo: number, hi: number] {
    if (expr.kind !== 'binary' || expr.op !== '..') throw new Error('only intervals are sets here')
    return [number(evaluate(expr.left, scope, state)), number(evaluate(expr.right, scope, state))]
  }

  function evaluate(expr: Expr, scope: Scope, state: State): Value {
    switch (expr.kind) {
      case 'number':
        return expr.value
      case 'string':
      case 'tuple':
      case 'prime':
      case 'exists':
        throw new Error(`no value: ${expr.kind}`)
      case 'if':
        return evaluate(truth(evaluate(expr.cond, scope, state)) ? expr.then : expr.else, scope, state)
      case 'let':
        return evaluate(expr.body, withDefinitions(expr.defs, scope, state), state)
      case 'unary':
        if (expr.op === 'UNCHANGED') throw new Error('UNCHANGED has no value in a state')
        return expr.op === '~' ? !truth(evaluate(expr.arg, scope, state)) : -number(evaluate(expr.arg, scope, state))
      case 'binary': {
        const left = (): Value => evaluate(expr.left, scope, state)
        const right = (): Value => evaluate(expr.right, scope, state)
        if (expr.op === '/\\') return truth(left()) && truth(right())
        if (expr.op === '\\/') return truth(left()) || truth(right())
        if (expr.op === '=>') return !truth(left()) || truth(right())
        if (expr.op === '\\in') {
          const [lo, hi] = range(expr.right, scope, state)
          const value = number(left())
          return lo <= value && value <= hi
        }
        const compute = arithmetic[expr.op]
        if (compute === undefined) throw new Error(`no operator ${expr.op}`)
        return compute(number(left()), number(right()))
      }
      case 'name': {
        const { name, args } = expr
        if (name === 'TRUE' || name === 'FALSE') return name === 'TRUE'
        if (name === 'Assert') {
          const [cond, message] = args
          if (cond === undefined || message?.kind !== 'string') throw new Error('Assert takes a condition and a text')
          if (!truth(evaluate(cond, scope, state))) violated.add(message.value)
          return true
        }
        const local = scope.get(name)
        if (local !== undefined && args.length === 0) return local()
        const variable = place.get(name)
        if (variable !== undefined) return state[variable] ?? 0
        const { params, body } = lookUp(name)
        if (params.length !== args.length) throw new Error(`'${name}' takes ${params.length} arguments`)
        const values = args.map((arg) => evaluate(arg, scope, state))
        return evaluate(body, new Map(params.map((p, i) => [p, () => values[i] ?? 0])), state)
      }
    }
  }

  /** The variables of `UNCHANGED e`. */
  function frame(expr: Expr): readonly string[] {
    if (expr.kind === 'tuple') return expr.parts.flatMap(frame)
    if (expr.kind !== 'name') throw new Error('UNCHANGED takes variables')
    return place.has(expr.name) ? [expr.name] : frame(lookUp(expr.name).body)
  }

  type Partial = ReadonlyMap<string, number>
  type Then = (partial: Partial) => void

  const assign = (name: string, value: number, partial: Partial): Partial => {
    if (partial.has(name) || !place.has(name)) throw new Error(`'${name}' is no variable, or assigned twice`)
    return new Map(partial).set(name, value)
  }

  function act(expr: Expr, scope: Scope, state: State, partial: Partial, then: Then): void {
    if (expr.kind === 'binary' && expr.op === '/\\')
      return act(expr.left, scope, state, partial, (more) => act(expr.right, scope, state, more, then))
    if (expr.kind === 'binary' && expr.op === '\\/' && mentionsNext(expr)) {
      act(expr.left, scope, state, partial, then)
      return act(expr.right, scope, state, partial, then)
    }
    if (expr.kind === 'binary' && expr.op === '=' && expr.left.kind === 'prime')
      return then(assign(expr.left.name, number(evaluate(expr.right, scope, state)), partial))
    if (expr.kind === 'unary' && expr.op === 'UNCHANGED')
      return then(frame(expr.arg).reduce((p: Partial, v) => assign(v, state[place.get(v) ?? -1] ?? 0, p), partial))
    if (expr.kind === 'let') return act(expr.body, withDefinitions(expr.defs, scope, state), state, partial, then)
    if (expr.kind === 'exists') {
      const [lo, hi] = range(expr.set, scope, state)
      for (let v = lo; v <= hi; v++)
        act(
          expr.body,
          new Map(scope).set(expr.name, () => v),
          state,
          partial,
          then,
        )
      return
    }
    if (expr.kind === 'name' && definitions.has(expr.name) && mentionsNext(expr))
      return act(lookUp(expr.name).body, EMPTY, state, partial, then)
    if (truth(evaluate(expr, scope, state))) then(partial)
  }

  const acting = new Map<Expr, boolean>()
  /** Whether an expression speaks of the next state, itself or through definitions. */
  function mentionsNext(expr: Expr): boolean {
    const known = acting.get(expr)
    if (known !== undefined) return known
    const of = (): boolean => {
      switch (expr.kind) {
        case 'prime':
          return true
        case 'number':
        case 'string':
        case 'tuple':
          return false
        case 'unary':
          return expr.op === 'UNCHANGED' || mentionsNext(expr.arg)
        case 'binary':
          return mentionsNext(expr.left) || mentionsNext(expr.right)
        case 'if':
          return [expr.cond, expr.then, expr.else].some(mentionsNext)
        case 'let':
        case 'exists':
          return mentionsNext(expr.body)
        case 'name': {
          const definition = definitions.get(expr.name)
          return expr.args.length === 0 && definition !== undefined && mentionsNext(definition.body)
        }
      }
    }
    const found = of()
    acting.set(expr, found)
    return found
  }

  const complete = (partial: Partial): State =>
    variables.map((name) => {
      const value = partial.get(name)
      if (value === undefined) throw new Error(`an action says nothing of '${name}'`)
      return value
    })

  /** `x = e` of Init, read as the assignment that it is for TLC. */
  function initial(expr: Expr): readonly (readonly [string, number])[] {
    if (expr.kind === 'binary' && expr.op === '/\\') return [...initial(expr.left), ...initial(expr.right)]
    if (expr.kind !== 'binary' || expr.op !== '=' || expr.left.kind !== 'name') throw new Error('Init is no list of =')
    return [[expr.left.name, number(evaluate(expr.right, EMPTY, []))]]
  }

  const seen = new Set<string>()
  const queue: State[] = []
  let deadlock = false
  const visit = (state: State): void => {
    const key = state.join()
    if (seen.has(key)) return
    seen.add(key)
    queue.push(state)
    for (const name of invariants) if (!truth(evaluate(lookUp(name).body, EMPTY, state))) violated.add(name)
  }
  visit(complete(initial(lookUp('Init').body).reduce((p: Partial, [v, value]) => assign(v, value, p), new Map())))
  const next = lookUp('Next').body
  for (const state of queue) {
    let ran = false
    act(next, EMPTY, state, new Map(), (partial) => {
      ran = true
      visit(complete(partial))
    })
    if (!ran) deadlock = true
  }
  return { states: seen.size, violated, deadlock }
}
