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
    const list: number[] = []
    for (const [slot, own] of bits) if ((set & own) !== NONE) list.push(slot)
    list.sort((a, b) => a - b)
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

/** A way through a body to a target, or several such ways that are taken for one. */
interface Way {
  readonly to: number
  /** The locals of `from` that keep their value on a way, and those that one gives another value. */
  readonly kept: Slots
  readonly set: Slots
}

/** The ways of both branches, each target once. */
function joined(a: readonly Way[], b: readonly Way[]): readonly Way[] {
  if (a.length === 0) return b
  const ways = [...a]
  for (const way of b) {
    const i = ways.findIndex(({ to }) => to === way.to)
    const known = ways[i]
    if (known === undefined) ways.push(way)
    else ways[i] = { to: way.to, kept: known.kept | way.kept, set: known.set | way.set }
  }
  return ways
}

/** What is live before a body: what it reads, and of what is live at its targets all that is kept on a way there. */
interface Demand {
  readonly reads: Slots
  readonly ways: readonly Way[]
}

const ALL: Slots = -1n

/** The demand of some statements and of what comes after them. */
function demandOf(t: ThreadSteps, locals: Locals, stmts: readonly LStmt[], after: Demand): Demand {
  return stmts.reduceRight<Demand>(({ reads, ways }, s) => {
    const to = jump(t, s)
    if (to !== undefined) return { reads: NONE, ways: [{ to, kept: ALL, set: NONE }] }
    switch (s.kind) {
      case 'set': {
        if (s.target.kind !== 'slot')
          return {
            reads: s.target.index.reduce((set, d) => set | locals.reads(d.expr), reads | locals.reads(s.value)),
            ways,
          }
        if (!t.isLocal(s.target.slot)) return { reads: reads | locals.reads(s.value), ways }
        const others = ~locals.bit(s.target.slot)
        return {
          reads: (reads & others) | locals.reads(s.value),
          ways: ways.map((way) => ({ ...way, kept: way.kept & others })),
        }
      }
      case 'if': {
        const then = demandOf(t, locals, s.then, { reads, ways })
        const otherwise = demandOf(t, locals, s.else, { reads, ways })
        return { reads: then.reads | otherwise.reads | locals.reads(s.cond), ways: joined(then.ways, otherwise.ways) }
      }
      case 'assert':
        return { reads: reads | locals.reads(s.cond), ways }
    }
  }, after)
}

/** For each program counter value, the locals whose value may still be read. */
function liveLocals(t: ThreadSteps, locals: Locals): readonly Slots[] {
  const live: Slots[] = t.steps.map(() => NONE)
  const demands = t.steps.map((s): Demand => {
    const chosen = s.choices.reduce((set, slot) => (t.isLocal(slot) ? set | locals.bit(slot) : set), NONE)
    const { reads, ways } = demandOf(t, locals, s.body, { reads: NONE, ways: [] })
    return {
      reads: (reads | locals.reads(s.guard)) & ~chosen,
      ways: ways.map((way) => ({ ...way, kept: way.kept & ~chosen })),
    }
  })
  const comesFrom = t.steps.map((): number[] => [])
  demands.forEach(({ ways }, pc) => {
    for (const { to } of ways) comesFrom[to]?.push(pc)
  })
  // Taken from the end, the last step first: most jumps lead forward.
  const work = t.steps.map((_, pc) => pc)
  const waits = new Set(work)
  for (let pc = work.pop(); pc !== undefined; pc = work.pop()) {
    waits.delete(pc)
    const demand = demands[pc]
    if (demand === undefined) continue
    const now = demand.ways.reduce((set, { to, kept }) => set | ((live[to] ?? NONE) & kept), demand.reads)
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

/** Whether a statement sets a local to the value that it began with. */
const resets = (t: ThreadSteps, s: Extract<LStmt, { kind: 'set' }>, slot: number): boolean =>
  s.value.kind === 'const' && s.value.value === t.init(slot)

/** The locals that a statement changes from what they are before a body: kept, and set to another than their first value. */
type Effect = Omit<Way, 'to'>

/** What some statements make of the locals that differ from their first value, at their targets and behind them. */
function effectOf(
  t: ThreadSteps,
  locals: Locals,
  stmts: readonly LStmt[],
  before: Effect,
): { readonly behind: Effect; readonly ways: readonly Way[] } {
  let { kept, set } = before
  let ways: readonly Way[] = []
  for (const s of stmts) {
    const to = jump(t, s)
    if (to !== undefined) {
      ways = joined(ways, [{ to, kept, set }])
    } else if (s.kind === 'if') {
      const then = effectOf(t, locals, s.then, { kept, set })
      const otherwise = effectOf(t, locals, s.else, { kept, set })
      ways = joined(ways, joined(then.ways, otherwise.ways))
      kept = then.behind.kept | otherwise.behind.kept
      set = then.behind.set | otherwise.behind.set
    } else if (s.kind === 'set' && s.target.kind === 'slot' && t.isLocal(s.target.slot)) {
      const own = locals.bit(s.target.slot)
      kept &= ~own
      set = resets(t, s, s.target.slot) ? set & ~own : set | own
    }
  }
  return { behind: { kept, set }, ways }
}

/** Per program counter value, the locals that may differ from their first value. */
function dirtyLocals(t: ThreadSteps, locals: Locals, live: readonly Slots[], entry: number): readonly Slots[] {
  const dirty: Slots[] = t.steps.map(() => NONE)
  dirty[entry] = live[entry] ?? NONE
  const waysOf = t.steps.map((s) => {
    const chosen = s.choices.reduce((set, slot) => set | locals.bit(slot), NONE)
    return effectOf(t, locals, s.body, { kept: ~chosen, set: chosen }).ways
  })
  const seen = new Set([entry])
  const work = [entry]
  for (let pc = work.pop(); pc !== undefined; pc = work.pop())
    for (const { to, kept, set } of waysOf[pc] ?? []) {
      if (to >= t.steps.length) continue
      const merged = (dirty[to] ?? NONE) | ((((dirty[pc] ?? NONE) & kept) | set) & (live[to] ?? NONE))
      if (seen.has(to) && merged === dirty[to]) continue
      seen.add(to)
      dirty[to] = merged
      work.push(to)
    }
  return dirty
}

function resetDeadLocals(
  t: ThreadSteps,
  locals: Locals,
  live: readonly Slots[],
  entry: number,
): readonly (readonly LStmt[])[] {
  const rewrite = (stmts: readonly LStmt[], at: Slots): [readonly LStmt[], Slots] => {
    const out: LStmt[] = []
    let d = at
    for (const s of stmts) {
      const to = jump(t, s)
      if (to !== undefined) {
        for (const slot of locals.slots(d & ~(live[to] ?? NONE)))
          out.push(assign({ kind: 'slot', slot }, constant(t.init(slot))))
        out.push(s)
        continue
      }
      if (s.kind === 'if') {
        const [then, afterThen] = rewrite(s.then, d)
        const [otherwise, afterElse] = rewrite(s.else, d)
        if (then.length > 0 || otherwise.length > 0) out.push({ ...s, then, else: otherwise })
        d = afterThen | afterElse
        continue
      }
      if (s.kind === 'set' && s.target.kind === 'slot' && t.isLocal(s.target.slot)) {
        const own = locals.bit(s.target.slot)
        const toFirst = resets(t, s, s.target.slot)
        if (toFirst && (d & own) === NONE) continue
        d = toFirst ? d & ~own : d | own
      }
      out.push(s)
    }
    return [out, d]
  }
  const dirty = dirtyLocals(t, locals, live, entry)
  return t.steps.map((s, pc) => {
    const start = s.choices.reduce((set, slot) => set | locals.bit(slot), dirty[pc] ?? NONE)
    return rewrite(s.body, start)[0]
  })
}
