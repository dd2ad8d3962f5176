/**
 * Dead locals are set back to their first value, so that two states which differ only in a value
 * that nobody will read are one state.
 */
import type { LExpr, LStmt } from '../lowered.ts'
import { assign, constant } from './build.ts'
import { eachRead } from '../slots.ts'

export interface ThreadSteps {
  readonly pcSlot: number
  readonly isLocal: (slot: number) => boolean
  readonly init: (slot: number) => number
  /** Guard, choices and body of the step at each program counter value; the last is followed by donePc. */
  readonly steps: readonly {
    readonly guard: LExpr
    readonly choices: readonly number[]
    readonly body: readonly LStmt[]
  }[]
}

type Slots = ReadonlySet<number>
const union = (a: Slots, b: Slots): Slots => (b.size === 0 ? a : new Set([...a, ...b]))
const without = (a: Slots, slot: number): Slots => (a.has(slot) ? new Set([...a].filter((x) => x !== slot)) : a)
const sameSize = (a: Slots, b: Slots): boolean => a.size === b.size

/** Target program counter of the statement that ends a body, if `s` is one. */
const jump = (t: ThreadSteps, s: LStmt): number | undefined =>
  s.kind === 'set' && s.target.kind === 'slot' && s.target.slot === t.pcSlot && s.value.kind === 'const'
    ? s.value.value
    : undefined

function liveBefore(t: ThreadSteps, stmts: readonly LStmt[], after: Slots, atPc: (pc: number) => Slots): Slots {
  const uses = (live: Slots, e: LExpr): Slots => {
    const more = new Set(live)
    eachRead(e, (slot) => {
      if (t.isLocal(slot)) more.add(slot)
    })
    return more
  }
  return stmts.reduceRight<Slots>((live, s) => {
    const to = jump(t, s)
    if (to !== undefined) return atPc(to)
    switch (s.kind) {
      case 'set':
        if (s.target.kind === 'slot') return uses(without(live, s.target.slot), s.value)
        return s.target.index.reduce((l, d) => uses(l, d.expr), uses(live, s.value))
      case 'if':
        return uses(union(liveBefore(t, s.then, live, atPc), liveBefore(t, s.else, live, atPc)), s.cond)
      case 'assert':
        return uses(live, s.cond)
    }
  }, after)
}

/** For each program counter value, the locals whose value may still be read. */
export function liveLocals(t: ThreadSteps): readonly Slots[] {
  const live: Slots[] = t.steps.map(() => new Set<number>())
  const nothing: Slots = new Set<number>()
  for (let changed = true; changed;) {
    changed = false
    for (let pc = t.steps.length - 1; pc >= 0; pc--) {
      const step = t.steps[pc]
      if (step === undefined) continue
      const guarded: LStmt[] = [{ kind: 'assert', property: 0, cond: step.guard }, ...step.body]
      const before = liveBefore(t, guarded, nothing, (to) => live[to] ?? nothing)
      const now = step.choices.reduce(without, before)
      if (!sameSize(now, live[pc] ?? nothing)) {
        live[pc] = union(live[pc] ?? nothing, now)
        changed = true
      }
    }
  }
  return live
}

/** Adds the resets. `dirtyAt` collects, per program counter value, the locals that may differ from their first value. */
export function resetDeadLocals(t: ThreadSteps, live: readonly Slots[], entry: number): readonly (readonly LStmt[])[] {
  const nothing: Slots = new Set<number>()
  const dirty: Slots[] = t.steps.map(() => nothing)
  const rewrite = (
    stmts: readonly LStmt[],
    at: Slots,
    arrive: (pc: number, d: Slots) => void,
  ): [readonly LStmt[], Slots] => {
    const out: LStmt[] = []
    let d = at
    for (const s of stmts) {
      const to = jump(t, s)
      if (to !== undefined) {
        const alive = live[to] ?? nothing
        for (const slot of [...d].sort((a, b) => a - b))
          if (!alive.has(slot)) out.push(assign({ kind: 'slot', slot }, constant(t.init(slot))))
        arrive(to, new Set([...d].filter((slot) => alive.has(slot))))
        out.push(s)
        continue
      }
      if (s.kind === 'if') {
        const [then, afterThen] = rewrite(s.then, d, arrive)
        const [otherwise, afterElse] = rewrite(s.else, d, arrive)
        if (then.length > 0 || otherwise.length > 0) out.push({ ...s, then, else: otherwise })
        d = union(afterThen, afterElse)
        continue
      }
      if (s.kind === 'set' && s.target.kind === 'slot' && t.isLocal(s.target.slot)) {
        const resets = s.value.kind === 'const' && s.value.value === t.init(s.target.slot)
        if (resets && !d.has(s.target.slot)) continue
        d = resets ? without(d, s.target.slot) : union(d, new Set([s.target.slot]))
      }
      out.push(s)
    }
    return [out, d]
  }
  const start = (pc: number): Slots => union(dirty[pc] ?? nothing, new Set(t.steps[pc]?.choices ?? []))
  const seen = new Set([entry])
  dirty[entry] = live[entry] ?? nothing
  for (let changed = true; changed;) {
    changed = false
    for (const pc of [...seen])
      rewrite(t.steps[pc]?.body ?? [], start(pc), (to, d) => {
        if (to >= t.steps.length) return
        const merged = union(dirty[to] ?? nothing, d)
        if (!seen.has(to) || !sameSize(merged, dirty[to] ?? nothing)) changed = true
        seen.add(to)
        dirty[to] = merged
      })
  }
  return t.steps.map((s, pc) => rewrite(s.body, start(pc), () => undefined)[0])
}
