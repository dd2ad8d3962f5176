/**
 * Whether a model is the same after threads, and pages and whatever else they work on, have changed places. Steps and
 * conditions are written down as text with the slots and values of the other side, in an order that does not depend on
 * it, and compared. What cannot be written down so (arithmetic on a thread, or which of two pages comes first) is
 * refused: then nothing is reduced.
 */
import type { BinaryOp, LExpr, LoweredModel, LStmt, Step } from '../../../model/language/lowered.ts'
import { accessesOf, slotsRead } from '../../../model/language/slots.ts'
import { arrayAfter } from './array.ts'
import { inOrder } from './commute.ts'
import { at, namingOf, slotsOf, threadAfter, valueOf, type Naming, type Permutation } from './swap.ts'

/** What a value names; a constant, whatever it is compared with. */
type Kind = Naming | 'no' | 'any'

class Untellable extends Error {}

const COMMUTES: ReadonlySet<BinaryOp> = new Set(['and', 'or', 'eq', 'ne', 'add', 'band', 'bor'])
/** Flattened too, since the order in which a quantifier is spelt out is that of the objects. */
const ASSOCIATES: ReadonlySet<BinaryOp> = new Set(['and', 'or', 'add', 'band', 'bor'])

/** Writes the parts of one model down, as they read once things have changed places. */
interface Reader {
  readonly model: LoweredModel
  readonly by: Permutation
  /** Sets of which something changes places; what names objects of others is a number like any other. */
  readonly moved: ReadonlySet<string>
}

function join(a: Kind, b: Kind): Kind {
  if (a === 'any') return b
  if (b === 'any' || a === b) return a
  if (a === 'no' || b === 'no')
    throw new Untellable(`more counts of a ${a === 'no' ? setOf(b) : a.set} than which it is`)
  if (a.kind !== b.kind || a.set !== b.set) throw new Untellable(`a ${a.set} is compared with a ${b.set}`)
  return a
}

const setOf = (kind: Naming | 'no'): string => (kind === 'no' ? 'number' : kind.set)

function kindOfSlot({ model, moved }: Reader, s: number): Naming | 'no' {
  const slot = model.slots[s]
  const naming = slot && namingOf(slot)
  return naming !== undefined && moved.has(naming.set) ? naming : 'no'
}

function kindOf(r: Reader, expr: LExpr): Kind {
  switch (expr.kind) {
    case 'const':
      return 'any'
    case 'slot':
    case 'select':
      return slotsOf(expr)
        .map((s): Kind => kindOfSlot(r, s))
        .reduce(join)
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

const valueAs = (kind: Kind, value: number, by: Permutation): number =>
  kind === 'no' || kind === 'any' ? value : valueOf(kind, value, by)

/** Of an access: an array has to go to an array as a whole, whatever the indices. */
function accessText(r: Reader, access: Extract<LExpr, { kind: 'slot' | 'select' }>): string {
  if (access.kind === 'slot') return `s${at(r.by.slots, access.slot)}`
  const kinds = access.index.map(({ expr }) => kindOf(r, expr))
  const base = arrayAfter(access, r.by, (d, index) => valueAs(kinds[d] ?? 'no', index, r.by))
  if (base === undefined) throw new Untellable('an array is not the same with its entries moved')
  const index = access.index.map(
    ({ expr, first, count, stride }, d) => `[${text(r, expr, kinds[d] ?? 'no')}:${first}:${count}:${stride}]`,
  )
  return `a${base}${index.join('')}`
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
      return String(valueAs(wanted, expr.value, r.by))
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

/** Statements that do not depend on one another stand in the order of their texts, as a loop over pages has none here. */
const bodyText = (r: Reader, body: readonly LStmt[]): string =>
  inOrder(body.map((s) => ({ text: statementText(r, s), ...accessesOf([s]) }))).join('')

function stepText(r: Reader, step: Step): string {
  const choices = step.choices.map(({ slot, lo, hi }) => {
    const kind = kindOfSlot(r, slot)
    if (kind !== 'no') throw new Untellable(`a ${setOf(kind)} is chosen`)
    return `${at(r.by.slots, slot)}:${lo}..${hi}`
  })
  const guard = text(r, step.guard, kindOf(r, step.guard))
  return `t${threadAfter(r.by, step.thread)} pc${step.pc} ${choices.join()} ${guard} {${bodyText(r, step.body)}}`
}

const identity = (model: LoweredModel): Permutation => ({ objects: new Map(), slots: model.slots.map((_, s) => s) })

/** Slots on which something depends: those of others never change, and nobody looks at them. */
function touched({ steps, invariants, covers }: LoweredModel): ReadonlySet<number> {
  const out = new Set<number>()
  const add = (slots: Iterable<number>): void => {
    for (const s of slots) out.add(s)
  }
  for (const { guard, body, choices } of steps) {
    const { reads, writes } = accessesOf(body)
    for (const some of [reads, writes, slotsRead(guard), choices.map(({ slot }) => slot)]) add(some)
  }
  for (const { expr } of [...invariants, ...covers]) add(slotsRead(expr))
  return out
}

/** Steps by id: which step does for the one side what each does for the other. */
export type Images = ReadonlyMap<number, number>

export type Sameness =
  /** `covers`: the places of those covers that tell the threads apart. */
  | { readonly ok: true; readonly steps: Images; readonly covers: readonly number[] }
  | { readonly ok: false; readonly why: string }

function compare(model: LoweredModel, by: Permutation): Sameness {
  const moved = new Set(by.objects.keys())
  const before: Reader = { model, by: identity(model), moved }
  const changed: Reader = { model, by, moved }
  const different = [...touched(model)].find((s) => {
    const [slot, image] = [model.slots[s], model.slots[at(by.slots, s)]]
    if (slot === undefined || image === undefined) return true
    const [one, other] = [namingOf(slot), namingOf(image)]
    const alike = slot.kind === image.kind && slot.lo === image.lo && slot.hi === image.hi
    const named = one?.kind === other?.kind && one?.set === other?.set
    return !alike || !named || image.init !== valueOf(one, slot.init, by)
  })
  if (different !== undefined)
    return { ok: false, why: `they begin in different states: ${model.slots[different]?.name ?? ''}` }
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
    const image = model.threads[threadAfter(by, t)]
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
