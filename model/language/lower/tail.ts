/** Turns the control flow between two steps into statements that end by setting the program counter. */
import type { LExpr, LStmt } from '../lowered.ts'
import { assign, branch, choose, combine, constant, element, negate, slotOf } from './build.ts'
import { ModelError } from './error.ts'
import type { Node, StepNode } from './graph.ts'

/** Values known of locals at a point; control flow that depends on them is decided here and now. */
export type Known = ReadonlyMap<number, number>

/** Least values known of loop counters: how a loop whose counter is not known comes to its end here. */
type Least = ReadonlyMap<number, number>

export function substitute(e: LExpr, known: Known): LExpr {
  switch (e.kind) {
    case 'const':
      return e
    case 'slot': {
      const value = known.get(e.slot)
      return value === undefined ? e : constant(value)
    }
    case 'select':
      return element(
        e.base,
        e.index.map((d) => ({ ...d, expr: substitute(d.expr, known) })),
      )
    case 'not':
      return negate(substitute(e.arg, known))
    case 'binary':
      return combine(e.op, substitute(e.left, known), substitute(e.right, known))
    case 'ite':
      return choose(substitute(e.cond, known), substitute(e.then, known), substitute(e.else, known))
    case 'old':
      return e
  }
}

export interface TailContext {
  readonly pcSlot: number
  readonly donePc: number
  readonly pcOf: ReadonlyMap<StepNode, number>
  /** The smallest and the largest value of a slot. */
  readonly lowest: (slot: number) => number
  readonly highest: (slot: number) => number
}

/** More turns than any counter of the model has values. */
const TURNS_MAX = 64

/** Statements from `node` to the next step. Throws on a loop that has no step in it. */
export function tail(
  ctx: TailContext,
  node: Node,
  known: Known,
  least: Least = new Map(),
  turns: ReadonlyMap<Node, number> = new Map(),
): readonly LStmt[] {
  switch (node.kind) {
    case 'step': {
      const pc = ctx.pcOf.get(node)
      if (pc === undefined) throw new Error(`step ${node.label} has no number`)
      return [assign({ kind: 'slot', slot: ctx.pcSlot }, constant(pc))]
    }
    case 'end':
      return [assign({ kind: 'slot', slot: ctx.pcSlot }, constant(ctx.donePc))]
    case 'let': {
      const value = substitute(node.value, known)
      const next = new Map(known)
      if (value.kind === 'const') next.set(node.slot, value.value)
      else next.delete(node.slot)
      return [
        assign({ kind: 'slot', slot: node.slot }, value),
        ...tail(ctx, node.next, next, forget(least, node.slot), turns),
      ]
    }
    case 'repeat':
      return repeat(ctx, node, known, least, turns)
    case 'branch': {
      const cond = substitute(node.cond, known)
      if (cond.kind === 'const') return tail(ctx, cond.value === 0 ? node.else : node.then, known, least, turns)
      return branch(
        cond,
        tail(ctx, node.then, assuming(cond, true, known), least, turns),
        tail(ctx, node.else, assuming(cond, false, known), least, turns),
      )
    }
    case 'join': {
      if (node.target === undefined) throw new ModelError(node.where)
      const turn = (turns.get(node) ?? 0) + 1
      if (turn > TURNS_MAX) throw new ModelError(`${node.where}: a loop goes round without a step in it`)
      return tail(ctx, node.target, known, least, new Map([...turns, [node, turn]]))
    }
  }
}

/** A counter never passes `last`, nor its own range: a least value that has reached either ends the loop. */
function repeat(
  ctx: TailContext,
  node: Extract<Node, { kind: 'repeat' }>,
  known: Known,
  least: Least,
  turns: ReadonlyMap<Node, number>,
): readonly LStmt[] {
  const last = substitute(node.last, known)
  const now = known.get(node.slot)
  const low = now ?? least.get(node.slot) ?? ctx.lowest(node.slot)
  const exit = tail(ctx, node.exit, known, least, turns)
  if (low >= (last.kind === 'const' ? last.value : ctx.highest(node.slot))) return exit
  const sure = now !== undefined || (last.kind === 'const' && last.value === low + 1)
  const next = new Map(known)
  if (sure) next.set(node.slot, low + 1)
  const counter = slotOf(node.slot)
  const again = [
    assign({ kind: 'slot', slot: node.slot }, sure ? constant(low + 1) : combine('add', counter, constant(1))),
    ...tail(ctx, node.head, next, new Map([...least, [node.slot, low + 1]]), turns),
  ]
  return branch(substitute(combine('eq', counter, last), known), exit, again)
}

const forget = (least: Least, slot: number): Least =>
  least.has(slot) ? new Map([...least].filter(([s]) => s !== slot)) : least

/** What a condition that came out true (or false) says about a local. */
function assuming(cond: LExpr, outcome: boolean, known: Known): Known {
  const learn = (slot: number, value: number): Known => new Map([...known, [slot, value]])
  if (cond.kind === 'not') return assuming(cond.arg, !outcome, known)
  if (cond.kind === 'slot') return learn(cond.slot, outcome ? 1 : 0)
  if (cond.kind !== 'binary') return known
  const equality = cond.op === (outcome ? 'eq' : 'ne')
  if (equality && cond.left.kind === 'slot' && cond.right.kind === 'const')
    return learn(cond.left.slot, cond.right.value)
  if (outcome && cond.op === 'and') return assuming(cond.right, true, assuming(cond.left, true, known))
  return known
}
