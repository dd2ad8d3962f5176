/** What the generated code asks for as it meets it: where a thread stands, and what it may yet do. Mutable by its nature. */
import { newBits } from '../../reduce/bits.ts'
import type { Future } from '../../reduce/future.ts'
import { LITERALS_MAX } from '../../reduce/literals.ts'
import { allocate, release, type Heap } from '../heap.ts'
import type { Machine } from '../machine.ts'
import type { ImportedFunction } from '../platform.ts'
import { componentGlobals } from '../plan.ts'
import { FUTURES, markBytes, marks } from './marks.ts'
import { NODE, writeFuture, type ReductionAddresses, type ReductionPlan } from './tables.ts'

const ENTRIES_FIRST = 2 ** 10
const ENTRY_BYTES = 16
/** Futures are written into pieces of so many bytes. */
const PIECE_BYTES = 2 ** 16

export interface Foresight {
  readonly imports: Readonly<Record<string, ImportedFunction>>
  /** To be called once there is a heap. */
  readonly open: (heap: Heap) => void
}

/**
 * Answers for one search. Where there is no more room for futures, `foresee` gives 0 from then on: the thread may do
 * anything, as far as the search knows.
 */
export function newForesight(plan: ReductionPlan, addresses: ReductionAddresses): Foresight {
  let heap: Heap | undefined
  let entries = 0
  let count = 0
  let piece = 0
  let pieceEnd = 0
  let isFull = false
  const written = new Map<Future, number>()
  const shut = newBits(LITERALS_MAX)
  let stands: ((thread: number, own: number) => number) | undefined

  const growTable = (of: Heap): boolean => {
    const { machine } = of
    const before = machine.read(FUTURES.table)
    const size = entries
    const table = allocate(of, Math.max(ENTRIES_FIRST, 2 * size) * ENTRY_BYTES)
    if (table === undefined) return false
    entries = Math.max(ENTRIES_FIRST, 2 * size)
    machine.write(FUTURES.table, table)
    machine.write(FUTURES.mask, entries - 1)
    if (size === 0) return true
    machine.run('recall', before, before + size * ENTRY_BYTES)
    release(of, before, size * ENTRY_BYTES)
    return true
  }

  /** Room for one more future, in the table and for itself. */
  const hasRoom = (of: Heap): boolean => {
    if (2 * (count + 1) > entries && !growTable(of)) return false
    if (piece + plan.futureBytes <= pieceEnd) return true
    const bytes = Math.max(PIECE_BYTES, plan.futureBytes)
    const address = allocate(of, bytes)
    if (address === undefined) return false
    piece = address
    pieceEnd = address + bytes
    return true
  }

  const write = ({ machine }: Heap, future: Future): number => {
    const before = written.get(future)
    if (before !== undefined) return before
    const address = piece
    piece += plan.futureBytes
    written.set(future, address)
    writeFuture(new Int32Array(machine.memory.buffer, address, plan.futureBytes / 4), plan, future)
    return address
  }

  return {
    imports: {
      foresee: (node = 0, first = 0, second = 0) => {
        isFull ||= heap === undefined || !hasRoom(heap)
        if (isFull || heap === undefined) return 0
        const number = (node - addresses.nodes) / NODE.bytes
        const thread = plan.bases.findLastIndex((base) => base <= number)
        shut[0] = first
        shut[1] = second
        const future = plan.analysis.futures[thread]?.of(number - (plan.bases[thread] ?? 0), shut)
        if (future === undefined) throw new Error('there is no thread of such a node')
        count++
        return write(heap, future)
      },
      stand: (thread = 0, own = 0) => stands?.(thread, own) ?? 0,
    },
    open(of) {
      heap = of
      isFull = !growTable(of)
      stands = newStands(of.machine, plan, addresses)
    },
  }
}

/** Says at which node a thread stands, by the value of its component, and marks the value with it. */
function newStands(
  machine: Machine,
  { analysis, bases }: ReductionPlan,
  { nodes }: ReductionAddresses,
): (thread: number, own: number) => number {
  const { memory, plan, read } = machine
  const { components, fields, ranges } = plan.composition
  const key = (values: readonly number[]): string => values.join()
  const numbers = analysis.graphs.map((graph) => new Map(graph.nodes.map((known, node) => [key(known), node])))
  return (thread, own) => {
    const view = new DataView(memory.buffer)
    const component = thread + 1
    const at = read(componentGlobals(component).values) + 8 * (components[component]?.words ?? 1) * own
    const known = (analysis.graphs[thread]?.tracked ?? []).map((slot) => {
      const field = fields[slot]
      if (field === undefined) return ranges[slot]?.lo ?? 0
      const word = view.getBigUint64(at + 8 * field.word, true)
      return Number((word >> BigInt(field.shift)) & ((1n << BigInt(field.bits)) - 1n)) + field.lo
    })
    const node = numbers[thread]?.get(key(known))
    if (node === undefined) throw new Error('a thread stands where its graph has no node')
    const address = nodes + NODE.bytes * ((bases[thread] ?? 0) + node)
    view.setUint32(read(marks(component)) + markBytes({ index: component }) * own, address, true)
    return address
  }
}
