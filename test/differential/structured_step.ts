/** What one step does to the variables, action by action. */
import type { Field, FieldExpr } from '../../model/language/expr.ts'
import type { LockMode, LockRef } from '../../model/language/lock.ts'
import type { Action, StepStmt } from '../../model/language/stmt.ts'
import { range } from '../../model/language/types.ts'
import { elementOf, evaluate, sizeOf, withBound, type Env, type Shared } from './structured_expr.ts'
import { writeLocal, type Thread } from './structured_thread.ts'

/** Mutable: the step as it runs. */
interface Run {
  readonly thread: Thread
  readonly shared: Map<string, readonly number[]>
  readonly failed: Set<string>
}

const check = (env: Env, field: Field, value: number): void => {
  const { lo, hi } = range(field.type, env.program.sizes)
  if (value < lo || value > hi) throw new Error(`${field.name} cannot be ${value}`)
}

function store(env: Env, run: Run, target: FieldExpr, value: number): void {
  const at = elementOf(env, target)
  if (at === undefined) return
  check(env, target.field, value)
  run.shared.set(target.field.name, (run.shared.get(target.field.name) ?? []).with(at, value))
}

const me = (run: Run): number => 1 << run.thread.number
const readers = (ref: LockRef): FieldExpr | undefined => ref.lock.readers?.(...ref.index)

/** Whether the lock can be had. Looking at its word is an access. */
function isFree(env: Env, ref: LockRef, mode: LockMode): boolean {
  const writer = evaluate(env, ref.lock.owner(...ref.index))
  const shared = readers(ref)
  return writer === 0 && (mode === 'read' || shared === undefined || evaluate(env, shared) === 0)
}

function take(env: Env, run: Run, ref: LockRef, mode: LockMode): void {
  const shared = readers(ref)
  if (mode === 'write') store(env, run, ref.lock.owner(...ref.index), run.thread.number + 1)
  else if (shared !== undefined) store(env, run, shared, evaluate(env, shared) | me(run))
}

function drop(env: Env, run: Run, ref: LockRef, mode: LockMode): void {
  const shared = readers(ref)
  const owner = ref.lock.owner(...ref.index)
  if (mode === 'read') {
    if (shared !== undefined) store(env, run, shared, evaluate(env, shared) & ~me(run))
    return
  }
  // With something left out, an unlock may be left without its lock: it opens nobody else's.
  const held = evaluate(env, owner)
  const keep = env.program.without.size > 0 && held !== run.thread.number + 1
  store(env, run, owner, keep ? held : 0)
}

/** Runs an action; false where it has to wait. */
function act(env: Env, run: Run, a: Action): boolean {
  switch (a.kind) {
    case 'assign': {
      const value = evaluate(env, a.value)
      if (a.target.kind === 'local') writeLocal(run.thread, a.target.name, value)
      else store(env, run, a.target, value)
      return true
    }
    case 'when':
      return actAll(env, run, evaluate(env, a.cond) === 0 ? a.else : a.then)
    case 'forEach':
      return Array.from({ length: sizeOf(env.program, a.set) }, (_, i) => i + 1).every((o) =>
        actAll(withBound(env, a.bound, o), run, a.body),
      )
    case 'acquire':
      if (!isFree(env, a.lock, a.mode)) return false
      take(env, run, a.lock, a.mode)
      return true
    case 'tryAcquire': {
      const free = isFree(env, a.lock, a.mode)
      if (free) take(env, run, a.lock, a.mode)
      writeLocal(run.thread, a.into.name, Number(free))
      return true
    }
    case 'release':
      drop(env, run, a.lock, a.mode)
      return true
    case 'member': {
      const now = evaluate(env, a.target)
      store(env, run, a.target, a.add ? now | me(run) : now & ~me(run))
      return true
    }
    case 'note':
      return true
    case 'assert':
      if (evaluate(env, a.cond) === 0) env.onFault(a.property)
      return true
  }
}

const actAll = (env: Env, run: Run, actions: readonly Action[]): boolean => actions.every((a) => act(env, run, a))

export interface StepResult {
  readonly shared: Shared
  readonly failed: ReadonlySet<string>
}

/**
 * Runs a step, its choices made; undefined where it must wait. `thread` is changed. Waiting breaks
 * no property: what `await` looks at is held against the step once it runs.
 */
export function runStep(env: Env, thread: Thread, step: StepStmt): StepResult | undefined {
  const run: Run = { thread, shared: new Map(env.shared), failed: new Set() }
  const running: Env = { ...env, shared: run.shared, onFault: (property) => run.failed.add(property) }
  if (step.await !== undefined && evaluate(running, step.await) === 0) return undefined
  if (!actAll(running, run, step.actions)) return undefined
  return { shared: run.shared, failed: run.failed }
}
