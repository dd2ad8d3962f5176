/**
 * Two threads that change places: what becomes of every slot and of every value. Whether the model is the same
 * afterwards is for same.ts to say; this is only the guess.
 */
import type { LExpr, LoweredModel, LStmt, LTarget, Slot } from '../../../model/language/lowered.ts'

/** How the value of a slot names threads: not at all, one of them (0 is none), or a set of them, a bit each. */
export type Naming = 'no' | 'ref' | 'subset'

export function namingOf({ type }: Slot): Naming {
  return (type.kind === 'ref' || type.kind === 'subset') && type.set === 'thread' ? type.kind : 'no'
}

/** A permutation of threads, and of the slots that are theirs. Both are given for every number. */
export interface Permutation {
  readonly threads: readonly number[]
  readonly slots: readonly number[]
}

export const at = (images: readonly number[], n: number): number => images[n] ?? n

/** What a value of a slot that names threads becomes. */
export function valueOf(naming: Naming, value: number, { threads }: Permutation): number {
  switch (naming) {
    case 'no':
      return value
    case 'ref':
      return value === 0 ? 0 : at(threads, value - 1) + 1
    case 'subset':
      return threads.reduce((mask, image, t) => (((value >> t) & 1) === 0 ? mask : mask | (1 << image)), 0)
  }
}

/** Slots that an access can mean. */
export function slotsOf(access: LTarget): readonly number[] {
  if (access.kind === 'slot') return [access.slot]
  return access.index.reduce<readonly number[]>(
    (slots, { count, stride }) => slots.flatMap((s) => Array.from({ length: count }, (_, i) => s + i * stride)),
    [access.base],
  )
}

function slotsIn(expr: LExpr, into: Set<number>): void {
  switch (expr.kind) {
    case 'const':
      return
    case 'slot':
      into.add(expr.slot)
      return
    case 'select':
      for (const s of slotsOf(expr)) into.add(s)
      for (const { expr: index } of expr.index) slotsIn(index, into)
      return
    case 'not':
    case 'old':
      slotsIn(expr.arg, into)
      return
    case 'binary':
      slotsIn(expr.left, into)
      slotsIn(expr.right, into)
      return
    case 'ite':
      for (const part of [expr.cond, expr.then, expr.else]) slotsIn(part, into)
      return
  }
}

function slotsOfBody(body: readonly LStmt[], into: Set<number>): void {
  for (const s of body)
    switch (s.kind) {
      case 'set':
        slotsIn(s.target, into)
        slotsIn(s.value, into)
        break
      case 'if':
        slotsIn(s.cond, into)
        slotsOfBody(s.then, into)
        slotsOfBody(s.else, into)
        break
      case 'assert':
        slotsIn(s.cond, into)
        break
    }
}

/** By thread, ascending: its locals and program counter, and whatever no step of another thread touches. */
function owned(model: LoweredModel): readonly (readonly number[])[] {
  const touched = model.slots.map(() => new Set<number>())
  for (const { thread, guard, body, choices } of model.steps) {
    const slots = new Set(choices.map((c) => c.slot))
    slotsIn(guard, slots)
    slotsOfBody(body, slots)
    for (const s of slots) touched[s]?.add(thread)
  }
  const owner = (slot: Slot, s: number): number | undefined => {
    const [only, another] = touched[s] ?? []
    return slot.thread ?? (another === undefined ? only : undefined)
  }
  const owners = model.slots.map(owner)
  const pcs = new Map(model.threads.map(({ pcSlot }, t) => [pcSlot, t]))
  return model.threads.map((_, t) => owners.flatMap((o, s) => ((pcs.get(s) ?? o) === t ? [s] : [])))
}

/** The permutation that lets two threads change places, slot for slot in their order; undefined where they differ in kind. */
export function swapOf(model: LoweredModel, one: number, other: number): Permutation | undefined {
  const all = owned(model)
  const [mine, theirs] = [all[one] ?? [], all[other] ?? []]
  const alike = (a: Slot | undefined, b: Slot | undefined): boolean =>
    a !== undefined &&
    b !== undefined &&
    a.kind === b.kind &&
    a.lo === b.lo &&
    a.hi === b.hi &&
    namingOf(a) === namingOf(b)
  if (mine.length !== theirs.length || !mine.every((s, i) => alike(model.slots[s], model.slots[theirs[i] ?? -1])))
    return undefined
  const slots = model.slots.map((_, s) => s)
  mine.forEach((s, i) => {
    const t = theirs[i] ?? s
    slots[s] = t
    slots[t] = s
  })
  const threads = model.threads.map((_, t) => (t === one ? other : t === other ? one : t))
  return { threads, slots }
}

/** First `a`, then `b`. */
export const after = (a: Permutation, b: Permutation): Permutation => ({
  threads: a.threads.map((t) => at(b.threads, t)),
  slots: a.slots.map((s) => at(b.slots, s)),
})
