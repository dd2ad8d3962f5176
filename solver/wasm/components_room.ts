/** Room for the values of components, and how their numbers make up a state. */
import { valuesCell } from './cells.ts'
import type { Component } from './components.ts'
import type { Heap } from './heap.ts'
import { allocateAll, release } from './heap.ts'
import type { Machine } from './machine.ts'
import { componentGlobals, GLOBALS } from './plan.ts'
import { markBytes, marks } from './por/marks.ts'
import { pieces, type Arena, type StateRoom } from './states.ts'

const VALUES_FIRST = 2 ** 4
const BITS_MAX = 64
/** Bits beyond those that tell the bucket for which an entry of 32 bits has room. */
const NARROW_BITS = 27
/** Of those, what is left for displacement beside the least that it can do with, so that no place is full before the table is. */
const DISPLACEMENT_SPARED = 2
/** States of which it takes more than 30 ms to make the table anew. */
const MANY = 2 ** 20
/** Of a table that is as full as it is on average. */
const NARROW_STATES_PER_BUCKET = 9

const valuesBytes = ({ words }: Component, capacity: number): number => 8 * words * capacity
const tableBytes = (capacity: number): number => 4 * 2 * capacity

/** Puts the marks on a component's values where there is room for more. */
function moveMarks(heap: Heap, component: Component, before: number, to: number): void {
  const { machine } = heap
  const global = marks(component.index)
  if (before > 0) {
    const from = machine.read(global)
    const bytes = markBytes(component) * before
    new Uint8Array(machine.memory.buffer).copyWithin(to, from, from + bytes)
    release(heap, from, bytes)
  }
  machine.write(global, to)
}

/** Gives a component room for `capacity` values, a power of two. Gives whether there was memory; else nothing is changed. */
function giveRoom(heap: Heap, component: Component, capacity: number): boolean {
  const { machine } = heap
  const { values, table, mask, capacity: held } = componentGlobals(component.index)
  const marksBytes = machine.plan.reduction === undefined ? [] : [markBytes(component) * capacity]
  const taken = allocateAll(heap, [valuesBytes(component, capacity), tableBytes(capacity), ...marksBytes])
  const [newValues, newTable, newMarks] = taken ?? []
  if (newValues === undefined || newTable === undefined) return false
  const before = machine.read(held)
  const [from, fromTable] = [machine.read(values), machine.read(table)]
  new Uint8Array(machine.memory.buffer).copyWithin(
    newValues,
    from,
    from + valuesBytes(component, machine.peek(valuesCell(machine.plan, component.index))),
  )
  if (before > 0) {
    release(heap, from, valuesBytes(component, before))
    release(heap, fromTable, tableBytes(before))
  }
  if (newMarks !== undefined) moveMarks(heap, component, before, newMarks)
  machine.write(values, newValues)
  machine.write(table, newTable)
  machine.write(mask, 2 * capacity - 1)
  machine.write(held, capacity)
  machine.run(`enter${component.index}`)
  return true
}

/** Bits that number as many values as a component has room for. */
const neededBits = (machine: Machine, { index }: Component): number =>
  Math.log2(machine.read(componentGlobals(index).capacity))

/** Gives each component's number its place and its bits in a state, in the states that there are as well. */
function layOut(arena: Arena, bits: readonly number[]): void {
  const { plan, memory, read, write, run } = arena.heap.machine
  const { composition, addresses } = plan
  const shifts = bits.map((_, c) => sum(bits.slice(0, c)))
  new Uint32Array(memory.buffer, addresses.shifts).set(shifts)
  for (const [from, to] of pieces(arena, 0, read(GLOBALS.tail), true)) run('layOut', from, to)
  for (const { index } of composition.components) {
    const { shift, fieldMask } = componentGlobals(index)
    write(shift, shifts[index] ?? 0)
    write(fieldMask, 2 ** (bits[index] ?? 0) - 1)
  }
  write(GLOBALS.bits, Math.max(1, sum(bits)))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/**
 * Bits for each component's number, in which it can grow for a while: whenever one outgrows its bits, the
 * table of states must be made anew. Where states are narrow enough for a table of 32-bit entries that
 * is worth more, so they stay narrow enough, and have one bit to spare until there are many: the fewer bits, the more
 * evenly states are spread. Half of what is to spare goes to the shared component, which grows most.
 */
function spread(machine: Machine, needed: readonly number[]): readonly number[] {
  const states = machine.read(GLOBALS.tail)
  const buckets = Math.log2(states / NARROW_STATES_PER_BUCKET)
  const least = sum(needed)
  const isNarrow = least + 1 - buckets <= NARROW_BITS
  const narrowMost = states < MANY ? 0 : Math.floor(NARROW_BITS - DISPLACEMENT_SPARED + buckets)
  const most = isNarrow ? Math.max(least + 1, narrowMost) : BITS_MAX
  const spare = Math.min(most, BITS_MAX) - least
  const shared = (needed[0] ?? 0) > 0 ? Math.ceil(spare / 2) : 0
  const changing = needed.filter((n, c) => c > 0 && n > 0).length
  const others = Math.floor((spare - shared) / Math.max(1, changing))
  // A number is read as 32 bits, of which the highest stays free.
  return needed.map((n, c) => (n === 0 ? 0 : Math.min(31, n + (c === 0 ? shared : others))))
}

export type Growth = 'grown' | 'widened' | 'no memory' | 'too wide'

/** Room for a few values of each component. */
export function firstRoom(heap: Heap): Growth {
  const { machine } = heap
  const { composition, slack } = machine.plan
  for (const component of composition.components) {
    // A component without changing slots has one value.
    const few = Math.max(VALUES_FIRST, 2 ** Math.ceil(Math.log2(slack + 1)))
    if (!giveRoom(heap, component, component.slots.length === 0 ? 1 : few)) return 'no memory'
  }
  const needed = composition.components.map((component) => neededBits(machine, component))
  if (sum(needed) > BITS_MAX) return 'too wide'
  layOut({ heap }, needed)
  return 'grown'
}

/**
 * Doubles the room of each component that is nearly full, and widens the states where its number needs
 * it. Gives whether the table of states must be made anew, or there was no room.
 */
export function growComponents(room: StateRoom): Growth {
  const { heap } = room
  const { machine } = heap
  const { components } = machine.plan.composition
  for (const component of components) {
    const room = machine.read(componentGlobals(component.index).capacity)
    const count = machine.peek(valuesCell(machine.plan, component.index))
    if (component.slots.length === 0 || count + machine.plan.slack < room) continue
    if (!giveRoom(heap, component, 2 * room)) return 'no memory'
  }
  const needed = components.map((component) => neededBits(machine, component))
  const fits = ({ index }: Component): boolean =>
    machine.read(componentGlobals(index).capacity) <= machine.read(componentGlobals(index).fieldMask) + 1
  if (components.every(fits)) return 'grown'
  if (sum(needed) > BITS_MAX) return 'too wide'
  layOut(room, spread(machine, needed))
  return 'widened'
}
