import type { LExpr } from '../../model/language/lowered.ts'
import { cellsOf } from './vocabulary.ts'

/** The slots that an expression may read; with `old`, only those that it reads in the state before. */
export function slotsOf(expr: LExpr, only?: 'old'): ReadonlySet<number> {
  const found = new Set<number>()
  const visit = (e: LExpr, counts: boolean): void => {
    switch (e.kind) {
      case 'const':
        return
      case 'slot':
        if (counts) found.add(e.slot)
        return
      case 'select':
        if (counts) for (const { slot } of cellsOf(e.base, e.index)) found.add(slot)
        for (const { expr: index } of e.index) visit(index, counts)
        return
      case 'not':
        visit(e.arg, counts)
        return
      case 'old':
        visit(e.arg, true)
        return
      case 'ite':
        for (const part of [e.cond, e.then, e.else]) visit(part, counts)
        return
      case 'binary':
        visit(e.left, counts)
        visit(e.right, counts)
    }
  }
  visit(expr, only === undefined)
  return found
}
