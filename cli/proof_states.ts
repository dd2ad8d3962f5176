/** What explicit states say of a proof: at which sizes each state was looked at, and where a search was cut. */
import type { SearchOptions } from '../solver/engine.ts'
import { heldAtSmallest, type Held } from '../solver/prove/explicit.ts'
import type { Lemma } from '../solver/prove/lemma.ts'
import type { Setup } from '../solver/prove/setup.ts'
import { failing, sizeName, type SizeDocument } from './proof_sizes.ts'
import type { NotSeen } from './refute.ts'

/** More than any recorded proof has: see test/prove/explicit.test.ts. */
const STATES_MAX = 20_000_000
const BYTES_MAX = 2 ** 31

const explored = (setup: Setup, lemmas: readonly Lemma[], options: SearchOptions): readonly Held[] =>
  heldAtSmallest(setup, lemmas, { maxStates: STATES_MAX, maxBytes: BYTES_MAX, ...options })

const sizeOf = ({ sizes: { threads, pages }, states, depth, complete, broken, run = [] }: Held): SizeDocument => ({
  threads,
  pages,
  states,
  depth,
  whole: complete,
  ...(broken === undefined ? {} : { broken: { lemma: broken, run: [...run] } }),
})

/** Holds the lemmas of a proof against all states at the three smallest sizes. */
export const proofStates = (setup: Setup, lemmas: readonly Lemma[], options: SearchOptions = {}): SizeDocument[] =>
  explored(setup, lemmas, options).map(sizeOf)

/** What is seen of a claim at the three smallest sizes; vacuous where no step is taken of those that it is about. */
export function sizesOf(
  setup: Setup,
  lemmas: readonly Lemma[],
  about: readonly number[],
  options: SearchOptions,
): { readonly searches: readonly NotSeen[]; readonly against: string | undefined } {
  const held = explored(setup, lemmas, options)
  const labels = about.map((i) => setup.system.labels[i]?.name ?? '')
  const searches = held.map((h) => ({
    where: `the model with ${sizeName(h.sizes)}`,
    states: h.states,
    depth: h.depth,
    complete: h.complete,
    vacuous: labels.length > 0 && !labels.some((l) => h.reached.has(l)),
  }))
  return { searches, against: failing(held.map(sizeOf)) }
}
