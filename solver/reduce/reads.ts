/** What expressions read where some locals of a thread are known. */
import type { LExpr } from '../../model/language/lowered.ts'
import { addBit, join, newBits, type Bits } from './bits.ts'
import { cells, settle, usesOf, type Knowledge, type Known } from './known.ts'
import { bitTest, eachAtom } from './literals.ts'

/** Adds the atoms that the value of an expression depends on. */
export function note(k: Knowledge, expr: LExpr, known: Known, start: Known, into: Bits): void {
  if (expr.kind === 'const') return
  if (usesOf(k, expr).length > 0) {
    noteParts(k, expr, known, start, into)
    return
  }
  let memo = k.reads.get(expr)
  if (memo === undefined) {
    k.reads.set(expr, (memo = newBits(k.atoms.count)))
    noteParts(k, expr, known, start, memo)
  }
  join(into, memo)
}

function noteParts(k: Knowledge, expr: LExpr, known: Known, start: Known, into: Bits): void {
  if (settle(k, expr, known, start) !== undefined) return
  const visit = (e: LExpr): void => {
    noteParts(k, e, known, start, into)
  }
  const add = (atom: number): void => {
    addBit(into, atom)
  }
  switch (expr.kind) {
    case 'const':
      return
    case 'slot':
      eachAtom(k.atoms, expr.slot, -1, add)
      return
    case 'select':
      for (const slot of cells(k, expr, known, start)) eachAtom(k.atoms, slot, -1, add)
      for (const d of expr.index) visit(d.expr)
      return
    case 'old':
      noteParts(k, expr.arg, start, start, into)
      return
    case 'not':
      visit(expr.arg)
      return
    case 'ite': {
      const cond = settle(k, expr.cond, known, start)
      if (cond === undefined) visit(expr.cond)
      if (cond !== 0) visit(expr.then)
      if (cond === undefined || cond === 0) visit(expr.else)
      return
    }
    case 'binary': {
      const bit = bitTest(expr)
      if (bit !== undefined) eachAtom(k.atoms, bit.slot, bit.mask, add)
      else {
        visit(expr.left)
        visit(expr.right)
      }
      return
    }
  }
}
