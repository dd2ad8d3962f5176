/** Guesses about the world alone: that a variable keeps the value that it begins with, or never takes some value. */
import { bound, eq, implies, ne, object, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import { page } from '../../model/mm/mm_types.ts'
import type { Lemma } from './lemma.ts'
import type { Setup } from './setup.ts'
import { beginningOf, lastPage, type Beginning } from './shape.ts'
import { keyOf } from './vocabulary.ts'

const VARIABLES = ['x', 'y', 'z'] as const

function ofField(f: Field, setup: Setup): readonly Lemma[] {
  const vars = f.sets.map((set, i) => ({ name: VARIABLES[i] ?? '', set }))
  const place: FieldExpr = { kind: 'field', type: f.type, field: f, index: vars.map((v) => bound(v.name, v.set)) }
  return ofPlace(place, vars, beginningOf(f, setup.worlds), (body) => body)
}

/** Of a variable at some of its objects, `when` saying which. */
function ofPlace(
  place: FieldExpr,
  vars: Lemma['vars'],
  beginning: Beginning,
  when: (body: Expr) => Expr,
): readonly Lemma[] {
  const { field: f } = place
  const number = (value: number): Expr => ({ kind: 'const', type: f.type, value })
  const lemma = (body: Expr): Lemma => {
    const whole = when(body)
    return { name: keyOf(whole), vars, body: whole }
  }
  const never = f.type.kind === 'enum' ? f.type.values.map((_, i) => lemma(ne(place, number(i)))) : []
  switch (beginning.kind) {
    case 'any':
      return never
    case 'last':
      return [lemma(eq(place, lastPage)), lemma(ne(place, number(0)))]
    case 'greatest':
      if (f.type.kind !== 'ref') return never
      return [...(f.type.set === 'page' ? [lemma(eq(place, lastPage))] : []), lemma(ne(place, number(0)))]
    case 'least':
      // The first is as free to change as the others.
      return never
    case 'parts': {
      const [set] = f.sets
      const [x] = place.index
      if (set === undefined || x === undefined) return []
      return beginning.parts.flatMap((part, i) =>
        set === 'page'
          ? ofPlace(place, vars, part, (body) => implies(eq(page.mm(x), object('mm', i)), body))
          : ofPlace({ ...place, index: [object(set, i)] }, [], part, (body) => body),
      )
    }
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
