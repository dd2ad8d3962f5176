/** Guesses about the locals of a thread, wherever they may still be read. */
import { ne, not, self, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import type { Lemma } from './lemma.ts'
import { liveLocals } from './liveness.ts'
import type { System } from './system.ts'
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
