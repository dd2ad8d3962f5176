/** One step of the lowered model as a TLA+ action: the body, statement by statement, becomes one value per variable. */
import type { LExpr, LStmt, LTarget } from '../../model/language/lowered.ts'
import type { Cell, Domain, Vocabulary } from './vocabulary.ts'
import { arrayName, cellsOf, domainOf, slotDomain, targetDomain } from './vocabulary.ts'

/** A value that is used more than once, or is too long to stand where it is used: a definition of a LET. */
interface Definition {
  readonly name: string
  readonly text: Text
}
/** Text with definitions in it, which are written out in place where they are short and used once. */
export type Text = readonly (string | Definition)[]

/** What each slot has become so far; a slot that is not in it is as it was before the step. */
export type Environment = Map<number, Text>

export interface TlaAssertion {
  readonly property: number
  /** It is asserted only where all of these hold. */
  readonly path: readonly Text[]
  readonly cond: Text
}

export interface TlaScope {
  readonly vocabulary: Vocabulary
  /** Arrays read so far: from their text to their name. */
  readonly arrays: Map<string, { readonly name: string; readonly text: string }>
  readonly env: Environment
  /** Definitions of this step, in the order in which they can be written. */
  readonly definitions: Definition[]
  readonly assertions: TlaAssertion[]
}

type Select = Extract<LTarget, { readonly kind: 'select' }>

const PARAMETERS = ['i', 'j', 'k', 'l']
const isSimple = (text: Text): boolean => text.every((part) => typeof part === 'string' && /^-?\w*$/.test(part))
const same = (a: Text, b: Text): boolean => a.length === b.length && a.every((part, i) => part === b[i])

/** The text joined into as few pieces as there can be. */
function join(...parts: readonly (Text | string)[]): Text {
  const out: (string | Definition)[] = []
  for (const part of parts.flat()) {
    const last = out[out.length - 1]
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part
    else out.push(part)
  }
  return out
}

/** A value that can be used again without writing it again. */
function define(scope: TlaScope, hint: string, text: Text): Text {
  if (isSimple(text) || (text.length === 1 && typeof text[0] !== 'string')) return text
  const taken = new Set(scope.definitions.map(({ name }) => name))
  let n = 1
  while (taken.has(`${hint}__${n}`)) n++
  const definition: Definition = { name: `${hint}__${n}`, text }
  scope.definitions.push(definition)
  return [definition]
}

/** A number as its name, where it has one. */
export function literal(value: number, domain: Domain | undefined, vocabulary: Vocabulary): string {
  if (!Number.isSafeInteger(value)) throw new Error(`'${String(value)}' is not an integer`)
  const names = vocabulary.valueNames(value, domain)
  if (names === undefined || names.length === 0) return value < 0 ? `(${value})` : `${value}`
  return names.length === 1 ? names.join('') : `(${names.join(' + ')})`
}

function read(slot: number, scope: TlaScope): Text {
  const { vocabulary } = scope
  const name = vocabulary.variable(slot)
  if (name === undefined)
    return [literal(vocabulary.ranges[slot]?.lo ?? 0, slotDomain(vocabulary.model, slot), vocabulary)]
  return scope.env.get(slot) ?? [name]
}

function cellTest(access: Select, cell: Cell, indices: readonly Text[], scope: TlaScope): Text {
  return join(
    ...cell.at.flatMap((at, i) => {
      const domain = domainOf(scope.vocabulary.model, access.index[i]?.expr ?? { kind: 'const', value: at })
      return [...(i === 0 ? [] : [' /\\ ']), indices[i] ?? '', ` = ${literal(at, domain, scope.vocabulary)}`]
    }),
  )
}

function chain(access: Select, cells: readonly Cell[], indices: readonly Text[], scope: TlaScope): Text {
  return cells.reduceRight(
    (rest: Text, cell) =>
      join('(IF ', cellTest(access, cell, indices, scope), ' THEN ', read(cell.slot, scope), ' ELSE ', rest, ')'),
    ['0'],
  )
}

function select(access: Select, scope: TlaScope): Text {
  const { vocabulary, arrays, env } = scope
  const cells = cellsOf(access.base, access.index)
  const indices = access.index.map(({ expr }) => value(expr, scope, undefined))
  if (cells.some(({ slot }) => env.has(slot)) || indices.length > PARAMETERS.length) {
    const atoms = indices.map((text) => define(scope, 'index', text))
    return chain(access, cells, atoms, scope)
  }
  const names = indices.map((_, i) => PARAMETERS[i] ?? 'i')
  const plain = chain(
    access,
    cells,
    names.map((name) => [name]),
    { ...scope, env: new Map() },
  )
  const key = plain.map((part) => (typeof part === 'string' ? part : part.name)).join('')
  const known = arrays.get(key) ?? { name: vocabulary.take(arrayName(vocabulary.model, cells)), text: '' }
  arrays.set(key, { name: known.name, text: `${known.name}(${names.join(', ')}) == ${key}` })
  return join(`${known.name}(`, ...indices.flatMap((text, i) => (i === 0 ? [text] : [', ', text])), ')')
}

const COMPARE = { eq: '=', ne: '#', lt: '<', le: '<=' } as const
const SUMS = { add: '+', sub: '-' } as const
const MASKS = { band: 'BitAnd', bor: 'BitOr', bandnot: 'BitAndNot' } as const

function operands(expr: LExpr, op: 'and' | 'or'): readonly LExpr[] {
  if (expr.kind !== 'binary' || expr.op !== op) return [expr]
  return [...operands(expr.left, op), ...operands(expr.right, op)]
}

/** An expression as a truth value of TLA+. */
export function test(expr: LExpr, scope: TlaScope): Text {
  if (expr.kind === 'const') return [expr.value === 0 ? 'FALSE' : 'TRUE']
  if (expr.kind === 'not') return join('~', test(expr.arg, scope))
  if (expr.kind === 'old') return test(expr.arg, { ...scope, env: new Map() })
  if (expr.kind === 'ite')
    return join('(IF ', test(expr.cond, scope), ' THEN ', test(expr.then, scope), ' ELSE ', test(expr.else, scope), ')')
  if (expr.kind !== 'binary') return join('(', value(expr, scope, undefined), ' # 0)')
  const { op, left, right } = expr
  const { model } = scope.vocabulary
  switch (op) {
    case 'and':
    case 'or': {
      const between = op === 'and' ? ' /\\ ' : ' \\/ '
      const parts = operands(expr, op).flatMap((part, i) => [...(i === 0 ? [] : [between]), test(part, scope)])
      return join('(', ...parts, ')')
    }
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le': {
      const domain = domainOf(model, left) ?? domainOf(model, right)
      return join('(', value(left, scope, domain), ` ${COMPARE[op]} `, value(right, scope, domain), ')')
    }
    case 'add':
    case 'sub':
    case 'band':
    case 'bor':
    case 'bandnot':
      return join('(', value(expr, scope, undefined), ' # 0)')
  }
}

/** An expression as an integer of TLA+. `wanted` is what it stands for. */
export function value(expr: LExpr, scope: TlaScope, wanted: Domain | undefined): Text {
  const { model } = scope.vocabulary
  switch (expr.kind) {
    case 'const':
      return [literal(expr.value, wanted, scope.vocabulary)]
    case 'slot':
      return read(expr.slot, scope)
    case 'select':
      return select(expr, scope)
    case 'old':
      return value(expr.arg, { ...scope, env: new Map() }, wanted)
    case 'not':
      return join('AsInt(', test(expr, scope), ')')
    case 'ite': {
      const then = value(expr.then, scope, wanted)
      return join('(IF ', test(expr.cond, scope), ' THEN ', then, ' ELSE ', value(expr.else, scope, wanted), ')')
    }
    case 'binary': {
      const { op, left, right } = expr
      switch (op) {
        case 'add':
        case 'sub':
          return join('(', value(left, scope, undefined), ` ${SUMS[op]} `, value(right, scope, undefined), ')')
        case 'band':
        case 'bor':
        case 'bandnot': {
          const domain = domainOf(model, expr) ?? wanted
          return join(`${MASKS[op]}(`, value(left, scope, domain), ', ', value(right, scope, domain), ')')
        }
        case 'and':
        case 'or':
        case 'eq':
        case 'ne':
        case 'lt':
        case 'le':
          return join('AsInt(', test(expr, scope), ')')
      }
    }
  }
}

/** Runs statements on the environment of the scope; `path` is what has to hold for them to run. */
export function execute(body: readonly LStmt[], scope: TlaScope, path: readonly Text[] = []): void {
  const { vocabulary, env } = scope
  const hint = (slot: number): string => vocabulary.variable(slot) ?? 'value'
  for (const stmt of body) {
    switch (stmt.kind) {
      case 'assert':
        scope.assertions.push({ property: stmt.property, path, cond: test(stmt.cond, scope) })
        break
      case 'set': {
        const { target } = stmt
        const written = value(stmt.value, scope, targetDomain(vocabulary.model, target))
        if (target.kind === 'slot') {
          if (vocabulary.variable(target.slot) !== undefined)
            env.set(target.slot, define(scope, hint(target.slot), written))
          break
        }
        const indices = target.index.map(({ expr }) => define(scope, 'index', value(expr, scope, undefined)))
        const atom = define(scope, hint(target.base), written)
        const cells = cellsOf(target.base, target.index).filter(({ slot }) => vocabulary.variable(slot) !== undefined)
        for (const cell of cells) {
          const kept = read(cell.slot, scope)
          const text = join('(IF ', cellTest(target, cell, indices, scope), ' THEN ', atom, ' ELSE ', kept, ')')
          env.set(cell.slot, define(scope, hint(cell.slot), text))
        }
        break
      }
      case 'if': {
        const cond = define(scope, 'cond', test(stmt.cond, scope))
        const then: Environment = new Map(env)
        const otherwise: Environment = new Map(env)
        execute(stmt.then, { ...scope, env: then }, [...path, cond])
        execute(stmt.else, { ...scope, env: otherwise }, [...path, join('~', cond)])
        for (const slot of new Set([...then.keys(), ...otherwise.keys()])) {
          const a = read(slot, { ...scope, env: then })
          const b = read(slot, { ...scope, env: otherwise })
          const text = same(a, b) ? a : join('(IF ', cond, ' THEN ', a, ' ELSE ', b, ')')
          env.set(slot, define(scope, hint(slot), text))
        }
      }
    }
  }
}

const INLINE_MAX = 60

/**
 * The texts with their definitions written out, and the LET that they need: a definition is written in
 * place where it is used once and is short, and left out where it is not used.
 */
export function writeOut(
  texts: readonly Text[],
  definitions: readonly Definition[],
): { readonly texts: readonly string[]; readonly lets: readonly string[] } {
  const uses = new Map<Definition, number>()
  const count = (text: Text): void => {
    for (const part of text) {
      if (typeof part === 'string') continue
      const before = uses.get(part) ?? 0
      uses.set(part, before + 1)
      if (before === 0) count(part.text)
    }
  }
  texts.forEach(count)
  const written = new Map<Definition, string>()
  const render = (text: Text): string =>
    text.map((part) => (typeof part === 'string' ? part : (written.get(part) ?? part.name))).join('')
  const lets: string[] = []
  for (const definition of definitions) {
    const n = uses.get(definition) ?? 0
    if (n === 0) continue
    const text = render(definition.text)
    if (n === 1 && text.length <= INLINE_MAX) written.set(definition, text)
    else lets.push(`${definition.name} == ${text}`)
  }
  return { texts: texts.map(render), lets }
}
