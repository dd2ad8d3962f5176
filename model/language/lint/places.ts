/** Which variable a slot belongs to, and where in it an access lies. */
import type { LExpr, LIndex, LStmt, LTarget, Slot } from '../lowered.ts'
import { constant, elementTarget } from '../lower/build.ts'
import type { Lowered } from '../lower/lower.ts'
import { sameResidual, spell, type Residual } from './residual.ts'

/** One declared variable: its slots are base..base + size - 1. */
export interface FieldInfo {
  readonly name: string
  readonly kind: Slot['kind']
  readonly base: number
  readonly size: number
}

export interface Fields {
  readonly byName: ReadonlyMap<string, FieldInfo>
  /** Undefined for locals and program counters. */
  readonly at: (slot: number) => FieldInfo | undefined
  /** Variables that no step of any thread writes: they keep what the scenario gave them. */
  readonly unwritten: ReadonlySet<string>
}

const targetsOf = (body: readonly LStmt[]): readonly LTarget[] =>
  body.flatMap((s): readonly LTarget[] => {
    switch (s.kind) {
      case 'set':
        return [s.target]
      case 'if':
        return [...targetsOf(s.then), ...targetsOf(s.else)]
      case 'assert':
        return []
    }
  })

export function fieldsOf({ model, base }: Lowered): Fields {
  const starts = [...base].sort((a, b) => a[1] - b[1])
  const own = (i: number): boolean => model.slots[i]?.kind === 'local' || model.slots[i]?.kind === 'pc'
  const end = model.slots.findIndex((_, i) => own(i))
  const bySlot: (FieldInfo | undefined)[] = []
  const byName = new Map<string, FieldInfo>()
  starts.forEach(([name, first], i) => {
    const next = starts[i + 1]?.[1] ?? (end < 0 ? model.slots.length : end)
    const kind = model.slots[first]?.kind
    if (kind === undefined || next === first) return
    const info: FieldInfo = { name, kind, base: first, size: next - first }
    byName.set(name, info)
    for (let s = first; s < next; s++) bySlot[s] = info
  })
  const unwritten = new Set([...byName.values()].filter((f) => f.kind === 'shared').map((f) => f.name))
  for (const target of model.steps.flatMap((step) => targetsOf(step.body)))
    unwritten.delete(bySlot[target.kind === 'slot' ? target.slot : target.base]?.name ?? '')
  return { byName, at: (slot) => bySlot[slot], unwritten }
}

/** One element, or one of several that an unknown index picks from. */
export interface Place {
  readonly field: FieldInfo
  /** The first slot it can be, and the dimensions that are not known. */
  readonly slot: number
  readonly index: readonly LIndex[]
}

/** Undefined where the index is known and names no element, or the slot is a local. */
export function placeOf(fields: Fields, base: number, index: readonly LIndex[]): Place | undefined {
  const to = elementTarget(base, index)
  if (to === undefined) return undefined
  const slot = to.kind === 'slot' ? to.slot : to.base
  const field = fields.at(slot)
  return field === undefined ? undefined : { field, slot, index: to.kind === 'slot' ? [] : to.index }
}

/** Names the element within its field, so that elements of fields over the same sets can be compared. */
export const element = (p: Place): string =>
  [p.slot - p.field.base, ...p.index.map((d) => `${spell(d.expr)}*${d.stride}`)].join('+')

/** The first index of the element, where the field's first set has `count` objects. */
export function ownerOf(p: Place, count: number): Residual {
  const stride = p.field.size / count
  const dynamic = p.index.find((d) => d.stride === stride && d.count === count)
  return dynamic?.expr ?? constant(Math.floor((p.slot - p.field.base) / stride) + 1)
}

export const sameIndex = (a: readonly LExpr[], b: readonly LExpr[]): boolean =>
  a.length === b.length && a.every((e, i) => sameResidual(e, b[i] ?? constant(-1)))
