/** A round: some states, which lie one after the other, expanded by all workers at once. */
import { fullCell } from './cells.ts'
import type { Crew } from './crew.ts'
import { handOn, together, write } from './crew.ts'
import { chunkStates, CHUNKS_MAX, controlAddress } from './crew_plan.ts'
import { beginGrowth, crowdedAt, dueAfter, isGrowing, movesAtOnce, noteMoved, sectionBuckets } from './growth.ts'
import type { Heap } from './heap.ts'
import { allocate } from './heap.ts'
import type { Machine } from './machine.ts'
import type { Memos } from './memos.ts'
import { emptyMemos } from './memos.ts'
import { componentGlobals, GLOBALS } from './plan.ts'
import { HEAD_WORDS, ROOM, ROOM_BYTES } from './rooms.ts'
import type { StateRoom } from './states.ts'
import { growArena } from './states.ts'
import { rebuildTable } from './table_room.ts'

/** The words at the head of a room. */
type Head = Uint32Array

const figure = (head: Head, word: keyof typeof ROOM): number => head[ROOM[word] / 4] ?? 0
function setFigure(head: Head, word: keyof typeof ROOM, value: number): void {
  head[ROOM[word] / 4] = value
}

export interface Round {
  readonly crew: Crew
  readonly states: StateRoom
  readonly memos: Memos
  /** Where the rooms of the chunks are. */
  readonly rooms: number
  /** The heads of the rooms: shared memory that grows stays where it is, so that they are found once. */
  readonly heads: readonly Head[]
  readonly chunkStates: number
}

/** What a search needs for rounds; undefined where there is no memory for it. */
export function newRound(
  crew: Crew,
  { heap, states, memos }: { readonly heap: Heap; readonly states: StateRoom; readonly memos: Memos },
  most: number = Infinity,
): Round | undefined {
  const rooms = allocate(heap, CHUNKS_MAX * ROOM_BYTES, false)
  if (rooms === undefined) return undefined
  const { buffer } = heap.machine.memory
  const heads = Array.from(
    { length: CHUNKS_MAX },
    (_, c) => new Uint32Array(buffer, rooms + c * ROOM_BYTES, HEAD_WORDS),
  )
  return { crew, states, memos, rooms, heads, chunkStates: Math.min(most, chunkStates(heap.machine.plan)) }
}

/** The most states of a round. */
export const roundStates = (round: Round): number => CHUNKS_MAX * round.chunkStates

export interface Expanded {
  /** The first state that was not expanded. */
  readonly head: number
  readonly transitions: number
  /** After each chunk: the first state not expanded, and how many are stored. */
  readonly heads: readonly number[]
  readonly tails: readonly number[]
}

/** The first states at which something was seen, each plus one, or 0: by property and by condition. */
function sightings({ plan, memory }: Machine): readonly Int32Array[] {
  const { failed, found } = plan.addresses
  return [
    new Int32Array(memory.buffer, failed, plan.model.properties.length),
    new Int32Array(memory.buffer, found, plan.conditions.length),
  ]
}

/** Expands states again, in order and by this worker alone, as if nothing were known of any pair. */
function revisit({ crew: { machine }, memos }: Round, from: number, to: number): void {
  // A step that left a range has left its slots as they were then.
  for (const { index } of machine.plan.composition.components) machine.write(componentGlobals(index).loaded, 0)
  for (let at = from; ;) {
    emptyMemos(memos)
    machine.poke(fullCell(machine.plan), 0)
    const answer = machine.run('revisit', at, to)
    if (answer < 2 ** 31) return
    at = answer - 2 ** 31
  }
}

/**
 * Several workers see a thing at several states, and the first to see it is not always at the first state.
 * So where something new was seen, the states that this round has expanded are gone through once more.
 */
function settle(round: Round, before: readonly Int32Array[], from: number, to: number): void {
  let isNew = false
  sightings(round.crew.machine).forEach((cells, kind) => {
    cells.forEach((cell, i) => {
      if (cell === 0 || before[kind]?.[i] !== 0) return
      cells[i] = 0
      isNew = true
    })
  })
  if (!isNew) return
  revisit(round, from, to)
  // Whether there is room for more was forgotten on the way.
  const { machine } = round.crew
  machine.poke(fullCell(machine.plan), 1)
}

/**
 * Lets a table that grows go on with it, by all workers, after `fresh` states have come and before `coming` more may
 * come. Gives whether there was memory.
 */
function* moveTogether({ states, crew }: Round, fresh: number, coming: number): Generator<void, boolean> {
  if (!isGrowing(states)) return true
  const { machine } = crew
  const to = dueAfter(states, fresh, coming)
  write(crew, 'moveFrom', machine.read(GLOBALS.moved))
  write(crew, 'moveTo', to)
  write(crew, 'moveStep', sectionBuckets(machine, to))
  write(crew, 'next', 0)
  write(crew, 'overflow', 0)
  handOn(crew)
  yield* together(crew, 'moveAll')
  return noteMoved(states, to, machine.peek(controlAddress(machine.plan, 'overflow')) === 0)
}

/** Room for so many more states. Gives whether there is; else the table knows what it knew before, and nothing else. */
function* makeRoom(round: Round, more: number): Generator<void, boolean> {
  const { states, crew } = round
  const { machine } = crew
  const needed = machine.read(GLOBALS.tail) + more
  while (needed > states.tableLimit) {
    if (!(yield* moveTogether(round, 0, Infinity))) return false
    if (!beginGrowth(states)) return false
    if (movesAtOnce(states) && !(yield* moveTogether(round, 0, Infinity))) return false
  }
  if (needed > crowdedAt(states) && !(yield* moveTogether(round, 0, more))) return false
  while (needed + machine.plan.successorsMax + 1 > states.arenaStates) if (!growArena(states)) return false
  return true
}

/** Gives the new states of each room their numbers; gives the first number after those of each. */
function numbered({ crew: { machine } }: Round, rooms: readonly Head[]): readonly number[] {
  let tail = machine.read(GLOBALS.tail)
  const { workers } = machine.plan
  const tails = rooms.map((room) => {
    setFigure(room, 'tail', tail)
    for (let worker = 0; worker < workers; worker++) tail += room[ROOM.fresh / 4 + worker] ?? 0
    return tail
  })
  machine.write(GLOBALS.tail, tail)
  return tails
}

/**
 * Expands states from..to-1, or the first of them where there is too little room for values or pairs.
 * Gives 'no memory' where there is none for what they lead to, and 'table lost' where the table knows some of that already.
 * Throws where a slot leaves its range.
 */
export function* expandTogether(
  round: Round,
  from: number,
  to: number,
): Generator<void, Expanded | 'no memory' | 'table lost'> {
  const { crew, states } = round
  const { machine } = crew
  const chunks = Math.ceil((to - from) / round.chunkStates)
  const rooms = round.heads.slice(0, chunks)
  rooms.forEach((room, c) => {
    // A chunk that nobody begins is as far as this, and no further.
    setFigure(room, 'reached', from + c * round.chunkStates)
    setFigure(room, 'candidates', 0)
    setFigure(room, 'deadlock', 0)
  })
  write(crew, 'from', from)
  write(crew, 'to', to)
  write(crew, 'chunkStates', round.chunkStates)
  write(crew, 'chunks', chunks)
  write(crew, 'rooms', round.rooms)
  write(crew, 'next', 0)
  handOn(crew)
  const before = sightings(machine).map((cells) => cells.slice())
  const stored = machine.read(GLOBALS.tail)
  if (yield* together(crew, 'gatherAll')) {
    revisit(round, from, to)
    throw new Error('one worker failed in what another one does without', { cause: crew.failure })
  }

  // What lies behind the first state that was not expanded will be done again.
  const last = rooms.findIndex((room, c) => figure(room, 'reached') < Math.min(to, from + (c + 1) * round.chunkStates))
  const done = last < 0 ? rooms : rooms.slice(0, last + 1)
  const lastDone = done.at(-1)
  const head = lastDone === undefined ? from : figure(lastDone, 'reached')
  write(crew, 'chunks', done.length)
  settle(round, before, from, head)
  const deadlock = done.map((room) => figure(room, 'deadlock')).find((id) => id !== 0)
  if (machine.read(GLOBALS.deadlock) === 0) machine.write(GLOBALS.deadlock, deadlock ?? 0)
  const transitions = done.reduce((sum, room) => sum + figure(room, 'candidates'), 0)
  if (!(yield* makeRoom(round, transitions))) return 'no memory'
  for (;;) {
    // The table may be another one by now.
    handOn(crew)
    write(crew, 'overflow', 0)
    yield* together(crew, 'claimAll')
    if (machine.peek(controlAddress(machine.plan, 'overflow')) === 0) break
    // The table as it was before, but larger: what was entered of this round is forgotten.
    if (!rebuildTable(states, machine.read(GLOBALS.tail), machine.read(GLOBALS.buckets) + 1)) return 'table lost'
  }
  const tails = numbered(round, done)
  write(crew, 'next', 0)
  yield* together(crew, 'placeAll')
  // Where memory ends, what has not moved stays where it is until a round needs more room than there is.
  yield* moveTogether(round, machine.read(GLOBALS.tail) - stored, 0)
  return { head, transitions, heads: done.map((room) => figure(room, 'reached')), tails }
}
