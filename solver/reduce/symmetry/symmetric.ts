/** A search that thread symmetry reduces, in the words of the other engines. */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import type { Outcome, SearchOptions, SearchResult } from '../../engine.ts'
import { layOut, pack, type Layout } from '../../explicit/layout.ts'
import { compile, type Program } from '../../explicit/program.ts'
import { outcomes } from '../../explicit/search.ts'
import { firstViolations, type Stored } from '../../first_violations.ts'
import { initialState, successors, type State } from '../../reference/interpreter.ts'
import { specialise } from '../../specialise.ts'
import { symmetriesOf, type Symmetry } from './group.ts'
import { carrier, orbits, sameWords, type Carry, type Orbits } from './orbit.ts'
import { searchOrbits, type Searched } from './search.ts'

export interface SymmetricResult extends SearchResult {
  /** How many states the stored ones stand for: all those of a search that is not reduced. */
  readonly standsFor: number
}

export type Answer =
  { readonly ok: true; readonly result: SymmetricResult } | { readonly ok: false; readonly why: string }

/**
 * Real states along the way to each stored one: a stored state is reached, but from a state of its parent's orbit.
 * Going from the start, each time the first successor that the stored one stands for is taken.
 */
function unpermuted(
  model: LoweredModel,
  layout: Layout,
  { states }: Searched,
  { represent }: Orbits,
): (id: number) => State {
  const known = new Map<number, State>([[0, initialState(model)]])
  const packed = new Int32Array(layout.words)
  return (id: number): State => {
    const path: number[] = []
    let at = id
    for (; !known.has(at); at = states.parents[at] ?? -1) path.push(at)
    let from = known.get(at) ?? []
    for (const to of path.reverse()) {
      const wanted = states.arena.subarray(to * layout.words, (to + 1) * layout.words)
      const next = successors(model, from).find(({ state }) => {
        pack(layout, state, packed, 0)
        return sameWords(represent(packed, 0), wanted)
      })
      if (next === undefined) throw new Error('a state of an orbit has no successor that another one has')
      from = next.state
      known.set(to, from)
    }
    return from
  }
}

/** Final states, all those of each orbit: their registers tell threads apart. */
function allOutcomes(
  { model, layout, program }: { readonly model: LoweredModel; readonly layout: Layout; readonly program: Program },
  { states }: Searched,
  { members }: Orbits,
): readonly Outcome[] {
  const finals: number[] = []
  let count = 0
  const { arena, words } = states
  for (let id = program.final(arena, 0, states.count); id >= 0; id = program.final(arena, id + 1, states.count))
    members(arena, id * words, (state) => {
      for (const word of state) finals.push(word)
      count++
    })
  return outcomes({ model, layout, program, store: { arena: Int32Array.from(finals) }, states: count })
}

/** Steps that ran, and those that would have run had the threads changed places. */
function ranOf(model: LoweredModel, program: Program, symmetries: readonly Symmetry[]): readonly number[] {
  const ran = model.steps.filter((_, i) => program.ran[i] !== 0).map(({ id }) => id)
  const all = ran.flatMap((id) => [id, ...symmetries.map(({ steps }) => steps.get(id) ?? id)])
  return [...new Set(all)].sort((a, b) => a - b)
}

/**
 * As `searchExplicit`, with one state for all those that become one another when threads that do the same change
 * places, with the pages that they are at: the same violated properties, traces of the same (the shortest) length that no permutation has touched, the
 * same covers, steps reached and outcomes. `states`, `transitions` and `depth` are those of the reduced search.
 * Refused, with the reason, where no two threads can change places. Throws as `searchExplicit` does.
 */
export function searchSymmetric(original: LoweredModel, options: SearchOptions = {}): Answer {
  const first = initialState(original)
  const model = specialise(original)
  const symmetries = symmetriesOf(model)
  if (!symmetries.ok) return symmetries
  const layout = layOut(model)
  const carries = symmetries.all.map((by) => carrier(model, layout, by))
  const possible = carries.filter((c): c is Carry => c !== undefined)
  if (possible.length < carries.length) return { ok: false, why: 'what they can hold differs' }
  const program = compile(model, layout)
  const ways = orbits(layout.words, possible)
  const searched = searchOrbits({ model, layout, program, first, orbits: ways, partial: symmetries.covers, ...options })
  const { states, broken, deadlock, incomplete } = searched
  const stored: Stored = {
    model,
    stateOf: unpermuted(model, layout, searched, ways),
    parentOf: (id) => states.parents[id] ?? -1,
    broken,
    failedFrom: [...program.failed],
    deadlock,
  }
  return {
    ok: true,
    result: {
      engine: 'explicit',
      ...(incomplete === undefined ? {} : { incomplete }),
      violations: firstViolations(stored),
      states: states.count,
      transitions: searched.transitions,
      depth: searched.depth,
      reachedSteps: ranOf(model, program, symmetries.all),
      reachedCovers: searched.covered,
      outcomes: allOutcomes({ model, layout, program }, searched, ways),
      bytes: states.peakBytes,
      standsFor: searched.standsFor,
    },
  }
}
