/** Lowers expressions, and computes what each one dereferences. */
import type { Expr, FieldExpr } from '../expr.ts'
import type { LExpr, LIndex, LTarget } from '../lowered.ts'
import type { Lifetime } from '../routine.ts'
import { sizeOf } from '../types.ts'
import { both, choose, combine, constant, element, elementTarget, negate, either } from './build.ts'
import { strides, type Layout } from './layout.ts'
import { lookUp, type Scope } from './scope.ts'

export interface ExprContext {
  readonly layout: Layout
  readonly lifetimes: readonly Lifetime[]
  /** Absent for properties, which belong to no thread. */
  readonly scope?: Scope
  readonly bound: ReadonlyMap<string, number>
}

export const bind = (ctx: ExprContext, name: string, value: number): ExprContext => ({
  ...ctx,
  bound: new Map([...ctx.bound, [name, value]]),
})

export function lowerExpr(ctx: ExprContext, e: Expr): LExpr {
  switch (e.kind) {
    case 'const':
      return constant(e.value)
    case 'field':
      return e.field.role === 'geometry' ? geometry(ctx, e) : element(...place(ctx, e))
    case 'local':
      return lookUp(scopeOf(ctx), e)
    case 'self':
      return constant(scopeOf(ctx).thread + 1)
    case 'bound': {
      const value = ctx.bound.get(e.name)
      if (value === undefined) throw new Error(`'${e.name}' is bound by nothing here`)
      return constant(value)
    }
    case 'not':
      return negate(lowerExpr(ctx, e.arg))
    case 'binary':
      return combine(e.op, lowerExpr(ctx, e.left), lowerExpr(ctx, e.right))
    case 'ite':
      return choose(lowerExpr(ctx, e.cond), lowerExpr(ctx, e.then), lowerExpr(ctx, e.else))
    case 'quantifier':
      return instances(ctx, e.set, e.bound)
        .map((inner) => lowerExpr(inner, e.body))
        .reduce(e.which === 'forall' ? both : either, constant(e.which === 'forall' ? 1 : 0))
    case 'singleton': {
      const arg = lowerExpr(ctx, e.arg)
      return oneOf(
        arg,
        e.arg,
        objectsOf(ctx, e.arg).map((i) => 1 << i),
      )
    }
    case 'first':
      return instances(ctx, e.set, e.bound).reduceRight<LExpr>(
        (rest, inner, i) => choose(lowerExpr(inner, e.body), constant(i + 1), rest),
        constant(0),
      )
    case 'old': {
      const arg = lowerExpr(ctx, e.arg)
      return arg.kind === 'const' ? arg : { kind: 'old', arg }
    }
  }
}

const scopeOf = (ctx: ExprContext): Scope => {
  if (ctx.scope === undefined) throw new Error('a property can name no local and no running thread')
  return ctx.scope
}

/** The context once for each object of a set, with `name` bound to it. */
export const instances = (ctx: ExprContext, set: string, name: string): readonly ExprContext[] =>
  Array.from({ length: sizeOf(set, ctx.layout.sizes) }, (_, i) => bind(ctx, name, i + 1))

const objectsOf = (ctx: ExprContext, ref: Expr): readonly number[] =>
  ref.type.kind === 'ref' ? Array.from({ length: sizeOf(ref.type.set, ctx.layout.sizes) }, (_, i) => i) : []

/** A reference that is not nil by its type; but an element reads 0 where one of its indices is nil. */
function neverNil(ref: Expr): boolean {
  if (ref.type.kind !== 'ref' || ref.type.nonNil !== true) return false
  if (ref.kind === 'field') return ref.index.every(neverNil)
  return ref.kind === 'ite' ? neverNil(ref.then) && neverNil(ref.else) : ref.kind !== 'old' || neverNil(ref.arg)
}

/** `values[i]` where `ref`, lowered from `from`, points at object i; 0 for nil. */
const oneOf = (ref: LExpr, from: Expr, values: readonly number[]): LExpr => {
  if (ref.kind === 'const') return constant(values[ref.value - 1] ?? 0)
  const [only] = values
  if (only !== undefined && values.every((v) => v === only))
    return neverNil(from) ? constant(only) : choose(combine('ne', ref, constant(0)), constant(only), constant(0))
  return values.reduceRight<LExpr>(
    (rest, v, i) => choose(combine('eq', ref, constant(i + 1)), constant(v), rest),
    constant(0),
  )
}

/** A value that the scenario fixed, looked up by an index that may be dynamic. */
function geometry(ctx: ExprContext, e: FieldExpr): LExpr {
  const values = ctx.layout.geometry.get(e.field.name)
  if (values === undefined) throw new Error(`geometry '${e.field.name}' is not declared in this world`)
  const [index, ...more] = e.index
  if (more.length > 0) throw new Error(`geometry '${e.field.name}' has more than one dimension`)
  return index === undefined ? constant(values[0] ?? 0) : oneOf(lowerExpr(ctx, index), index, values)
}

/** First slot and index list of an array element. */
function place(ctx: ExprContext, e: FieldExpr): [number, readonly LIndex[]] {
  const base = ctx.layout.base.get(e.field.name)
  if (base === undefined) throw new Error(`variable '${e.field.name}' is not declared in this world`)
  const dims = strides(e.field, ctx.layout.sizes)
  const index = e.index.map((i, d): LIndex => {
    if (i.type.kind !== 'ref' || i.type.set !== e.field.sets[d])
      throw new Error(`${e.field.name}: index ${d} must be a ${e.field.sets[d] ?? '?'}`)
    const { count, stride } = dims[d] ?? { count: 0, stride: 0 }
    return { expr: lowerExpr(ctx, i), first: 1, count, stride }
  })
  return [base, index]
}

/** An element as a place to write to; undefined where its index is the constant nil. */
export const lowerTarget = (ctx: ExprContext, e: FieldExpr): LTarget | undefined => elementTarget(...place(ctx, e))

/** A condition, and the property that breaks where it does not hold. */
export interface Obligation {
  readonly property: string
  readonly cond: LExpr
}
export const NIL = 'NoNilDereference'

/**
 * What must hold for `e` to be evaluated safely: no index is nil, and no object of a set with a
 * lifetime is dead. Follows the short circuits of `&&`, `||` and `?:`, as C does.
 */
export function obligations(ctx: ExprContext, e: Expr): readonly Obligation[] {
  /** What must hold where a condition does: most often nothing, and then the condition is not even lowered. */
  const given = (cond: () => LExpr, list: readonly Obligation[]): readonly Obligation[] => {
    if (list.length === 0) return list
    const otherwise = negate(cond())
    return list
      .map((o) => ({ property: o.property, cond: either(otherwise, o.cond) }))
      .filter((o) => o.cond.kind !== 'const' || o.cond.value === 0)
  }
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'self':
    case 'bound':
      return []
    case 'field':
      return dereference(ctx, e)
    case 'not':
    case 'old':
    case 'singleton':
      return obligations(ctx, e.arg)
    case 'binary': {
      const left = (): LExpr => lowerExpr(ctx, e.left)
      const right = obligations(ctx, e.right)
      const late = e.op === 'and' ? given(left, right) : e.op === 'or' ? given(() => negate(left()), right) : right
      return [...obligations(ctx, e.left), ...late]
    }
    case 'ite': {
      const cond = (): LExpr => lowerExpr(ctx, e.cond)
      return [
        ...obligations(ctx, e.cond),
        ...given(cond, obligations(ctx, e.then)),
        ...given(() => negate(cond()), obligations(ctx, e.else)),
      ]
    }
    case 'quantifier':
    case 'first':
      return instances(ctx, e.set, e.bound).flatMap((inner) => obligations(inner, e.body))
  }
}

/** The obligations of touching one array element. */
export function dereference(ctx: ExprContext, e: FieldExpr): readonly Obligation[] {
  const out: Obligation[] = []
  e.index.forEach((index, d) => {
    out.push(...obligations(ctx, index))
    const value = lowerExpr(ctx, index)
    const nonNil = index.type.kind === 'ref' && index.type.nonNil
    if (!nonNil || (value.kind === 'const' && value.value === 0))
      out.push({ property: NIL, cond: combine('ne', value, constant(0)) })
    for (const life of ctx.lifetimes)
      if (life.set === e.field.sets[d] && !life.exempt.includes(e.field))
        out.push({
          property: life.property,
          cond: either(negate(combine('ne', value, constant(0))), lowerExpr(ctx, life.live(index))),
        })
  })
  return out.filter((o) => o.cond.kind !== 'const' || o.cond.value === 0)
}
