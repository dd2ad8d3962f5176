/**
 * No two workers ever write to the same section of a table: such a race would lose a state now and then, and no test
 * that looks at what a search says would meet it for sure. So each worker's share is taken here by one thread, in turn.
 */
import { describe, expect, test } from 'vitest'
import { beginGrowth, finishGrowth, sectionBuckets } from '../../solver/wasm/growth.ts'
import { allocate, newHeap } from '../../solver/wasm/heap.ts'
import { LIMITS } from '../../solver/wasm/limits.ts'
import { buildMachine, type Machine } from '../../solver/wasm/machine.ts'
import { BUCKET_BYTES, GLOBALS, planFor } from '../../solver/wasm/plan.ts'
import { CANDIDATES, MARK_BYTES, MARKS, ROOM, ROOM_BYTES } from '../../solver/wasm/rooms.ts'
import { newStateRoom, type StateRoom } from '../../solver/wasm/states.ts'
import { rebuildTable } from '../../solver/wasm/table_room.ts'
import { counters } from '../engines/hand_models.ts'

/** Sections of 4 buckets in a table of 256, so that one of 512 has sections of the same size. */
const TABLE = { section: 2, buckets: 8 }
const BITS = 20

interface Shared {
  readonly machine: Machine
  readonly states: StateRoom
  /** Where candidates are written down. */
  readonly room: number
}

function shared(workers: number, section: number): Shared {
  const limits = { ...LIMITS, section, small: 0 }
  const machine = buildMachine(planFor(counters([9, 9, 9]), workers, undefined, limits))
  const heap = newHeap(machine)
  const states = newStateRoom(heap)
  machine.write(GLOBALS.bits, BITS)
  const room = allocate(heap, ROOM_BYTES)
  if (room === undefined || !rebuildTable(states, 0, TABLE.buckets)) throw new Error('no memory')
  expect(machine.read(GLOBALS.buckets)).toBe(TABLE.buckets)
  return { machine, states, room }
}

/** Some mixed states of which one begins to be looked for in each bucket of a table of 512, and others each time. */
const someStates = (time: number): readonly number[] => Array.from({ length: 512 }, (_, i) => i + 1024 * time)

/** Has each worker enter its own of some mixed states, none of which is known, and gives whose each is. */
function owners({ machine, room }: Shared, mixed: readonly number[]): readonly number[] {
  const { memory, plan } = machine
  machine.poke(room + ROOM.candidates, mixed.length)
  new BigUint64Array(memory.buffer, room + CANDIDATES, mixed.length).set(mixed.map(BigInt))
  const whose = mixed.map((): number[] => [])
  for (let worker = 0; worker < plan.workers; worker++) {
    machine.run('claim', room, worker)
    const marks = new Uint8Array(memory.buffer, room + MARKS + MARK_BYTES * worker, mixed.length / 8)
    whose.forEach((of, i) => {
      if (((marks[i >> 3] ?? 0) >> (i & 7)) & 1) of.push(worker)
    })
  }
  return whose.map(([one = -1, ...more]) => {
    expect([one >= 0, more]).toEqual([true, []])
    return one
  })
}

/** The section that a mixed state is looked for in, of whichever table that is. */
function sectionOf({ machine: { read } }: Shared, mixed: number): string {
  const oldBucket = mixed % 2 ** read(GLOBALS.oldBuckets)
  const isInOld = read(GLOBALS.old) !== 0 && oldBucket >= read(GLOBALS.moved)
  const bucket = isInOld ? oldBucket : mixed % 2 ** read(GLOBALS.buckets)
  const within = read(isInOld ? GLOBALS.oldWithin : GLOBALS.within)
  return `${isInOld ? 'old' : 'new'} ${String(Math.floor(bucket / (within + 1)))}`
}

/** Every section that some write to, and who they are. */
function writers(pairs: readonly (readonly [section: string, who: number])[]): readonly (readonly number[])[] {
  const all = new Map<string, Set<number>>()
  for (const [section, who] of pairs) all.set(section, (all.get(section) ?? new Set()).add(who))
  return [...all.values()].map((of) => [...of])
}

function expectOneEach(pairs: readonly (readonly [string, number])[], sections: number): void {
  const all = writers(pairs)
  expect(all).toHaveLength(sections)
  for (const of of all) expect(of).toHaveLength(1)
}

describe.each([2, 3])('%d workers', (workers) => {
  test('a section is within what is of one owner, however few buckets that has', () => {
    const held = shared(workers, LIMITS.section)
    const mixed = someStates(0)
    const whose = owners(held, mixed)
    expectOneEach(
      mixed.map((state, i) => [sectionOf(held, state), whose[i] ?? -1] as const),
      64,
    )
  })

  test('each section has one owner: before the table grows, wherever in its growth, and after', () => {
    const held = shared(workers, TABLE.section)
    const { machine, states } = held
    let time = 0
    const expectOwners = (sections: number): void => {
      const mixed = someStates(time++)
      const whose = owners(held, mixed)
      expect(new Set(whose).size).toBe(workers)
      expectOneEach(
        mixed.map((state, i) => [sectionOf(held, state), whose[i] ?? -1] as const),
        sections,
      )
    }
    expectOwners(64)
    expect(beginGrowth(states)).toBe(true)
    for (const moved of [0, 4, 84, 128, 252]) {
      for (let at = machine.read(GLOBALS.moved); at < moved; at += 4) expect(machine.run('move', at, at + 4)).toBe(1)
      machine.write(GLOBALS.moved, moved)
      // Each section that has moved has become two.
      expectOwners(64 + moved / 4)
    }
    expect(finishGrowth(states)).toBe(true)
    expectOwners(128)
  })

  test('what moves at once goes into sections of its own', () => {
    const held = shared(workers, TABLE.section)
    const { machine, states } = held
    for (let time = 0; time < 4; time++) owners(held, someStates(time))
    expect(beginGrowth(states)).toBe(true)
    const step = sectionBuckets(machine, 2 ** TABLE.buckets)
    const table = machine.read(GLOBALS.table)
    const words = new Uint32Array(machine.memory.buffer, table, (512 * BUCKET_BYTES) / 4)
    const section = ((machine.read(GLOBALS.within) + 1) * BUCKET_BYTES) / 4
    const pairs: (readonly [string, number])[] = []
    for (let at = 0; at < 2 ** TABLE.buckets; at += step) {
      const before = words.slice()
      expect(machine.run('move', at, at + step)).toBe(1)
      words.forEach((word, i) => {
        if (word !== before[i]) pairs.push([String(Math.floor(i / section)), at])
      })
    }
    expectOneEach(pairs, 128)
  })
})
