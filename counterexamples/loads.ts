/** What a step saw: the values that it loaded from shared variables, which the next steps may hide again. */
import type { LoweredModel, LStmt, Step } from '../model/language/lowered.ts'
import { addWrites, eachRead } from '../model/language/slots.ts'
import { show } from '../model/language/types.ts'
import { runStep, type State } from '../solver/reference/interpreter.ts'

/** A local and what a step loaded into it. */
export interface Load {
  readonly slot: number
  readonly name: string
  readonly value: number
  readonly shown: string
}

/** Shared variables and locks that some step writes: reading any other tells a reader nothing new. */
function changingSlots(model: LoweredModel): ReadonlySet<number> {
  const writes = new Set<number>()
  for (const step of model.steps) addWrites(step.body, writes)
  return new Set([...writes].filter((slot) => ['shared', 'lock'].includes(model.slots[slot]?.kind ?? 'pc')))
}

/** The local that a statement loads into, if it is a load from one of `sources`. */
function loadedLocal(model: LoweredModel, stmt: LStmt, sources: ReadonlySet<number>): number | undefined {
  if (stmt.kind !== 'set' || stmt.target.kind !== 'slot') return undefined
  const { slot } = stmt.target
  if (model.slots[slot]?.kind !== 'local') return undefined
  let shared = false
  eachRead(stmt.value, (read) => {
    shared ||= sources.has(read)
  })
  return shared ? slot : undefined
}

/**
 * A function that gives the loads of a step run in `before`, in the order in which it makes them. Only
 * those that it makes in any case are looked at. The state after the step cannot be asked, because a
 * body ends by resetting the locals that are dead from there on; so the body is run up to the load.
 */
export function loadsIn(model: LoweredModel): (step: Step, choices: readonly number[], before: State) => Load[] {
  const sources = changingSlots(model)
  return (step, choices, before) =>
    step.body.flatMap((stmt, i) => {
      const local = loadedLocal(model, stmt, sources)
      if (local === undefined) return []
      const after = runStep(model, { ...step, body: step.body.slice(0, i + 1) }, choices, before)
      const slot = model.slots[local]
      const value = after?.state[local]
      if (slot === undefined || value === undefined) return []
      return [{ slot: local, name: slot.name, value, shown: show(slot.type, value) }]
    })
}
