/** A proof held against every state of its model at one size, by the engine that explores some millions a second. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, SearchOptions, SearchResult } from '../engine.ts'
import { searchExplicit } from '../explicit/search.ts'
import { specialise } from '../specialise.ts'
import { searchWasm } from '../wasm/search.ts'
import { mergeAlike } from './alike.ts'
import { withoutBooks } from './books.ts'
import { worldOf, type Sizes } from './core.ts'
import { SMALLEST, type Explored } from './explore.ts'
import { finiteOf } from './finite.ts'
import { flatten } from './flat.ts'
import { readsOf, type Lemma } from './lemma.ts'
import { settle } from './settled.ts'
import type { Setup } from './setup.ts'
import type { System } from './system.ts'

export interface Held extends Explored {
  readonly engine: SearchResult['engine']
  readonly transitions: number
  readonly depth: number
  readonly bytes: number
  /** Labels of the steps that were taken. */
  readonly reached: ReadonlySet<string>
  /** Which limit came first, where one did. */
  readonly stopped?: Incomplete['kind']
  /** Of a lemma that fails: the steps of a shortest run to where it does, as `P0 label`. */
  readonly run?: readonly string[]
}

export interface HoldOptions extends SearchOptions {
  /** False for every state by itself, though nothing tells some of them apart. */
  readonly merge?: boolean
}

/** What of a search ends it early: the end of the first depth at which a lemma fails. */
function searched(model: LoweredModel, options: SearchOptions): SearchResult {
  const enough = ({
    failed,
    broken,
  }: {
    readonly failed: readonly number[]
    readonly broken: readonly number[]
  }): boolean => [...failed, ...broken].some((id) => id >= 0)
  const answer = searchWasm(model, { ...options, enough })
  return answer.ok ? answer.result : searchExplicit(model, options)
}

/** The system without what no step waits for and no lemma reads: states that differ in it alone are one. */
export const askedAbout = (system: System, lemmas: readonly Lemma[]): System =>
  withoutBooks(system, [...new Set(lemmas.flatMap((l) => [...readsOf(l)]))], true)

/** Asks each lemma of each reachable state and step at one size. Throws where a variable leaves its range. */
export function holdAgainst(setup: Setup, lemmas: readonly Lemma[], sizes: Sizes, options: HoldOptions = {}): Held {
  const system = askedAbout(setup.system, lemmas)
  const finite = finiteOf(system, worldOf(setup.core, setup.kernel, sizes))
  const flat = flatten(finite, lemmas)
  const found = searched(
    options.merge === false ? flat.model : mergeAlike(specialise(settle(specialise(flat.model)))),
    options,
  )
  const { engine, transitions, depth, bytes, violations, incomplete } = found
  const taken = new Set(found.reachedSteps)
  const [first] = violations.toSorted((a, b) => a.moves.length - b.moves.length)
  const broken = first === undefined ? undefined : lemmas[first.property]?.name
  return {
    sizes,
    engine,
    // The state in which nothing has been chosen yet is none of the system.
    states: found.states - (flat.opens ? 1 : 0),
    transitions,
    depth,
    bytes,
    reached: new Set(flat.model.steps.flatMap((s) => (taken.has(s.id) ? [s.label] : []))),
    complete: incomplete === undefined && broken === undefined,
    ...(incomplete === undefined ? {} : { stopped: incomplete.kind }),
    ...(broken === undefined ? {} : { broken }),
    ...(first === undefined
      ? {}
      : {
          run: first.moves.map(({ step }) => {
            const s = flat.model.steps.find((x) => x.id === step)
            return `${flat.model.threads[s?.thread ?? -1]?.name ?? ''} ${s?.label ?? ''}`
          }),
        }),
  }
}

/** At each of the smallest sizes, the smallest first; none beyond one at which a lemma fails. */
export function heldAtSmallest(setup: Setup, lemmas: readonly Lemma[], options: SearchOptions = {}): readonly Held[] {
  const all: Held[] = []
  for (const sizes of SMALLEST) {
    const held = holdAgainst(setup, lemmas, sizes, options)
    all.push(held)
    if (held.broken !== undefined) break
  }
  return all
}
