/**
 * Depth-first search where memory ends. It keeps the path that it stands on and, of the states that it has left for
 * good, as many as fit; a state that was forgotten and is met again is searched again. It sees all that can be
 * reached all the same: it looks at every successor of whatever it enters, and enters those that it does not hold.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, SearchOptions, SearchResult } from '../engine.ts'
import { pack } from '../explicit/layout.ts'
import { initialState, type State } from '../reference/interpreter.ts'
import { startWatch } from '../watch.ts'
import { newLookout, type Lookout } from './lookout.ts'
import { longestFirst, machineFor, type Machine } from './machine.ts'
import { meet, newStore, pop, push, type Store } from './store.ts'

export interface DepthFirstOptions extends SearchOptions {
  /** Goes on after a violation, until everything is explored; else the first one ends the search. */
  readonly beyond?: boolean
  /** For tests alone: states on the path may be forgotten too. */
  readonly sabotage?: 'forget-path'
}

export interface DepthFirstFigures {
  /** States entered. One that was forgotten and is entered again counts again. */
  readonly visits: number
  /** How often a state was forgotten: 0 where every state was entered once. */
  readonly forgotten: number
}

/**
 * `depth` is the length of the longest path. Where states were forgotten, `states` are those held at the end, which
 * are all different, and outcomes count visits: of the model it is true only whether there are any.
 */
export interface DepthFirstResult extends SearchResult {
  readonly depthFirst: DepthFirstFigures
}

/** States entered between two looks at the clock. */
const LOOK = 1024

interface Walked extends Pick<DepthFirstFigures, 'visits'> {
  readonly transitions: number
  readonly depth: number
  readonly incomplete?: Incomplete
}

function walk(
  { model, layout, program }: Machine,
  store: Store,
  first: State,
  look: Lookout,
  options: DepthFirstOptions,
): Walked {
  const { words } = layout
  const { out } = program
  const threads = longestFirst(model).map((t) => program.threads[t])
  const { maxStates = Infinity, beyond = false } = options
  const mayForgetPath = options.sabotage === 'forget-path'
  const watch = startWatch({ ...options, maxStates: Infinity })
  // A turn is a number: the next thread, which may be beyond the last, and which of its moves, times this.
  const base = threads.length + 1
  let visits = 0
  let transitions = 0
  let depth = 0
  let deepest = 0
  let turns = 0

  /** Takes a state from `out` onto the path. Gives -1 where there is no room. */
  const enter = (at: number, below: number): number => {
    const id = push(store, out, at, below, mayForgetPath)
    if (id < 0) return id
    visits++
    deepest = Math.max(deepest, depth)
    look.atState(id)
    return id
  }
  const ended = (): Incomplete | undefined => {
    if (!beyond && look.violations.length > 0) return { kind: 'violation' }
    if (visits > maxStates) return { kind: 'states', limit: maxStates }
    if (turns++ % LOOK > 0) return undefined
    return watch({ depth, states: store.count, frontier: store.open, bytes: store.peakBytes, visits })
  }

  pack(layout, first, out, 0)
  let top = enter(0, -1)
  let incomplete = ended()
  // At the top of the path: the thread whose moves come next, which of them, and whether any has been there.
  let thread = 0
  let place = 0
  let moved = false
  while (incomplete === undefined && top >= 0) {
    let fresh = -1
    for (; thread < threads.length; thread++, place = 0) {
      const end = threads[thread]?.(store.arena, top, 0) ?? 0
      if (end === 0) continue
      moved = true
      look.atMoves(top)
      while (place * words < end && fresh < 0) {
        transitions++
        if (!meet(store, out, place * words)) fresh = place
        place++
      }
      if (fresh < 0) continue
      store.turn[top] = place * words < end ? place * base + thread : thread + 1
      break
    }
    if (fresh >= 0) {
      depth++
      top = enter(fresh * words, top)
      if (top < 0) incomplete = { kind: 'memory', limitBytes: store.limitBytes ?? store.peakBytes }
      thread = place = 0
      moved = false
    } else {
      if (!moved) look.atEnd(top)
      depth--
      top = pop(store, top)
      const turn = store.turn[top] ?? 0
      if (turn < 0) throw new Error('a state on the path of a depth-first search was forgotten')
      thread = turn % base
      place = (turn - thread) / base
      moved = true
    }
    incomplete ??= ended()
  }
  return { visits, transitions, depth: deepest, ...(incomplete === undefined ? {} : { incomplete }) }
}

/**
 * Explores depth first until something is violated or everything is explored. Its traces
 * are runs of the model, and hardly ever the shortest. Closed states give way where `maxBytes` is reached, or the
 * machine gives no more; the search is incomplete for want of memory only where the path alone does not fit. Throws
 * where a slot leaves its range, or where the model does not fit the limits of packed states.
 */
export function searchDepthFirst(original: LoweredModel, options: DepthFirstOptions = {}): DepthFirstResult {
  const first = initialState(original)
  const machine = machineFor(original)
  const { model, layout, program } = machine
  const { maxBytes = Infinity } = options
  const store = newStore(layout.words, maxBytes)
  if (store === undefined) return nothing(model, maxBytes)
  const look = newLookout(machine, store)
  const { visits, transitions, depth, incomplete } = walk(machine, store, first, look, options)
  const ran = model.steps.filter((_, index) => program.ran[index] !== 0)
  return {
    engine: 'explicit',
    ...(incomplete === undefined ? {} : { incomplete }),
    violations: [...look.violations].sort((a, b) => a.property - b.property),
    states: store.count,
    transitions,
    depth,
    reachedSteps: ran.map(({ id }) => id).sort((a, b) => a - b),
    reachedCovers: [...look.covered],
    outcomes: look.outcomes(),
    bytes: store.peakBytes,
    depthFirst: { visits, forgotten: store.forgotten },
  }
}

/** Of a search that has no room to begin in. */
const nothing = (model: LoweredModel, limitBytes: number): DepthFirstResult => ({
  engine: 'explicit',
  incomplete: { kind: 'memory', limitBytes },
  violations: [],
  states: 0,
  transitions: 0,
  depth: 0,
  reachedSteps: [],
  reachedCovers: model.covers.map(() => false),
  outcomes: [],
  bytes: 0,
  depthFirst: { visits: 0, forgotten: 0 },
})
