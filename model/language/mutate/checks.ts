/**
 * Taking checks away. A check is a named one; an `if` that looks at what a step (or a callee) has found
 * out and then leaves, starts over, or does the work only if all is well; or a condition within a step
 * that keeps it from writing. Without it, the routine goes on as if all were well.
 */
import { render } from '../expr.ts'
import type { Routine } from '../routine.ts'
import type { Action, Stmt } from '../stmt.ts'
import { everyStmt, replaceLabelled, stepWith, withBlocks, type Of } from './rewrite.ts'
import type { Site } from './site.ts'
import { localsIn, meet, touchedBy } from './touch.ts'

/** Locks let go and read sections left: what may be done on the way out. */
const undoes = (a: Action): boolean =>
  a.kind === 'release' ||
  a.kind === 'note' ||
  (a.kind === 'member' && !a.add) ||
  (a.kind === 'assign' && a.target.kind === 'local') ||
  (a.kind === 'forEach' && a.body.every(undoes))

/** Nothing in the block is work: it writes no shared variable and takes no lock. */
const idle = (body: readonly Stmt[]): boolean =>
  body.every((s) => {
    switch (s.kind) {
      case 'step':
        return s.actions.every(undoes)
      case 'if':
        return idle(s.then) && idle(s.else)
      case 'call':
        return idle(s.routine.body)
      case 'let':
      case 'return':
      case 'break':
      case 'continue':
        return true
      case 'while':
      case 'for':
        return false
    }
  })

const leaves = (body: readonly Stmt[]): boolean => {
  const last = body[body.length - 1]
  return last !== undefined && (last.kind === 'return' || last.kind === 'break' || last.kind === 'continue')
}

/** What an `if` becomes without its check; undefined where it is none. `rest` follows it in its block. */
export function unchecked(s: Of<'if'>, rest: readonly Stmt[], inEndlessLoop: boolean): 'then' | 'else' | undefined {
  if (s.check !== undefined) return 'else'
  const bails = leaves(s.then) && idle(s.then)
  // `if (ok) break;` before the end of an endless loop: what is checked is whether to start over.
  if (bails && inEndlessLoop && s.else.length === 0 && rest.every((r) => r.kind !== 'if') && idle(rest)) return 'then'
  if (bails) return 'else'
  return s.else.length === 0 && !idle(s.then) ? 'then' : undefined
}

interface Place {
  readonly stmt: Of<'if'>
  readonly take: 'then' | 'else'
  /** Label of the step or call that found out what is looked at. */
  readonly anchor: string
}

/** Locals that a statement by itself (not the blocks within it) finds out about shared state. */
function learns(s: Stmt): ReadonlySet<string> {
  if (s.kind === 'call') {
    const t = touchedBy([s])
    return new Set([...t.localsWritten])
  }
  if (s.kind !== 'step') return new Set()
  return touchedBy([s]).localsWritten
}

function places(body: readonly Stmt[]): readonly Place[] {
  const found: Place[] = []
  /** By local, the last label before here that set it; a local that control flow set itself is none. */
  const learnt = new Map<string, { readonly label: string; readonly at: number }>()
  let at = 0
  const visit = (block: readonly Stmt[], endless: boolean): void => {
    block.forEach((s, i) => {
      if (s.kind === 'step' || s.kind === 'call') {
        at++
        learns(s).forEach((l) => learnt.set(l, { label: s.label, at }))
      }
      if (s.kind === 'let') learnt.delete(s.local.name)
      if (s.kind === 'if') {
        const take = unchecked(s, block.slice(i + 1), endless)
        const sources = [...localsIn(s.cond)].flatMap((l) => learnt.get(l) ?? [])
        const latest = sources.reduce<(typeof sources)[number] | undefined>(
          (a, b) => (a === undefined || b.at > a.at ? b : a),
          undefined,
        )
        const anchor = s.check ?? latest?.label
        if (take !== undefined && anchor !== undefined) found.push({ stmt: s, take, anchor })
        visit(s.then, false)
        visit(s.else, false)
      }
      if (s.kind === 'while') visit(s.body, s.cond.kind === 'const' && s.cond.value !== 0)
      if (s.kind === 'for') visit(s.body, false)
    })
  }
  visit(body, false)
  return found
}

/** The body with one `if` (this very object) replaced by one of its blocks. */
function withoutIf(body: readonly Stmt[], target: Stmt, take: 'then' | 'else'): readonly Stmt[] {
  return body.flatMap((s) => {
    if (s === target && s.kind === 'if') return s[take]
    return [withBlocks(s, (block) => withoutIf(block, target, take))]
  })
}

/** Whether an action changes something of the kernel that other threads see; ghosts and registers are ours. */
function writesShared(a: Action): boolean {
  switch (a.kind) {
    case 'assign':
      return a.target.kind !== 'local' && a.target.field.role === 'shared'
    case 'when':
      return [...a.then, ...a.else].some(writesShared)
    case 'forEach':
      return a.body.some(writesShared)
    case 'acquire':
    case 'tryAcquire':
      return true
    case 'release':
    case 'member':
    case 'note':
    case 'assert':
      return false
  }
}

/** A condition within a step that stands between it and a write: what is left when nobody asks. */
function unasked(a: Action): readonly Action[] | undefined {
  if (a.kind !== 'when') return undefined
  const [then, otherwise] = [a.then.some(writesShared), a.else.some(writesShared)]
  if (then && !otherwise) return a.then
  return otherwise && !then ? a.else : undefined
}

function withoutWhen(actions: readonly Action[], target: Action): readonly Action[] {
  return actions.flatMap((a): readonly Action[] => {
    if (a === target) return unasked(a) ?? [a]
    if (a.kind !== 'when') return [a]
    return [{ ...a, then: withoutWhen(a.then, target), else: withoutWhen(a.else, target) }]
  })
}

/** Every check of a routine. */
export function checkSites(routine: Routine): readonly Site[] {
  const inSteps = everyStmt(routine.body).flatMap((s) =>
    s.kind !== 'step'
      ? []
      : conditions(s.actions)
          .filter((a) => unasked(a) !== undefined)
          .map((a): Site => ({
            label: s.label,
            kind: 'check',
            what: 'drop check',
            text: a.kind === 'when' ? `if (${render(a.cond)})` : '',
            labels: [s.label],
            apply: () => ({
              ...routine,
              body: replaceLabelled(routine.body, s.label, (found) =>
                found.kind === 'step' ? stepWith(found, withoutWhen(found.actions, a)) : [found],
              ),
            }),
          })),
  )
  const between = places(routine.body).map(({ stmt, take, anchor }): Site => ({
    label: anchor,
    kind: 'check',
    what: 'drop check',
    text: `if (${render(stmt.cond)})`,
    labels: labelsAround(routine, stmt, anchor),
    apply: () => ({ ...routine, body: withoutIf(routine.body, stmt, take) }),
  }))
  return [...inSteps, ...between]
}

/** Conditions of a step; one within a `forEach` picks objects, and checks nothing. */
const conditions = (actions: readonly Action[]): readonly Action[] =>
  actions.flatMap((a) => (a.kind === 'when' ? [a, ...conditions(a.then), ...conditions(a.else)] : []))

/** A named check has no label of a step: it is reached where what it looks at is. */
function labelsAround(routine: Routine, stmt: Of<'if'>, anchor: string): readonly string[] {
  if (stmt.check === undefined) return [anchor]
  const locals = localsIn(stmt.cond)
  return everyStmt(routine.body).flatMap((s) =>
    (s.kind === 'step' || s.kind === 'call') && meet(learns(s), locals) ? [s.label] : [],
  )
}
