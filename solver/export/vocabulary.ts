/** The names that an exported model uses: of its variables, of their values, of the places of its threads. */
import type { LExpr, LIndex, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import type { Type } from '../../model/language/types.ts'
import { show } from '../../model/language/types.ts'
import type { Bounds } from '../bounds.ts'
import { specialise } from '../specialise.ts'
import { valueRanges } from '../writes.ts'
import { identifier, newNames, type TakeName } from './names.ts'

/** What a number stands for, so that it can be written as a name. */
export type Domain = { readonly kind: 'type'; readonly type: Type } | { readonly kind: 'pc'; readonly thread: number }

/** A cell of an array access: which values of the indices lead to it. */
export interface Cell {
  readonly at: readonly number[]
  readonly slot: number
}

export interface ConstantGroup {
  readonly group: string
  readonly named: readonly (readonly [name: string, value: number])[]
}

export interface Vocabulary {
  /** The specialised model. */
  readonly model: LoweredModel
  readonly ranges: readonly Bounds[]
  /** Slots that change, in slot order. All others are constants. */
  readonly varying: readonly number[]
  readonly take: TakeName
  /** Name of a slot that changes; undefined for the others. */
  readonly variable: (slot: number) => string | undefined
  /** The name of a value, or several to be or-ed; undefined where a number says it best. Names used are kept. */
  readonly valueNames: (value: number, domain: Domain | undefined) => readonly string[] | undefined
  /** Constants named so far, by what they are of, in order of value. */
  readonly constants: () => readonly ConstantGroup[]
  readonly threadName: (thread: number) => string
  /** The thread and label of a step, as one identifier. */
  readonly stepName: (step: Step) => string
}

const CELLS_MAX = 4096

/** Every cell that an access can mean, in order of its indices. Throws where they are absurdly many. */
export function cellsOf(base: number, index: readonly Omit<LIndex, 'expr'>[]): readonly Cell[] {
  let cells: readonly Cell[] = [{ at: [], slot: base }]
  for (const { first, count, stride } of index) {
    if (cells.length * count > CELLS_MAX)
      throw new Error(`an access of more than ${CELLS_MAX} cells cannot be exported`)
    cells = cells.flatMap(({ at, slot }) =>
      Array.from({ length: count }, (_, i) => ({ at: [...at, first + i], slot: slot + i * stride })),
    )
  }
  return cells
}

/** What the value of an expression stands for, where that is known. */
export function domainOf(model: LoweredModel, expr: LExpr): Domain | undefined {
  switch (expr.kind) {
    case 'const':
    case 'not':
      return undefined
    case 'slot':
      return slotDomain(model, expr.slot)
    case 'select':
      return slotDomain(model, expr.base)
    case 'old':
      return domainOf(model, expr.arg)
    case 'ite':
      return domainOf(model, expr.then) ?? domainOf(model, expr.else)
    case 'binary': {
      const masks = expr.op === 'band' || expr.op === 'bor' || expr.op === 'bandnot'
      return masks ? (domainOf(model, expr.left) ?? domainOf(model, expr.right)) : undefined
    }
  }
}

export function slotDomain(model: LoweredModel, slot: number): Domain | undefined {
  const thread = model.threads.findIndex(({ pcSlot }) => pcSlot === slot)
  if (thread >= 0) return { kind: 'pc', thread }
  const type = model.slots[slot]?.type
  return type === undefined ? undefined : { kind: 'type', type }
}

export const targetDomain = (model: LoweredModel, target: LTarget): Domain | undefined =>
  slotDomain(model, target.kind === 'slot' ? target.slot : target.base)

/** The assertions of a body, at any depth. */
export function assertionsOf(body: readonly LStmt[]): readonly Extract<LStmt, { readonly kind: 'assert' }>[] {
  return body.flatMap((stmt) => {
    switch (stmt.kind) {
      case 'assert':
        return [stmt]
      case 'if':
        return [...assertionsOf(stmt.then), ...assertionsOf(stmt.else)]
      case 'set':
        return []
    }
  })
}

/** The body without its assertions, but for those of the properties kept. */
export function keepAssertions(body: readonly LStmt[], kept: ReadonlySet<number>): readonly LStmt[] {
  return body.flatMap((stmt): readonly LStmt[] => {
    switch (stmt.kind) {
      case 'set':
        return [stmt]
      case 'assert':
        return kept.has(stmt.property) ? [stmt] : []
      case 'if': {
        const then = keepAssertions(stmt.then, kept)
        const otherwise = keepAssertions(stmt.else, kept)
        return then.length + otherwise.length === 0 ? [] : [{ ...stmt, then, else: otherwise }]
      }
    }
  })
}

/** Numbers of the properties whose names are listed; of all where there is no list. */
export function keptProperties(model: LoweredModel, names: readonly string[] | undefined): ReadonlySet<number> {
  return new Set(model.properties.flatMap(({ name }, i) => (names === undefined || names.includes(name) ? [i] : [])))
}

/** Names for everything in the specialised model; none of them is reserved in the language. */
export function newVocabulary(original: LoweredModel, reserved: Iterable<string>): Vocabulary {
  const model = specialise(original)
  const ranges = valueRanges(model)
  const take = newNames(reserved)
  const varying = ranges.flatMap(({ lo, hi }, slot) => (lo === hi ? [] : [slot]))
  const variables = new Map(varying.map((slot) => [slot, take(model.slots[slot]?.name ?? 'slot')]))
  const threads = model.threads.map(({ name }) => take(name))
  const steps = new Map<Step, string>()
  for (const step of model.steps) steps.set(step, take(`${threads[step.thread] ?? 'T'}_${identifier(step.label)}`))

  const constants = new Map<string, { readonly group: string; readonly name: string; readonly value: number }>()
  const constant = (group: string, wanted: string, value: number): string => {
    const key = `${group} ${value} ${wanted}`
    const known = constants.get(key) ?? { group, name: take(wanted), value }
    constants.set(key, known)
    return known.name
  }
  const pcName = (thread: number, pc: number): readonly string[] | undefined => {
    const { donePc, pcSlot } = model.threads[thread] ?? { donePc: -1, pcSlot: -1 }
    const name = threads[thread] ?? 'T'
    const step = model.steps.find((s) => s.thread === thread && s.pc === pc)
    if (step !== undefined) return [constant(`places of ${name}`, `${name}_at_${identifier(step.label)}`, pc)]
    return pc === donePc && ranges[pcSlot] !== undefined
      ? [constant(`places of ${name}`, `${name}_done`, pc)]
      : undefined
  }
  const typeNames = (value: number, type: Type): readonly string[] | undefined => {
    switch (type.kind) {
      case 'bool':
      case 'int':
      case 'subset':
        return undefined
      case 'enum': {
        const text = type.values[value]
        return text === undefined
          ? undefined
          : [constant(type.name, `${type.name}_${text.replace(/^[^A-Za-z0-9]+/, '')}`, value)]
      }
      case 'ref':
        return value < 0 ? undefined : [constant(value === 0 ? 'no object' : type.set, show(type, value), value)]
      case 'flags': {
        if (value <= 0 || value >= 2 ** type.bits.length) return undefined
        return type.bits.flatMap((bit, i) => ((value >> i) & 1 ? [constant(type.name, bit, 2 ** i)] : []))
      }
    }
  }
  return {
    model,
    ranges,
    varying,
    take,
    variable: (slot) => variables.get(slot),
    valueNames: (value, domain) => {
      switch (domain?.kind) {
        case undefined:
          return undefined
        case 'pc':
          return pcName(domain.thread, value)
        case 'type':
          return typeNames(value, domain.type)
      }
    },
    constants: () => {
      const all = [...constants.values()]
      const groups = [...new Set(all.map(({ group }) => group))]
      return groups.map((group) => {
        const named = all.filter((c) => c.group === group).sort((a, b) => a.value - b.value)
        return { group, named: named.map(({ name, value }) => [name, value] as const) }
      })
    },
    threadName: (thread) => threads[thread] ?? 'T',
    stepName: (step) => steps.get(step) ?? identifier(step.label),
  }
}

/** A name for an array from those of its cells: what they have in common. */
export function arrayName(model: LoweredModel, cells: readonly Cell[]): string {
  const parts = cells.map(({ slot }) => (model.slots[slot]?.name ?? '').split(/(\d+)/))
  const [first = ['array'], ...rest] = parts
  if (rest.some((p) => p.length !== first.length)) return `${first.join('')}_of`
  return `${first.filter((part, i) => rest.every((p) => p[i] === part)).join('')}_of`
}

/** The values of a step's choices: every list of them, in lexicographic order. */
export function choiceLists(step: Step): readonly (readonly number[])[] {
  let lists: readonly (readonly number[])[] = [[]]
  for (const { lo, hi } of step.choices)
    lists = lists.flatMap((list) => Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => [...list, lo + i]))
  return lists
}
