import type { Incomplete, Progress, SearchOptions } from '../engine.ts'
import type { State } from '../reference/interpreter.ts'
import { startWatch } from '../watch.ts'
import { imageOf, restoreImage, type ImageCheckpoints, type Progressed } from './checkpoint.ts'
import { expandBeyond } from './beyond/beyond.ts'
import { firstRoom } from './components_room.ts'
import type { Crew, CrewOptions } from './crew.ts'
import { allReady, checkCrew, closeCrew, startCrew } from './crew.ts'
import { stateLimit } from './growth.ts'
import type { Heap } from './heap.ts'
import { bytesTaken, newHeap } from './heap.ts'
import { MEMORY_PAGES, type Limits } from './limits.ts'
import type { Machine } from './machine.ts'
import { newMemos } from './memos.ts'
import { GLOBALS, PAGE_BYTES, STATES_MAX } from './plan.ts'
import type { Milestones } from './read_back.ts'
import { parentFinder, reader } from './read_back.ts'
import { flush, furtherAnew, furtherAsIs, growFurther, makeRoom, type Room, type Rooms } from './room.ts'
import type { Round } from './round.ts'
import { expandTogether, newRound, roundStates } from './round.ts'
import { growArena, newStateRoom, pieces, storedState } from './states.ts'
import { rebuildTable } from './table_room.ts'

/** States expanded between two looks at the clock and the budget. */
const CHUNK = 1024

/** Bytes that a search may take if nobody says how many: what one memory holds, on whatever machine. */
const BYTES_UNASKED = MEMORY_PAGES * PAGE_BYTES

/** A search that has ended, with all that it stored. */
export interface Exploration {
  readonly machine: Machine
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly bytes: number
  /** By condition of the plan, the first state found, or -1. */
  readonly found: readonly number[]
  /** By property, the first state from which an assertion of it failed, or -1. */
  readonly failedFrom: readonly number[]
  /** The first deadlock, or -1. */
  readonly deadlock: number
  /** By place in `steps`: whether the step ran. */
  readonly ran: readonly boolean[]
  readonly incomplete?: Incomplete
  readonly stateOf: (id: number) => State
  readonly parentOf: (id: number) => number
  readonly storedState: (id: number) => bigint
  readonly rooms: Rooms
}

export type Outcome =
  { readonly ok: true; readonly value: Exploration } | { readonly ok: false; readonly reason: string }

const TOO_WIDE = 'the numbers of its components do not fit 64 bits'

/** Rooms in which the initial state stands, as state 0. */
function openRooms(machine: Machine, maxBytes: number, first: State): Rooms | Exclude<Room, 'room'> {
  // The budget counts from here on: what this little takes is compared with it before anything is expanded.
  const heap = newHeap(machine)
  const { model, composition, frames } = machine.plan
  const slots = new Int32Array(machine.memory.buffer)
  for (const { now, before } of frames) {
    model.slots.forEach((_, slot) => {
      slots[now / 4 + slot] = first[slot] ?? 0
      slots[before / 4 + slot] = first[slot] ?? 0
    })
  }
  const grown = firstRoom(heap)
  if (grown === 'no memory' || grown === 'too wide') return grown
  // The first value of each component has the number 0, so the initial state is all zero.
  for (const { index } of composition.components) machine.run(`intern${index}`)
  machine.write(GLOBALS.tail, 1)
  const states = newStateRoom(heap)
  const memos = newMemos(heap)
  if (memos === undefined || !growArena(states)) return 'no memory'
  const rooms: Rooms = { heap, states, memos }
  if (!rebuildTable(states, 1, 0) && !furtherAnew(rooms)) return 'no memory'
  heap.maxBytes = maxBytes
  return rooms
}

/** Reads an array of state numbers, each plus one. */
const firsts = ({ memory }: Machine, address: number, length: number): readonly number[] =>
  Array.from(new Int32Array(memory.buffer, address, length), (id) => id - 1)

export interface ExploreOptions extends SearchOptions {
  /** For tests. */
  readonly limits?: Limits
  readonly images?: ImageCheckpoints
  /** Told of the memory once the search has its first rooms in it. */
  readonly onOpen?: (heap: Heap) => void
  /** Called whenever the search looks at the clock, for who measures how seldom it does. */
  readonly onLook?: () => void
  /** Asked whenever all states of a depth have been expanded: true ends the search, which counts as complete. */
  readonly enough?: (seen: Seen) => boolean
}

/** Violations met so far, each by the state that shows it, or -1. */
export interface Seen {
  /** By property: from which state an assertion failed. */
  readonly failed: readonly number[]
  /** By the invariant's place in the model. Some are found only when the state that shows them is expanded. */
  readonly broken: readonly number[]
  readonly deadlock: number
}

const BEGIN: Progressed = { head: 0, states: 1, depth: 0, expandedDepth: 0, levelEnd: 1, transitions: 0 }

/** Workers of a search, once there is use for them. Mutable by its nature. */
export interface Helpers {
  readonly options: CrewOptions
  crew?: Crew
  round?: Round
}

/** States that one worker explores before it calls others. */
const ALONE = 30_000
/** States of a round at least: for fewer, waiting for one another takes too long. */
const LEAST = 4096

/** Where there is use for other workers: they are called, and there when they are. Gives whether they are. */
function* helped(helpers: Helpers, rooms: Rooms, waiting: number): Generator<void, Round | undefined> {
  const { options } = helpers
  if (helpers.crew === undefined) {
    if (waiting < (options.alone ?? ALONE)) return undefined
    helpers.crew = startCrew(rooms.heap.machine, options.onStart)
    // Where there is no memory for their rooms, they are not needed.
    const round = newRound(helpers.crew, rooms, options.chunk)
    if (round === undefined) return undefined
    helpers.round = round
  }
  const { crew, round } = helpers
  if (round === undefined) return undefined
  if (!allReady(crew)) {
    yield
    checkCrew(crew)
    if (options.alone !== 0) return undefined
    while (!allReady(crew)) {
      yield
      checkCrew(crew)
    }
  }
  return round
}

/**
 * Explores the reachable states, breadth first, in the order of the reference interpreter. Yields now and
 * then where there are other workers, so that what becomes of them can be heard of.
 */
export function* exploring(
  machine: Machine,
  first: State,
  options: ExploreOptions,
  helpers?: Helpers,
): Generator<void, Outcome> {
  const watch = startWatch(options)
  const { plan } = machine
  const maxStates = options.maxStates ?? Infinity
  const maxBytes = options.maxBytes ?? BYTES_UNASKED
  // Of one worker alone: the rooms of several are not the same in a run that goes on with another number.
  const images = helpers === undefined ? options.images : undefined
  const restored = images?.from === undefined ? undefined : restoreImage(machine, maxBytes, images.from)
  if (images?.from !== undefined && restored === undefined)
    throw new Error('the machine does not give the memory for the states of the checkpoint')
  const opened = restored ?? openRooms(machine, maxBytes, first)
  if (opened === 'too wide') return { ok: false, reason: TOO_WIDE }
  const milestones: Milestones = { heads: restored?.heads ?? [], tails: restored?.tails ?? [] }
  if (opened === 'no memory') return { ok: false, reason: 'its first rooms do not fit the memory' }
  const rooms: Rooms = opened
  options.onOpen?.(rooms.heap)
  const stored = (id: number): bigint => storedState(rooms.states, id)
  const stateOf = reader(machine, stored, first)
  if (restored !== undefined && stateOf(0).some((value, slot) => value !== first[slot]))
    throw new Error('the checkpoint is not one of this model')
  const outOfMemory = (): Incomplete => ({ kind: 'memory', limitBytes: maxBytes })
  // A reduced search looks at every state as it comes to it, stored or not.
  const sought = plan.reduction ? [] : plan.conditions.flatMap(({ thread }, i) => (thread === undefined ? [i] : []))
  const found = (): readonly number[] => firsts(machine, plan.addresses.found, plan.conditions.length)
  const failed = (): readonly number[] => firsts(machine, plan.addresses.failed, plan.model.properties.length)
  const seen = (): Seen => ({
    failed: failed(),
    broken: found().slice(0, plan.model.invariants.length),
    deadlock: machine.read(GLOBALS.deadlock) - 1,
  })
  const seek = (which: readonly number[], from: number, to: number): void => {
    const known = found()
    const open = which.filter((i) => known[i] === -1)
    if (open.length === 0) return
    for (const [first, end] of pieces(rooms.states, from, to)) {
      const sofar = found()
      for (const i of open) if (sofar[i] === -1) machine.run(`seek${i}`, first, end)
    }
  }
  let { head, states, depth, expandedDepth, levelEnd, transitions } = restored?.progressed ?? BEGIN
  const save = (): void => {
    // Beyond the first memory there is more than an image holds: what was saved before is what one can go on from.
    if (rooms.beyond !== undefined) return
    const progressed = { head, states, depth, expandedDepth, levelEnd, transitions }
    images?.save(imageOf({ ...rooms, ...milestones, progressed }, machine))
  }
  let incomplete = bytesTaken(rooms.heap) > maxBytes ? outOfMemory() : undefined
  const progress = (): Progress => ({ depth, states, frontier: states - head, bytes: bytesTaken(rooms.heap) })
  if (restored === undefined) seek(sought, 0, 1)

  // A step that leaves its slot's range throws out of this loop: no verdict rests on such a model.
  while (incomplete === undefined && head < states) {
    options.onLook?.()
    incomplete = watch(progress())
    // Whoever gives more time goes on from here. Where memory ended, there may be half of a table.
    if (incomplete !== undefined || images?.due() === true) save()
    if (incomplete !== undefined) break
    const room = makeRoom(rooms)
    if (room === 'too wide') return { ok: false, reason: TOO_WIDE }
    if (room === 'no memory') {
      incomplete = outOfMemory()
      break
    }
    const before = states
    const alone = helpers === undefined || rooms.beyond !== undefined
    const round = alone ? undefined : yield* helped(helpers, rooms, states)
    const most = round === undefined ? 0 : Math.min(levelEnd - head, roundStates(round))
    let flushed: Room = 'room'
    // Near the limit one worker goes on alone, since it can stop at any state.
    if (
      round !== undefined &&
      most >= (helpers?.options.least ?? LEAST) &&
      states + most * plan.successorsMax <= Math.min(maxStates, STATES_MAX)
    ) {
      const expanded = yield* expandTogether(round, head, head + most)
      if (expanded === 'no memory' || expanded === 'table lost') {
        // The same states are expanded again, by one worker.
        if (!(expanded === 'no memory' ? furtherAsIs : furtherAnew)(rooms)) flushed = 'no memory'
      } else {
        head = expanded.head
        transitions += expanded.transitions
        milestones.heads.push(...expanded.heads)
        milestones.tails.push(...expanded.tails)
      }
      states = machine.read(GLOBALS.tail)
    } else {
      const most = Math.min(maxStates, STATES_MAX)
      machine.write(GLOBALS.taken, 0)
      if (rooms.beyond === undefined) {
        const stop = Math.min(stateLimit(rooms.states), most)
        head = machine.run('expand', head, Math.min(levelEnd, head + CHUNK), stop)
        flushed = flush(rooms)
        if (!growFurther(rooms, machine.read(GLOBALS.tail) - before)) flushed = 'no memory'
      } else {
        const step = expandBeyond(rooms.beyond, head, levelEnd, most)
        head = step.head
        if (!step.roomy) flushed = 'no memory'
      }
      states = machine.read(GLOBALS.tail)
      transitions += machine.read(GLOBALS.taken)
      milestones.heads.push(head)
      milestones.tails.push(states)
      seek(sought, before, states)
    }
    if (states > levelEnd && depth === expandedDepth) depth++
    if (head === levelEnd) {
      expandedDepth++
      levelEnd = states
      if (options.enough?.(seen()) === true) break
    }
    if (flushed !== 'room') {
      incomplete = outOfMemory()
      break
    }
  }
  // Where all is expanded, these conditions have been looked at with every pair.
  seek(
    plan.conditions.map((_, i) => i),
    head,
    states,
  )
  const ran = new Uint8Array(machine.memory.buffer, plan.addresses.ran, plan.model.steps.length)
  return {
    ok: true,
    value: {
      machine,
      states,
      transitions,
      depth,
      bytes: bytesTaken(rooms.heap),
      found: found(),
      failedFrom: failed(),
      deadlock: machine.read(GLOBALS.deadlock) - 1,
      ran: Array.from(ran, (r) => r !== 0),
      ...(incomplete === undefined ? {} : { incomplete }),
      stateOf,
      parentOf: parentFinder(rooms, milestones),
      storedState: stored,
      rooms,
    },
  }
}

/** As `exploring`, by one worker. */
export function explore(machine: Machine, first: State, options: ExploreOptions): Outcome {
  const search = exploring(machine, first, options)
  for (;;) {
    const { done, value } = search.next()
    if (done === true) return value
  }
}

const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** As `exploring`, by several workers, all but the first of which have ended then. */
export async function exploreTogether(
  machine: Machine,
  first: State,
  options: ExploreOptions,
  crewOptions: CrewOptions,
): Promise<Outcome> {
  const helpers: Helpers = { options: crewOptions }
  const search = exploring(machine, first, options, helpers)
  try {
    for (;;) {
      const { done, value } = search.next()
      if (done === true) return value
      await breathe()
    }
  } finally {
    if (helpers.crew !== undefined) await closeCrew(helpers.crew)
  }
}
