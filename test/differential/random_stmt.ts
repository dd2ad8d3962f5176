/** Random control flow. Every `while` has a step first in its body, so that no loop goes round without one. */
import { eq, ne, type Expr, type Local } from '../../model/language/expr.ts'
import type { Routine } from '../../model/language/routine.ts'
import { break_, call, check, continue_, for_, if_, let_, ret, while_, type Stmt } from '../../model/language/stmt.ts'
import { bool, range, type Type } from '../../model/language/types.ts'
import { fits, randomConstant, randomExpr } from './random_expr.ts'
import { lockStep, quietNames, randomLock, randomStep, unlockStep, type Scope } from './random_step.ts'
import type { Tape } from './tape.ts'

export interface Callable {
  readonly routine: Routine
  /** Names of the parameters that the routine writes to. */
  readonly byReference: ReadonlySet<string>
}

export interface Place extends Scope {
  readonly callable: readonly Callable[]
  readonly inLoop: boolean
  readonly returns?: Type
  /** Parameters stand for expressions, so they do not bound loops. */
  readonly params: readonly Local[]
  readonly depth: number
}

const quiet = (tape: Tape, p: Place, type: Type, depth = 2): Expr => randomExpr(tape, quietNames(p), type, depth)

/** A condition; often one on a single local, from which the lowering learns what it is. */
function condition(tape: Tape, p: Place): Expr {
  const l = tape.below(2) === 0 ? undefined : tape.oneOf(p.locals)
  if (l === undefined) return quiet(tape, p, bool)
  const value = randomConstant(tape, l.type, p.world.sizes)
  return tape.pick(eq, ne)(l, value)
}

/** The value that ends a routine. */
export const leaveStmt = (tape: Tape, p: Place): Stmt =>
  p.returns === undefined ? ret() : ret(quiet(tape, p, p.returns, 1))

const deeper = (p: Place, frozen: readonly Local[], inLoop: boolean): Place => ({
  ...p,
  writable: p.writable.filter((l) => !frozen.includes(l)),
  inLoop,
  depth: p.depth - 1,
})

function blockOf(tape: Tape, p: Place, most: number): readonly Stmt[] {
  return Array.from({ length: 1 + tape.below(most) }, () => randomStmt(tape, p)).flat()
}

function whileStmt(tape: Tape, p: Place): readonly Stmt[] {
  const counter = tape.oneOf(p.writable.filter((l) => l.type.kind === 'int'))
  const body = (q: Place): readonly Stmt[] => [randomStep(tape, q), ...(tape.below(2) === 0 ? [] : blockOf(tape, q, 2))]
  if (counter?.type.kind !== 'int' || tape.rarely(3)) return [while_(condition(tape, p), body(deeper(p, [], true)))]
  const { lo, hi } = counter.type
  const up = let_(counter, {
    kind: 'binary',
    type: counter.type,
    op: 'add',
    left: counter,
    right: { kind: 'const', type: counter.type, value: 1 },
  })
  const more: Expr = {
    kind: 'binary',
    type: bool,
    op: 'lt',
    left: counter,
    right: { kind: 'const', type: counter.type, value: hi },
  }
  return [let_(counter, lo), while_(more, [...body(deeper(p, [counter], true)), up])]
}

/** `last` is never below `first`, and neither it nor the counter changes in the body. */
function forStmt(tape: Tape, p: Place, stepless: boolean): readonly Stmt[] {
  const { sizes } = p.world
  const counter = tape.oneOf(p.writable.filter((l) => l.type.kind === 'int' || l.type.kind === 'ref'))
  if (counter === undefined) return [randomStep(tape, p)]
  const { lo, hi } = range(counter.type, sizes)
  const at = (value: number): Expr => ({ kind: 'const', type: counter.type, value })
  const own = p.locals.filter((l) => l !== counter && !p.params.includes(l) && fits(l.type, counter.type, sizes))
  const from = tape.below(hi - lo + 1)
  const bounds = (): readonly [Expr, Expr, readonly Local[]] => {
    const l = tape.oneOf(own)
    switch (tape.below(4)) {
      case 1:
        return l === undefined ? [at(lo), at(hi), []] : [at(lo), l, [l]]
      case 2:
        return l === undefined ? [at(lo), at(hi), []] : [l, at(hi), []]
      case 3:
        return [quiet(tape, p, counter.type, 1), at(hi), []]
      default:
        return [at(lo + from), at(lo + from + tape.below(hi - lo - from + 1)), []]
    }
  }
  const [first, last, frozen] = bounds()
  const q = deeper(p, [counter, ...frozen], true)
  if (!stepless)
    return [for_(counter, first, last, [randomStep(tape, q), ...(tape.below(2) === 0 ? [] : blockOf(tape, q, 1))])]
  const target = tape.oneOf(q.writable)
  const work = target === undefined ? [] : [let_(target, quiet(tape, q, target.type, 1))]
  return [for_(counter, first, last, [...work, if_(condition(tape, q), [tape.pick(break_, continue_)], work)])]
}

function callStmt(tape: Tape, p: Place): Stmt {
  const possible = p.callable.flatMap(({ routine, byReference }) => {
    const candidates = routine.params.map((param) =>
      byReference.has(param.name)
        ? p.writable.filter((l) => JSON.stringify(l.type) === JSON.stringify(param.type))
        : undefined,
    )
    return candidates.some((c) => c?.length === 0) ? [] : [{ routine, candidates }]
  })
  const found = tape.oneOf(possible)
  if (found === undefined) return randomStep(tape, p)
  const { routine, candidates } = found
  const args = routine.params.map((param, i) => tape.oneOf(candidates[i] ?? []) ?? quiet(tape, p, param.type, 1))
  const { returns } = routine
  const into =
    returns === undefined ? undefined : tape.oneOf(p.writable.filter((l) => fits(returns, l.type, p.world.sizes)))
  return call(p.label(), routine, args, into)
}

/** One statement, or a few that belong together. */
export function randomStmt(tape: Tape, p: Place): readonly Stmt[] {
  const shape = p.depth <= 0 ? tape.below(6) : tape.below(18)
  switch (shape) {
    case 4: {
      const target = tape.oneOf(p.writable)
      return target === undefined ? [] : [let_(target, quiet(tape, p, target.type))]
    }
    case 5:
    case 6: {
      const leave = p.inLoop ? tape.pick(break_, continue_, leaveStmt(tape, p)) : leaveStmt(tape, p)
      return [if_(condition(tape, p), [leave])]
    }
    case 7:
    case 8:
    case 9: {
      const cond = condition(tape, p)
      const then = blockOf(tape, deeper(p, [], p.inLoop), 2)
      if (tape.rarely(3)) return [check(p.label(), cond, then)]
      return [if_(cond, then, tape.below(2) === 0 ? [] : blockOf(tape, deeper(p, [], p.inLoop), 2))]
    }
    case 10:
      return whileStmt(tape, p)
    case 11:
      return forStmt(tape, p, false)
    case 12:
      return forStmt(tape, p, true)
    case 13:
    case 14:
      return [callStmt(tape, p)]
    case 15:
    case 16: {
      const held = randomLock(tape, p, quietNames(p))
      if (held === undefined) return [randomStep(tape, p)]
      // What the lock is named by may change in between: then another one is let go.
      return [lockStep(tape, p, held), ...blockOf(tape, deeper(p, [], p.inLoop), 1), unlockStep(p, held)]
    }
    case 17: {
      const held = tape.rarely(3) ? randomLock(tape, p, quietNames(p)) : undefined
      return [held === undefined ? randomStep(tape, p) : lockStep(tape, p, held)]
    }
    default:
      return [randomStep(tape, p)]
  }
}

/** Random locals of a routine. The first two are counters. */
export function randomLocals(tape: Tape, types: readonly Type[]): readonly Local[] {
  const more = Array.from({ length: 1 + tape.below(3) }, () => tape.oneOf(types) ?? bool)
  const all: readonly Type[] = [{ kind: 'int', lo: 0, hi: 2 }, bool, ...more]
  return all.map((type, i) => ({ kind: 'local', type, name: ['i', 'ok', 'u', 'v', 'w'][i] ?? `x${i}` }))
}
