/**
 * Which steps of different threads commute whatever the state: neither writes what the other reads
 * or writes. Two such moves in a row reach the same state in either order, so bounded checking need
 * only look at paths where the lower thread goes first. Every state reached in k moves is still
 * reached in k moves: sorting neighbours keeps the length and ends, for it removes an inversion each
 * time. What assertions read does not count, since they change nothing; the caller must leave the
 * order of a path's last move free where it asks whether that move fails an assertion.
 */
import type { LExpr, LIndex, LStmt, Step } from '../../model/language/lowered.ts'

interface Access {
  readonly reads: Set<number>
  readonly writes: Set<number>
}

function slotsOf(base: number, index: readonly LIndex[]): number[] {
  return index.reduce<number[]>(
    (slots, { count, stride }) => slots.flatMap((slot) => Array.from({ length: count }, (_, i) => slot + i * stride)),
    [base],
  )
}

function readsOf(expr: LExpr, into: Set<number>): void {
  switch (expr.kind) {
    case 'const':
      return
    case 'slot':
      into.add(expr.slot)
      return
    case 'select':
      for (const slot of slotsOf(expr.base, expr.index)) into.add(slot)
      for (const dimension of expr.index) readsOf(dimension.expr, into)
      return
    case 'not':
    case 'old':
      readsOf(expr.arg, into)
      return
    case 'binary':
      readsOf(expr.left, into)
      readsOf(expr.right, into)
      return
    case 'ite':
      readsOf(expr.cond, into)
      readsOf(expr.then, into)
      readsOf(expr.else, into)
      return
  }
}

function accessOfBody(body: readonly LStmt[], access: Access): void {
  for (const stmt of body)
    switch (stmt.kind) {
      case 'set':
        readsOf(stmt.value, access.reads)
        if (stmt.target.kind === 'slot') access.writes.add(stmt.target.slot)
        else {
          for (const slot of slotsOf(stmt.target.base, stmt.target.index)) access.writes.add(slot)
          for (const dimension of stmt.target.index) readsOf(dimension.expr, access.reads)
        }
        break
      case 'if':
        readsOf(stmt.cond, access.reads)
        accessOfBody(stmt.then, access)
        accessOfBody(stmt.else, access)
        break
      case 'assert':
        break
    }
}

function accessOf(step: Step, pcSlot: number): Access {
  const access: Access = { reads: new Set([pcSlot]), writes: new Set() }
  for (const choice of step.choices) access.writes.add(choice.slot)
  readsOf(step.guard, access.reads)
  accessOfBody(step.body, access)
  return access
}

/** The slots that an expression may look at. */
export function slotsRead(expr: LExpr): ReadonlySet<number> {
  const reads = new Set<number>()
  readsOf(expr, reads)
  return reads
}

const meets = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((slot) => b.has(slot))

/** For each step, the ids of the steps of higher threads that commute with it. */
export function commutingAbove(steps: readonly Step[], pcSlots: readonly number[]): ReadonlyMap<number, ReadonlySet<number>> {
  const access = new Map(steps.map((step) => [step, accessOf(step, pcSlots[step.thread] ?? -1)]))
  const above = new Map<number, ReadonlySet<number>>()
  for (const [step, mine] of access) {
    const found = new Set<number>()
    for (const [other, theirs] of access)
      if (
        other.thread > step.thread &&
        !meets(mine.writes, theirs.reads) &&
        !meets(mine.writes, theirs.writes) &&
        !meets(theirs.writes, mine.reads)
      )
        found.add(other.id)
    above.set(step.id, found)
  }
  return above
}
