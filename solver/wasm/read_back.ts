/** Stored states read back, and their parents found again. */
import type { State } from '../reference/interpreter.ts'
import { fullCell } from './cells.ts'
import type { Machine } from './machine.ts'
import type { Memos } from './memos.ts'
import { emptyMemos } from './memos.ts'
import { componentGlobals } from './plan.ts'
import { pieces, storedState, type StateRoom } from './states.ts'

/** Unpacks stored states. */
export function reader(
  { plan, memory, read }: Machine,
  stored: (id: number) => bigint,
  first: State,
): (id: number) => State {
  const { components, fields } = plan.composition
  return (id) => {
    const state = stored(id)
    const view = new DataView(memory.buffer)
    const addresses = components.map(({ index, words }) => {
      const { values, shift, fieldMask } = componentGlobals(index)
      const number = Number((state >> BigInt(read(shift))) & BigInt(read(fieldMask)))
      return read(values) + 8 * words * number
    })
    return fields.map((field, slot) => {
      if (field === undefined) return first[slot] ?? 0
      const word = view.getBigUint64((addresses[field.component] ?? 0) + 8 * field.word, true)
      return Number((word >> BigInt(field.shift)) & ((1n << BigInt(field.bits)) - 1n)) + field.lo
    })
  }
}

/** Which states were stored while which were expanded, so that parents are found without being stored. */
export interface Milestones {
  /** Expanded, and stored, after each call. Ascending. */
  readonly heads: number[]
  readonly tails: number[]
}

/** The first of the states from..to-1 that has a successor of these bits; undefined where none has. */
function predecessor({ states, memos }: Searched, wanted: bigint, from: number, to: number): number | undefined {
  const { machine } = states.heap
  for (const [first, end] of pieces(states, from, to)) {
    for (let at = first; at < end;) {
      new DataView(machine.memory.buffer).setBigUint64(machine.plan.addresses.mixed, wanted, true)
      const answer = machine.run('parent', at, end)
      if (answer < end) return answer
      at = answer < 2 ** 31 ? end : answer - 2 ** 31
      if (answer < 2 ** 31) continue
      emptyMemos(memos)
      machine.poke(fullCell(machine.plan), 0)
    }
  }
  return undefined
}

/** What a search has stored, and remembers of pairs. */
export interface Searched {
  readonly states: StateRoom
  readonly memos: Memos
}

/** Finds parents by expanding again the few states among which they are. */
export function parentFinder(searched: Searched, { heads, tails }: Milestones): (id: number) => number {
  return (id) => {
    if (id === 0) return -1
    let low = 0
    let high = tails.length - 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((tails[middle] ?? 0) > id) high = middle
      else low = middle + 1
    }
    const wanted = storedState(searched.states, id)
    const found = predecessor(searched, wanted, heads[low - 1] ?? 0, heads[low] ?? 0)
    if (found === undefined) throw new Error('the WebAssembly engine lost the parent of a state')
    return found
  }
}
