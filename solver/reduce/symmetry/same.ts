/**
 * Whether a model is the same after threads have changed places. Steps and conditions are written down as text with
 * the slots and values of the other side, in an order that does not depend on it, and compared. What cannot be
 * written down so (arithmetic on a thread, an array over threads) is refused: then nothing is reduced.
 */
import type { BinaryOp, LExpr, LoweredModel, LStmt, Step } from '../../../model/language/lowered.ts'
import { at, namingOf, slotsOf, valueOf, type Naming, type Permutation } from './swap.ts'

/** A constant names what it is compared with. */
type Kind = Naming | 'any'

class Untellable extends Error {}

const COMMUTES: ReadonlySet<BinaryOp> = new Set(['and', 'or', 'eq', 'ne', 'add', 'band', 'bor'])
/** Flattened too, since the order in which a quantifier is spelt out is that of the threads. */
const ASSOCIATES: ReadonlySet<BinaryOp> = new Set(['and', 'or', 'add', 'band', 'bor'])

/** Texts of the parts of one model, as they read once the threads have changed places. */
interface Reader {
  readonly model: LoweredModel
  readonly by: Permutation
}

function join(a: Kind, b: Kind): Kind {
  if (a === 'any') return b
  if (b === 'any' || a === b) return a
  throw new Untellable('a thread is compared with something else')
}

function kindOf(r: Reader, expr: LExpr): Kind {
  switch (expr.kind) {
    case 'const':
      return 'any'
    case 'slot':
    case 'select': {
      const kinds = slotsOf(expr).map((s): Kind => {
        const slot = r.model.slots[s]
        return slot === undefined ? 'no' : namingOf(slot)
      })
      return kinds.reduce(join)
    }
    case 'old':
      return kindOf(r, expr.arg)
    case 'ite':
      return join(kindOf(r, expr.then), kindOf(r, expr.else))
    case 'not':
      return 'no'
    case 'binary':
      switch (expr.op) {
        case 'band':
        case 'bor':
        case 'bandnot':
          return join(kindOf(r, expr.left), kindOf(r, expr.right))
        case 'and':
        case 'or':
        case 'eq':
        case 'ne':
        case 'lt':
        case 'le':
        case 'add':
        case 'sub':
          return 'no'
      }
  }
}

/** Of an access: an array has to lie outside of what changes places. */
function accessText(r: Reader, access: Extract<LExpr, { kind: 'slot' | 'select' }>): string {
  if (access.kind === 'slot') return `s${at(r.by.slots, access.slot)}`
  if (slotsOf(access).some((s) => at(r.by.slots, s) !== s)) throw new Untellable('an array has an entry for a thread')
  const index = access.index.map(({ expr, first, count, stride }) => {
    if (kindOf(r, expr) !== 'no' && kindOf(r, expr) !== 'any') throw new Untellable('a thread is an index')
    return `[${text(r, expr, 'no')}:${first}:${count}:${stride}]`
  })
  return `a${access.base}${index.join('')}`
}

/** Operands of nested uses of one operator. */
const flat = (expr: LExpr, op: BinaryOp): readonly LExpr[] =>
  ASSOCIATES.has(op) && expr.kind === 'binary' && expr.op === op
    ? [...flat(expr.left, op), ...flat(expr.right, op)]
    : [expr]

function binaryText(r: Reader, expr: Extract<LExpr, { kind: 'binary' }>, wanted: Kind): string {
  const { op, left, right } = expr
  const operands = [...flat(left, op), ...flat(right, op)]
  const texts = (kind: (e: LExpr) => Kind): string => {
    const all = operands.map((e) => text(r, e, kind(e)))
    return `(${op} ${(COMMUTES.has(op) ? all.sort() : all).join(' ')})`
  }
  switch (op) {
    case 'and':
    case 'or':
      return texts((e) => kindOf(r, e))
    case 'eq':
    case 'ne':
    case 'band':
    case 'bor':
    case 'bandnot': {
      const kind = operands.map((e) => kindOf(r, e)).reduce(join, op === 'eq' || op === 'ne' ? 'any' : wanted)
      return texts(() => kind)
    }
    case 'lt':
    case 'le':
    case 'add':
    case 'sub':
      for (const e of operands) join(kindOf(r, e), 'no')
      return texts(() => 'no')
  }
}

/** `wanted`: what a constant stands for here. */
function text(r: Reader, expr: LExpr, wanted: Kind): string {
  switch (expr.kind) {
    case 'const':
      return String(wanted === 'any' ? expr.value : valueOf(wanted, expr.value, r.by))
    case 'slot':
    case 'select':
      return accessText(r, expr)
    case 'old':
      return `(old ${text(r, expr.arg, wanted)})`
    case 'not':
      return `(not ${text(r, expr.arg, kindOf(r, expr.arg))})`
    case 'ite':
      return `(ite ${text(r, expr.cond, kindOf(r, expr.cond))} ${text(r, expr.then, wanted)} ${text(r, expr.else, wanted)})`
    case 'binary':
      return binaryText(r, expr, wanted)
  }
}

function statementText(r: Reader, s: LStmt): string {
  switch (s.kind) {
    case 'set': {
      const kind = join(kindOf(r, s.target), kindOf(r, s.value))
      return `${accessText(r, s.target)}=${text(r, s.value, kind)};`
    }
    case 'if':
      return `if ${text(r, s.cond, kindOf(r, s.cond))}{${bodyText(r, s.then)}}else{${bodyText(r, s.else)}}`
    case 'assert':
      return `assert ${s.property} ${text(r, s.cond, kindOf(r, s.cond))};`
  }
}

const bodyText = (r: Reader, body: readonly LStmt[]): string => body.map((s) => statementText(r, s)).join('')

function stepText(r: Reader, step: Step): string {
  const choices = step.choices.map(({ slot, lo, hi }) => {
    const of = r.model.slots[slot]
    if (of !== undefined && namingOf(of) !== 'no') throw new Untellable('a thread is chosen')
    return `${at(r.by.slots, slot)}:${lo}..${hi}`
  })
  const guard = text(r, step.guard, kindOf(r, step.guard))
  return `t${at(r.by.threads, step.thread)} pc${step.pc} ${choices.join()} ${guard} {${bodyText(r, step.body)}}`
}

const identity = (model: LoweredModel): Permutation => ({
  threads: model.threads.map((_, t) => t),
  slots: model.slots.map((_, s) => s),
})

/** Steps by id: which step does for the one side what each does for the other. */
export type Images = ReadonlyMap<number, number>

export type Sameness =
  /** `covers`: the places of those covers that tell the threads apart. */
  | { readonly ok: true; readonly steps: Images; readonly covers: readonly number[] }
  | { readonly ok: false; readonly why: string }

function compare(model: LoweredModel, by: Permutation): Sameness {
  const [before, changed]: readonly Reader[] = [
    { model, by: identity(model) },
    { model, by },
  ]
  if (before === undefined || changed === undefined) throw new Error('there are two readers')
  const starts = model.slots.every(
    (slot, s) => model.slots[at(by.slots, s)]?.init === valueOf(namingOf(slot), slot.init, by),
  )
  if (!starts) return { ok: false, why: 'they begin in different states' }
  const ids = new Map<string, number[]>()
  for (const step of model.steps) {
    const key = stepText(before, step)
    ids.set(key, [...(ids.get(key) ?? []), step.id])
  }
  const steps = new Map<number, number>()
  for (const step of model.steps) {
    const id = ids.get(stepText(changed, step))?.shift()
    if (id === undefined) return { ok: false, why: `they differ at ${step.label}` }
    steps.set(step.id, id)
  }
  const reads = (expr: LExpr, r: Reader): string => text(r, expr, kindOf(r, expr))
  const tells = ({ expr }: { readonly expr: LExpr }): boolean => reads(expr, before) !== reads(expr, changed)
  const partial = model.invariants.find(tells)
  if (partial !== undefined)
    return { ok: false, why: `${model.properties[partial.property]?.name ?? 'a property'} tells them apart` }
  const done = model.threads.every(({ donePc, daemon }, t) => {
    const image = model.threads[at(by.threads, t)]
    return image?.donePc === donePc && image.daemon === daemon
  })
  if (!done) return { ok: false, why: 'they end at different places' }
  return { ok: true, steps, covers: model.covers.flatMap((cover, i) => (tells(cover) ? [i] : [])) }
}

/** Whether the model reads the same when `by` has been carried out; if so, which steps took which places. */
export function isSame(model: LoweredModel, by: Permutation): Sameness {
  try {
    return compare(model, by)
  } catch (e) {
    if (e instanceof Untellable) return { ok: false, why: e.message }
    throw e
  }
}
