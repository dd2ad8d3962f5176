/**
 * Steps that get in nobody's way, whatever the state: no step of another thread writes what they read, or reads or
 * writes what they write, and no invariant, cover or outcome looks at what they change. Where a thread stands at
 * such a step, that step alone is enough (it is a persistent set), so it can be taken at once, with the step before.
 */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { accessesOf, stepAccesses } from '../../model/language/slots.ts'
import type { Bounds } from '../bounds.ts'
import { possibleValues } from '../specialise.ts'
import { eachWrite } from '../writes.ts'
import { withoutIdleChecks } from './assertions.ts'
import { daemonsDecide, observedSlots, watched } from './parts.ts'
import type { Sabotage } from './sabotage.ts'

/** By thread, the values of its program counter at which it has free steps only. */
export type FreePcs = readonly ReadonlySet<number>[]

/** Free steps that are taken at once at most. */
const CHAIN_MAX = 6

interface Touched {
  readonly reads: Set<number>
  readonly writes: Set<number>
}

const meets = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((slot) => b.has(slot))

function touchedBy(step: Step): Touched {
  const { reads, writes } = stepAccesses(step)
  return { reads: new Set([...reads, ...accessesOf(step.body).reads]), writes: new Set(writes) }
}

/** All that the steps of each thread touch. */
function byThread(model: LoweredModel, touched: readonly Touched[]): readonly Touched[] {
  const all = model.threads.map((): Touched => ({ reads: new Set(), writes: new Set() }))
  model.steps.forEach(({ thread }, i) => {
    for (const slot of touched[i]?.reads ?? []) all[thread]?.reads.add(slot)
    for (const slot of touched[i]?.writes ?? []) all[thread]?.writes.add(slot)
  })
  return all
}

/** By value of a thread's program counter, the values that its steps there may give it. */
function nextPcs(model: LoweredModel, thread: number, ranges: readonly Bounds[]): ReadonlyMap<number, Set<number>> {
  const next = new Map<number, Set<number>>()
  const pcSlot = model.threads[thread]?.pcSlot ?? -1
  const range = model.slots[pcSlot] ?? { lo: 0, hi: -1 }
  for (const step of model.steps) {
    if (step.thread !== thread) continue
    // A step that leaves the program counter alone stays where it is.
    const to = next.get(step.pc) ?? new Set([step.pc])
    next.set(step.pc, to)
    eachWrite(step, ranges, ({ slot, value }) => {
      if (slot === pcSlot) for (const pc of possibleValues(value, ranges, range)) to.add(pc)
    })
    if (step.body.some((s) => s.kind === 'set' && s.target.kind === 'slot' && s.target.slot === pcSlot))
      to.delete(step.pc)
  }
  return next
}

/**
 * Leaves some values out, so that a thread goes on from free step to free step in no circle, and not for long: on
 * every circle of states then lies a state from which all threads are moved.
 */
function withoutCircles(free: Set<number>, next: ReadonlyMap<number, ReadonlySet<number>>): ReadonlySet<number> {
  const lengths = new Map<number, number>()
  const open = new Set<number>()
  const length = (pc: number): number => {
    const known = lengths.get(pc)
    if (known !== undefined) return known
    open.add(pc)
    let longest = 0
    for (const to of next.get(pc) ?? []) {
      if (!free.has(to)) continue
      if (open.has(to)) free.delete(to)
      else longest = Math.max(longest, length(to))
    }
    open.delete(pc)
    if (longest >= CHAIN_MAX) free.delete(pc)
    const found = free.has(pc) ? longest + 1 : 0
    lengths.set(pc, found)
    return found
  }
  for (const pc of [...free]) length(pc)
  return free
}

/**
 * The free steps of a (specialised) model. Daemons may run on in a final state: where they decide outcomes, their
 * steps and the last ones of other threads are not free.
 */
export function freePcs(model: LoweredModel, ranges: readonly Bounds[], sabotage?: Sabotage): FreePcs {
  const seen = new Set(sabotage === 'blind' ? [] : watched(model).flatMap(({ slots }) => [...slots]))
  const decided = sabotage !== 'no-endings' && daemonsDecide(model) ? observedSlots(model) : undefined
  const touched = model.steps.map((step) => touchedBy(withoutIdleChecks(step, ranges)))
  const all = byThread(model, touched)
  const isFree = ({ thread }: Step, { reads, writes }: Touched): boolean =>
    !meets(writes, seen) &&
    all.every(
      (other, u) =>
        u === thread ||
        ((sabotage === 'ignore-reads' || !meets(reads, other.writes)) &&
          (sabotage === 'ignore-writes' || (!meets(writes, other.reads) && !meets(writes, other.writes)))),
    )
  return model.threads.map(({ pcSlot, donePc, daemon }, t) => {
    const mine = all.every((other, u) => u === t || (!other.writes.has(pcSlot) && !other.reads.has(pcSlot)))
    const next = nextPcs(model, t, ranges)
    const free = new Set(mine ? next.keys() : [])
    model.steps.forEach((step, i) => {
      if (step.thread !== t) return
      const of = touched[i]
      const ends = decided !== undefined && (daemon || next.get(step.pc)?.has(donePc) === true)
      if (of === undefined || ends || !isFree(step, of)) free.delete(step.pc)
    })
    return sabotage === 'no-proviso' ? free : withoutCircles(free, next)
  })
}
