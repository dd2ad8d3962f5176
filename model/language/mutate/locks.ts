/**
 * Taking locks away. Without its acquisition, a release finds the lock not held by its thread and does
 * nothing (the lowering guards releases wherever something is left out), so both halves of the pair go.
 */
import { truth } from '../expr.ts'
import type { Routine } from '../routine.ts'
import type { Action, StepStmt } from '../stmt.ts'
import { leftHeld } from './held.ts'
import { everyAction, everyStmt, mapActions, mapBody, replaceLabelled, stepWith } from './rewrite.ts'
import type { Site } from './site.ts'

const takesLock = (a: Action): boolean => a.kind === 'acquire' || a.kind === 'tryAcquire'

/** A subset of threads that stands for the whole world is a read-side section, as RCU's is. */
const entersSection = (a: Action): boolean => a.kind === 'member' && a.add && a.target.field.sets.length === 0

const withoutLocks = (actions: readonly Action[], only?: readonly string[]): readonly Action[] =>
  mapActions(actions, (a) => {
    if ((a.kind !== 'acquire' && a.kind !== 'tryAcquire') || only?.includes(a.lock.lock.name) === false) return [a]
    return a.kind === 'acquire' ? [] : [{ kind: 'assign', target: a.into, value: truth(true) }]
  })

const withoutSections = (actions: readonly Action[]): readonly Action[] =>
  mapActions(actions, (a) => (entersSection(a) ? [] : [a]))

function stepSites(routine: Routine, s: StepStmt): readonly Site[] {
  const all = everyAction(s.actions)
  const dropping = (what: string, kind: Site['kind'], change: (step: StepStmt) => StepStmt): Site => ({
    label: s.label,
    kind,
    what,
    text: s.text,
    labels: [s.label],
    apply: () => ({
      ...routine,
      body: replaceLabelled(routine.body, s.label, (found) => {
        if (found.kind !== 'step') return [found]
        const changed = change(found)
        return stepWith(changed, changed.actions)
      }),
    }),
  })
  const sites: Site[] = []
  if (all.some(takesLock))
    sites.push(dropping('drop lock', 'lock', (step) => ({ ...step, actions: withoutLocks(step.actions) })))
  if (all.some(entersSection))
    sites.push(dropping('drop read section', 'lock', (step) => ({ ...step, actions: withoutSections(step.actions) })))
  // A step that waits for any of several objects picks its work; it does not wait for somebody.
  if (s.await !== undefined && s.choose === undefined)
    sites.push(
      dropping('drop wait', 'wait', (step) => {
        const { await: _, ...rest } = step
        return rest
      }),
    )
  return sites
}

/** The locks, read-side sections and waits of a routine, and the locks that its callees take for it. */
export function lockSites(routine: Routine): readonly Site[] {
  return everyStmt(routine.body).flatMap((s): readonly Site[] => {
    if (s.kind === 'step') return stepSites(routine, s)
    if (s.kind !== 'call') return []
    const held = leftHeld(s.routine)
    if (held.length === 0) return []
    return [
      {
        label: s.label,
        kind: 'lock',
        what: 'drop lock',
        text: `${s.routine.name}()`,
        labels: [s.label],
        apply: () => ({
          ...routine,
          body: replaceLabelled(routine.body, s.label, (found) =>
            found.kind === 'call' ? [{ ...found, routine: unlocked(found.routine, held) }] : [found],
          ),
        }),
      },
    ]
  })
}

const unlocked = (callee: Routine, locks: readonly string[]): Routine => ({
  ...callee,
  body: mapBody(callee.body, (s) => (s.kind === 'step' ? stepWith(s, withoutLocks(s.actions, locks)) : [s])),
})
