/** Which locals may still be read at each label: a lemma about another would never be asked for. */
import type { Expr } from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'
import { isOwn } from './fold.ts'
import { mapExpr } from './rename.ts'
import type { System, Tail } from './system.ts'

export type Names = ReadonlySet<string>

/** Own locals that an expression reads. */
export function ownReads(e: Expr): Set<string> {
  const out = new Set<string>()
  mapExpr(e, (x) => {
    if (x.kind === 'field' && isOwn(x)) out.add(x.field.name)
    return undefined
  })
  return out
}

const without = (names: Names, name: string): Names => new Set([...names].filter((n) => n !== name))
const union = (...all: readonly Names[]): Names => new Set(all.flatMap((n) => [...n]))

function beforeTail(t: Tail, live: readonly Names[]): Names {
  switch (t.kind) {
    case 'goto':
      return live[t.label] ?? new Set()
    case 'if':
      return union(ownReads(t.cond), beforeTail(t.then, live), beforeTail(t.else, live))
    case 'set': {
      const after = beforeTail(t.next, live)
      const { name } = t.target.field
      // What is assigned to a local that nobody reads is not read for that.
      return after.has(name) ? union(without(after, name), ownReads(t.value)) : after
    }
  }
}

function beforeAction(a: Action, after: Names): Names {
  switch (a.kind) {
    case 'assign': {
      if (a.target.kind === 'local') return after
      const { name } = a.target.field
      if (!isOwn(a.target)) return union(after, ownReads(a.target), ownReads(a.value))
      return after.has(name) ? union(without(after, name), ownReads(a.value)) : after
    }
    case 'when': {
      const then = a.then.reduceRight<Names>((n, x) => beforeAction(x, n), after)
      const otherwise = a.else.reduceRight<Names>((n, x) => beforeAction(x, n), after)
      return union(then, otherwise, ownReads(a.cond))
    }
    case 'forEach':
      return union(
        after,
        a.body.reduceRight<Names>((n, x) => beforeAction(x, n), after),
      )
    case 'acquire':
    case 'release':
      return union(after, ...a.lock.index.map((x) => ownReads(x)))
    case 'member':
      return union(after, ownReads(a.target))
    case 'assert':
    case 'note':
    case 'tryAcquire':
      return after
  }
}

/** By label, the names of the locals that may still be read there. */
export function liveLocals(system: System): readonly Names[] {
  const live: Names[] = system.labels.map(() => new Set<string>())
  for (let changed = true; changed;) {
    changed = false
    for (let i = system.steps.length - 1; i >= 0; i--) {
      const s = system.steps[i]
      if (s === undefined) continue
      const after = s.actions.reduceRight<Names>((n, a) => beforeAction(a, n), beforeTail(s.tail, live))
      const now = new Set(union(after, ...s.guard.map((g) => ownReads(g))))
      for (const f of s.choose) now.delete(f.name)
      if (now.size !== live[i]?.size) {
        live[i] = now
        changed = true
      }
    }
  }
  return live
}
