/** Which models the WebAssembly engine does not take, so that another engine is asked. */
import type { LExpr, LIndex, LoweredModel, LStmt, Step } from '../../model/language/lowered.ts'
import type { Bounds } from '../bounds.ts'
import { bounds, fitsInt32, reach } from '../bounds.ts'
import { valueRanges } from '../writes.ts'

/** More threads than this have more components than the bits of a state number are worth. */
const THREADS_MAX = 24
const SUCCESSORS_MAX = 2 ** 12

/** The most successors that one state can have. */
export function mostSuccessors(model: LoweredModel): number {
  const most = model.threads.map(() => new Map<number, number>())
  for (const { thread, pc, choices } of model.steps) {
    const ways = choices.reduce((n, { lo, hi }) => n * Math.max(0, hi - lo + 1), 1)
    const of = most[thread]
    of?.set(pc, (of.get(pc) ?? 0) + ways)
  }
  return most.reduce((sum, of) => sum + Math.max(0, ...of.values()), 0)
}

const isInt32 = (value: number): boolean => Number.isInteger(value) && fitsInt32({ lo: value, hi: value })

/** Whether 32-bit arithmetic gives the exact value of an expression, and each of its slots is there. */
function exact(expr: LExpr, ranges: readonly Bounds[]): boolean {
  switch (expr.kind) {
    case 'const':
      return isInt32(expr.value)
    case 'slot':
      return ranges[expr.slot] !== undefined
    case 'select':
      return exactAccess(expr.base, expr.index, ranges)
    case 'not':
    case 'old':
      return exact(expr.arg, ranges)
    case 'ite':
      return [expr.cond, expr.then, expr.else].every((part) => exact(part, ranges))
    case 'binary':
      return exact(expr.left, ranges) && exact(expr.right, ranges) && fitsInt32(bounds(expr, ranges))
  }
}

function exactAccess(base: number, index: readonly LIndex[], ranges: readonly Bounds[]): boolean {
  const dimensions = index.every(({ expr, first, count, stride }) => {
    return [first, first + count, stride].every(isInt32) && exact(expr, ranges)
  })
  return (
    dimensions && reach({ kind: 'select', base, index }, ranges).offsets.every((o) => ranges[base + o] !== undefined)
  )
}

function exactBody(body: readonly LStmt[], model: LoweredModel, ranges: readonly Bounds[]): boolean {
  return body.every((stmt) => {
    switch (stmt.kind) {
      case 'set':
        return (
          exact(stmt.value, ranges) &&
          (stmt.target.kind === 'slot'
            ? ranges[stmt.target.slot] !== undefined
            : exactAccess(stmt.target.base, stmt.target.index, ranges))
        )
      case 'if':
        return exact(stmt.cond, ranges) && exactBody([...stmt.then, ...stmt.else], model, ranges)
      case 'assert':
        return exact(stmt.cond, ranges) && model.properties[stmt.property] !== undefined
    }
  })
}

function exactStep(step: Step, model: LoweredModel, ranges: readonly Bounds[]): boolean {
  const chosen = step.choices.every(({ slot, lo, hi }) => ranges[slot] !== undefined && isInt32(lo) && isInt32(hi))
  return chosen && isInt32(step.pc) && exact(step.guard, ranges) && exactBody(step.body, model, ranges)
}

/** Why the engine does not take a (specialised) model; undefined where it does. */
export function refusal(model: LoweredModel): string | undefined {
  const ranges = valueRanges(model)
  const wide = model.slots.find(({ lo, hi }) => !isInt32(lo) || !isInt32(hi) || hi - lo >= 2 ** 31)
  if (wide !== undefined) return `slot '${wide.name}' has values beyond 31 bits`
  if (model.threads.length > THREADS_MAX) return `there are more than ${THREADS_MAX} threads`
  if (model.threads.some(({ pcSlot, donePc }) => model.slots[pcSlot] === undefined || !isInt32(donePc)))
    return 'a thread has no program counter'
  const most = mostSuccessors(model)
  if (most > SUCCESSORS_MAX) return `a state can have ${most} successors`
  const step = model.steps.find((s) => !exactStep(s, model, ranges))
  if (step !== undefined) return `step ${step.id} computes beyond 32 bits or names what is not there`
  const conditions = [...model.invariants, ...model.covers].map(({ expr }) => expr)
  if (![...conditions, ...(model.final === undefined ? [] : [model.final])].every((expr) => exact(expr, ranges)))
    return 'a condition computes beyond 32 bits or names what is not there'
  return undefined
}
