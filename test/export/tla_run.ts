/**
 * Explores a module that `parseModule` read, as TLC would: breadth first, actions by their conjuncts in order. Its
 * expressions are made into functions first, which are called for every state.
 */
import type { Definition, Expr, Module } from './tla_parse.ts'

type Value = number | boolean
type State = readonly number[]
/** What the names of one definition stand for now, by their places; a constant of a LET is worked out when it is used. */
type Frame = (Value | undefined)[]
type Evaluate = (state: State, frame: Frame) => Value
/** Calls `then` for each way in which an action can be taken; what it assigns stands for as long as that lasts. */
type Act = (state: State, frame: Frame, then: () => void) => void

export interface TlaResult {
  readonly states: number
  /** Names of assertions and invariants that failed. */
  readonly violated: ReadonlySet<string>
  readonly deadlock: boolean
}

/** The names of one definition: where their values are in its frame, and how they are had where they are not there yet. */
interface Names {
  readonly places: ReadonlyMap<string, { readonly at: number; readonly make?: Evaluate }>
  /** Shared by all parts of the definition. */
  readonly frame: { size: number }
}

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
  /** Of the state that an action makes. */
  const assigned: (number | undefined)[] = variables.map(() => undefined)

  const lookUp = (name: string): Definition => {
    const found = definitions.get(name)
    if (found === undefined) throw new Error(`'${name}' is not defined`)
    return found
  }
  const noNames = (): Names => ({ places: new Map(), frame: { size: 0 } })
  function withName({ places, frame }: Names, name: string, make?: Evaluate): Names & { readonly at: number } {
    const at = frame.size++
    return { places: new Map(places).set(name, { at, ...(make === undefined ? {} : { make }) }), frame, at }
  }

  /** The names within a LET, and what is to be forgotten where it begins. */
  function withDefinitions(
    defs: readonly Definition[],
    names: Names,
  ): { readonly names: Names; readonly own: number[] } {
    let inner = names
    const own: number[] = []
    for (const { name, params, body } of defs) {
      if (params.length > 0 || inner.places.has(name) || place.has(name) || definitions.has(name))
        throw new Error(`LET gives '${name}' a second meaning`)
      const more = withName(inner, name, evaluator(body, inner))
      own.push(more.at)
      inner = more
    }
    return { names: inner, own }
  }

  /** Made when it is first called: a definition may call itself. */
  interface Called {
    readonly params: number
    readonly evaluate: (state: State, values: readonly Value[]) => Value
  }
  const called = new Map<string, Called>()
  function definition(name: string): Called {
    const known = called.get(name)
    if (known !== undefined) return known
    const { params, body } = lookUp(name)
    let names = noNames()
    for (const p of params) names = withName(names, p)
    let made: Evaluate | undefined
    const one: Called = {
      params: params.length,
      evaluate: (state, values) => {
        made ??= evaluator(body, names)
        return made(state, [...values])
      },
    }
    called.set(name, one)
    return one
  }

  function range(expr: Expr, names: Names): (state: State, frame: Frame) => readonly [lo: number, hi: number] {
    if (expr.kind !== 'binary' || expr.op !== '..') throw new Error('only intervals are sets here')
    const [lo, hi] = [evaluator(expr.left, names), evaluator(expr.right, names)]
    return (state, frame) => [number(lo(state, frame)), number(hi(state, frame))]
  }

  function evaluator(expr: Expr, names: Names): Evaluate {
    switch (expr.kind) {
      case 'number': {
        const { value } = expr
        return () => value
      }
      case 'string':
      case 'tuple':
      case 'prime':
      case 'exists':
        return () => {
          throw new Error(`no value: ${expr.kind}`)
        }
      case 'if': {
        const [cond, yes, no] = [expr.cond, expr.then, expr.else].map((e) => evaluator(e, names))
        if (cond === undefined || yes === undefined || no === undefined) throw new Error('an IF has three parts')
        return (state, frame) => (truth(cond(state, frame)) ? yes(state, frame) : no(state, frame))
      }
      case 'let': {
        const { names: inner, own } = withDefinitions(expr.defs, names)
        const body = evaluator(expr.body, inner)
        return (state, frame) => {
          for (const at of own) frame[at] = undefined
          return body(state, frame)
        }
      }
      case 'unary': {
        if (expr.op === 'UNCHANGED') throw new Error('UNCHANGED has no value in a state')
        const arg = evaluator(expr.arg, names)
        return expr.op === '~'
          ? (state, frame) => !truth(arg(state, frame))
          : (state, frame) => -number(arg(state, frame))
      }
      case 'binary':
        return binary(expr, names)
      case 'name':
        return named(expr.name, expr.args, names)
    }
  }

  function binary({ op, left: l, right: r }: Expr & { readonly kind: 'binary' }, names: Names): Evaluate {
    const left = evaluator(l, names)
    if (op === '\\in') {
      const within = range(r, names)
      return (state, frame) => {
        const [lo, hi] = within(state, frame)
        const value = number(left(state, frame))
        return lo <= value && value <= hi
      }
    }
    const right = evaluator(r, names)
    switch (op) {
      case '/\\':
        return (state, frame) => truth(left(state, frame)) && truth(right(state, frame))
      case '\\/':
        return (state, frame) => truth(left(state, frame)) || truth(right(state, frame))
      case '=>':
        return (state, frame) => !truth(left(state, frame)) || truth(right(state, frame))
    }
    const compute = arithmetic[op]
    if (compute === undefined) throw new Error(`no operator ${op}`)
    return (state, frame) => compute(number(left(state, frame)), number(right(state, frame)))
  }

  function named(name: string, args: readonly Expr[], names: Names): Evaluate {
    if (name === 'TRUE' || name === 'FALSE') return () => name === 'TRUE'
    if (name === 'Assert') {
      const [condition, message] = args
      if (condition === undefined || message?.kind !== 'string') throw new Error('Assert takes a condition and a text')
      const holds = evaluator(condition, names)
      return (state, frame) => {
        if (!truth(holds(state, frame))) violated.add(message.value)
        return true
      }
    }
    const local = args.length === 0 ? names.places.get(name) : undefined
    if (local !== undefined) {
      const { at, make } = local
      return (state, frame) => {
        const known = frame[at] ?? make?.(state, frame)
        if (known === undefined) throw new Error(`'${name}' has no value yet`)
        frame[at] = known
        return known
      }
    }
    const variable = place.get(name)
    if (variable !== undefined) return (state) => state[variable] ?? 0
    const { params, evaluate } = definition(name)
    if (params !== args.length) throw new Error(`'${name}' takes ${params} arguments`)
    const values = args.map((arg) => evaluator(arg, names))
    return (state, frame) =>
      evaluate(
        state,
        values.map((v) => v(state, frame)),
      )
  }

  /** The variables of `UNCHANGED e`. */
  function frameOf(expr: Expr): readonly string[] {
    if (expr.kind === 'tuple') return expr.parts.flatMap(frameOf)
    if (expr.kind !== 'name') throw new Error('UNCHANGED takes variables')
    return place.has(expr.name) ? [expr.name] : frameOf(lookUp(expr.name).body)
  }

  function assigning(name: string, value: Evaluate): Act {
    const variable = place.get(name)
    return (state, frame, then) => {
      const given = number(value(state, frame))
      if (variable === undefined || assigned[variable] !== undefined)
        throw new Error(`'${name}' is no variable, or assigned twice`)
      assigned[variable] = given
      then()
      assigned[variable] = undefined
    }
  }

  const both =
    (first: Act, second: Act): Act =>
    (state, frame, then) => {
      first(state, frame, () => {
        second(state, frame, then)
      })
    }

  const actions = new Map<string, Act>()

  function action(expr: Expr, names: Names): Act {
    if (expr.kind === 'binary' && expr.op === '/\\') return both(action(expr.left, names), action(expr.right, names))
    if (expr.kind === 'binary' && expr.op === '\\/' && mentionsNext(expr)) {
      const [left, right] = [action(expr.left, names), action(expr.right, names)]
      return (state, frame, then) => {
        left(state, frame, then)
        right(state, frame, then)
      }
    }
    if (expr.kind === 'binary' && expr.op === '=' && expr.left.kind === 'prime')
      return assigning(expr.left.name, evaluator(expr.right, names))
    if (expr.kind === 'unary' && expr.op === 'UNCHANGED')
      return frameOf(expr.arg)
        .map((name) => assigning(name, named(name, [], noNames())))
        .reduce(both, (_, __, then) => {
          then()
        })
    if (expr.kind === 'let') {
      const { names: inner, own } = withDefinitions(expr.defs, names)
      const body = action(expr.body, inner)
      return (state, frame, then) => {
        for (const at of own) frame[at] = undefined
        body(state, frame, then)
      }
    }
    if (expr.kind === 'exists') {
      const within = range(expr.set, names)
      const inner = withName(names, expr.name)
      const body = action(expr.body, inner)
      return (state, frame, then) => {
        const [lo, hi] = within(state, frame)
        for (let v = lo; v <= hi; v++) {
          frame[inner.at] = v
          body(state, frame, then)
        }
      }
    }
    if (expr.kind === 'name' && definitions.has(expr.name) && mentionsNext(expr)) {
      const { name } = expr
      return (state, _, then) => {
        const made = actions.get(name) ?? action(lookUp(name).body, noNames())
        actions.set(name, made)
        made(state, [], then)
      }
    }
    const holds = evaluator(expr, names)
    return (state, frame, then) => {
      if (truth(holds(state, frame))) then()
    }
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

  const complete = (values: readonly (number | undefined)[]): State =>
    variables.map((name, i) => {
      const value = values[i]
      if (value === undefined) throw new Error(`an action says nothing of '${name}'`)
      return value
    })

  /** `x = e` of Init, read as the assignment that it is for TLC. */
  function initial(expr: Expr): readonly (readonly [string, number])[] {
    if (expr.kind === 'binary' && expr.op === '/\\') return [...initial(expr.left), ...initial(expr.right)]
    if (expr.kind !== 'binary' || expr.op !== '=' || expr.left.kind !== 'name') throw new Error('Init is no list of =')
    return [[expr.left.name, number(evaluator(expr.right, noNames())([], []))]]
  }

  const watched = invariants.map((name) => ({ name, holds: evaluator(lookUp(name).body, noNames()) }))
  const seen = new Set<string>()
  const queue: State[] = []
  let deadlock = false
  const visit = (state: State): void => {
    const key = state.join()
    if (seen.has(key)) return
    seen.add(key)
    queue.push(state)
    for (const { name, holds } of watched) if (!truth(holds(state, []))) violated.add(name)
  }
  const first = initial(lookUp('Init').body)
  if (first.some(([name], i) => !place.has(name) || first.findIndex(([other]) => other === name) !== i))
    throw new Error('Init assigns what is no variable, or twice')
  const given = new Map(first)
  visit(complete(variables.map((name) => given.get(name))))
  const next = action(lookUp('Next').body, noNames())
  for (const state of queue) {
    let ran = false
    next(state, [], () => {
      ran = true
      visit(complete(assigned))
    })
    if (!ran) deadlock = true
  }
  return { states: seen.size, violated, deadlock }
}
