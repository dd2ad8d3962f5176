/** Which runs count as fair, in words. Printed beside every verdict on runs that never end. */
import type { LoweredModel, Step } from '../model/language/lowered.ts'

const names = (steps: readonly Step[]): string => [...new Set(steps.map((s) => `${s.routine}.${s.local}`))].join(', ')

/** One line for each kind of fairness that the model assumes of its steps; none where it asks nothing of such runs. */
export function fairnessOf({ liveness, steps }: LoweredModel): readonly string[] {
  if (liveness === undefined) return []
  const some = (ids: readonly number[]): readonly Step[] => steps.filter((s) => ids.includes(s.id))
  const strong = some(liveness.strong)
  const unfair = some(liveness.unfair)
  return [
    'Fairness: a thread that can go on all the time does go on (weak fairness of every step).',
    ...(strong.length === 0
      ? []
      : ['One that waits for a lock and could have it again and again gets it (strong fairness: locks are queues).']),
    ...(unfair.length === 0 ? [] : [`Nothing is assumed where user space may stop: ${names(unfair)}.`]),
    'What a step chooses is never fair.',
  ]
}
