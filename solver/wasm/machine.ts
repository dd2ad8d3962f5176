/** The module of one model, compiled, and what the driver reads and calls of it. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { rangeFault } from '../range_fault.ts'
import { crewFunctions } from './crew_code.ts'
import { dictionaryFunctions } from './dictionary.ts'
import type { Global } from './encoder/code.ts'
import { encode } from './encoder/module.ts'
import { growthFunctions } from './growth_code.ts'
import { loopFunctions } from './loop.ts'
import { frameGlobals } from './frames.ts'
import { newInstance, type Instance } from './instance.ts'
import type { CompiledModule, ImportedFunction, Memory } from './platform.ts'
import { compile, newMemory } from './platform.ts'
import type { Plan } from './plan.ts'
import { componentGlobals, GLOBALS, memoGlobals, PAGE_BYTES } from './plan.ts'
import { marks, OUTLOOKS } from './por/marks.ts'
import { QUESTIONS, reductionFunctions } from './por/walk.ts'
import { writeTables } from './por/tables.ts'
import { rebuildFunctions } from './rebuild.ts'
import { stepFunction } from './steps.ts'
import { successorFunctions } from './successors.ts'
import { tableFunctions } from './table.ts'
import { touchFunction } from './touch.ts'

/** What the generated functions may call: it must not come back. */
const FAULT = { name: 'fault', params: ['i32', 'i32', 'i32'], results: [] } as const

export interface Machine extends Instance {
  readonly plan: Plan
  readonly module: CompiledModule
  readonly memory: Memory
  /** The unsigned 32 bits at an address of the memory. */
  readonly peek: (address: number) => number
  readonly poke: (address: number, value: number) => void
  /** The values of all globals, in the order of the module. */
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
      ...growthFunctions,
      ...loopFunctions(plan),
      touchFunction,
      ...crewFunctions(plan),
      ...(reduction === undefined ? [] : reductionFunctions(plan, reduction)),
    ],
    globals: [
      ...Object.values<Global>({ ...GLOBALS }),
      ...frameGlobals(plan),
      ...composition.components.flatMap(({ index }) => Object.values<Global>({ ...componentGlobals(index) })),
      ...model.threads.flatMap((_, t) => Object.values<Global>({ ...memoGlobals(t) })),
      ...(reduction === undefined
        ? []
        : [...Object.values<Global>({ ...OUTLOOKS }), ...composition.components.map(({ index }) => marks(index))]),
    ],
    memory: { first: firstPages(plan), most: plan.limits.pages, shared: plan.workers > 1 },
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
  const memory = newMemory(firstPages(plan), plan.limits.pages, plan.workers > 1)
  if (plan.reduction !== undefined) writeTables(memory, plan.reduction, plan.reduction.addresses)
  const module = compile(moduleFor(plan))
  const instance = newInstance(module, { memory, fault: faultIn(plan.model), ...answers })
  const { cells } = instance
  let last = new DataView(memory.buffer)
  // A memory that has grown has another buffer.
  const view = (): DataView => (last.buffer === memory.buffer ? last : (last = new DataView(memory.buffer)))
  return {
    ...instance,
    plan,
    module,
    memory,
    peek: (address) => view().getUint32(address, true),
    poke: (address, value) => {
      view().setUint32(address, value, true)
    },
    globals: () => cells.map((cell) => cell.value),
    setGlobals: (values) => {
      for (const [i, cell] of cells.entries()) cell.value = values[i] ?? 0
    },
  }
}
