/** Assertions of a step without what the step cannot change: fewer reads, and so fewer conflicts. */
import type { LExpr, LStmt, Step } from '../../model/language/lowered.ts'
import { slotsRead, stepAccesses } from '../../model/language/slots.ts'
import type { Bounds } from '../bounds.ts'
import { fold } from '../fold.ts'
import { keyOf } from './literals.ts'

/** The operands of nested `and`s, or of nested `or`s. */
const flat = (e: LExpr, op: 'and' | 'or'): readonly LExpr[] =>
  e.kind === 'binary' && e.op === op ? [...flat(e.left, op), ...flat(e.right, op)] : [e]

/** `old(e)` is `e` where the step writes nothing that `e` reads; what then contradicts itself is settled. */
function settled(e: LExpr, written: ReadonlySet<number>, ranges: readonly Bounds[]): LExpr {
  const sub = (x: LExpr): LExpr => settled(x, written, ranges)
  switch (e.kind) {
    case 'const':
    case 'slot':
    case 'select':
      return e
    case 'old':
      return [...slotsRead(e.arg)].some((slot) => written.has(slot)) ? e : e.arg
    case 'not':
      return fold({ kind: 'not', arg: sub(e.arg) }, ranges)
    case 'ite':
      return fold({ kind: 'ite', cond: sub(e.cond), then: sub(e.then), else: sub(e.else) }, ranges)
    case 'binary': {
      const whole = fold({ ...e, left: sub(e.left), right: sub(e.right) }, ranges)
      if (whole.kind !== 'binary' || (whole.op !== 'and' && whole.op !== 'or')) return whole
      const sides = flat(whole, whole.op)
      const keys = new Set(sides.map(keyOf))
      const opposed = sides.some((side) => keys.has(keyOf(fold({ kind: 'not', arg: side }, ranges))))
      return opposed ? { kind: 'const', value: whole.op === 'or' ? 1 : 0 } : whole
    }
  }
}

/** Whether an expression has an `old`, outside of indices. */
function looksBack(e: LExpr): boolean {
  switch (e.kind) {
    case 'const':
    case 'slot':
    case 'select':
      return false
    case 'old':
      return true
    case 'not':
      return looksBack(e.arg)
    case 'ite':
      return looksBack(e.cond) || looksBack(e.then) || looksBack(e.else)
    case 'binary':
      return looksBack(e.left) || looksBack(e.right)
  }
}

function inBody(body: readonly LStmt[], written: ReadonlySet<number>, ranges: readonly Bounds[]): readonly LStmt[] {
  return body.flatMap((stmt): readonly LStmt[] => {
    switch (stmt.kind) {
      case 'set':
        return [stmt]
      case 'if':
        return [{ ...stmt, then: inBody(stmt.then, written, ranges), else: inBody(stmt.else, written, ranges) }]
      case 'assert': {
        // Only what looks back can come to nothing: the rest has been folded.
        if (!looksBack(stmt.cond)) return [stmt]
        const cond = settled(stmt.cond, written, ranges)
        return cond.kind === 'const' ? [] : [{ ...stmt, cond }]
      }
    }
  })
}

/**
 * A step with the same reads and writes for the purpose of independence, its assertions simplified; one
 * that fails whatever the state needs no reads, since nothing that others do changes that.
 */
export function withoutIdleChecks(step: Step, ranges: readonly Bounds[]): Step {
  return { ...step, body: inBody(step.body, stepAccesses(step).writes, ranges) }
}
