/** Random expressions of a wanted type, whose values never leave the range of that type. */
import {
  and,
  bound,
  contains,
  eq,
  exists,
  firstThat,
  forall,
  hasAny,
  implies,
  isEmpty,
  isOneOf,
  ite,
  le,
  lt,
  ne,
  not,
  old,
  or,
  plus,
  self,
  withBits,
  withMember,
  type Expr,
  type Field,
  type FieldExpr,
  type Local,
} from '../../model/language/expr.ts'
import {
  bool,
  nilable,
  range,
  refTo,
  sameType,
  subsetOf,
  type FlagsType,
  type SetSizes,
  type Type,
} from '../../model/language/types.ts'
import type { Tape } from './tape.ts'

/** What an expression may mention. */
export interface Names {
  readonly sizes: SetSizes
  /** Types to compare values of. */
  readonly types: readonly Type[]
  readonly flags: FlagsType
  /** Sets to quantify over. */
  readonly sets: readonly [string, ...string[]]
  readonly fields: readonly Field[]
  readonly locals: readonly Local[]
  readonly bounds: readonly Expr[]
  readonly self: boolean
  /** Whether the expression may look at the state before the step. */
  readonly old: boolean
}

/** Whether every value of `from` is one of `to`. */
export function fits(from: Type, to: Type, sizes: SetSizes): boolean {
  if (!sameType(from, to)) return false
  const [inner, outer] = [range(from, sizes), range(to, sizes)]
  return outer.lo <= inner.lo && inner.hi <= outer.hi
}

export function randomConstant(tape: Tape, type: Type, sizes: SetSizes): Expr {
  const { lo, hi } = range(type, sizes)
  return { kind: 'const', type, value: lo + tape.below(hi - lo + 1) }
}

/** An element of a field; `sure` where no index may be nil. */
export function randomElement(tape: Tape, names: Names, field: Field, depth: number, sure: boolean): FieldExpr {
  const index = field.sets.map((set) =>
    randomExpr(tape, names, !sure && tape.rarely(4) ? nilable(set) : refTo(set), Math.min(depth - 1, 1)),
  )
  return { kind: 'field', type: field.type, field, index }
}

function leaf(tape: Tape, names: Names, type: Type, depth: number): Expr {
  const suits = (e: { readonly type: Type }): boolean => fits(e.type, type, names.sizes)
  const fromField = (): Expr | undefined => {
    const field = tape.oneOf(names.fields.filter(suits))
    if (field === undefined || (depth < -1 && field.sets.length > 0)) return undefined
    // A read through nil gives 0, which must be a value of the type.
    return randomElement(tape, names, field, depth, range(type, names.sizes).lo > 0)
  }
  const near = [...names.locals, ...names.bounds, ...(names.self ? [self] : [])].filter(suits)
  switch (tape.below(5)) {
    case 0:
      return randomConstant(tape, type, names.sizes)
    case 1:
    case 2:
      return tape.oneOf(near) ?? fromField() ?? randomConstant(tape, type, names.sizes)
    default:
      return fromField() ?? tape.oneOf(near) ?? randomConstant(tape, type, names.sizes)
  }
}

const inside = (names: Names, e: Expr): Names => ({ ...names, bounds: [...names.bounds, e] })
const nextBound = (names: Names): string => `o${names.bounds.length}`

function randomBool(tape: Tape, names: Names, depth: number): Expr {
  const sub = (): Expr => randomExpr(tape, names, bool, depth - 1)
  const of = (type: Type): Expr => randomExpr(tape, names, type, depth - 1)
  const some = (): Type => tape.oneOf(names.types) ?? bool
  switch (tape.below(14)) {
    case 0:
      return leaf(tape, names, bool, depth)
    case 1:
    case 2: {
      const type = some()
      return tape.pick(eq, ne)(of(type), of(type))
    }
    case 3: {
      const ordered = names.types.filter((t) => t.kind === 'int' || t.kind === 'ref' || t.kind === 'enum')
      const type = tape.oneOf(ordered) ?? bool
      return tape.pick(lt, le)(of(type), of(type))
    }
    case 4:
      return not(sub())
    case 5:
      return and(sub(), sub())
    case 6:
      return or(sub(), sub())
    case 7:
      return implies(sub(), sub())
    case 8:
      return hasAny(of(names.flags), tape.pick('LOW', 'HIGH', 'LOW|HIGH'))
    case 9: {
      const set = tape.pick('thread', ...names.sets)
      return tape.rarely(3) ? isEmpty(of(subsetOf(set))) : contains(of(subsetOf(set)), of(nilable(set)))
    }
    case 10:
    case 11: {
      const set = tape.pick(...names.sets)
      const which = tape.pick(forall, exists)
      return which(set, nextBound(names), (o) => randomExpr(tape, inside(names, o), bool, depth - 1))
    }
    case 12: {
      const ints = names.types.filter((t) => t.kind === 'int' || t.kind === 'enum')
      const type = tape.oneOf(ints)
      if (type === undefined) return sub()
      const { lo, hi } = range(type, names.sizes)
      return isOneOf(of(type), lo, hi)
    }
    default:
      return ite(sub(), sub(), sub())
  }
}

/** An expression whose value is always one of `type`. */
export function randomExpr(tape: Tape, names: Names, type: Type, depth: number): Expr {
  if (depth <= 0) return leaf(tape, names, type, depth)
  if (names.old && tape.rarely(4)) return old(randomExpr(tape, { ...names, old: false }, type, depth - 1))
  const same = (): Expr => randomExpr(tape, names, type, depth - 1)
  const choice = (): Expr => ite(randomExpr(tape, names, bool, depth - 1), same(), same())
  const shape = tape.below(6)
  switch (type.kind) {
    case 'bool':
      return randomBool(tape, names, depth)
    case 'int': {
      if (shape < 3) return leaf(tape, names, type, depth)
      if (shape === 3) return choice()
      // The value is written twice, so it must not be large.
      const value = leaf(tape, names, type, depth)
      return shape === 4
        ? ite(lt(value, type.hi), plus(value, 1), type.lo)
        : ite(lt({ kind: 'const', type, value: type.lo }, value), plus(value, -1), type.hi)
    }
    case 'enum':
      return shape < 4 ? leaf(tape, names, type, depth) : choice()
    case 'flags':
      if (shape < 3) return leaf(tape, names, type, depth)
      return shape === 3 ? choice() : withBits(same(), tape.pick('LOW', 'HIGH'))
    case 'subset':
      if (shape < 2) return leaf(tape, names, type, depth)
      return shape === 2 ? choice() : withMember(same(), randomExpr(tape, names, nilable(type.set), depth - 1))
    case 'ref': {
      if (shape < 3) return leaf(tape, names, type, depth)
      if (shape === 3 || type.nonNil) return choice()
      const o = bound(nextBound(names), type.set)
      return firstThat(type.set, nextBound(names), () => randomExpr(tape, inside(names, o), bool, depth - 1))
    }
  }
}
