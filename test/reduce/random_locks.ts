/**
 * Random models of what partial-order reduction thrives on, and may stumble over: locks of all kinds, some
 * dropped by who does not hold them, locals that are indices, waits, polling loops, few shared variables.
 */
import fc from 'fast-check'
import type { LExpr, LoweredModel, LTarget, Slot } from '../../model/language/lowered.ts'
import { and, assert, at, bin, eq, ite, model, not, num, set, slot, type StepSpec } from '../engines/build.ts'

interface Draw {
  readonly below: (n: number) => number
  readonly pick: <T>(first: T, ...others: readonly T[]) => T
}

function drawFrom(numbers: readonly number[]): Draw {
  let next = 0
  const below = (n: number): number => (numbers[next++] ?? 0) % n
  return { below, pick: (first, ...others) => [first, ...others][below(others.length + 1)] ?? first }
}

const CELLS = 2
/** Shared slots, in order. */
const LOCK = 0
const WRITER = 1
const READERS = 2
const X = 3
const Y = 4
const POINTER = 5
const CELL = 6
const CELL_LOCK = CELL + CELLS
const LOCALS = CELL_LOCK + CELLS
/** Of each thread: an index, a truth value, a register. */
const PER_THREAD = 3

const cell = (base: number, index: number): LTarget & LExpr => ({
  kind: 'select',
  base,
  index: [{ expr: at(index), first: 1, count: CELLS, stride: 1 }],
})

/** Where a step stands: its thread, its number of how many, and the slot of the thread's program counter. */
interface Place {
  readonly t: number
  readonly pc: number
  readonly length: number
  readonly pcSlot: number
}

/** One step. */
function randomStep(draw: Draw, { t, pc, length, pcSlot }: Place): StepSpec {
  const index = LOCALS + t * PER_THREAD
  const flag = index + 1
  const register = index + 2
  const mine = t + 1
  const bit = num(1 << t)
  const to = pc + 1
  const anywhere = draw.below(length + 1)
  const value = draw.below(3)
  const shared = draw.pick(X, Y)
  switch (draw.below(22)) {
    case 0:
      return { guard: eq(at(LOCK), num(0)), body: [set(LOCK, mine)], to }
    case 1:
      return { body: [set(LOCK, ite(eq(at(LOCK), num(mine)), num(0), at(LOCK)))], to }
    case 2:
      return { body: [set(LOCK, 0)], to }
    case 3:
      return {
        body: [
          set(flag, eq(at(LOCK), num(0))),
          { kind: 'if', cond: at(flag), then: [set(LOCK, mine)], else: [] },
          set(pcSlot, ite(at(flag), num(to), num(anywhere))),
        ],
      }
    case 4:
      return { guard: eq(at(WRITER), num(0)), body: [set(READERS, bin('bor', at(READERS), bit))], to }
    case 5:
      return { body: [set(READERS, bin('bandnot', at(READERS), bit))], to }
    case 6:
      return { guard: and(eq(at(WRITER), num(0)), eq(at(READERS), num(0))), body: [set(WRITER, mine)], to }
    case 7:
      return { body: [set(WRITER, 0)], to }
    case 8:
      return { body: [set(index, at(POINTER))], to }
    case 9:
      return { choices: [{ slot: index, lo: 0, hi: CELLS }], to }
    case 10:
      return { body: [set(POINTER, draw.pick(at(index), num(value)))], to }
    case 11:
      return { guard: eq(cell(CELL_LOCK, index), num(0)), body: [set(cell(CELL_LOCK, index), mine)], to }
    case 12:
      return { body: [set(cell(CELL_LOCK, index), 0)], to }
    case 13:
      return { body: [set(cell(CELL, index), value), assert(0, not(eq(at(shared), num(value))))], to }
    case 14:
      return { body: [set(register, cell(CELL, index))], to }
    case 15:
      return { body: [set(shared, value)], to }
    case 16:
      return { body: [set(register, at(shared))], to }
    case 17:
      return { guard: eq(at(shared), num(value)), to }
    case 18:
      return { body: [set(pcSlot, ite(eq(at(shared), num(value)), num(to), num(anywhere)))] }
    case 19:
      return { body: [set(flag, eq(at(shared), num(value)))], to }
    case 20:
      return { body: [set(pcSlot, ite(at(flag), num(to), num(anywhere)))] }
    default:
      return { body: [assert(1, bin('le', cell(CELL, index), num(1)))], to: draw.pick(to, to, anywhere) }
  }
}

/** A model of two to four threads. */
function randomLocks(numbers: readonly number[]): LoweredModel {
  const draw = drawFrom(numbers)
  const threads = 2 + draw.below(3)
  const slots: Slot[] = [
    slot('lock', 0, threads),
    slot('writer', 0, threads),
    slot('readers', 0, 2 ** threads - 1),
    slot('x', 0, 2),
    slot('y', 0, 2),
    slot('pointer', 0, CELLS, { init: draw.below(CELLS + 1) }),
    ...Array.from({ length: CELLS }, (_, i) => slot(`cell${i}`, 0, 2)),
    ...Array.from({ length: CELLS }, (_, i) => slot(`cell_lock${i}`, 0, threads)),
    ...Array.from({ length: threads }, (_, t) => [
      slot(`index${t}`, 0, CELLS, { kind: 'local' }),
      slot(`flag${t}`, 0, 1, { kind: 'local' }),
      slot(`r${t}`, 0, 2, { kind: 'register' }),
    ]).flat(),
  ]
  const pcs = slots.length
  const programs = Array.from({ length: threads }, (_, t) => {
    const length = 2 + draw.below(threads === 2 ? 6 : 4)
    return Array.from({ length }, (__, pc) => randomStep(draw, { t, pc, length, pcSlot: pcs + t }))
  })
  const small = (): LExpr => eq(at(draw.pick(X, Y, CELL, CELL + 1, POINTER, LOCK)), num(draw.below(3)))
  return model(slots, programs, {
    daemons: draw.pick<readonly number[]>([], [], [0]),
    properties: [
      { name: 'A0', kind: 'assertion' },
      { name: 'A1', kind: 'assertion' },
      { name: 'I', kind: 'invariant' },
      { name: 'D', kind: 'deadlock' },
    ],
    invariants: [{ property: 2, expr: not(and(small(), small())) }],
    covers: [
      { name: 'both', expr: and(small(), small()) },
      { name: 'either', expr: bin('or', small(), small()) },
    ],
    ...(draw.below(2) === 0 ? {} : { final: small() }),
  })
}

/** Without fast-check's bias to small numbers, which would make nearly all steps alike. */
export const arbitraryLocks: fc.Arbitrary<LoweredModel> = fc.limitShrink(
  fc
    .noBias(fc.array(fc.nat({ max: 2 ** 16 }), { minLength: 60, maxLength: 160, size: 'max' }))
    .map((numbers) => randomLocks(numbers)),
  500,
)
