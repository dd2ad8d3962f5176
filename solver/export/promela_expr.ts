/** Expressions of the lowered model in Promela. */
import type { LExpr, LoweredModel, LTarget } from '../../model/language/lowered.ts'
import type { Cell, Domain, Vocabulary } from './vocabulary.ts'
import { arrayName, cellsOf, domainOf, slotDomain } from './vocabulary.ts'

type Select = Extract<LTarget, { readonly kind: 'select' }>

export interface PromelaScope {
  readonly vocabulary: Vocabulary
  /** Arrays read so far: from name and parameters to the expression. */
  readonly arrays: Map<string, { readonly head: string; readonly text: string }>
  /** Values that choices have just given to slots, before they are written. */
  readonly chosen: ReadonlyMap<number, number>
  /** Names of slots as they were before the step; undefined outside `old`. */
  readonly before: (slot: number) => string
  readonly inOld: boolean
}

const OPERATORS = {
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
} as const

/** A number as its name, where it has one. */
export function literal(value: number, domain: Domain | undefined, vocabulary: Vocabulary): string {
  if (!Number.isSafeInteger(value)) throw new Error(`'${String(value)}' is not an integer`)
  if (domain?.kind === 'type' && domain.type.kind === 'bool' && (value === 0 || value === 1))
    return value === 0 ? 'false' : 'true'
  const names = vocabulary.valueNames(value, domain)
  if (names === undefined || names.length === 0) return value < 0 ? `(${value})` : `${value}`
  return names.length === 1 ? names.join('') : `(${names.join(' | ')})`
}

/** A slot: its name, or its value where it never changes. */
export function slotText(slot: number, scope: PromelaScope): string {
  const { vocabulary, chosen } = scope
  const domain = slotDomain(vocabulary.model, slot)
  const name = vocabulary.variable(slot)
  if (name === undefined) return literal(vocabulary.ranges[slot]?.lo ?? 0, domain, vocabulary)
  if (scope.inOld) return scope.before(slot)
  const value = chosen.get(slot)
  return value === undefined ? name : literal(value, domain, vocabulary)
}

/** For each cell of an access, the condition that the indices, given as texts, lead to it. */
export function cellTest(access: Select, cell: Cell, indices: readonly string[], scope: PromelaScope): string {
  const tests = cell.at.map((value, i) => {
    const domain = domainOf(scope.vocabulary.model, access.index[i]?.expr ?? { kind: 'const', value })
    return `${indices[i] ?? ''} == ${literal(value, domain, scope.vocabulary)}`
  })
  return tests.length === 1 ? tests.join('') : `(${tests.join(' && ')})`
}

/** `(i == 1 -> table0_ptl : (i == 2 -> table1_ptl : 0))` */
function chain(access: Select, cells: readonly Cell[], indices: readonly string[], scope: PromelaScope): string {
  const link = (rest: string, cell: Cell): string =>
    `(${cellTest(access, cell, indices, scope)} -> ${slotText(cell.slot, scope)} : ${rest})`
  return cells.reduceRight(link, '0')
}

const PARAMETERS = ['i', 'j', 'k', 'l']

function selectText(access: Select, scope: PromelaScope): string {
  const { vocabulary, arrays, chosen, inOld } = scope
  const cells = cellsOf(access.base, access.index)
  const indices = access.index.map(({ expr }) => value(expr, scope, undefined))
  const plain = !inOld && !cells.some(({ slot }) => chosen.has(slot))
  if (!plain || indices.length > PARAMETERS.length) return chain(access, cells, indices, scope)
  const names = indices.map((_, i) => PARAMETERS[i] ?? 'i')
  // A macro of its own for every way in which its indices are named, or the names would be those of the first use.
  const bare = chain(
    access,
    cells,
    names.map((n) => `(${n})`),
    { ...scope, chosen: new Map() },
  )
  const key = `${access.base} ${bare}`
  const known = arrays.get(key) ?? { head: vocabulary.take(arrayName(vocabulary.model, cells)), text: '' }
  arrays.set(key, { head: known.head, text: `${known.head}(${names.join(', ')}) ${bare}` })
  return `${known.head}(${indices.join(', ')})`
}

/** The operands of a chain of one operator: `a && b && c` needs no parentheses inside. */
function operands(expr: LExpr, op: 'and' | 'or'): readonly LExpr[] {
  if (expr.kind !== 'binary' || expr.op !== op) return [expr]
  return [...operands(expr.left, op), ...operands(expr.right, op)]
}

/** An expression in Promela, in parentheses where it has parts. `wanted` is what its value stands for. */
export function value(expr: LExpr, scope: PromelaScope, wanted: Domain | undefined): string {
  const { vocabulary } = scope
  const model: LoweredModel = vocabulary.model
  switch (expr.kind) {
    case 'const':
      return literal(expr.value, wanted, vocabulary)
    case 'slot':
      return slotText(expr.slot, scope)
    case 'select':
      return selectText(expr, scope)
    case 'not':
      return `!${value(expr.arg, scope, undefined)}`
    case 'old':
      return value(expr.arg, { ...scope, inOld: true }, wanted)
    case 'ite': {
      const [cond, then, otherwise] = [
        value(expr.cond, scope, undefined),
        value(expr.then, scope, wanted),
        value(expr.else, scope, wanted),
      ]
      return `(${cond} -> ${then} : ${otherwise})`
    }
    case 'binary': {
      if (expr.op === 'and' || expr.op === 'or') {
        const parts = operands(expr, expr.op).map((part) => value(part, scope, undefined))
        return `(${parts.join(` ${OPERATORS[expr.op]} `)})`
      }
      const domain = domainOf(model, expr.left) ?? domainOf(model, expr.right) ?? wantedBy(expr.op, wanted)
      const left = value(expr.left, scope, domain)
      const right = value(expr.right, scope, domain)
      return expr.op === 'bandnot' ? `(${left} & ~${right})` : `(${left} ${OPERATORS[expr.op]} ${right})`
    }
  }
}

/** Masks stand for what their parts stand for. */
const wantedBy = (op: string, wanted: Domain | undefined): Domain | undefined =>
  op === 'band' || op === 'bor' || op === 'bandnot' ? wanted : undefined

/** `(a && b)` without the parentheses around all of it. */
export function bare(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let depth = 0
  for (let i = 0; i < text.length - 1; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')') depth--
    if (depth === 0) return text
  }
  // A conditional expression is one only within its parentheses.
  return text.includes('->') ? text : text.slice(1, -1)
}
