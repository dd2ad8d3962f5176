/**
 * Which steps of different threads commute whatever the state: neither writes what the other reads
 * or writes. What assertions read does not count, since they change nothing.
 */
import type { LExpr, LIndex, LoweredModel, LStmt, Step } from '../../model/language/lowered.ts'

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

function accessOf(step: Step, pcSlot: number | undefined): Access {
  const access: Access = { reads: new Set(pcSlot === undefined ? [] : [pcSlot]), writes: new Set() }
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

/** For each step, the ids of the steps of other threads that commute with it. */
export function commutingSteps(model: LoweredModel): ReadonlyMap<number, ReadonlySet<number>> {
  const all = model.steps.map((step) => ({ step, ...accessOf(step, model.threads[step.thread]?.pcSlot) }))
  const commutes = (a: Access, b: Access): boolean =>
    !meets(a.writes, b.reads) && !meets(a.writes, b.writes) && !meets(b.writes, a.reads)
  return new Map(
    all.map((a) => {
      const others = all.filter((b) => b.step.thread !== a.step.thread && commutes(a, b))
      return [a.step.id, new Set(others.map(({ step }) => step.id))]
    }),
  )
}
