/**
 * The system at one size, run on numbers: where candidate lemmas meet real states, and where a solver's
 * model is looked at. Values are coded as in model/language/types.ts.
 */
import type { Expr, Field, FieldExpr } from '../../model/language/expr.ts'
import { apply } from '../../model/language/lower/build.ts'
import type { Program } from '../../model/language/routine.ts'
import type { Action } from '../../model/language/stmt.ts'
import { range, sizeOf, type SetSizes } from '../../model/language/types.ts'
import { isFree } from './rename.ts'
import { pc, type System, type Tail } from './system.ts'

export type State = number[]

/** What an expression is evaluated in; `bound` is written to by quantifiers while they run. */
export interface Env {
  state: State
  /** The state before the step, for what is asked of steps. */
  readonly old?: State
  self: number
  readonly bound: number[]
}
export type Evaluator = (env: Env) => number

export interface Finite {
  readonly system: System
  readonly sizes: SetSizes
  readonly base: ReadonlyMap<string, number>
  readonly geometry: ReadonlyMap<string, number[]>
  readonly width: number
  readonly initial: State
  /** Objects of `thread`: the user threads, then one for each single program. */
  readonly threads: number
}

const elements = (f: Field, sizes: SetSizes): number => f.sets.reduce((n, s) => n * sizeOf(s, sizes), 1)

/** Lays the system out at the sizes of a program; the last threads are those of its single programs, in order. */
export function finiteOf(system: System, program: Program): Finite {
  const sizes: SetSizes = { ...program.sizes, label: system.labels.length }
  const base = new Map<string, number>()
  const geometry = new Map<string, number[]>()
  const initial: State = []
  for (const f of [...system.fields, ...system.locals, pc.decl]) {
    const n = elements(f, sizes)
    const { lo, hi } = range(f.type, sizes)
    const first = Math.min(Math.max(f.initial, lo), hi)
    if (f.role === 'geometry') geometry.set(f.name, new Array<number>(n).fill(f.initial))
    else {
      if (base.has(f.name)) throw new Error(`two variables are named '${f.name}'`)
      base.set(f.name, initial.length)
      for (let i = 0; i < n; i++) initial.push(first)
    }
  }
  for (const { target, value } of program.init) {
    let at = 0
    target.index.forEach((e, d) => {
      if (e.kind !== 'const') throw new Error('an initial value with an index that is not constant')
      at = at * sizeOf(target.field.sets[d] ?? '', sizes) + e.value - 1
    })
    const values = geometry.get(target.field.name)
    const start = base.get(target.field.name)
    if (values !== undefined) values[at] = value
    // A variable that nobody goes by has been left out.
    else if (start !== undefined) initial[start + at] = value
  }
  const threads = sizeOf('thread', sizes)
  const singles = system.programs.filter((p) => p.single)
  const many = system.programs.find((p) => !p.single)
  const start = base.get('pc') ?? 0
  for (let t = 0; t < threads; t++) {
    const one = singles[t - (threads - singles.length)]
    initial[start + t] = ((one ?? many)?.entry ?? 0) + 1
  }
  return { system, sizes, base, geometry, width: initial.length, initial, threads }
}

interface Compiling {
  readonly finite: Finite
  /** Depth of each bound name on the stack of bound values. */
  readonly names: ReadonlyMap<string, number>
}

/** Where an element lies, or -1 where an index is nil. */
function placeOf(c: Compiling, e: FieldExpr): Evaluator {
  const { sizes, base, geometry } = c.finite
  const start = e.field.role === 'geometry' ? 0 : base.get(e.field.name)
  if (start === undefined || (e.field.role === 'geometry' && !geometry.has(e.field.name)))
    throw new Error(`no variable '${e.field.name}' in this world`)
  const index = e.index.map((x) => compile(c, x))
  const counts = e.field.sets.map((s) => sizeOf(s, sizes))
  const [only] = index
  const [count = 0] = counts
  if (only === undefined) return () => start
  if (index.length === 1)
    return (env) => {
      const i = only(env)
      return i < 1 || i > count ? -1 : start + i - 1
    }
  return (env) => {
    let at = 0
    for (let d = 0; d < index.length; d++) {
      const i = index[d]?.(env) ?? 0
      const n = counts[d] ?? 0
      if (i < 1 || i > n) return -1
      at = at * n + i - 1
    }
    return start + at
  }
}

export function compile(c: Compiling, e: Expr): Evaluator {
  switch (e.kind) {
    case 'const': {
      const { value } = e
      return () => value
    }
    case 'field': {
      const place = placeOf(c, e)
      const values = e.field.role === 'geometry' ? c.finite.geometry.get(e.field.name) : undefined
      if (values !== undefined)
        return (env) => {
          const at = place(env)
          return at < 0 ? 0 : (values[at] ?? 0)
        }
      return (env) => {
        const at = place(env)
        return at < 0 ? 0 : (env.state[at] ?? 0)
      }
    }
    case 'self':
      return (env) => env.self
    case 'bound': {
      const depth = c.names.get(e.name)
      if (depth === undefined) throw new Error(`'${e.name}' is bound by nothing here`)
      return (env) => env.bound[depth] ?? 0
    }
    case 'not': {
      const arg = compile(c, e.arg)
      return (env) => (arg(env) === 0 ? 1 : 0)
    }
    case 'binary': {
      const left = compile(c, e.left)
      const right = compile(c, e.right)
      const { op } = e
      if (op === 'and') return (env) => (left(env) !== 0 && right(env) !== 0 ? 1 : 0)
      if (op === 'or') return (env) => (left(env) !== 0 || right(env) !== 0 ? 1 : 0)
      if (op === 'eq') return (env) => (left(env) === right(env) ? 1 : 0)
      if (op === 'ne') return (env) => (left(env) !== right(env) ? 1 : 0)
      return (env) => apply(op, left(env), right(env))
    }
    case 'ite': {
      const cond = compile(c, e.cond)
      const then = compile(c, e.then)
      const otherwise = compile(c, e.else)
      return (env) => (cond(env) !== 0 ? then(env) : otherwise(env))
    }
    case 'quantifier':
    case 'first': {
      const depth = c.names.size
      const body = compile({ ...c, names: new Map([...c.names, [e.bound, depth]]) }, e.body)
      const n = sizeOf(e.set, c.finite.sizes)
      const kind = e.kind === 'first' ? 'first' : e.which
      return (env) => {
        for (let i = 1; i <= n; i++) {
          env.bound[depth] = i
          const holds = body(env) !== 0
          if (kind === 'first' && holds) return i
          if (kind === 'exists' && holds) return 1
          if (kind === 'forall' && !holds) return 0
        }
        return kind === 'forall' ? 1 : 0
      }
    }
    case 'singleton': {
      const arg = compile(c, e.arg)
      return (env) => {
        const i = arg(env)
        return i === 0 ? 0 : 1 << (i - 1)
      }
    }
    case 'old': {
      const arg = compile(c, e.arg)
      return (env) => {
        const now = env.state
        if (env.old === undefined) throw new Error("'old' has no meaning in a state")
        env.state = env.old
        const value = arg(env)
        env.state = now
        return value
      }
    }
    case 'local':
      throw new Error(`'${e.kind}' has no meaning in a state`)
  }
}

/** A closed expression over `names` (bound from outside, in that order). */
export const evaluatorOf = (finite: Finite, e: Expr, names: readonly string[] = []): Evaluator =>
  compile({ finite, names: new Map(names.map((n, i) => [n, i])) }, e)

type Effect = (env: Env) => void

const store = (c: Compiling, target: FieldExpr, value: Evaluator): Effect => {
  const place = placeOf(c, target)
  return (env) => {
    const v = value(env)
    const at = place(env)
    if (at >= 0) env.state[at] = v
  }
}

function effectOf(c: Compiling, a: Action): Effect {
  const list = (inner: Compiling, actions: readonly Action[]): Effect => {
    const effects = actions.map((x) => effectOf(inner, x))
    return (env) => {
      for (const f of effects) f(env)
    }
  }
  const membership = (target: FieldExpr, add: boolean): Effect => {
    const now = compile(c, target)
    return store(c, target, (env) => {
      const me = 1 << (env.self - 1)
      return add ? now(env) | me : now(env) & ~me
    })
  }
  switch (a.kind) {
    case 'assign':
      if (a.target.kind === 'local') throw new Error('a local with no thread')
      return store(c, a.target, compile(c, a.value))
    case 'when': {
      const cond = compile(c, a.cond)
      const then = list(c, a.then)
      const otherwise = list(c, a.else)
      return (env) => {
        if (cond(env) !== 0) then(env)
        else otherwise(env)
      }
    }
    case 'forEach': {
      const depth = c.names.size
      const body = list({ ...c, names: new Map([...c.names, [a.bound, depth]]) }, a.body)
      const n = sizeOf(a.set, c.finite.sizes)
      return (env) => {
        for (let i = 1; i <= n; i++) {
          env.bound[depth] = i
          body(env)
        }
      }
    }
    case 'acquire':
    case 'release': {
      const { owner, readers } = a.lock.lock
      const take = a.kind === 'acquire'
      if (a.mode === 'read' && readers !== undefined) return membership(readers(...a.lock.index), take)
      const held = owner(...a.lock.index)
      const now = compile(c, held)
      // As the lowering does it where something is left out: a lock that is another's is not opened.
      return store(c, held, take ? (env) => env.self : (env) => (now(env) === env.self ? 0 : now(env)))
    }
    case 'member':
      return membership(a.target, a.add)
    case 'note':
    case 'assert':
      return () => undefined
    case 'tryAcquire':
      throw new Error('tryAcquire is inlined')
  }
}

function tailOf(c: Compiling, tail: Tail): Effect {
  switch (tail.kind) {
    case 'goto': {
      const at = c.finite.base.get('pc') ?? 0
      const { label } = tail
      return (env) => {
        env.state[at + env.self - 1] = label + 1
      }
    }
    case 'if': {
      const cond = compile(c, tail.cond)
      const then = tailOf(c, tail.then)
      const otherwise = tailOf(c, tail.else)
      return (env) => {
        if (cond(env) !== 0) then(env)
        else otherwise(env)
      }
    }
    case 'set': {
      const set = store(c, tail.target, compile(c, tail.value))
      const next = tailOf(c, tail.next)
      return (env) => {
        set(env)
        next(env)
      }
    }
  }
}

/** The conditions under which a step waits: its own, and that each lock it begins by taking is free. */
export function guardsOf(guard: readonly Expr[], actions: readonly Action[]): readonly Expr[] {
  const [first] = actions
  return first?.kind === 'acquire' ? [...guard, isFree(first.lock, first.mode)] : guard
}

/** The successors of a state by one thread. */
export type Successors = (state: State, thread: number) => readonly State[]

export function successorsOf(finite: Finite): Successors {
  const c: Compiling = { finite, names: new Map() }
  const at = finite.base.get('pc') ?? 0
  const steps = finite.system.steps.map((s) => {
    const choices = s.choose.map((f) => ({ at: finite.base.get(f.name) ?? 0, ...range(f.type, finite.sizes) }))
    const guards = guardsOf(s.guard, s.actions).map((g) => compile(c, g))
    const effects = s.actions.map((a) => effectOf(c, a))
    return { choices, guards, effects, tail: tailOf(c, s.tail) }
  })
  return (state, thread) => {
    const s = steps[(state[at + thread - 1] ?? 0) - 1]
    if (s === undefined) return []
    let starts: State[] = [state.slice()]
    for (const { at: slot, lo, hi } of s.choices) {
      const next: State[] = []
      for (const one of starts)
        for (let v = lo; v <= hi; v++) {
          const copy = one.slice()
          copy[slot + thread - 1] = v
          next.push(copy)
        }
      starts = next
    }
    const out: State[] = []
    for (const one of starts) {
      const env: Env = { state: one, self: thread, bound: [] }
      if (s.guards.some((g) => g(env) === 0)) continue
      for (const f of s.effects) f(env)
      s.tail(env)
      out.push(one)
    }
    return out
  }
}
