/** Guesses about the world alone: that a variable keeps the value that it begins with, or never takes some value. */
import { bound, eq, ne, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import type { Lemma } from './lemma.ts'
import type { Setup } from './setup.ts'
import { beginningOf, lastPage } from './shape.ts'
import { keyOf } from './vocabulary.ts'

const VARIABLES = ['x', 'y', 'z'] as const

function ofField(f: Field, setup: Setup): readonly Lemma[] {
  const vars = f.sets.map((set, i) => ({ name: VARIABLES[i] ?? '', set }))
  const place: FieldExpr = { kind: 'field', type: f.type, field: f, index: vars.map((v) => bound(v.name, v.set)) }
  const beginning = beginningOf(f, setup.worlds)
  const number = (value: number): Expr => ({ kind: 'const', type: f.type, value })
  const lemma = (body: Expr): Lemma => ({ name: keyOf(body), vars, body })
  const never = f.type.kind === 'enum' ? f.type.values.map((_, i) => lemma(ne(place, number(i)))) : []
  switch (beginning.kind) {
    case 'any':
      return never
    case 'greatest':
      if (f.type.kind !== 'ref') return never
      return [...(f.type.set === 'page' ? [lemma(eq(place, lastPage))] : []), lemma(ne(place, number(0)))]
    case 'all': {
      const { value } = beginning
      if (f.type.kind === 'subset' || f.type.kind === 'flags') return value === 0 ? [lemma(eq(place, number(0)))] : []
      const isRef = f.type.kind === 'ref' && f.type.nonNil !== true && value !== 0
      return [lemma(eq(place, number(value))), ...never, ...(isRef ? [lemma(ne(place, number(0)))] : [])]
    }
  }
}

/** For each variable of the world that some step writes, what might be so of it at any time. */
export function constants(setup: Setup): readonly Lemma[] {
  return setup.system.fields
    .filter((f) => f.role !== 'geometry' && f.role !== 'lock' && f.sets.length <= VARIABLES.length)
    .flatMap((f) => ofField(f, setup))
}
