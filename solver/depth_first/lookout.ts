/** What a depth-first search looks for in each state and on each transition. */
import type { LStmt } from '../../model/language/lowered.ts'
import type { Outcome, Violation } from '../engine.ts'
import { unpack } from '../explicit/layout.ts'
import { newTally } from '../explicit/tally.ts'
import { violationOf } from '../first_violations.ts'
import { deadlockProperty } from '../reference/interpreter.ts'
import type { Machine } from './machine.ts'
import type { Store } from './store.ts'
import { shortestWay } from './way.ts'

/** Is asked while the state in question is the top of the path, which then is the trace. Mutable. */
export interface Lookout {
  /** A state was entered. */
  readonly atState: (id: number) => void
  /** Transitions out of a state were taken. */
  readonly atMoves: (id: number) => void
  /** No transition leads out of a state. */
  readonly atEnd: (id: number) => void
  /** By property, in the order in which they were met. */
  readonly violations: readonly Violation[]
  readonly covered: readonly boolean[]
  readonly outcomes: () => readonly Outcome[]
}

const assertedIn = (body: readonly LStmt[]): readonly number[] =>
  body.flatMap((stmt) => {
    switch (stmt.kind) {
      case 'assert':
        return [stmt.property]
      case 'if':
        return [...assertedIn(stmt.then), ...assertedIn(stmt.else)]
      case 'set':
        return []
    }
  })

/** Nothing seen yet. */
export function newLookout({ model, layout, program }: Machine, store: Store): Lookout {
  const violations: Violation[] = []
  const covered = model.covers.map(() => false)
  const tally = newTally(model, layout, program)
  const deadlock = deadlockProperty(model) ?? -1
  const isOpen = (property: number): boolean => violations.every((v) => v.property !== property)
  // A property may be asserted by steps whatever its kind is.
  let asserted = [...new Set(model.steps.flatMap(({ body }) => assertedIn(body)))]
  let invariants = model.invariants.flatMap(({ property }, place) => {
    const scan = program.broken[place]
    return scan === undefined ? [] : [{ property, place, scan }]
  })
  let covers = program.covers.map((scan, cover) => ({ cover, scan }))

  /** Notes how the top of the path violates a property, an invariant by its place; each property is told once. */
  const violated = (property: number, top: number, how: 'broken' | 'failed' | 'deadlock', place: number = -1): void => {
    const way = shortestWay({ model, layout, program }, store, top)
    const violation = violationOf(
      {
        model,
        stateOf: (id) => unpack(layout, store.arena, id * layout.words),
        parentOf: (id) => way.get(id) ?? -1,
        broken: model.invariants.map((_, i) => (how === 'broken' && i === place ? top : -1)),
        failedFrom: model.properties.map((_, p) => (how === 'failed' && p === property ? top : -1)),
        deadlock: how === 'deadlock' ? top : -1,
      },
      property,
    )
    if (violation === undefined) throw new Error(`there is no trace to the violation of property ${property}`)
    violations.push(violation)
    asserted = asserted.filter(isOpen)
    invariants = invariants.filter((i) => isOpen(i.property))
  }

  return {
    violations,
    covered,
    outcomes: tally.outcomes,
    atState(id) {
      const { arena } = store
      for (const { property, place, scan } of invariants)
        if (scan(arena, id, id + 1) === id && isOpen(property)) violated(property, id, 'broken', place)
      let met = false
      for (const { cover, scan } of covers)
        if (scan(arena, id, id + 1) === id) {
          covered[cover] = true
          met = true
        }
      if (met) covers = covers.filter(({ cover }) => covered[cover] === false)
      if (program.final(arena, id, id + 1) === id) tally.add(arena, id)
    },
    atMoves(id) {
      for (const property of asserted) if (program.failed[property] === id) violated(property, id, 'failed')
    },
    atEnd(id) {
      if (deadlock >= 0 && program.final(store.arena, id, id + 1) !== id && isOpen(deadlock))
        violated(deadlock, id, 'deadlock')
    },
  }
}
