/** What names mean inside one inlined call, and where the locals of calls are kept. */
import type { Local } from '../expr.ts'
import type { Frame, LExpr } from '../lowered.ts'
import { addSlot, firstValue, type Layout } from './layout.ts'
import { slotOf } from './build.ts'

/** One inlined call. Parameters stand for their arguments; locals are slots. */
export interface Scope {
  readonly thread: number
  readonly routine: string
  readonly frames: readonly Frame[]
  /** Labels of the calls on the way here. */
  readonly prefix: readonly string[]
  readonly params: ReadonlyMap<string, LExpr>
  readonly locals: ReadonlyMap<string, number>
}

/**
 * Slots for locals, one pool per thread. Two calls of a routine that are never active together
 * share slots, so that a thread of many operations is no wider than its deepest call.
 */
export interface LocalPool {
  readonly layout: Layout
  readonly thread: number
  readonly threadName: string
  readonly free: Map<string, number[]>
}

export function takeLocals(pool: LocalPool, routine: string, locals: readonly Local[]): Map<string, number> {
  const out = new Map<string, number>()
  for (const l of locals) {
    if (out.has(l.name)) throw new Error(`${routine}: local '${l.name}' is declared twice`)
    const key = `${routine}.${l.name}`
    const spare = pool.free.get(key)?.pop()
    out.set(
      l.name,
      spare ??
        addSlot(pool.layout, {
          name: `${pool.threadName}.${key}`,
          type: l.type,
          kind: 'local',
          init: firstValue(l.type, pool.layout.sizes),
          thread: pool.thread,
        }),
    )
  }
  return out
}

export function giveBack(pool: LocalPool, routine: string, locals: ReadonlyMap<string, number>): void {
  for (const [name, slot] of locals) {
    const key = `${routine}.${name}`
    pool.free.set(key, [...(pool.free.get(key) ?? []), slot])
  }
}

export function lookUp(scope: Scope, l: Local): LExpr {
  const param = scope.params.get(l.name)
  if (param !== undefined) return param
  return slotOf(localSlot(scope, l))
}

/** The slot that an assignment to `l` writes. A parameter bound to a caller's local is passed by reference, as `&x` is. */
export function localSlot(scope: Scope, l: Local): number {
  const param = scope.params.get(l.name)
  const slot = param?.kind === 'slot' ? param.slot : scope.locals.get(l.name)
  if (slot === undefined) throw new Error(`${scope.routine}: '${l.name}' is not a local of this routine`)
  return slot
}
