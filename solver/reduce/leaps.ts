/**
 * Where a step leads from a node, and by which ways. A step looks at few of the slots that nodes tell apart, so it
 * is gone through once for all nodes that look alike to it: that is nearly all the work of making a graph.
 */
import type { LExpr, LStmt, Step } from '../../model/language/lowered.ts'
import { stepAccesses } from '../../model/language/slots.ts'
import { addBit, newBits, type Bits } from './bits.ts'
import { waysThrough, type Path } from './effects.ts'
import { usesOf, type Knowledge, type Known, type ModelKnowledge } from './known.ts'
import { LITERALS_MAX } from './literals.ts'

export interface ThreadInput {
  readonly knowledge: ModelKnowledge
  readonly thread: number
  /** Of this thread. */
  readonly steps: readonly Step[]
  /** Slots that daemons decide outcomes by; empty where none does. */
  readonly decided: ReadonlySet<number>
  /** Whether it may be followed by a slot that it alone writes. */
  readonly mayFollow: (slot: number, thread: number) => boolean
}

/** What is needed for a way, and what it touches. */
export interface Effect {
  /** Conditions that must all be true. */
  readonly needs: Bits
  readonly reads: Bits
  readonly writes: Bits
}

/** From a node to another one. */
export interface Leap {
  /** Known slots, by their places, and what they hold afterwards. The others hold what they held. */
  readonly sets: readonly (readonly [number, number])[]
  readonly effect: Effect
}

/** The leaps of a step from a node; undefined where they are too many. */
export type Leaps = (known: Known) => readonly Leap[] | undefined

function literalSet(numbers: readonly number[]): Bits {
  const set = newBits(LITERALS_MAX)
  for (const n of numbers) addBit(set, n)
  return set
}

function eachExpression(body: readonly LStmt[], visit: (expr: LExpr) => void): void {
  for (const s of body) {
    switch (s.kind) {
      case 'set':
        visit(s.value)
        if (s.target.kind === 'select') for (const d of s.target.index) visit(d.expr)
        break
      case 'if':
        visit(s.cond)
        eachExpression(s.then, visit)
        eachExpression(s.else, visit)
        break
      case 'assert':
        visit(s.cond)
        break
    }
  }
}

/** The places of the known slots that a step looks at, or what is watched while it writes. */
function placesOf(k: Knowledge, step: Step): readonly number[] {
  const places = new Set<number>()
  const note = (expr: LExpr): void => {
    for (const place of usesOf(k, expr)) places.add(place)
  }
  note(step.guard)
  eachExpression(step.body, note)
  const { writes } = stepAccesses(step)
  for (const { expr, slots } of k.parts) if ([...slots].some((slot) => writes.has(slot))) note(expr)
  return [...places]
}

function leapOf({ knowledge, thread, decided }: ThreadInput, k: Knowledge, path: Path): Leap {
  const { model, atoms } = knowledge
  const { known, needs, reads, writes, changed } = path
  const of = model.threads[thread]
  const ends =
    of?.daemon === true ? [...decided].some((slot) => changed.has(slot)) : decided.size > 0 && known[0] === of?.donePc
  if (ends) addBit(writes, atoms.count - 1)
  return {
    sets: [...changed].flatMap((slot) => {
      const place = k.place[slot] ?? -1
      return place < 0 ? [] : [[place, known[place] ?? 0] as const]
    }),
    effect: { needs: literalSet(needs), reads, writes },
  }
}

/** The leaps of a step. */
export function leapsOf(input: ThreadInput, k: Knowledge, step: Step): Leaps {
  const places = placesOf(k, step)
  const memo = new Map<string, readonly Leap[] | undefined>()
  return (known) => {
    let key = ''
    for (const place of places) key += `${String(known[place])},`
    if (!memo.has(key))
      memo.set(
        key,
        waysThrough(k, step, known)?.map((path) => leapOf(input, k, path)),
      )
    return memo.get(key)
  }
}
