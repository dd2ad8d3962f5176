import type { LExpr, LoweredModel, LStmt, Step } from '../model/language/lowered.ts'
import type { Bounds } from './bounds.ts'
import { eachStatement, fold, foldBody } from './fold.ts'
import { eachWrite, targetSlots, valueRanges, writtenBounds, type KnownChanges } from './writes.ts'

const isConstant = (range: Bounds | undefined): boolean => range !== undefined && range.lo === range.hi

/** Drops writes to constants: each writes the value that is there already. */
function dropIdleWrites(body: readonly LStmt[], ranges: readonly Bounds[]): readonly LStmt[] {
  return eachStatement(body, (stmt): readonly LStmt[] => {
    switch (stmt.kind) {
      case 'set': {
        // A slot of a single value is a constant too, but a write to it may be a range fault, to be kept.
        const slots = targetSlots(stmt.target, ranges)
        if (!slots.every((slot) => isConstant(ranges[slot]))) return [stmt]
        const { lo, hi } = writtenBounds(stmt.value, ranges)
        return slots.every((slot) => lo === ranges[slot]?.lo && hi === lo) ? [] : [stmt]
      }
      case 'if': {
        const [then, otherwise] = [dropIdleWrites(stmt.then, ranges), dropIdleWrites(stmt.else, ranges)]
        return [then === stmt.then && otherwise === stmt.else ? stmt : { ...stmt, then, else: otherwise }]
      }
      case 'assert':
        return [stmt]
    }
  })
}

function foldStep(step: Step, ranges: readonly Bounds[]): Step {
  const body = foldBody(dropIdleWrites(step.body, ranges), ranges)
  const guard = fold(step.guard, ranges)
  return body === step.body && guard === step.guard ? step : { ...step, guard, body }
}

/** The values that an expression can give: those of each branch, where it chooses between constants. */
function possibleValues(value: LExpr | Bounds, ranges: readonly Bounds[], within: Bounds): readonly number[] {
  if ('kind' in value && value.kind === 'ite') {
    return [...possibleValues(value.then, ranges, within), ...possibleValues(value.else, ranges, within)]
  }
  const { lo, hi } = writtenBounds(value, ranges)
  const first = Math.max(lo, within.lo)
  return Array.from({ length: Math.max(0, Math.min(hi, within.hi) - first + 1) }, (_, i) => first + i)
}

/**
 * The steps that may run at all, in their order: those whose guard is not constantly false and whose
 * pc is the thread's first, or one that such a step assigns.
 */
function reachableSteps(model: LoweredModel, ranges: readonly Bounds[]): readonly Step[] {
  const pcs = new Map(model.threads.map(({ pcSlot }) => [pcSlot, new Set([model.slots[pcSlot]?.init])]))
  const reached = new Set<Step>()
  const canRun = (step: Step): boolean => {
    const thread = model.threads[step.thread]
    const enabled = step.guard.kind !== 'const' || step.guard.value !== 0
    return enabled && thread !== undefined && pcs.get(thread.pcSlot)?.has(step.pc) === true
  }
  for (let before = -1; reached.size > before;) {
    before = reached.size
    for (const step of model.steps) {
      if (reached.has(step) || !canRun(step)) continue
      reached.add(step)
      eachWrite(step, ranges, (slots, value) => {
        for (const slot of slots) {
          const [known, range] = [pcs.get(slot), model.slots[slot]]
          if (known === undefined || range === undefined) continue
          for (const pc of possibleValues(value, ranges, range)) known.add(pc)
        }
      })
    }
  }
  return model.steps.filter((step) => reached.has(step))
}

/**
 * A simpler model of the same states, transitions and verdicts: slots that never change are
 * constants in its expressions, what is then decided is folded, and steps that can never run are
 * left out, again and again until nothing changes. Slots keep their numbers and steps their ids, so
 * traces and outcomes need no translation; but `steps` may have gaps: look a step up by its id.
 */
export function specialise(model: LoweredModel): LoweredModel {
  const constants = (of: readonly Bounds[]): number => of.filter(isConstant).length
  /** A step that a round leaves as it is need not be looked at again. */
  const known: KnownChanges = new Map()
  let current = model
  for (let ranges = valueRanges(model, known); ;) {
    const folded = current.steps.map((step) => foldStep(step, ranges))
    const steps = reachableSteps({ ...current, steps: folded }, ranges)
    const next: LoweredModel = {
      ...current,
      steps,
      invariants: current.invariants.map((invariant) => ({ ...invariant, expr: fold(invariant.expr, ranges) })),
      covers: current.covers.map((cover) => ({ ...cover, expr: fold(cover.expr, ranges) })),
      ...(current.final === undefined ? {} : { final: fold(current.final, ranges) }),
    }
    const nextRanges = valueRanges(next, known)
    // Each further round drops a step or finds a constant, so the rounds come to an end.
    if (steps.length === current.steps.length && constants(nextRanges) <= constants(ranges)) return next
    current = next
    ranges = nextRanges
  }
}
