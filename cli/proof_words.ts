/** What proofs are called on the command line. */
import { CORE_NAMES, PROVED_PROPERTIES } from '../solver/prove/names.ts'

/** The released kernels with guard regions that differ in them, the newest last. */
export const PROVED_KERNELS: readonly string[] = ['v6.13', 'v6.15', 'v6.18', 'v6.18.37', 'v6.19', 'v7.0']

/** The kernel whose proofs a nightly run checks. */
export const NEWEST: string = PROVED_KERNELS[PROVED_KERNELS.length - 1] ?? ''

export const ALL_PROOFS = 'all'

/** Names no proof: the lemmas of those that are named are held against explicit states, too. */
export const WITH_STATES = 'states'

/** A model, in one word. */
export const coreWord = (core: string): string => core.replaceAll(' ', '_')

/** Every word that may be said of recorded proofs. */
export const PROOF_WORDS: readonly string[] = [
  ALL_PROOFS,
  WITH_STATES,
  ...PROVED_KERNELS,
  ...PROVED_PROPERTIES,
  ...CORE_NAMES.map(coreWord),
]
