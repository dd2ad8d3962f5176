/**
 * Which steps of different threads commute whatever the state: neither writes what the other reads
 * or writes. What assertions read does not count, since they change nothing.
 */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { stepAccesses, type Accesses } from '../../model/language/slots.ts'

function accessOf(step: Step, pcSlot: number | undefined): Accesses {
  const { reads, writes } = stepAccesses(step)
  return { reads: pcSlot === undefined ? reads : new Set([...reads, pcSlot]), writes }
}

const meets = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((slot) => b.has(slot))

/** For each step, the ids of the steps of other threads that commute with it. */
export function commutingSteps(model: LoweredModel): ReadonlyMap<number, ReadonlySet<number>> {
  const all = model.steps.map((step) => ({ step, ...accessOf(step, model.threads[step.thread]?.pcSlot) }))
  const commutes = (a: Accesses, b: Accesses): boolean =>
    !meets(a.writes, b.reads) && !meets(a.writes, b.writes) && !meets(b.writes, a.reads)
  return new Map(
    all.map((a) => {
      const others = all.filter((b) => b.step.thread !== a.step.thread && commutes(a, b))
      return [a.step.id, new Set(others.map(({ step }) => step.id))]
    }),
  )
}
