/** Expressions of the modelling language, as data, and the functions that build them. */
import type { BinaryOp, SlotKind } from './lowered.ts'
import { bool, enumValue, int, maskOf, nilable, refTo, sameType, show, type Type } from './types.ts'

/** A state variable: a scalar, or an array over one or more sets of objects (`vma.flags` over `vma`). */
export interface Field {
  readonly name: string
  readonly sets: readonly string[]
  readonly type: Type
  /** `geometry` is fixed by the scenario and never written: it becomes constants, not state. */
  readonly role: Exclude<SlotKind, 'local' | 'pc'> | 'geometry'
  /** Value before the scenario sets its own. */
  readonly initial: number
}

export interface ConstExpr {
  readonly kind: 'const'
  readonly type: Type
  readonly value: number
}
export interface FieldExpr {
  readonly kind: 'field'
  readonly type: Type
  readonly field: Field
  readonly index: readonly Expr[]
}
/** A variable of one routine; every call has its own copy. */
export interface Local {
  readonly kind: 'local'
  readonly type: Type
  readonly name: string
}
export interface BinaryExpr {
  readonly kind: 'binary'
  readonly type: Type
  readonly op: BinaryOp
  readonly left: Expr
  readonly right: Expr
}

export type Expr =
  | ConstExpr
  | FieldExpr
  | Local
  /** The thread that runs the step. */
  | { readonly kind: 'self'; readonly type: Type }
  /** The object that an enclosing quantifier or forEach is at. */
  | { readonly kind: 'bound'; readonly type: Type; readonly name: string }
  | { readonly kind: 'not'; readonly type: Type; readonly arg: Expr }
  | BinaryExpr
  | { readonly kind: 'ite'; readonly type: Type; readonly cond: Expr; readonly then: Expr; readonly else: Expr }
  | {
      readonly kind: 'quantifier'
      readonly type: Type
      readonly which: 'forall' | 'exists'
      readonly bound: string
      readonly set: string
      readonly body: Expr
    }
  /** The subset with just the object that a reference points at. */
  | { readonly kind: 'singleton'; readonly type: Type; readonly arg: Expr }
  /** The lowest object of a set for which the body holds, or nil. */
  | { readonly kind: 'first'; readonly type: Type; readonly bound: string; readonly set: string; readonly body: Expr }
  /** The value before the step; only in step properties. */
  | { readonly kind: 'old'; readonly type: Type; readonly arg: Expr }

/** What a person may write where a value of a known type is expected. */
export type Value = Expr | string | number | boolean

const isExpr = (v: Value): v is Expr => typeof v === 'object'

/** A constant of `type` from its name, number or truth value. Throws on a value that the type does not have. */
export function literal(type: Type, value: string | number | boolean): ConstExpr {
  if (typeof value === 'boolean') {
    if (type.kind !== 'bool') throw new Error(`${value} is no ${type.kind}`)
    return { kind: 'const', type, value: value ? 1 : 0 }
  }
  if (typeof value === 'number') return { kind: 'const', type, value }
  switch (type.kind) {
    case 'enum':
      return { kind: 'const', type, value: enumValue(type, value) }
    case 'flags':
      return { kind: 'const', type, value: maskOf(type, value === '' ? [] : value.split('|')) }
    case 'ref':
      if (value === 'nil' && !type.nonNil) return { kind: 'const', type, value: 0 }
      break
    case 'subset':
      if (value === '{}') return { kind: 'const', type, value: 0 }
      break
    case 'bool':
    case 'int':
      break
  }
  throw new Error(`'${value}' is no ${type.kind}`)
}

/** `value` as an expression of `type`. Throws where the types differ. */
export function coerce(type: Type, value: Value): Expr {
  const e = isExpr(value) ? value : literal(type, value)
  if (!sameType(type, e.type)) throw new Error(`type mismatch: ${type.kind} expected, not ${render(e)}`)
  return e
}

/** Declares a state variable and returns the function that names one element of it. */
export function field(
  name: string,
  sets: readonly string[],
  type: Type,
  options: { readonly role?: Field['role']; readonly initial?: string | number | boolean } = {},
): FieldAccess {
  const initial = options.initial === undefined ? 0 : literal(type, options.initial).value
  const decl: Field = { name, sets, type, role: options.role ?? 'shared', initial }
  const access = (...index: Expr[]): FieldExpr => {
    if (index.length !== sets.length) throw new Error(`${name} takes ${sets.length} indices, not ${index.length}`)
    return { kind: 'field', type, field: decl, index }
  }
  return Object.assign(access, { decl })
}
export type FieldAccess = ((...index: Expr[]) => FieldExpr) & { readonly decl: Field }

export const local = (name: string, type: Type): Local => ({ kind: 'local', name, type })
export const self: Expr = { kind: 'self', type: refTo('thread') }
export const num = (value: number): ConstExpr => ({ kind: 'const', type: int(value, value), value })
/** Object number `i` (from 0) of a set. */
export const object = (set: string, i: number): ConstExpr => ({ kind: 'const', type: refTo(set), value: i + 1 })
export const truth = (value: boolean): ConstExpr => ({ kind: 'const', type: bool, value: value ? 1 : 0 })

const boolean = (e: Expr): Expr => {
  if (e.type.kind !== 'bool') throw new Error(`a truth value was expected, not ${render(e)}`)
  return e
}
const binary = (op: BinaryOp, left: Expr, right: Expr, type: Type): BinaryExpr => ({
  kind: 'binary',
  type,
  op,
  left,
  right,
})

export const not = (arg: Expr): Expr => ({ kind: 'not', type: bool, arg: boolean(arg) })
export const and = (...args: readonly Expr[]): Expr =>
  args.length === 0 ? truth(true) : args.map(boolean).reduce((a, b) => binary('and', a, b, bool))
export const or = (...args: readonly Expr[]): Expr =>
  args.length === 0 ? truth(false) : args.map(boolean).reduce((a, b) => binary('or', a, b, bool))
export const implies = (a: Expr, b: Expr): Expr => or(not(a), b)
export const eq = (a: Expr, b: Value): Expr => binary('eq', a, coerce(a.type, b), bool)
export const ne = (a: Expr, b: Value): Expr => binary('ne', a, coerce(a.type, b), bool)
export const lt = (a: Expr, b: Value): Expr => binary('lt', a, coerce(a.type, b), bool)
export const le = (a: Expr, b: Value): Expr => binary('le', a, coerce(a.type, b), bool)
/** One of two values; a reference may be nil where either may. */
export function ite(cond: Expr, then: Expr, otherwise: Value): Expr {
  const other = coerce(then.type, otherwise)
  const mayBeNil = other.type.kind === 'ref' && other.type.nonNil !== true
  return { kind: 'ite', type: mayBeNil ? other.type : then.type, cond: boolean(cond), then, else: other }
}

/** `e` is one of the values. */
export const isOneOf = (e: Expr, ...values: readonly (string | number)[]): Expr => or(...values.map((v) => eq(e, v)))
/** Sum on the type of the left side; the model must keep it within its range. */
export const plus = (a: Expr, b: number): Expr => binary('add', a, { kind: 'const', type: a.type, value: b }, a.type)

const flagMask = (e: Expr, bits: string): ConstExpr => {
  if (e.type.kind !== 'flags') throw new Error(`${render(e)} is no flag word`)
  return literal(e.type, bits)
}
/** Some of the named bits (`'VM_LOCKED|VM_IO'`) are set. */
export const hasAny = (e: Expr, bits: string): Expr =>
  ne(binary('band', e, flagMask(e, bits), e.type), literal(e.type, 0))
export const withBits = (e: Expr, bits: string): Expr => binary('bor', e, flagMask(e, bits), e.type)
export const withoutBits = (e: Expr, bits: string): Expr => binary('bandnot', e, flagMask(e, bits), e.type)
export const onlyBits = (e: Expr, bits: string): Expr => binary('band', e, flagMask(e, bits), e.type)
/** The bits of two flag words of one type. */
export const unionOf = (a: Expr, b: Expr): Expr => binary('bor', a, coerce(a.type, b), a.type)

const subset = (e: Expr): Expr => {
  if (e.type.kind !== 'subset') throw new Error(`${render(e)} is no subset`)
  return e
}
export const isEmpty = (e: Expr): Expr => eq(subset(e), 0)

const singleton = (of: Expr, set: string): Expr => ({ kind: 'singleton', type: { kind: 'subset', set }, arg: of })
const memberOf = (s: Expr, o: Expr): Expr => {
  if (s.type.kind !== 'subset' || o.type.kind !== 'ref' || s.type.set !== o.type.set)
    throw new Error(`${render(o)} cannot be a member of ${render(s)}`)
  return singleton(o, s.type.set)
}
export const contains = (s: Expr, o: Expr): Expr => ne(binary('band', s, memberOf(s, o), s.type), literal(s.type, 0))
export const withMember = (s: Expr, o: Expr): Expr => binary('bor', s, memberOf(s, o), s.type)

export const bound = (name: string, set: string): Expr => ({ kind: 'bound', type: refTo(set), name })
const quantifier = (which: 'forall' | 'exists', set: string, name: string, body: (o: Expr) => Expr): Expr => ({
  kind: 'quantifier',
  type: bool,
  which,
  bound: name,
  set,
  body: boolean(body(bound(name, set))),
})
export const forall = (set: string, name: string, body: (o: Expr) => Expr): Expr =>
  quantifier('forall', set, name, body)
export const exists = (set: string, name: string, body: (o: Expr) => Expr): Expr =>
  quantifier('exists', set, name, body)
/** The lowest object of a set with a property, or nil: how a tree or a list is walked in order. */
export const firstThat = (set: string, name: string, body: (o: Expr) => Expr): Expr => ({
  kind: 'first',
  type: nilable(set),
  bound: name,
  set,
  body: boolean(body(bound(name, set))),
})
export const old = (arg: Expr): Expr => ({ kind: 'old', type: arg.type, arg })

const OPERATORS: Readonly<Record<BinaryOp, string>> = {
  and: '&&',
  or: '||',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  add: '+',
  sub: '-',
  band: '&',
  bor: '|',
  bandnot: '& ~',
}

/** A test of single bits, or of one member, which C writes without the comparison against 0. */
const bitTest = (e: Expr): BinaryExpr | undefined =>
  e.kind === 'binary' && e.op === 'ne' && e.left.kind === 'binary' && e.left.op === 'band' && e.right.kind === 'const'
    ? e.left
    : undefined

/** What `e == true` and its kin say of their left side; undefined where `e` is no such comparison. */
const truthTest = (e: Expr): boolean | undefined =>
  e.kind === 'binary' && (e.op === 'eq' || e.op === 'ne') && e.left.type.kind === 'bool' && e.right.kind === 'const'
    ? (e.op === 'eq') === (e.right.value !== 0)
    : undefined

/** True or false whatever the state: a constant, or `nil < x`, which is how the walk of a list begins. */
function decided(e: Expr): boolean | undefined {
  if (e.type.kind !== 'bool') return undefined
  if (e.kind === 'const') return e.value !== 0
  if (e.kind === 'not') {
    const arg = decided(e.arg)
    return arg === undefined ? undefined : !arg
  }
  if (e.kind !== 'binary') return undefined
  if (e.op === 'lt' && e.left.kind === 'const' && e.left.value === 0 && e.right.kind === 'bound') return true
  if (e.op !== 'and' && e.op !== 'or') return undefined
  const [left, right] = [decided(e.left), decided(e.right)]
  const absorbing = e.op === 'or'
  if (left === absorbing || right === absorbing) return absorbing
  return left === undefined ? undefined : right
}

/** The side of an `&&` or `||` that is left when the other is decided. */
function remainder(e: BinaryExpr): Expr | undefined {
  if (e.op !== 'and' && e.op !== 'or') return undefined
  if (decided(e.left) !== undefined) return e.right
  return decided(e.right) === undefined ? undefined : e.left
}

/** `a < b ? a : b` and `a < b ? b : a`. */
function minOrMax(e: Expr): string | undefined {
  if (e.kind !== 'ite' || e.cond.kind !== 'binary' || (e.cond.op !== 'lt' && e.cond.op !== 'le')) return undefined
  const [low, high, then, otherwise] = [e.cond.left, e.cond.right, e.then, e.else].map(render)
  if (low === then && high === otherwise) return `min(${low ?? ''}, ${high ?? ''})`
  return low === otherwise && high === then ? `max(${low ?? ''}, ${high ?? ''})` : undefined
}

/** The operator that stands outermost in the text of `e`; undefined where nothing can tear it apart. */
function outermost(e: Expr): BinaryOp | 'contains' | 'ite' | 'quantifier' | undefined {
  if (decided(e) !== undefined) return undefined
  switch (e.kind) {
    case 'field':
    case 'local':
    case 'self':
    case 'bound':
    case 'not':
    case 'singleton':
    case 'old':
      return undefined
    case 'const':
      return e.type.kind === 'flags' && (e.value & (e.value - 1)) !== 0 ? 'bor' : undefined
    case 'ite':
      return minOrMax(e) === undefined ? 'ite' : undefined
    case 'quantifier':
    case 'first':
      return 'quantifier'
    case 'binary': {
      const test = bitTest(e)
      if (test !== undefined) return test.right.kind === 'singleton' ? 'contains' : 'band'
      const positive = truthTest(e)
      if (positive !== undefined) return positive ? outermost(e.left) : undefined
      const rest = remainder(e)
      return rest === undefined ? e.op : outermost(rest)
    }
  }
}

const COMPARISONS: readonly string[] = ['eq', 'ne', 'lt', 'le', 'contains']

/** An operand of `op`, in parentheses where C, or a reader, wants them. */
function operand(e: Expr, op: BinaryOp): string {
  const inner = outermost(e)
  const bare =
    inner === undefined ||
    inner === op ||
    ((op === 'and' || op === 'or') && COMPARISONS.includes(inner)) ||
    (COMPARISONS.includes(op) && (inner === 'add' || inner === 'sub'))
  return bare ? render(e) : `(${render(e)})`
}

const closed = (e: Expr): string => (outermost(e) === undefined ? render(e) : `(${render(e)})`)

/** An expression in C's spelling, for listings and messages. */
export function render(e: Expr): string {
  const known = decided(e)
  if (known !== undefined) return String(known)
  switch (e.kind) {
    case 'const':
      return e.type.kind === 'flags' ? show(e.type, e.value).replaceAll('|', ' | ') : show(e.type, e.value)
    case 'field':
      return renderField(e)
    case 'local':
      return e.name
    case 'self':
      return 'current'
    case 'bound':
      return e.name
    case 'not':
      return renderNot(e.arg)
    case 'binary':
      return renderBinary(e)
    case 'ite':
      return minOrMax(e) ?? `${closed(e.cond)} ? ${closed(e.then)} : ${closed(e.else)}`
    case 'quantifier':
      return `${e.which} ${e.bound} in ${e.set}: ${render(e.body)}`
    case 'singleton':
      return `{${render(e.arg)}}`
    case 'first':
      return `first ${e.bound} in ${e.set}: ${render(e.body)}`
    case 'old':
      return `old(${render(e.arg)})`
  }
}

function renderNot(arg: Expr): string {
  const positive = truthTest(arg)
  if (arg.kind === 'binary' && positive !== undefined) return positive ? renderNot(arg.left) : render(arg.left)
  if (arg.kind === 'binary' && bitTest(arg) === undefined && (arg.op === 'eq' || arg.op === 'ne'))
    return renderBinary({ ...arg, op: arg.op === 'eq' ? 'ne' : 'eq' })
  return arg.kind === 'not' ? render(arg.arg) : `!${closed(arg)}`
}

function renderBinary(e: BinaryExpr): string {
  const test = bitTest(e)
  if (test !== undefined)
    return test.right.kind === 'singleton'
      ? `${closed(test.left)} contains ${closed(test.right.arg)}`
      : `${closed(test.left)} & ${closed(test.right)}`
  const positive = truthTest(e)
  if (positive !== undefined) return positive ? render(e.left) : renderNot(e.left)
  const rest = remainder(e)
  if (rest !== undefined) return render(rest)
  return `${operand(e.left, e.op)} ${OPERATORS[e.op]} ${operand(e.right, e.op)}`
}

/** `vma.vm_flags` of v is `v->vm_flags`; further indices stand in brackets: `table->pte[addr->slot]`. */
function renderField(e: FieldExpr): string {
  const [head, ...rest] = e.field.name.split('.')
  const [first, ...others] = e.index
  if (first === undefined || head === undefined) return e.field.name
  const owner = head === e.field.sets[0] ? closed(first) : `${head}(${render(first)})`
  return `${[owner, ...rest].join('->')}${others.map((i) => `[${render(i)}]`).join('')}`
}
