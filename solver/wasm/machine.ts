/** The module of one model, compiled, and what the driver reads and calls of it. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { rangeFault } from '../range_fault.ts'
import { crewFunctions } from './crew_code.ts'
import { dictionaryFunctions } from './dictionary.ts'
import type { Global } from './encoder/code.ts'
import { encode } from './encoder/module.ts'
import { loopFunctions } from './loop.ts'
import type { GlobalCell, ImportedFunction, Memory } from './platform.ts'
import { instantiate, newMemory } from './platform.ts'
import type { Plan } from './plan.ts'
import { componentGlobals, GLOBALS, MEMORY_PAGES, memoGlobals, PAGE_BYTES } from './plan.ts'
import { marks, OUTLOOKS } from './por/marks.ts'
import { QUESTIONS, reductionFunctions } from './por/walk.ts'
import { writeTables } from './por/tables.ts'
import { rebuildFunctions } from './rebuild.ts'
import { stepFunction } from './steps.ts'
import { successorFunctions } from './successors.ts'
import { tableFunctions } from './table.ts'

/** What the generated functions may call: it must not come back. */
const FAULT = { name: 'fault', params: ['i32', 'i32', 'i32'], results: [] } as const

export interface Machine {
  readonly plan: Plan
  readonly memory: Memory
  readonly read: (global: Global) => number
  readonly write: (global: Global, value: number) => void
  /** The unsigned 32 bits at an address of the memory. */
  readonly peek: (address: number) => number
  readonly poke: (address: number, value: number) => void
  /** Calls a function; a result is an unsigned number of 32 bits, 0 where there is none. */
  readonly run: (name: string, ...args: readonly number[]) => number
  /** All globals, in the order of the module. */
  readonly globals: () => readonly number[]
  readonly setGlobals: (values: readonly number[]) => void
}

/** Pages for what has its place from the start. The rest comes as it is needed: V8 collects garbage the sooner, the larger a memory is. */
const firstPages = ({ addresses }: Plan): number => Math.ceil(addresses.end / PAGE_BYTES) + 4

/** The bytes of the module that explores the model of a plan. */
export function moduleFor(plan: Plan): Uint8Array<ArrayBuffer> {
  const { model, composition, reduction } = plan
  return encode({
    imports: [FAULT, ...(reduction === undefined ? [] : QUESTIONS)],
    functions: [
      ...composition.components.flatMap((component) => dictionaryFunctions(plan, component)),
      ...model.steps.map((step, index) => stepFunction(plan, step, index)),
      ...successorFunctions(plan),
      ...tableFunctions(plan),
      ...rebuildFunctions(plan),
      ...loopFunctions(plan),
      ...crewFunctions(plan),
      ...(reduction === undefined ? [] : reductionFunctions(plan, reduction)),
    ],
    globals: [
      ...Object.values<Global>({ ...GLOBALS }),
      ...composition.components.flatMap(({ index }) => Object.values<Global>({ ...componentGlobals(index) })),
      ...model.threads.flatMap((_, t) => Object.values<Global>({ ...memoGlobals(t) })),
      ...(reduction === undefined
        ? []
        : [...Object.values<Global>({ ...OUTLOOKS }), ...composition.components.map(({ index }) => marks(index))]),
    ],
    memory: { first: firstPages(plan), most: MEMORY_PAGES, shared: plan.workers > 1 },
  })
}

function faultIn(model: LoweredModel): ImportedFunction {
  return (step = -1, slot = -1, value = 0) => {
    throw rangeFault(model, step, slot, value)
  }
}

/**
 * Compiles a plan; `answers` are what a reduction asks for, see por/memory.ts. Throws RangeError where the machine
 * does not give the memory.
 */
export function buildMachine(plan: Plan, answers: Readonly<Record<string, ImportedFunction>> = {}): Machine {
  const memory = newMemory(firstPages(plan), MEMORY_PAGES, plan.workers > 1)
  if (plan.reduction !== undefined) writeTables(memory, plan.reduction, plan.reduction.addresses)
  const exports = Object.entries(instantiate(moduleFor(plan), { memory, fault: faultIn(plan.model), ...answers }))
  const cells = new Map(exports.flatMap(([name, e]) => (typeof e === 'function' ? [] : [[name, e] as const])))
  const functions = new Map(exports.flatMap(([name, e]) => (typeof e === 'function' ? [[name, e] as const] : [])))
  const cellOf = ({ name }: Global): GlobalCell => {
    const found = cells.get(name)
    if (found === undefined) throw new Error(`the module has no global '${name}'`)
    return found
  }
  let last = new DataView(memory.buffer)
  // A memory that has grown has another buffer.
  const view = (): DataView => (last.buffer === memory.buffer ? last : (last = new DataView(memory.buffer)))
  return {
    plan,
    memory,
    read: (global) => cellOf(global).value >>> 0,
    write: (global, value) => {
      cellOf(global).value = value
    },
    peek: (address) => view().getUint32(address, true),
    poke: (address, value) => {
      view().setUint32(address, value, true)
    },
    run: (name, ...args) => {
      const found = functions.get(name)
      if (found === undefined) throw new Error(`the module has no function '${name}'`)
      return (found(...args) ?? 0) >>> 0
    },
    globals: () => [...cells.values()].map((cell) => cell.value),
    setGlobals: (values) => {
      for (const [i, cell] of [...cells.values()].entries()) cell.value = values[i] ?? 0
    },
  }
}
