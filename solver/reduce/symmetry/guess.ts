/**
 * How pairs of threads could change places. The steps of one are laid beside those of the other: slots and objects
 * that stand in the same place go with the threads, such as the page that each of them reads. It is a guess, which may
 * be wrong wherever the order of things in a text does not matter; same.ts says whether the model is the same then.
 */
import type { LExpr, LoweredModel, LStmt, Slot, Step } from '../../../model/language/lowered.ts'
import { namingOf, slotsOf, THREADS, type Naming, type Permutation } from './swap.ts'

/** Numbers that go to one another. What was said first counts. */
type Pairs = Map<number, number>

function pair(pairs: Pairs, one: number, other: number): boolean {
  if (one === other || pairs.has(one) || pairs.has(other)) return false
  pairs.set(one, other)
  pairs.set(other, one)
  return true
}

interface Guess {
  readonly model: LoweredModel
  readonly slots: Pairs
  readonly objects: Map<string, Pairs>
}

function pairValues({ objects }: Guess, naming: Naming | undefined, one: number, other: number): void {
  if (naming?.kind !== 'ref' || one === 0 || other === 0) return
  const pairs = objects.get(naming.set) ?? new Map<number, number>()
  objects.set(naming.set, pairs)
  pair(pairs, one - 1, other - 1)
}

/** Two slots, and what they hold at the start. */
function pairSlots(guess: Guess, one: number, other: number): void {
  const [a, b] = [guess.model.slots[one], guess.model.slots[other]]
  if (a !== undefined && b !== undefined && pair(guess.slots, one, other))
    pairValues(guess, namingOf(a), a.init, b.init)
}

/** What the value of an expression names, as far as it shows. */
function named(slots: readonly Slot[], expr: LExpr): Naming | undefined {
  switch (expr.kind) {
    case 'slot':
    case 'select': {
      const slot = slots[slotsOf(expr)[0] ?? -1]
      return slot && namingOf(slot)
    }
    case 'old':
      return named(slots, expr.arg)
    case 'ite':
      return named(slots, expr.then) ?? named(slots, expr.else)
    case 'binary':
    case 'const':
    case 'not':
      return undefined
  }
}

/** `naming`: what a constant stands for here. */
function layExpr(guess: Guess, one: LExpr, other: LExpr, naming: Naming | undefined): void {
  const { slots } = guess.model
  if (one.kind === 'const' && other.kind === 'const') pairValues(guess, naming, one.value, other.value)
  else if (one.kind === 'slot' && other.kind === 'slot') pairSlots(guess, one.slot, other.slot)
  else if (one.kind === 'select' && other.kind === 'select') {
    const others = slotsOf(other)
    slotsOf(one).forEach((slot, i) => {
      pairSlots(guess, slot, others[i] ?? slot)
    })
    one.index.forEach(({ expr }, i) => {
      const beside = other.index[i]?.expr
      if (beside !== undefined) layExpr(guess, expr, beside, undefined)
    })
  } else if (one.kind === 'not' && other.kind === 'not') layExpr(guess, one.arg, other.arg, undefined)
  else if (one.kind === 'old' && other.kind === 'old') layExpr(guess, one.arg, other.arg, naming)
  else if (one.kind === 'ite' && other.kind === 'ite') {
    layExpr(guess, one.cond, other.cond, undefined)
    layExpr(guess, one.then, other.then, naming)
    layExpr(guess, one.else, other.else, naming)
  } else if (one.kind === 'binary' && other.kind === 'binary' && one.op === other.op) {
    const of = named(slots, one.left) ?? named(slots, one.right)
    layExpr(guess, one.left, other.left, of)
    layExpr(guess, one.right, other.right, of)
  }
}

function layBody(guess: Guess, one: readonly LStmt[], other: readonly LStmt[]): void {
  for (const [i, a] of one.entries()) {
    const b = other[i]
    if (a.kind === 'set' && b?.kind === 'set') {
      // Where something is stored counts before what is: there is no order in it that could be another one.
      layExpr(guess, a.target, b.target, undefined)
      layExpr(guess, a.value, b.value, named(guess.model.slots, a.target))
    } else if (a.kind === 'if' && b?.kind === 'if') {
      layExpr(guess, a.cond, b.cond, undefined)
      layBody(guess, a.then, b.then)
      layBody(guess, a.else, b.else)
    } else if (a.kind === 'assert' && b?.kind === 'assert') layExpr(guess, a.cond, b.cond, undefined)
  }
}

function layStep(guess: Guess, one: Step, other: Step): void {
  one.choices.forEach(({ slot }, i) => {
    pairSlots(guess, slot, other.choices[i]?.slot ?? slot)
  })
  layBody(guess, one.body, other.body)
  layExpr(guess, one.guard, other.guard, undefined)
}

const stepsOf = ({ steps }: LoweredModel, thread: number): ReadonlyMap<number, Step> =>
  new Map(steps.flatMap((step) => (step.thread === thread ? [[step.pc, step]] : [])))

const size = ({ slots }: LoweredModel, set: string, pairs: Pairs): number =>
  Math.max(...pairs.keys(), ...slots.map(({ type, hi }) => (type.kind === 'ref' && type.set === set ? hi - 1 : 0))) + 1

const spread = (pairs: Pairs, count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => pairs.get(n) ?? n)

/** How some pairs of threads could change places, all at once; undefined where two do not have the same places to be at. */
export function guessSwap(model: LoweredModel, swaps: readonly (readonly [number, number])[]): Permutation | undefined {
  const guess: Guess = { model, slots: new Map(), objects: new Map([[THREADS, new Map<number, number>()]]) }
  for (const [one, other] of swaps) {
    const [mine, theirs] = [stepsOf(model, one), stepsOf(model, other)]
    if (mine.size !== theirs.size || ![...mine.keys()].every((pc) => theirs.has(pc))) return undefined
    pair(guess.objects.get(THREADS) ?? new Map<number, number>(), one, other)
    pairSlots(guess, model.threads[one]?.pcSlot ?? -1, model.threads[other]?.pcSlot ?? -1)
    for (const [pc, step] of mine) layStep(guess, step, theirs.get(pc) ?? step)
  }
  const counts = [...guess.objects].map(([set, pairs]): [string, readonly number[]] => [
    set,
    spread(pairs, set === THREADS ? model.threads.length : size(model, set, pairs)),
  ])
  return {
    objects: new Map(counts.filter(([, images]) => images.some((image, n) => image !== n))),
    slots: spread(guess.slots, model.slots.length),
  }
}
