/**
 * Changing the order of two neighbours that look independent: neither uses what the other writes, so one
 * thread by itself cannot tell which came first. Others can, and that is the question.
 */
import type { Routine } from '../routine.ts'
import type { StepStmt, Stmt } from '../stmt.ts'
import { everyStmt, replaceLabelled, withBlocks, type Of } from './rewrite.ts'
import type { Site } from './site.ts'
import { meet, touchedBy } from './touch.ts'

type Item = StepStmt | Of<'call'>
const isItem = (s: Stmt): s is Item => s.kind === 'step' || s.kind === 'call'

/**
 * Whether `b` can be moved before `a` by the look of it: no local or shared variable that one writes is
 * used by the other, and they are not about the same lock. Locks of different classes may change places.
 */
export function lookIndependent(a: Stmt, b: Stmt): boolean {
  const [x, y] = [touchedBy([a]), touchedBy([b])]
  return !(
    meet(x.localsWritten, y.localsRead) ||
    meet(x.localsWritten, y.localsWritten) ||
    meet(x.localsRead, y.localsWritten) ||
    meet(x.fieldsWritten, y.fieldsRead) ||
    meet(x.fieldsWritten, y.fieldsWritten) ||
    meet(x.fieldsRead, y.fieldsWritten) ||
    meet(x.locks, y.locks)
  )
}

/** The steps and calls that follow statement `at` of a block at once, those that do not run passed over. */
function following(block: readonly Stmt[], at: number, runs: (label: string) => boolean): Item | undefined {
  for (const s of block.slice(at + 1)) {
    if (isItem(s)) {
      if (runs(s.label)) return s
      continue
    }
    if (s.kind === 'let') continue
    // The body of a `for` always runs; that of an endless loop, too.
    if (s.kind === 'for' || (s.kind === 'while' && s.cond.kind === 'const' && s.cond.value !== 0))
      return following([s, ...s.body], 0, runs)
    if (everyStmt([s]).some((x) => isItem(x) && runs(x.label))) return undefined
    // Nothing of it runs, but it may leave: then the two are not neighbours on every path.
    if (everyStmt([s]).some((x) => x.kind === 'return' || x.kind === 'break' || x.kind === 'continue') && !dead(s, runs))
      return undefined
  }
  return undefined
}

/** An `if` all of whose work does not run in this scenario: its condition is fixed by it. */
const dead = (s: Stmt, runs: (label: string) => boolean): boolean => {
  const items = everyStmt([s]).filter(isItem)
  return items.length > 0 && !items.some((x) => runs(x.label))
}

/** Each label with the next one that runs after it in the same stretch of the routine. */
function neighbours(body: readonly Stmt[], runs: (label: string) => boolean): readonly (readonly [Item, Item])[] {
  return body.flatMap((s, i): readonly (readonly [Item, Item])[] => {
    const inner: (readonly [Item, Item])[] = []
    withBlocks(s, (block) => {
      inner.push(...neighbours(block, runs))
      return block
    })
    if (!isItem(s) || !runs(s.label)) return inner
    const next = following(body, i, runs)
    return next === undefined || next === s ? inner : [[s, next]]
  })
}

/** The routine with the step or call `first` moved to right after `second`. Undefined where one is not there. */
export function swapped(routine: Routine, first: string, second: string): Routine | undefined {
  const items = everyStmt(routine.body).filter(isItem)
  const moved = items.find((s) => s.label === first)
  if (moved === undefined || first === second || !items.some((s) => s.label === second)) return undefined
  const removed = replaceLabelled(routine.body, first, () => [])
  return { ...routine, body: replaceLabelled(removed, second, (s) => [s, moved]) }
}

/** Every pair of neighbours that look independent, `runs` telling the labels that a scenario reaches. */
export function orderSites(routine: Routine, runs: (label: string) => boolean): readonly Site[] {
  return neighbours(routine.body, runs)
    .filter(([a, b]) => lookIndependent(a, b))
    .map(([a, b]) => ({
      label: a.label,
      kind: 'order',
      what: `swap with ${b.label}`,
      text: b.kind === 'step' ? b.text : `${b.routine.name}()`,
      labels: [a.label, b.label],
      apply: () => swapped(routine, a.label, b.label) ?? routine,
    }))
}
