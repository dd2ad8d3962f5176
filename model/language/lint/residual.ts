/**
 * Expressions as far as they are known. A residual is a lowered expression without shared variables
 * or locals: a negative slot number stands for a symbol, which is a value that nothing is known of
 * but what its domain says.
 */
import type { LExpr, LIndex } from '../lowered.ts'
import { choose, combine, constant, negate } from '../lower/build.ts'

export type Residual = LExpr

export interface Leaves {
  readonly slot: (slot: number) => Residual
  readonly select: (base: number, index: readonly LIndex[]) => Residual
}

/** Replaces the leaves of an expression and folds it, skipping what a short circuit of C would skip. */
export function rewrite(e: LExpr, leaves: Leaves): Residual {
  switch (e.kind) {
    case 'const':
      return e
    case 'slot':
      return leaves.slot(e.slot)
    case 'select':
      return leaves.select(e.base, e.index)
    case 'not':
      return negate(rewrite(e.arg, leaves))
    case 'old':
      return rewrite(e.arg, leaves)
    case 'binary': {
      const left = rewrite(e.left, leaves)
      if (e.op === 'and' && left.kind === 'const' && left.value === 0) return left
      if (e.op === 'or' && left.kind === 'const' && left.value !== 0) return constant(1)
      return combine(e.op, left, rewrite(e.right, leaves))
    }
    case 'ite': {
      const cond = rewrite(e.cond, leaves)
      if (cond.kind === 'const') return rewrite(cond.value === 0 ? e.else : e.then, leaves)
      const [then, otherwise] = [rewrite(e.then, leaves), rewrite(e.else, leaves)]
      return sameResidual(then, otherwise) ? then : choose(cond, then, otherwise)
    }
  }
}

/** A residual with its symbols replaced. */
export const mapSymbols = (e: Residual, symbol: (slot: number) => Residual): Residual =>
  rewrite(e, { slot: symbol, select: () => constant(0) })

export function symbolsOf(e: Residual): ReadonlySet<number> {
  const out = new Set<number>()
  mapSymbols(e, (slot) => {
    out.add(slot)
    return { kind: 'slot', slot }
  })
  return out
}

/** A spelling that two residuals share exactly if they are the same expression. */
export function spell(e: Residual): string {
  switch (e.kind) {
    case 'const':
      return String(e.value)
    case 'slot':
      return `s${-e.slot}`
    case 'not':
      return `!${spell(e.arg)}`
    case 'binary':
      return `(${spell(e.left)} ${e.op} ${spell(e.right)})`
    case 'ite':
      return `(${spell(e.cond)} ? ${spell(e.then)} : ${spell(e.else)})`
    case 'select':
    case 'old':
      return '?'
  }
}

export const sameResidual = (a: Residual, b: Residual): boolean => spell(a) === spell(b)

/** Whether the value is a truth value, so that both outcomes can be followed apart. */
export function isTruth(e: Residual): boolean {
  if (e.kind === 'not') return true
  return e.kind === 'binary' && ['and', 'or', 'eq', 'ne', 'lt', 'le'].includes(e.op)
}
