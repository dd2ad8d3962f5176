/** What the generated code asks for as it meets it: where a thread stands, and room for outlooks. Mutable by its nature. */
import { allocate, type Heap } from '../heap.ts'
import type { Machine } from '../machine.ts'
import type { ImportedFunction } from '../platform.ts'
import { componentGlobals } from '../plan.ts'
import { markBytes, marks, OUTLOOKS } from './marks.ts'
import { NODE, type ReductionAddresses, type ReductionPlan } from './tables.ts'

/** Outlooks are written into pieces of so many bytes. */
const PIECE_BYTES = 2 ** 16

export interface Foresight {
  readonly imports: Readonly<Record<string, ImportedFunction>>
  /** To be called once there is a heap. */
  readonly open: (heap: Heap) => void
}

/** Answers for one search. */
export function newForesight(plan: ReductionPlan, addresses: ReductionAddresses): Foresight {
  let heap: Heap | undefined
  let stands: ((thread: number, own: number) => number) | undefined
  return {
    imports: {
      makeRoom: () => {
        const bytes = Math.max(PIECE_BYTES, plan.outlookBytes)
        const address = heap === undefined ? undefined : allocate(heap, bytes)
        if (heap === undefined || address === undefined) return 0
        heap.machine.write(OUTLOOKS.next, address)
        heap.machine.write(OUTLOOKS.end, address + bytes)
        return 1
      },
      stand: (thread = 0, own = 0) => stands?.(thread, own) ?? 0,
    },
    open(of) {
      heap = of
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
