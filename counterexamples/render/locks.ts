/** Who holds which lock in each state of a trace: what is drawn as bars. */
import type { LoweredModel, Slot } from '../../model/language/lowered.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import type { Trace } from '../trace.ts'
import { statesOf } from './subject.ts'
import { bitsOf } from './values.ts'

export interface Holder {
  readonly thread: number
  readonly mode: 'read' | 'write'
}

export interface LockBar {
  readonly name: string
  /** By state: the first one, then the one after each step. */
  readonly holders: readonly (readonly Holder[])[]
}

/** An RCU read section is no lock, but it keeps page tables from being freed as one would. */
const RCU = 'rcu.readers'

const isLock = (slot: Slot): boolean => slot.kind === 'lock' || slot.name === RCU

/** The words of a read-write lock are one lock; vm_lock_seq, which says that a VMA is write-locked, is one of its lock's. */
const lockName = (slot: string): string =>
  slot === RCU ? 'RCU' : slot.replace(/\.write_locked$/, '.lock').replace(/\.(writer|readers)$/, '')

/** Who has set a flag that says no more than that somebody holds the lock. */
function setters(trace: Trace, slot: number): readonly (number | undefined)[] {
  let by: number | undefined
  return [
    undefined,
    ...trace.steps.map((step) => {
      const change = step.changes.find((c) => c.slot === slot)
      if (change !== undefined) by = change.to === 0 ? undefined : step.thread.number
      return by
    }),
  ]
}

function holdersOf(trace: Trace, states: readonly State[], slot: Slot, at: number): readonly (readonly Holder[])[] {
  const { type } = slot
  if (type.kind === 'subset')
    return states.map((s) => bitsOf(s[at] ?? 0).map((thread) => ({ thread, mode: 'read' }) as const))
  if (type.kind === 'ref')
    return states.map((s) => ((s[at] ?? 0) === 0 ? [] : [{ thread: (s[at] ?? 0) - 1, mode: 'write' } as const]))
  return setters(trace, at).map((thread) => (thread === undefined ? [] : [{ thread, mode: 'write' } as const]))
}

/** The locks that somebody holds at some time, in the order of the model's variables. */
export function lockBars(model: LoweredModel, trace: Trace): readonly LockBar[] {
  const states = statesOf(trace)
  const bars = new Map<string, (readonly Holder[])[]>()
  model.slots.forEach((slot, at) => {
    if (!isLock(slot)) return
    const name = lockName(slot.name)
    const own = holdersOf(trace, states, slot, at)
    const known = bars.get(name)
    bars.set(
      name,
      own.map((holders, i) => [
        ...(known?.[i] ?? []),
        ...holders.filter((h) => known?.[i]?.some((k) => k.thread === h.thread) !== true),
      ]),
    )
  })
  return [...bars]
    .map(([name, holders]) => ({ name, holders }))
    .filter(({ holders }) => holders.some((list) => list.length > 0))
}
