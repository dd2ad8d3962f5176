/** Room for the values of components, and how their numbers make up a state. */
import type { Component } from './components.ts'
import type { Heap } from './heap.ts'
import { allocate, release } from './heap.ts'
import type { Machine } from './machine.ts'
import { componentGlobals, GLOBALS } from './plan.ts'

const VALUES_FIRST = 2 ** 4
const BITS_MAX = 64

const valuesBytes = ({ words }: Component, capacity: number): number => 8 * words * capacity
const tableBytes = (capacity: number): number => 4 * 2 * capacity

/** Gives a component room for `capacity` values, a power of two. Gives whether there was memory. */
function giveRoom(heap: Heap, component: Component, capacity: number): boolean {
  const { machine } = heap
  const { values, table, mask, count, capacity: held, fieldMask } = componentGlobals(component.index)
  const newValues = allocate(heap, valuesBytes(component, capacity))
  const newTable = allocate(heap, tableBytes(capacity))
  if (newValues === undefined || newTable === undefined) return false
  const before = machine.read(held)
  const [from, fromTable] = [machine.read(values), machine.read(table)]
  new Uint8Array(machine.memory.buffer).copyWithin(newValues, from, from + valuesBytes(component, machine.read(count)))
  if (before > 0) {
    release(heap, from, valuesBytes(component, before))
    release(heap, fromTable, tableBytes(before))
  }
  machine.write(values, newValues)
  machine.write(table, newTable)
  machine.write(mask, 2 * capacity - 1)
  machine.write(held, capacity)
  machine.write(fieldMask, capacity - 1)
  machine.run(`enter${component.index}`)
  return true
}

const bitsOf = (machine: Machine, { index }: Component): number =>
  Math.log2(machine.read(componentGlobals(index).capacity))

/** Works out where each component's number lies in a state, and gives how many bits they are together. */
function layOut(machine: Machine): number {
  let at = 0
  for (const component of machine.plan.composition.components) {
    machine.write(componentGlobals(component.index).shift, at)
    at += bitsOf(machine, component)
  }
  machine.write(GLOBALS.bits, Math.max(1, at))
  return at
}

export type Growth = 'grown' | 'no memory' | 'too wide'

/** Room for a few values of each component. */
export function firstRoom(heap: Heap): Growth {
  const { machine } = heap
  const { composition, successorsMax } = machine.plan
  for (const component of composition.components) {
    // A component without changing slots has one value.
    const few = Math.max(VALUES_FIRST, 2 ** Math.ceil(Math.log2(successorsMax + 2)))
    if (!giveRoom(heap, component, component.slots.length === 0 ? 1 : few)) return 'no memory'
  }
  return layOut(machine) > BITS_MAX ? 'too wide' : 'grown'
}

/**
 * Doubles the room of each component that is nearly full, and widens the states accordingly; the table
 * of states must then be made anew.
 */
export function growComponents(heap: Heap): Growth {
  const { machine } = heap
  const { composition, successorsMax } = machine.plan
  for (const component of composition.components) {
    const { count, capacity, shift } = componentGlobals(component.index)
    if (component.slots.length === 0) continue
    if (machine.read(count) + successorsMax + 1 < machine.read(capacity)) continue
    const bits = bitsOf(machine, component)
    if (machine.read(GLOBALS.bits) === BITS_MAX) return 'too wide'
    if (!giveRoom(heap, component, 2 ** (bits + 1))) return 'no memory'
    machine.run('widen', machine.read(shift) + bits, 1)
    layOut(machine)
  }
  return 'grown'
}
