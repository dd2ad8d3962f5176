/** Guesses about the locals of a thread, wherever they may still be read. */
import { le, ne, not, self, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import type { Lemma } from './lemma.ts'
import { isOwn } from './fold.ts'
import { liveLocals, ownReads } from './liveness.ts'
import type { System, Tail } from './system.ts'
import { keyOf } from './vocabulary.ts'

const lemma = (body: Expr, labels: ReadonlySet<number>): Lemma => ({ name: keyOf(body), vars: [], labels, body })

/** Some locals of the running thread, each with the labels at which it may still be read. */
export function atLive(
  system: System,
  wanted: (f: Field) => boolean,
): readonly (readonly [FieldExpr, ReadonlySet<number>])[] {
  const live = liveLocals(system)
  return system.locals.filter(wanted).flatMap((f): readonly (readonly [FieldExpr, ReadonlySet<number>])[] => {
    const labels = new Set(live.flatMap((l, i) => (l.has(f.name) ? [i] : [])))
    return labels.size === 0 ? [] : [[{ kind: 'field', type: f.type, field: f, index: [self] }, labels]]
  })
}

/** Locals that may be the same wherever they may still be read: references that point at something, and truth values. */
export const ownConstants = (system: System): readonly Lemma[] => [
  ...atLive(system, (f) => f.type.kind === 'bool').flatMap(([of, labels]) => [
    lemma(of, labels),
    lemma(not(of), labels),
  ]),
  ...atLive(system, (f) => f.type.kind === 'ref' && f.type.nonNil !== true).map(([of, labels]) =>
    lemma(ne(of, 'nil'), labels),
  ),
]

/** The last value of a counted loop, by counter: what it is compared with before it is counted up. */
function lastValues(t: Tail, out: Map<string, Map<string, readonly [FieldExpr, Expr]>>): void {
  switch (t.kind) {
    case 'goto':
      return
    case 'set':
      lastValues(t.next, out)
      return
    case 'if': {
      const { cond, else: otherwise } = t
      const counter = cond.kind === 'binary' && cond.op === 'eq' ? cond.left : undefined
      if (cond.kind === 'binary' && counter !== undefined && isOwn(counter) && countsUp(otherwise, counter)) {
        const of = out.get(counter.field.name) ?? new Map<string, readonly [FieldExpr, Expr]>()
        out.set(counter.field.name, of.set(keyOf(cond.right), [counter, cond.right]))
      }
      lastValues(t.then, out)
      lastValues(otherwise, out)
    }
  }
}

const countsUp = (t: Tail, counter: FieldExpr): boolean =>
  t.kind === 'set' && t.target.field === counter.field && t.value.kind === 'binary' && t.value.op === 'add'

/** A counter does not come past the end of its loop. */
export function withinBounds(system: System): readonly Lemma[] {
  const found = new Map<string, Map<string, readonly [FieldExpr, Expr]>>()
  for (const s of system.steps) lastValues(s.tail, found)
  const live = liveLocals(system)
  return [...found.values()].flatMap((of) =>
    [...of.values()].flatMap(([counter, last]): readonly Lemma[] => {
      const names = [counter.field.name, ...ownReads(last)]
      const labels = new Set(live.flatMap((l, i) => (names.every((n) => l.has(n)) ? [i] : [])))
      return labels.size === 0 ? [] : [lemma(le(counter, last), labels)]
    }),
  )
}
