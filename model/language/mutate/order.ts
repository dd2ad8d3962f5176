/**
 * Changing the order of two neighbours that look independent: neither uses what the other writes, so one
 * thread by itself cannot tell which came first. Others can, and that is the question.
 */
import type { Routine } from '../routine.ts'
import type { StepStmt, Stmt } from '../stmt.ts'
import { blocksOf, everyStmt, withBlocks, type Of } from './rewrite.ts'
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

/**
 * What can be moved: a step or call, or an `if` around a single one that never leaves. Named after the
 * step or call.
 */
function itemOf(s: Stmt): Item | undefined {
  if (isItem(s)) return s
  if (s.kind !== 'if' || s.check !== undefined) return undefined
  const inside = everyStmt([s]).slice(1)
  const [only, more] = inside.filter((x) => x.kind !== 'let')
  return only !== undefined && more === undefined && isItem(only) ? only : undefined
}

/**
 * The step or call that follows statement `at` of a block at once, what does not run passed over. Only
 * what takes and lets go of no lock may be moved into a loop.
 */
function following(
  block: readonly Stmt[],
  at: number,
  runs: (label: string) => boolean,
  loops: boolean,
): Item | undefined {
  for (const s of block.slice(at + 1)) {
    if (isItem(s)) {
      if (runs(s.label)) return s
      continue
    }
    if (s.kind === 'let') continue
    // The body of a `for` always runs; that of an endless loop, too.
    if (s.kind === 'for' || (s.kind === 'while' && s.cond.kind === 'const' && s.cond.value !== 0))
      return loops ? following([s, ...s.body], 0, runs, loops) : undefined
    if (everyStmt([s]).some((x) => isItem(x) && runs(x.label))) return undefined
    // Nothing of it runs, but it may leave: then the two are not neighbours on every path.
    if (
      everyStmt([s]).some((x) => x.kind === 'return' || x.kind === 'break' || x.kind === 'continue') &&
      !dead(s, runs)
    )
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
function neighbours(body: readonly Stmt[], runs: (label: string) => boolean): readonly Pair[] {
  return body.flatMap((s, i): readonly Pair[] => {
    const inner = blocksOf(s).flatMap((block) => neighbours(block, runs))
    const first = itemOf(s)
    if (first === undefined || !runs(first.label)) return inner
    const second = following(body, i, runs, touchedBy([s]).locks.size === 0)
    return second === undefined || second === first ? inner : [...inner, { unit: s, first, second }]
  })
}

interface Pair {
  /** What is moved, and the step or call in it. */
  readonly unit: Stmt
  readonly first: Item
  readonly second: Item
}

/** The routine with the step or call `first` (and an `if` around it alone) moved to right after `second`; undefined where one is not there. */
export function swapped(routine: Routine, first: string, second: string): Routine | undefined {
  const all = everyStmt(routine.body)
  const moved = all.find((s) => itemOf(s)?.label === first)
  const target = all.find((s) => isItem(s) && s.label === second)
  if (moved === undefined || target === undefined || everyStmt([moved]).includes(target)) return undefined
  return { ...routine, body: moveAfter(routine.body, moved, target) }
}

const moveAfter = (body: readonly Stmt[], moved: Stmt, target: Stmt): readonly Stmt[] =>
  body.flatMap((s) => {
    if (s === moved) return []
    return s === target ? [s, moved] : [withBlocks(s, (block) => moveAfter(block, moved, target))]
  })

/** Every pair of neighbours that look independent, `runs` telling the labels that a scenario reaches. */
export function orderSites(routine: Routine, runs: (label: string) => boolean): readonly Site[] {
  return neighbours(routine.body, runs)
    .filter(({ unit, second }) => lookIndependent(unit, second))
    .map(({ first, second }) => ({
      label: first.label,
      kind: 'order',
      what: `swap with ${second.label}`,
      text: second.kind === 'step' ? second.text : `${second.routine.name}()`,
      labels: [first.label, second.label],
      apply: () => swapped(routine, first.label, second.label) ?? routine,
    }))
}
