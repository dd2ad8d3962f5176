/** Which locks a routine still holds when it returns: pte_offset_map_lock() and its kind. */
import type { Routine } from '../routine.ts'
import type { Action, Stmt } from '../stmt.ts'
import { everyAction, everyStmt } from './rewrite.ts'

/** How many locks of a class a thread may hold at a point, counted from the entry of the routine. */
type Counts = ReadonlySet<number>

interface Exits {
  /** At the end of the block. */
  readonly end: Counts
  readonly returned: Counts
  readonly broken: Counts
  readonly continued: Counts
}

const NONE: Counts = new Set<number>()
/** No routine of the kernel holds more than this many locks of one class. */
const MOST = 3

const union = (...sets: readonly Counts[]): Counts => new Set(sets.flatMap((s) => [...s]))
const shift = (s: Counts, by: number): Counts => new Set([...s].map((n) => Math.min(MOST, Math.max(-MOST, n + by))))

function after(a: Action, lock: string, counts: Counts): Counts {
  switch (a.kind) {
    case 'acquire':
      return a.lock.lock.name === lock ? shift(counts, 1) : counts
    case 'tryAcquire':
      return a.lock.lock.name === lock ? union(counts, shift(counts, 1)) : counts
    case 'release':
      return a.lock.lock.name === lock ? shift(counts, -1) : counts
    case 'when':
      return union(
        a.then.reduce((c, x) => after(x, lock, c), counts),
        a.else.reduce((c, x) => after(x, lock, c), counts),
      )
    case 'forEach':
    case 'assign':
    case 'member':
    case 'note':
    case 'assert':
      return counts
  }
}

function block(body: readonly Stmt[], lock: string, from: Counts): Exits {
  let exits: Exits = { end: from, returned: NONE, broken: NONE, continued: NONE }
  for (const s of body) {
    const next = one(s, lock, exits.end)
    exits = {
      end: next.end,
      returned: union(exits.returned, next.returned),
      broken: union(exits.broken, next.broken),
      continued: union(exits.continued, next.continued),
    }
  }
  return exits
}

function one(s: Stmt, lock: string, from: Counts): Exits {
  const through = (end: Counts): Exits => ({ end, returned: NONE, broken: NONE, continued: NONE })
  switch (s.kind) {
    case 'step':
      return through(s.actions.reduce((c, a) => after(a, lock, c), from))
    case 'call': {
      const inside = counts(s.routine, lock)
      return through(union(...[...inside].map((by) => shift(from, by))))
    }
    case 'let':
      return through(from)
    case 'if': {
      const [then, otherwise] = [block(s.then, lock, from), block(s.else, lock, from)]
      return {
        end: union(then.end, otherwise.end),
        returned: union(then.returned, otherwise.returned),
        broken: union(then.broken, otherwise.broken),
        continued: union(then.continued, otherwise.continued),
      }
    }
    case 'while':
    case 'for': {
      let entry = from
      for (;;) {
        const turn = block(s.body, lock, entry)
        const again = union(entry, turn.end, turn.continued)
        const endless = s.kind === 'while' && s.cond.kind === 'const' && s.cond.value !== 0
        if (again.size === entry.size)
          return { ...through(union(endless ? NONE : again, turn.broken)), returned: turn.returned }
        entry = again
      }
    }
    case 'return':
      return { ...through(NONE), returned: from }
    case 'break':
      return { ...through(NONE), broken: from }
    case 'continue':
      return { ...through(NONE), continued: from }
  }
}

function counts(routine: Routine, lock: string): Counts {
  const exits = block(routine.body, lock, new Set([0]))
  return union(exits.end, exits.returned)
}

/** Classes of locks that the steps of the routine itself take and that it may hold when it returns. */
export function leftHeld(routine: Routine): readonly string[] {
  const taken = new Set<string>()
  for (const s of everyStmt(routine.body))
    if (s.kind === 'step')
      for (const a of everyAction(s.actions))
        if (a.kind === 'acquire' || a.kind === 'tryAcquire') taken.add(a.lock.lock.name)
  return [...taken].filter((lock) => {
    const held = [...counts(routine, lock)]
    // Where it may also let go of more than it took, the count has lost track of a loop.
    return held.some((n) => n > 0) && !held.some((n) => n < 0)
  })
}
