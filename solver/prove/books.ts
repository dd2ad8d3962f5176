/**
 * A system without the variables that nobody goes by: ghosts that only other ghosts are computed from, as the books
 * about promises, and what no step mentions. No step waits for them and no other variable depends on them, so that
 * runs are the same.
 */
import type { Expr } from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'
import type { PStep, System, Tail } from './system.ts'
import { namesOf } from './vocabulary.ts'

const targetOf = (a: Action): string | undefined =>
  a.kind === 'assign' && a.target.kind === 'field'
    ? a.target.field.name
    : a.kind === 'member'
      ? a.target.field.name
      : undefined

/** An action without what it writes to any of the ghosts; nothing where nothing is left of it. */
function kept(a: Action, ghosts: ReadonlySet<string>): readonly Action[] {
  const each = (list: readonly Action[]): readonly Action[] => list.flatMap((x) => kept(x, ghosts))
  const target = targetOf(a)
  if (target !== undefined) return ghosts.has(target) ? [] : [a]
  switch (a.kind) {
    case 'when': {
      const [then, otherwise] = [each(a.then), each(a.else)]
      return then.length + otherwise.length === 0 ? [] : [{ ...a, then, else: otherwise }]
    }
    case 'forEach': {
      const body = each(a.body)
      return body.length === 0 ? [] : [{ ...a, body }]
    }
    case 'assert':
      return []
    case 'assign':
    case 'member':
    case 'acquire':
    case 'release':
    case 'tryAcquire':
    case 'note':
      return [a]
  }
}

function readInTail(t: Tail, read: (e: Expr) => void): void {
  switch (t.kind) {
    case 'goto':
      return
    case 'if':
      read(t.cond)
      readInTail(t.then, read)
      readInTail(t.else, read)
      return
    case 'set':
      read(t.value)
      readInTail(t.next, read)
  }
}

/** Names of all that a step reads, and of what it may write: a write counts as a read of itself, which keeps more. */
function readBy(s: PStep): ReadonlySet<string> {
  const out = new Set<string>()
  const read = (e: Expr): void => {
    for (const n of namesOf(e)) out.add(n)
  }
  s.guard.forEach(read)
  for (const a of s.actions) for (const n of namesOf(a)) out.add(n)
  readInTail(s.tail, read)
  return out
}

/**
 * Leaves out the ghosts that nothing but ghosts depend on, and what no step mentions; those that are `wanted` stay.
 * With `all`, other variables that no step goes by are left out as well: what they hold is told by nobody.
 */
export function withoutBooks(system: System, wanted: readonly string[], all: boolean = false): System {
  const written = system.fields.filter((f) => f.role === 'ghost' || (all && f.role !== 'geometry'))
  let ghosts = new Set(written.map((f) => f.name))
  for (;;) {
    const steps = system.steps.map((s) => ({ ...s, actions: s.actions.flatMap((a) => kept(a, ghosts)) }))
    const read = new Set([...wanted, ...steps.flatMap((s) => [...readBy(s)])])
    const left = new Set([...ghosts].filter((g) => !read.has(g)))
    if (left.size === ghosts.size)
      return { ...system, fields: system.fields.filter((f) => f.role === 'geometry' || read.has(f.name)), steps }
    ghosts = left
  }
}
