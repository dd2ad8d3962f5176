import type { LoweredModel } from '../../model/language/lowered.ts'
import { slotsRead } from '../../model/language/slots.ts'
import type { Outcome, SearchResult } from '../engine.ts'
import type { Checkpoints } from '../explicit/checkpoint.ts'
import { searchExplicit } from '../explicit/search.ts'
import { firstViolations } from '../first_violations.ts'
import { registerSlots, sortOutcomes } from '../outcomes.ts'
import { initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import type { CrewOptions } from './crew.ts'
import type { Exploration, ExploreOptions, Outcome as Explored } from './explore.ts'
import { explore, exploreTogether } from './explore.ts'
import type { Limits } from './limits.ts'
import type { Machine } from './machine.ts'
import { buildMachine } from './machine.ts'
import { componentGlobals, planFor } from './plan.ts'
import { refusal } from './refusal.ts'
import { bringNear, pieces } from './states.ts'

/** A result, or why the engine does not take the model: another one must then be asked. */
export type WasmAnswer =
  { readonly ok: true; readonly result: SearchResult } | { readonly ok: false; readonly reason: string }

/** The bits of a state that tell its registers and whether it meets the final condition. */
function outcomeBits({ plan, read }: Machine, registers: readonly number[]): bigint {
  const { composition, model } = plan
  const slots = [...registers, ...(model.final === undefined ? [] : slotsRead(model.final))]
  const components = new Set(slots.flatMap((slot) => composition.fields[slot]?.component ?? []))
  return [...components].reduce((mask, c) => {
    const { shift, fieldMask } = componentGlobals(c)
    return mask | (BigInt(read(fieldMask)) << BigInt(read(shift)))
  }, 0n)
}

interface Tally {
  readonly first: number
  states: number
}

/** Counts the final states by their registers. */
export function outcomes(exploration: Exploration): readonly Outcome[] {
  const { machine, states, stateOf, storedState, rooms } = exploration
  const registers = registerSlots(machine.plan.model)
  const bits = outcomeBits(machine, registers)
  const tallies = new Map<bigint, Tally>()
  for (const [from, end] of pieces(rooms.states, 0, states)) {
    const next = (at: number): number => machine.run('nextFinal', at, end)
    for (let id = next(from); id < end; id = next(id + 1)) {
      const key = storedState(id) & bits
      const tally = tallies.get(key) ?? { first: id, states: 0 }
      tallies.set(key, tally)
      tally.states++
    }
  }
  const merged = new Map<string, Outcome>()
  for (const { first, states: count } of tallies.values()) {
    const state = stateOf(first)
    const values = registers.map((slot) => state[slot] ?? 0)
    const before = merged.get(values.join()) ?? { registers: values, states: 0, satisfying: 0 }
    bringNear(rooms.states, first)
    const satisfying = before.satisfying + (machine.run('satisfies', first) === 0 ? 0 : count)
    merged.set(values.join(), { registers: values, states: before.states + count, satisfying })
  }
  return sortOutcomes(merged.values())
}

/** A machine for a (specialised) model and so many workers, or why there is none. */
export function machineFor(model: LoweredModel, workers: number, limits?: Limits): Machine | string {
  const refused = refusal(model)
  if (refused !== undefined) return refused
  try {
    return buildMachine(planFor(model, workers, undefined, limits))
  } catch (error) {
    // What the engine throws where there is no address space for a memory.
    if (error instanceof RangeError) return 'the machine does not give the memory'
    throw error
  }
}

/**
 * Explores every reachable state with a WebAssembly module generated for the model. The answer is word
 * for word that of the reference interpreter, but for `engine` and `bytes`. Throws where a slot leaves
 * its range. A model beyond the limits of the engine is refused: see `refusal`, and more bits than 64
 * for a state, which is known only in the course of the search.
 */
export function searchWasm(original: LoweredModel, options: ExploreOptions = {}): WasmAnswer {
  const machine = machineFor(specialise(original), 1, options.limits)
  if (typeof machine === 'string') return { ok: false, reason: machine }
  return answer(explore(machine, initialState(original), options))
}

/**
 * As `searchWasm`, word for word but for `bytes`, by several threads on one memory. A limit of memory or
 * time is met at another state. Throws where a thread ends before the search does.
 */
export async function searchTogether(
  original: LoweredModel,
  options: ExploreOptions,
  crew: CrewOptions,
): Promise<WasmAnswer> {
  if (crew.workers === 1) return searchWasm(original, options)
  const machine = machineFor(specialise(original), crew.workers, options.limits)
  if (typeof machine === 'string') return { ok: false, reason: machine }
  return answer(await exploreTogether(machine, initialState(original), options, crew))
}

/** What an exploration says of the model. */
function answer(explored: Explored): WasmAnswer {
  if (!explored.ok) return explored
  const exploration = explored.value
  const { found, incomplete, machine } = exploration
  const { model } = machine.plan
  const result: SearchResult = {
    engine: 'wasm',
    ...(incomplete === undefined ? {} : { incomplete }),
    violations: firstViolations({ model, ...exploration, broken: found.slice(0, model.invariants.length) }),
    states: exploration.states,
    transitions: exploration.transitions,
    depth: exploration.depth,
    reachedSteps: model.steps.flatMap(({ id }, i) => (exploration.ran[i] === true ? [id] : [])).sort((a, b) => a - b),
    reachedCovers: found.slice(model.invariants.length).map((id) => id >= 0),
    outcomes: outcomes(exploration),
    bytes: exploration.bytes,
  }
  return { ok: true, result }
}

/** As `searchTogether`; where that refuses the model, as `searchExplicit`. */
export async function searchFast(
  model: LoweredModel,
  options: ExploreOptions & { readonly checkpoints?: Checkpoints } = {},
  crew: CrewOptions = { workers: 1 },
): Promise<SearchResult> {
  const answer = await searchTogether(model, options, crew)
  return answer.ok ? answer.result : searchExplicit(model, options)
}
