/** From a control-flow graph to labelled steps, each with what follows it up to the next label. */
import { plus, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'
import { bool } from '../../model/language/types.ts'
import { assuming, fold, isTruth, type Known } from './fold.ts'
import type { Label, PStep, Tail } from './system.ts'

export type Node =
  | {
      readonly kind: 'step'
      readonly name: string
      readonly routine: string
      readonly frames: readonly string[]
      readonly local: string
      readonly text: string
      readonly choose: readonly Field[]
      readonly guard: readonly Expr[]
      readonly actions: readonly Action[]
      readonly next: Node
    }
  | { readonly kind: 'if'; readonly cond: Expr; readonly then: Node; readonly else: Node }
  | { readonly kind: 'set'; readonly target: FieldExpr; readonly value: Expr; readonly next: Node }
  /** A place to jump back to; `turn` where it can be reached again with no step between. */
  | {
      readonly kind: 'join'
      readonly where: string
      readonly frames: readonly string[]
      target: Node | undefined
      turn: boolean
    }
  | { readonly kind: 'end' }

type Place = Extract<Node, { kind: 'step' | 'join' }>

interface Tails {
  /** A new loop without a step was found: what was made so far is thrown away. */
  again: boolean
  readonly numbers: Map<Node, number>
  readonly order: Place[]
}

const numberOf = (t: Tails, place: Place): number => {
  const known = t.numbers.get(place)
  if (known !== undefined) return known
  t.numbers.set(place, t.order.length)
  t.order.push(place)
  return t.order.length - 1
}

function follow(t: Tails, node: Node, known: Known, path: ReadonlySet<Node>): Tail {
  switch (node.kind) {
    case 'step':
      return { kind: 'goto', label: numberOf(t, node) }
    case 'end':
      throw new Error('a thread body that ends')
    case 'set': {
      const value = fold(node.value, known)
      const next = new Map(known)
      if (value.kind === 'const') next.set(node.target.field, value.value)
      else next.delete(node.target.field)
      return { kind: 'set', target: node.target, value, next: follow(t, node.next, next, path) }
    }
    case 'if': {
      const cond = fold(node.cond, known)
      const decided = isTruth(cond)
      if (decided !== undefined) return follow(t, decided ? node.then : node.else, known, path)
      return {
        kind: 'if',
        cond,
        then: follow(t, node.then, assuming(cond, true, known), path),
        else: follow(t, node.else, assuming(cond, false, known), path),
      }
    }
    case 'join': {
      if (node.turn) return { kind: 'goto', label: numberOf(t, node) }
      if (path.has(node)) {
        node.turn = true
        t.again = true
        return { kind: 'goto', label: 0 }
      }
      if (node.target === undefined) throw new Error(`${node.where}: a loop without a body`)
      return follow(t, node.target, known, new Set([...path, node]))
    }
  }
}

/** Appends the labels and steps that are reached from `entry`, and gives what leads to the first. */
export function tailOf(entry: Node, program: number, labels: Label[], steps: PStep[]): Tail {
  for (;;) {
    const t: Tails = { again: false, numbers: new Map(), order: [] }
    const first = follow(t, entry, new Map(), new Set())
    const made: { label: Label; step: PStep }[] = []
    for (let i = 0; i < t.order.length; i++) {
      const place = t.order[i]
      if (place !== undefined) made.push(placed(t, place, i, program))
    }
    if (t.again) continue
    const shift = labels.length
    for (const { label, step } of made) {
      labels.push(label)
      steps.push({ ...step, label: step.label + shift, tail: shifted(step.tail, shift) })
    }
    return shifted(first, shift)
  }
}

function placed(t: Tails, place: Place, i: number, program: number): { label: Label; step: PStep } {
  if (place.kind === 'join') {
    const target = place.target
    if (target === undefined) throw new Error(`${place.where}: a loop without a body`)
    const label: Label = {
      name: `${place.where}.turn${i}`,
      routine: place.where,
      frames: place.frames,
      local: 'turn',
      text: '',
      kind: 'turn',
      program,
    }
    const tail = follow(t, target, new Map(), new Set([place]))
    return { label, step: { label: i, choose: [], guard: [], actions: [], tail } }
  }
  const { name, routine, frames, local, text, choose, guard, actions } = place
  const tail = follow(t, place.next, new Map(), new Set())
  return {
    label: { name, routine, frames, local, text, kind: 'step', program },
    step: { label: i, choose, guard, actions, tail },
  }
}

function shifted(tail: Tail, by: number): Tail {
  switch (tail.kind) {
    case 'goto':
      return { kind: 'goto', label: tail.label + by }
    case 'if':
      return { ...tail, then: shifted(tail.then, by), else: shifted(tail.else, by) }
    case 'set':
      return { ...tail, next: shifted(tail.next, by) }
  }
}

/** The end of a counted loop's body: out at `last`, or one more turn. */
export const repeats = (counter: FieldExpr, last: Expr, head: Node, exit: Node): Node => ({
  kind: 'if',
  cond: { kind: 'binary', type: bool, op: 'eq', left: counter, right: last },
  then: exit,
  else: { kind: 'set', target: counter, value: plus(counter, 1), next: head },
})
