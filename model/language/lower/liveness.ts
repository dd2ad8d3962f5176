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

/** A set of the thread's locals, a bit for each: sets of some dozens that are joined and compared all the time. */
type Slots = bigint
const NONE: Slots = 0n

/** The locals' bits, given out as they are met, and which of them an expression reads. */
interface Locals {
  readonly bit: (slot: number) => Slots
  readonly reads: (e: LExpr) => Slots
  /** The slots of a set, in ascending order. */
  readonly slots: (set: Slots) => readonly number[]
}

function localsOf(t: ThreadSteps): Locals {
  const bits = new Map<number, Slots>()
  const bit = (slot: number): Slots => {
    const known = bits.get(slot) ?? 1n << BigInt(bits.size)
    bits.set(slot, known)
    return known
  }
  const readBy = new Map<LExpr, Slots>()
  const reads = (e: LExpr): Slots => {
    const known = readBy.get(e)
    if (known !== undefined) return known
    let set = NONE
    eachRead(e, (slot) => {
      if (t.isLocal(slot)) set |= bit(slot)
    })
    readBy.set(e, set)
    return set
  }
  const listed = new Map<Slots, readonly number[]>([[NONE, []]])
  const slots = (set: Slots): readonly number[] => {
    const known = listed.get(set)
    if (known !== undefined) return known
    const list = [...bits].flatMap(([slot, own]) => ((set & own) === NONE ? [] : [slot])).sort((a, b) => a - b)
    listed.set(set, list)
    return list
  }
  return { bit, reads, slots }
}

/** Target program counter of the statement that ends a body, if `s` is one. */
const jump = (t: ThreadSteps, s: LStmt): number | undefined =>
  s.kind === 'set' && s.target.kind === 'slot' && s.target.slot === t.pcSlot && s.value.kind === 'const'
    ? s.value.value
    : undefined

function jumps(t: ThreadSteps, stmts: readonly LStmt[]): readonly number[] {
  return stmts.flatMap((s) => {
    if (s.kind === 'if') return [...jumps(t, s.then), ...jumps(t, s.else)]
    const to = jump(t, s)
    return to === undefined ? [] : [to]
  })
}

function liveBefore(
  t: ThreadSteps,
  locals: Locals,
  stmts: readonly LStmt[],
  after: Slots,
  live: readonly Slots[],
): Slots {
  return stmts.reduceRight<Slots>((now, s) => {
    const to = jump(t, s)
    if (to !== undefined) return live[to] ?? NONE
    switch (s.kind) {
      case 'set':
        if (s.target.kind === 'slot') {
          const kept = t.isLocal(s.target.slot) ? now & ~locals.bit(s.target.slot) : now
          return kept | locals.reads(s.value)
        }
        return s.target.index.reduce((l, d) => l | locals.reads(d.expr), now | locals.reads(s.value))
      case 'if':
        return (
          liveBefore(t, locals, s.then, now, live) | liveBefore(t, locals, s.else, now, live) | locals.reads(s.cond)
        )
      case 'assert':
        return now | locals.reads(s.cond)
    }
  }, after)
}

/** For each program counter value, the locals whose value may still be read. */
function liveLocals(t: ThreadSteps, locals: Locals): readonly Slots[] {
  const live: Slots[] = t.steps.map(() => NONE)
  const comesFrom = t.steps.map((): number[] => [])
  t.steps.forEach((s, pc) => {
    for (const to of jumps(t, s.body)) comesFrom[to]?.push(pc)
  })
  // Taken from the end, the last step first: most jumps lead forward.
  const work = t.steps.map((_, pc) => pc)
  const waits = new Set(work)
  for (let pc = work.pop(); pc !== undefined; pc = work.pop()) {
    waits.delete(pc)
    const step = t.steps[pc]
    if (step === undefined) continue
    const chosen = step.choices.reduce((set, slot) => (t.isLocal(slot) ? set | locals.bit(slot) : set), NONE)
    const now = (liveBefore(t, locals, step.body, NONE, live) | locals.reads(step.guard)) & ~chosen
    if (now === live[pc]) continue
    live[pc] = now
    for (const from of comesFrom[pc] ?? []) {
      if (waits.has(from)) continue
      waits.add(from)
      work.push(from)
    }
  }
  return live
}

/** Which locals of a thread may still be read, and its bodies with the others set back. */
export interface LocalLiveness {
  readonly isLive: (pc: number, slot: number) => boolean
  /** The bodies of the steps of a thread that begins at `entry`, with the resets in them. */
  readonly reset: (entry: number) => readonly (readonly LStmt[])[]
}

export function localLiveness(t: ThreadSteps): LocalLiveness {
  const locals = localsOf(t)
  const live = liveLocals(t, locals)
  return {
    isLive: (pc, slot) => ((live[pc] ?? NONE) & locals.bit(slot)) !== NONE,
    reset: (entry) => resetDeadLocals(t, locals, live, entry),
  }
}

function resetDeadLocals(
  t: ThreadSteps,
  locals: Locals,
  live: readonly Slots[],
  entry: number,
): readonly (readonly LStmt[])[] {
  /** Per program counter value, the locals that may differ from their first value. */
  const dirty: Slots[] = t.steps.map(() => NONE)
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
        const alive = live[to] ?? NONE
        for (const slot of locals.slots(d & ~alive)) out.push(assign({ kind: 'slot', slot }, constant(t.init(slot))))
        arrive(to, d & alive)
        out.push(s)
        continue
      }
      if (s.kind === 'if') {
        const [then, afterThen] = rewrite(s.then, d, arrive)
        const [otherwise, afterElse] = rewrite(s.else, d, arrive)
        if (then.length > 0 || otherwise.length > 0) out.push({ ...s, then, else: otherwise })
        d = afterThen | afterElse
        continue
      }
      if (s.kind === 'set' && s.target.kind === 'slot' && t.isLocal(s.target.slot)) {
        const own = locals.bit(s.target.slot)
        const resets = s.value.kind === 'const' && s.value.value === t.init(s.target.slot)
        if (resets && (d & own) === NONE) continue
        d = resets ? d & ~own : d | own
      }
      out.push(s)
    }
    return [out, d]
  }
  const start = (pc: number): Slots =>
    (t.steps[pc]?.choices ?? []).reduce((set, slot) => set | locals.bit(slot), dirty[pc] ?? NONE)
  dirty[entry] = live[entry] ?? NONE
  const seen = new Set([entry])
  const work = [entry]
  for (let pc = work.pop(); pc !== undefined; pc = work.pop())
    rewrite(t.steps[pc]?.body ?? [], start(pc), (to, d) => {
      if (to >= t.steps.length) return
      const merged = (dirty[to] ?? NONE) | d
      if (seen.has(to) && merged === dirty[to]) return
      seen.add(to)
      dirty[to] = merged
      work.push(to)
    })
  return t.steps.map((s, pc) => rewrite(s.body, start(pc), () => undefined)[0])
}
