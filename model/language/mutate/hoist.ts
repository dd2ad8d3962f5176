/** Doing something earlier than the kernel does: the order that a reviewer would ask for. */
import type { Routine } from '../routine.ts'
import type { StepStmt, Stmt } from '../stmt.ts'
import { leftHeld } from './held.ts'
import { blocksOf, withBlocks, type Of } from './rewrite.ts'
import type { Site } from './site.ts'
import { meet, touchedBy } from './touch.ts'

type Item = StepStmt | Of<'call'>
const isItem = (s: Stmt): s is Item => s.kind === 'step' || s.kind === 'call'

/** A step that takes and lets go of no lock, or a call that comes back with the locks it went with; and that writes something. */
function movable(s: Item): boolean {
  const t = touchedBy([s])
  if (t.fieldsWritten.size === 0) return false
  return s.kind === 'step' ? t.locks.size === 0 && s.await === undefined : leftHeld(s.routine).length === 0
}

/** Whether `moved` can be done before the statements `over` by the look of it: none gives it a local that it reads. */
function canPass(moved: Item, over: readonly Stmt[]): boolean {
  const [own, others] = [touchedBy([moved]), touchedBy(over)]
  return !meet(own.localsRead, others.localsWritten) && !meet(own.localsWritten, others.localsRead)
}

/** What stands in a block or in an `if` of it can be done before an earlier step or call of the block, whatever the `if` says. */
export function hoistSites(routine: Routine): readonly Site[] {
  const inBlock = (block: readonly Stmt[]): readonly Site[] =>
    block.flatMap((s, i): readonly Site[] => {
      const inner = blocksOf(s).flatMap(inBlock)
      const items = (s.kind === 'if' ? s.then : [s]).filter(isItem).filter(movable)
      const sites = items.flatMap((moved) =>
        block.slice(0, i).flatMap((before, at): readonly Site[] => {
          if (!isItem(before) || !canPass(moved, block.slice(at, i))) return []
          // Its next neighbour is what `swap` is for.
          return [
            {
              label: moved.label,
              kind: 'order',
              what: `do before ${before.label}`,
              text: moved.kind === 'step' ? moved.text : `${moved.routine.name}()`,
              labels: [moved.label, before.label],
              apply: () => ({ ...routine, body: moveBefore(routine.body, moved, before) }),
            },
          ]
        }),
      )
      return [...inner, ...sites]
    })
  return inBlock(routine.body)
}

/** The body with a statement moved to right before another. */
export const moveBefore = (body: readonly Stmt[], moved: Stmt, target: Stmt): readonly Stmt[] =>
  body.flatMap((s) => {
    if (s === moved) return []
    return s === target ? [moved, s] : [withBlocks(s, (block) => moveBefore(block, moved, target))]
  })
