/** How far a proof has come, and what a search for one has lost on the way. */
import type { Obligation } from './obligations.ts'

export interface ProofProgress {
  /** Questions that were put to the solver. */
  readonly asked: number
  /** Of a proof that is checked: how many there are. */
  readonly of?: number
  /** Of a search: guesses of which something is left. */
  readonly left?: number
}

/** What a search has given up. It is lost for good: what broke it is no less broken where less is assumed. */
export interface Loss {
  /** Of the lemma, in the list that was given. */
  readonly place: number
  /** Where it is lost; everywhere where this is absent. */
  readonly labels?: readonly number[]
  /** The step that breaks it, and what the solver said. */
  readonly from: string
  readonly to: string
  readonly whose: Obligation['whose']
  readonly said: string
}

/** What outlives a search that is killed. */
export interface Journal {
  /** Losses of an earlier run of the same search, in their order. */
  readonly before: readonly Loss[]
  readonly note: (loss: Loss) => void
  /** The search is over: there is nothing left to go on with. */
  readonly end: () => void
}

/** Opens the journal of a search, by the digest of all that it asks. */
export type OpenJournal = (question: string) => Journal
