/**
 * Conflicting accesses: two threads that can both go on in one state, each with a step that touches the
 * same shared variable, at least one of them writing it. No lock keeps the two apart, or one of them would
 * have to wait. Whether they are data races in KCSAN's sense depends on how each is marked, which is not
 * known here.
 */
import { stepAccesses } from '../../model/language/slots.ts'
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import type { Incomplete, Move, SearchOptions } from '../engine.ts'
import { explore } from '../explicit/explore.ts'
import { unpackSlot } from '../explicit/layout.ts'
import { stateOf } from '../explicit/trace.ts'
import { tracePath } from '../first_violations.ts'
import { accessesIn } from '../reference/accesses.ts'
import { successors, type State } from '../reference/interpreter.ts'

export interface RacingStep {
  readonly move: Move
  readonly writes: boolean
}

export interface Conflict {
  readonly slot: number
  /** In the order of their threads. */
  readonly steps: readonly [RacingStep, RacingStep]
  /** A shortest way to a state in which both can go on. */
  readonly moves: readonly Move[]
  readonly state: State
}

export interface Conflicts {
  /** One for each pair of steps and each variable that both touch, in breadth-first order. */
  readonly found: readonly Conflict[]
  readonly states: number
  readonly incomplete?: Incomplete
}

type Pair = readonly [Step, Step]

/** Pairs of steps that could touch the same variable in some state, by the program counters of their threads. */
function suspects(model: LoweredModel): ReadonlyMap<string, readonly [Step, Step]> {
  const shared = (slot: number): boolean => model.slots[slot]?.kind === 'shared'
  const touched = model.steps.map((step) => {
    const { reads, writes } = stepAccesses(step)
    const own = [...writes].filter(shared)
    return { step, writes: new Set(own), all: new Set([...own, ...[...reads].filter(shared)]) }
  })
  const meets = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((slot) => b.has(slot))
  const pairs = new Map<string, Pair>()
  touched.forEach((a, i) => {
    for (const b of touched.slice(i + 1)) {
      if (a.step.thread === b.step.thread || !(meets(a.writes, b.all) || meets(b.writes, a.all))) continue
      const pair: Pair = a.step.thread < b.step.thread ? [a.step, b.step] : [b.step, a.step]
      pairs.set(pair.map((s) => `${s.thread}:${s.pc}`).join('|'), pair)
    }
  })
  return pairs
}

interface Touched {
  readonly move: Move
  readonly slots: ReadonlySet<number>
  readonly written: ReadonlySet<number>
}

/** What a step touches in a state, by each of the moves that it can make there. */
function touches(model: LoweredModel, step: Step, state: State): readonly Touched[] {
  return successors(model, state)
    .filter(({ move }) => move.step === step.id)
    .map(({ move }) => {
      const { reads, writes } = accessesIn(model, step, move.choices, state)
      return { move, slots: new Set([...reads, ...writes]), written: writes }
    })
}

/** Every conflict that some reachable state shows. Throws where a slot leaves its range, as every search does. */
export function findConflicts(original: LoweredModel, options: SearchOptions = {}): Conflicts {
  const exploration = explore(original, options)
  const { model, layout, store, states, incomplete } = exploration
  const stored = {
    model,
    stateOf: (id: number) => stateOf(exploration, id),
    parentOf: (id: number) => store.parents[id] ?? -1,
  }
  const pairs = suspects(model)
  const found: Conflict[] = []
  const seen = new Set<string>()
  const threads = model.threads.map(({ pcSlot }) => pcSlot)
  for (let id = 0; id < states && pairs.size > 0; id++) {
    const at = threads.map((slot, t) => `${t}:${unpackSlot(layout, store.arena, id * layout.words, slot)}`)
    for (let a = 0; a < at.length; a++)
      for (let b = a + 1; b < at.length; b++) {
        const pair = pairs.get(`${at[a] ?? ''}|${at[b] ?? ''}`)
        if (pair === undefined) continue
        const state = stateOf(exploration, id)
        for (const x of touches(model, pair[0], state))
          for (const y of touches(model, pair[1], state))
            for (const slot of x.slots) {
              const conflicts = y.slots.has(slot) && (x.written.has(slot) || y.written.has(slot))
              const key = `${pair[0].id} ${pair[1].id} ${slot}`
              if (!conflicts || model.slots[slot]?.kind !== 'shared' || seen.has(key)) continue
              seen.add(key)
              found.push({
                slot,
                steps: [
                  { move: x.move, writes: x.written.has(slot) },
                  { move: y.move, writes: y.written.has(slot) },
                ],
                moves: tracePath(stored, id),
                state,
              })
            }
      }
  }
  return { found, states, ...(incomplete === undefined ? {} : { incomplete }) }
}
