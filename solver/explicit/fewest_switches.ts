import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move, Violation } from '../engine.ts'
import { compareNumbers } from '../order.ts'
import type { State, Successor } from '../reference/interpreter.ts'
import { deadlockProperty, successors } from '../reference/interpreter.ts'
import type { Exploration } from './explore.ts'
import { explore } from './explore.ts'
import { pack } from './layout.ts'
import { stateOf } from './trace.ts'

/** More than any trace has. */
const NEVER = 2 ** 30

/** How often a trace passes from one thread to another. Throws on a step that the model does not have. */
export function countSwitches(model: LoweredModel, moves: readonly Move[]): number {
  const threads = moves.map(({ step }) => {
    const found = model.steps.find(({ id }) => id === step)
    if (found === undefined) throw new Error(`the model has no step ${step}`)
    return found.thread
  })
  return threads.filter((thread, i) => i > 0 && thread !== threads[i - 1]).length
}

/** Where the shortest traces end: in a bad state of some depth, or with a failing transition into it. */
interface Goal {
  readonly kind: 'state' | 'transition'
  readonly depth: number
}

const levelStart = ({ levels, states }: Exploration, depth: number): number => levels[depth] ?? states

/** Whether thread `t` has a transition out of a state on which an assertion of the property fails. */
function canFail({ program, store }: Exploration, id: number, t: number, property: number): boolean {
  program.failed[property] = -1
  program.threads[t]?.(store.arena, id, 0)
  return program.failed[property] !== -1
}

/** Whether a stored state breaks the property. */
export function isBad({ model, program, store }: Exploration, id: number, property: number): boolean {
  if (property === deadlockProperty(model)) {
    const idle = program.threads.every((expand) => expand(store.arena, id, 0) === 0)
    return idle && program.final(store.arena, id, id + 1) < 0
  }
  return model.invariants.some(
    (of, i) => of.property === property && program.broken[i]?.(store.arena, id, id + 1) === id,
  )
}

function findGoal(exploration: Exploration, property: number): Goal | undefined {
  const { model, program, broken, deadlock, levels } = exploration
  const depthOf = (id: number): number => levels.findLastIndex((first) => first <= id)
  const bad = broken.filter((id, i) => id >= 0 && model.invariants[i]?.property === property)
  if (deadlock >= 0 && property === deadlockProperty(model)) bad.push(deadlock)
  const failedFrom = program.failed[property] ?? -1
  const goals: Goal[] = bad.map((id) => ({ kind: 'state', depth: depthOf(id) }))
  if (failedFrom >= 0) goals.push({ kind: 'transition', depth: depthOf(failedFrom) + 1 })
  return goals.sort((a, b) => a.depth - b.depth)[0]
}

/** The fewest switches from a state on to the goal, if the move before was of thread `last`; NEVER if it is not to be reached. */
type Rest = (id: number, last: number) => number

/**
 * Works out the rests by going back from the goal, depth by depth. A prefix of a shortest trace is
 * a shortest path itself, so only transitions from one depth to the next count.
 */
function rests(exploration: Exploration, property: number, goal: Goal): Rest {
  const { layout, program, store } = exploration
  const threads = program.threads.length
  const goalStart = levelStart(exploration, goal.depth)
  const bad = new Uint8Array(levelStart(exploration, goal.depth + 1) - goalStart)
  if (goal.kind === 'state') bad.forEach((_, i) => (bad[i] = isBad(exploration, goalStart + i, property) ? 1 : 0))
  // By state and thread: the fewest switches after a next move of that thread.
  const after = new Int32Array(goalStart * threads).fill(NEVER)
  const rest: Rest = (id, last) => {
    if (id >= goalStart) return bad[id - goalStart] === 1 ? 0 : NEVER
    let best = NEVER
    for (let t = 0; t < threads; t++) best = Math.min(best, (after[id * threads + t] ?? NEVER) + (t === last ? 0 : 1))
    return best
  }
  for (let depth = goal.depth - 1; depth >= 0; depth--) {
    const nextStart = levelStart(exploration, depth + 1)
    const nextEnd = levelStart(exploration, depth + 2)
    const failing = goal.kind === 'transition' && depth === goal.depth - 1
    for (let id = levelStart(exploration, depth); id < nextStart; id++) {
      program.threads.forEach((expand, t) => {
        let best = NEVER
        if (failing) best = canFail(exploration, id, t, property) ? 0 : NEVER
        else {
          const end = expand(store.arena, id, 0)
          for (let o = 0; o < end; o += layout.words) {
            const next = program.find(store.table, store.arena, o)
            if (next >= nextStart && next < nextEnd) best = Math.min(best, rest(next, t))
          }
        }
        after[id * threads + t] = best
      })
    }
  }
  return rest
}

/** The switches still to come after a move of `thread` that runs at `depth` - 1; NEVER where it leads nowhere. */
type Onward = (successor: Successor, thread: number, depth: number) => number

function onward(exploration: Exploration, property: number, goal: Goal): Onward {
  const { layout, program, store } = exploration
  const rest = rests(exploration, property, goal)
  return (successor, thread, depth) => {
    if (goal.kind === 'transition' && depth === goal.depth) return successor.failed.includes(property) ? 0 : NEVER
    pack(layout, successor.state, program.out, 0)
    const id = program.find(store.table, store.arena, 0)
    const advances = id >= levelStart(exploration, depth) && id < levelStart(exploration, depth + 1)
    return advances ? rest(id, thread) : NEVER
  }
}

/** What traces to some violations are picked from: all states to a depth that shows them, and where each is shown. */
export interface Ground {
  readonly exploration: Exploration
  /** By property. */
  readonly goals: readonly (Goal | undefined)[]
}

/** Explores as deep as the longest of some traces is, once for all of them. */
export function groundFor(model: LoweredModel, violations: readonly Violation[]): Ground {
  // One more than needed, as a deadlock is only noticed where a state is expanded.
  return groundOf(explore(model, { depthMax: Math.max(0, ...violations.map((v) => v.moves.length)) + 1 }))
}

/** The same, where the states have been explored already: all of them, or to a depth that shows the violations. */
export const groundOf = (exploration: Exploration): Ground => ({
  exploration,
  // Now, since going back from a goal writes over what the exploration has noted.
  goals: exploration.model.properties.map((_, property) => findGoal(exploration, property)),
})

/**
 * Every shortest trace to a violation of the same property that switches threads least often. They come
 * in an order: at the first move that differs, the one that switches there, then the first by thread,
 * step id and choice values. The trace given bounds the search. Throws where the model does not violate
 * the property within it.
 */
export function* allFewestSwitches(
  model: LoweredModel,
  violation: Violation,
  { exploration, goals }: Ground = groundFor(model, [violation]),
): Generator<Violation, undefined> {
  const { property, moves } = violation
  const goal = goals[property]
  if (goal === undefined || goal.depth > moves.length) {
    throw new Error(`the model does not violate property ${property} within ${moves.length} moves`)
  }
  const threadOf = new Map(exploration.model.steps.map(({ id, thread }) => [id, thread]))
  const toCome = onward(exploration, property, goal)
  const best: Move[] = []

  function* from(state: State, last: number | undefined): Generator<Violation, undefined> {
    if (best.length === goal?.depth) {
      yield { property, moves: [...best] }
      return
    }
    const candidates = successors(exploration.model, state).map((successor) => {
      const thread = threadOf.get(successor.move.step) ?? -1
      const switches = toCome(successor, thread, best.length + 1) + (last === undefined || last === thread ? 0 : 1)
      // Of two ways that cost the same, switching now shows how little the other thread must have done.
      const stays = last === thread ? 1 : 0
      return {
        successor,
        thread,
        switches,
        order: [switches, stays, thread, successor.move.step, ...successor.move.choices],
      }
    })
    const [first, ...others] = candidates.sort((a, b) => compareNumbers(a.order, b.order))
    if (first === undefined) throw new Error('a trace of the explicit engine ends early in the reference')
    for (const next of [first, ...others.filter(({ switches }) => switches === first.switches)]) {
      best.push(next.successor.move)
      yield* from(next.successor.state, next.thread)
      best.pop()
    }
  }
  yield* from(stateOf(exploration, 0), undefined)
}

/** The first of them. */
export function fewestSwitches(model: LoweredModel, violation: Violation, ground?: Ground): Violation {
  const { value } = allFewestSwitches(model, violation, ground).next()
  if (value === undefined) throw new Error('there is no trace to the violation')
  return value
}
