/** Which slots an expression or a step touches: read and write sets, computed, never written down. */
import type { LExpr, LIndex, LStmt, Step } from './lowered.ts'

/** Every slot that an array access may touch, whatever its index is. */
export function selectSlots(base: number, index: readonly LIndex[]): readonly number[] {
  let slots: readonly number[] = [base]
  // Loops, since every pass over a model comes by here many times.
  for (const { count, stride } of index) {
    const further: number[] = []
    for (const slot of slots) for (let i = 0; i < count; i++) further.push(slot + i * stride)
    slots = further
  }
  return slots
}

/** Calls `visit` with every slot that the expression may read. */
export function eachRead(e: LExpr, visit: (slot: number) => void): void {
  switch (e.kind) {
    case 'const':
      return
    case 'slot':
      visit(e.slot)
      return
    case 'select':
      for (const slot of selectSlots(e.base, e.index)) visit(slot)
      for (const { expr } of e.index) eachRead(expr, visit)
      return
    case 'not':
    case 'old':
      eachRead(e.arg, visit)
      return
    case 'binary':
      eachRead(e.left, visit)
      eachRead(e.right, visit)
      return
    case 'ite':
      eachRead(e.cond, visit)
      eachRead(e.then, visit)
      eachRead(e.else, visit)
      return
  }
}

export interface Accesses {
  readonly reads: ReadonlySet<number>
  readonly writes: ReadonlySet<number>
}

function collect(stmts: readonly LStmt[], reads: Set<number>, writes: Set<number>, asserted: boolean): void {
  const read = (slot: number): void => {
    reads.add(slot)
  }
  for (const s of stmts) {
    switch (s.kind) {
      case 'set':
        eachRead(s.value, read)
        if (s.target.kind === 'slot') writes.add(s.target.slot)
        else {
          selectSlots(s.target.base, s.target.index).forEach((slot) => writes.add(slot))
          s.target.index.forEach((d) => {
            eachRead(d.expr, read)
          })
        }
        break
      case 'if':
        eachRead(s.cond, read)
        collect(s.then, reads, writes, asserted)
        collect(s.else, reads, writes, asserted)
        break
      case 'assert':
        if (asserted) eachRead(s.cond, read)
        break
    }
  }
}

/** What statements may read and write; what assertions read counts only where `asserted`, since they change nothing. */
export function accessesOf(stmts: readonly LStmt[], asserted: boolean = true): Accesses {
  const reads = new Set<number>()
  const writes = new Set<number>()
  collect(stmts, reads, writes, asserted)
  return { reads, writes }
}

/** Adds the slots that statements may write: those of `accessesOf`, without a look at what is read. */
export function addWrites(stmts: readonly LStmt[], writes: Set<number>): void {
  for (const s of stmts) {
    switch (s.kind) {
      case 'set':
        if (s.target.kind === 'slot') writes.add(s.target.slot)
        else for (const slot of selectSlots(s.target.base, s.target.index)) writes.add(slot)
        break
      case 'if':
        addWrites(s.then, writes)
        addWrites(s.else, writes)
        break
      case 'assert':
        break
    }
  }
}

/** Every slot that an expression may read. */
export function slotsRead(e: LExpr): ReadonlySet<number> {
  const reads = new Set<number>()
  eachRead(e, (slot) => {
    reads.add(slot)
  })
  return reads
}

/** The read and write sets of a step without its assertions: what it may touch in any state. */
export function stepAccesses(step: Step): Accesses {
  const { reads, writes } = accessesOf(step.body, false)
  return {
    reads: new Set([...reads, ...slotsRead(step.guard)]),
    writes: new Set([...writes, ...step.choices.map((c) => c.slot)]),
  }
}
