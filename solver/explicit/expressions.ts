/**
 * JavaScript of expressions over a packed state. Nothing textual of a model gets into the code: it
 * is put together from fixed words and from integers, which all pass `literal`.
 */
import type { BinaryOp, LExpr, LTarget } from '../../model/language/lowered.ts'
import { bounds, fitsInt32, reach } from '../bounds.ts'
import type { Field, Layout } from './layout.ts'
import { fieldMask } from './layout.ts'

export type Packed = Extract<Field, { kind: 'packed' }>
export type Select = Extract<LTarget, { kind: 'select' }>

/** What code is generated for: where words are read from, and how many temporaries it uses so far. */
export interface Scope {
  readonly layout: Layout
  /** The variable that holds a word now. */
  readonly word: (word: number) => string
  /** The variable that held it before the step. */
  readonly oldWord: (word: number) => string
  readonly temporaries: { count: number }
}

/** An integer as code. Throws on anything else, whatever the types promised. */
export function literal(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error('a lowered model holds something that is not an integer')
  return value < 0 ? `(${value})` : `${value}`
}

/** A new temporary of the function, to be declared by `declarations`. */
export const temporary = (scope: Scope): string => `t${scope.temporaries.count++}`

export const declarations = (scope: Scope): string =>
  Array.from({ length: scope.temporaries.count }, (_, i) => `let t${i}=0;`).join('')

const plus = (code: string, value: number): string => (value === 0 ? code : `(${code}+${literal(value)}|0)`)
const times = (code: string, value: number): string => (value === 1 ? code : `Math.imul(${code},${literal(value)})`)

/** The field of a slot. Throws where the model has no such slot. */
export function fieldOf(layout: Layout, slot: number): Field {
  const field = layout.fields[slot]
  if (field === undefined) throw new Error(`no slot ${literal(slot)} in a model of ${layout.fields.length} slots`)
  return field
}

function readField(field: Field, scope: Scope): string {
  if (field.kind === 'constant') return literal(field.value)
  const { word, shift, bits, lo } = field
  const shifted = shift === 0 ? scope.word(word) : `${scope.word(word)}>>>${shift}`
  return plus(shift + bits === 32 ? `(${shifted})` : `(${shifted}&${fieldMask(bits)})`, lo)
}

/** An array access whose cells are known: code that gives its offset, and what it can be. */
export interface Place {
  readonly offset: string
  readonly offsets: readonly number[]
  /** What the code gives where an index is out of range; absent where none can be. */
  readonly outside?: number
}

/** Code that works out which cell an access means. */
export function place(access: Select, scope: Scope): Place {
  const { offsets, sure } = reach(access, scope.layout.ranges)
  const checks: string[] = []
  const terms = access.index.map(({ expr, first, count, stride }, i) => {
    if (sure[i] === true) return times(plus(value(expr, scope), -first), stride)
    const t = temporary(scope)
    checks.push(`(${t}=${value(expr, scope)},${t}>=${literal(first)}&&${t}<=${literal(first + count - 1)})`)
    return times(plus(t, -first), stride)
  })
  const offset = terms.length === 1 ? terms.join('') : `(${['0', ...terms].join('+')}|0)`
  if (checks.length === 0) return { offset, offsets }
  const outside = Math.min(0, ...offsets) - 1
  return { offset: `(${checks.join('&&')}?${offset}:${literal(outside)})`, offsets, outside }
}

/** A row of equal fields in one word, so that the place of a cell can be computed. */
export interface Row {
  readonly field: Packed
  /** The shift of the cell at an offset is start + step * offset. */
  readonly start: number
  readonly step: number
}

/** The cells at these offsets as a row, if they are one. Two cells or fewer are not worth it. */
export function rowOf(layout: Layout, base: number, offsets: readonly number[]): Row | undefined {
  const cells = offsets.map((offset) => ({ offset, field: fieldOf(layout, base + offset) }))
  const [a, b] = cells
  if (cells.length < 3 || a === undefined || b === undefined) return undefined
  if (a.field.kind !== 'packed' || b.field.kind !== 'packed') return undefined
  const field = a.field
  const step = (b.field.shift - field.shift) / (b.offset - a.offset)
  const start = field.shift - step * a.offset
  const inRow = cells.every(
    (cell) =>
      cell.field.kind === 'packed' &&
      cell.field.word === field.word &&
      cell.field.bits === field.bits &&
      cell.field.lo === field.lo &&
      cell.field.shift === start + step * cell.offset,
  )
  return inRow && Number.isInteger(step) ? { field, start, step } : undefined
}

/** Code of the shift of the cell of a row whose offset the variable `t` holds. */
export const rowShift = ({ start, step }: Row, t: string): string => plus(times(t, step), start)

function select(access: Select, scope: Scope): string {
  const { offset, offsets, outside } = place(access, scope)
  if (offsets.length === 0) return '0'
  const t = temporary(scope)
  const row = rowOf(scope.layout, access.base, offsets)
  if (row !== undefined) {
    const { word, bits, lo } = row.field
    const cell = plus(`(${scope.word(word)}>>>${rowShift(row, t)}&${fieldMask(bits)})`, lo)
    return outside === undefined ? `(${t}=${offset},${cell})` : `(${t}=${offset},${t}===${literal(outside)}?0:${cell})`
  }
  const cells = offsets.map((o) => ({ o, code: readField(fieldOf(scope.layout, access.base + o), scope) }))
  const last = outside === undefined ? cells.pop() : undefined
  return `(${t}=${offset},${cells.map(({ o, code }) => `${t}===${literal(o)}?${code}:`).join('')}${last?.code ?? '0'})`
}

/** The JavaScript operator of a comparison or mask operator; of the others the word is made elsewhere. */
function operator(op: Exclude<BinaryOp, 'and' | 'or'>): string {
  switch (op) {
    case 'eq':
      return '==='
    case 'ne':
      return '!=='
    case 'lt':
      return '<'
    case 'le':
      return '<='
    case 'add':
      return '+'
    case 'sub':
      return '-'
    case 'band':
      return '&'
    case 'bor':
      return '|'
    case 'bandnot':
      return '&~'
  }
}

/** Code of the value of an expression, a number. */
export function value(expr: LExpr, scope: Scope): string {
  switch (expr.kind) {
    case 'const':
      return literal(expr.value)
    case 'slot':
      return readField(fieldOf(scope.layout, expr.slot), scope)
    case 'select':
      return select(expr, scope)
    case 'old':
      return value(expr.arg, { ...scope, word: scope.oldWord })
    case 'ite':
      return `(${test(expr.cond, scope)}?${value(expr.then, scope)}:${value(expr.else, scope)})`
    case 'not':
      return `(${test(expr, scope)}?1:0)`
    case 'binary':
      switch (expr.op) {
        case 'and':
        case 'or':
        case 'eq':
        case 'ne':
        case 'lt':
        case 'le':
          return `(${test(expr, scope)}?1:0)`
        case 'add':
        case 'sub': {
          const sum = `${value(expr.left, scope)}${operator(expr.op)}${value(expr.right, scope)}`
          // Within 32 bits, `|0` changes nothing but tells V8 to add integers.
          return fitsInt32(bounds(expr, scope.layout.ranges)) ? `(${sum}|0)` : `(${sum})`
        }
        case 'band':
        case 'bor':
        case 'bandnot':
          return `(${value(expr.left, scope)}${operator(expr.op)}${value(expr.right, scope)})`
      }
  }
}

/** Code that is true (in an `if`) where the value of an expression is not zero. */
export function test(expr: LExpr, scope: Scope): string {
  switch (expr.kind) {
    case 'const':
      return expr.value !== 0 ? 'true' : 'false'
    case 'slot':
    case 'select':
      return `(${value(expr, scope)}!==0)`
    case 'old':
      return test(expr.arg, { ...scope, word: scope.oldWord })
    case 'ite':
      return `(${test(expr.cond, scope)}?${test(expr.then, scope)}:${test(expr.else, scope)})`
    case 'not':
      return `!${test(expr.arg, scope)}`
    case 'binary':
      switch (expr.op) {
        case 'and':
          return `(${test(expr.left, scope)}&&${test(expr.right, scope)})`
        case 'or':
          return `(${test(expr.left, scope)}||${test(expr.right, scope)})`
        case 'eq':
        case 'ne':
        case 'lt':
        case 'le':
          return `(${value(expr.left, scope)}${operator(expr.op)}${value(expr.right, scope)})`
        case 'add':
        case 'sub':
        case 'band':
        case 'bor':
        case 'bandnot':
          return `(${value(expr, scope)}!==0)`
      }
  }
}
