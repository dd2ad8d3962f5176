/** Random walks: for worlds that are too large to be searched. A walk can show a violation, and never that there is none. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move, Violation } from '../engine.ts'
import { newRandom, type Random } from '../random.ts'
import type { State } from '../reference/interpreter.ts'
import { deadlockProperty, initialState, successors } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import { layOut, pack, type Layout } from './layout.ts'
import { compile, type Program } from './program.ts'

export interface SimulateOptions {
  /** Same seed, same walks. */
  readonly seed: number
  /** Walks, at most. */
  readonly runs: number
  /** Steps of one walk, at most. */
  readonly depth: number
  /** How often, in percent, a thread that can go on does so; 0 gives every thread the same chance each time. */
  readonly stay: number
  /** In milliseconds. Looked at between walks. */
  readonly maxMs?: number
  /** Called after each walk. */
  readonly onProgress?: (progress: SimulateProgress) => void
}

export interface SimulateProgress {
  readonly runs: number
  readonly steps: number
}

export interface Simulated extends SimulateProgress {
  /** Of the last walk; neither its trace nor its number of switches is the least. */
  readonly violation?: Violation
  /** Walks that went on to a state with no way out. */
  readonly ended: number
  /** Steps of the longest walk. */
  readonly longest: number
  /** Whether the time was over before all walks were made. */
  readonly late: boolean
}

/** A thread and the place of a successor among those by this thread: a transition of a walk. */
interface Pick {
  readonly thread: number
  readonly place: number
}

/** Compiled once, walked often. `arena` holds the state that a walk has come to. */
interface Walker {
  readonly model: LoweredModel
  readonly layout: Layout
  readonly program: Program
  readonly arena: Int32Array
  readonly first: State
}

function newWalker(original: LoweredModel): Walker {
  const first = initialState(original)
  const model = specialise(original)
  const layout = layOut(model)
  return { model, layout, program: compile(model, layout), arena: new Int32Array(layout.words), first }
}

interface Walk {
  readonly picks: readonly Pick[]
  /** Where it came to a bad end. The last pick is the transition that an assertion fails on, or leads to the bad state. */
  readonly property?: number
  readonly ended: boolean
}

const brokenIn = ({ model, program, arena }: Walker): number | undefined =>
  model.invariants.find((_, i) => program.broken[i]?.(arena, 0, 1) === 0)?.property

function walk(walker: Walker, random: Random, { depth, stay }: SimulateOptions): Walk {
  const { model, layout, program, arena } = walker
  const { words } = layout
  pack(layout, walker.first, arena, 0)
  const picks: Pick[] = []
  const bad = brokenIn(walker)
  if (bad !== undefined) return { picks, property: bad, ended: false }
  let last = -1
  while (picks.length < depth) {
    const from: number[] = []
    const failing: number[] = []
    let end = 0
    for (const expand of program.threads) {
      from.push(end)
      program.failed.fill(-1)
      end = expand(arena, 0, end)
      failing.push(program.failed.findIndex((id) => id !== -1))
    }
    from.push(end)
    const room = (t: number): number => ((from[t + 1] ?? 0) - (from[t] ?? 0)) / words
    const able = program.threads.flatMap((_, t) => (room(t) > 0 ? [t] : []))
    if (able.length === 0) {
      const stuck = program.final(arena, 0, 1) < 0 ? deadlockProperty(model) : undefined
      return { picks, ended: true, ...(stuck === undefined ? {} : { property: stuck }) }
    }
    const stays = able.includes(last) && random.below(100) < stay
    const thread = stays ? last : (able[random.below(able.length)] ?? 0)
    const place = random.below(room(thread))
    const property = failing[thread] ?? -1
    // Of several transitions by this thread the one that fails is found when the walk is told as moves.
    if (property >= 0) return { picks: [...picks, { thread, place: -1 }], property, ended: false }
    const start = (from[thread] ?? 0) + place * words
    arena.set(program.out.subarray(start, start + words))
    picks.push({ thread, place })
    last = thread
    const broken = brokenIn(walker)
    if (broken !== undefined) return { picks, property: broken, ended: false }
  }
  return { picks, ended: false }
}

/** The moves of a walk, by the reference interpreter: both list the transitions of a state in the same order. */
function movesOf({ model, first }: Walker, { picks, property }: Walk): readonly Move[] {
  const threadOf = new Map(model.steps.map(({ id, thread }) => [id, thread]))
  let state = first
  return picks.map(({ thread, place }) => {
    const own = successors(model, state).filter(({ move }) => threadOf.get(move.step) === thread)
    const next = place >= 0 ? own[place] : own.find(({ failed }) => failed.includes(property ?? -1))
    if (next === undefined) throw new Error('a walk took a transition that the reference does not have')
    state = next.state
    return next.move
  })
}

/**
 * Walks at random from the initial state, again and again, until a property is violated or the budget is
 * spent. Throws where a slot leaves its range, as the engines do.
 */
export function simulate(original: LoweredModel, options: SimulateOptions): Simulated {
  const walker = newWalker(original)
  const start = performance.now()
  const figures = { runs: 0, steps: 0, ended: 0, longest: 0 }
  while (figures.runs < options.runs) {
    if (options.maxMs !== undefined && performance.now() - start > options.maxMs) return { ...figures, late: true }
    figures.runs++
    const walked = walk(walker, newRandom(options.seed, figures.runs), options)
    figures.steps += walked.picks.length
    figures.longest = Math.max(figures.longest, walked.picks.length)
    if (walked.ended) figures.ended++
    const { property } = walked
    if (property !== undefined)
      return { ...figures, late: false, violation: { property, moves: movesOf(walker, walked) } }
    options.onProgress?.(figures)
  }
  return { ...figures, late: false }
}
