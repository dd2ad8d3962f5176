/** What a patch series is. */
import type { Patch } from './patches.ts'

export interface SeriesPatch {
  /** `6`, or `6a` for a part of patch 6: hunks that one commit holds, told apart to see what each is for. */
  readonly id: string
  readonly subject: string
  /** What of it is modelled, in a few words; absent where nothing is. */
  readonly modelled?: string
  /** Why nothing is, where that does not go without saying. */
  readonly why?: string
  readonly adds: readonly Patch[]
  readonly removes: readonly Patch[]
  /** Patches of the same series without which it does not compile. */
  readonly needs: readonly string[]
}

export interface Posting {
  /** `v3`. */
  readonly version: string
  /** Date and source. */
  readonly title: string
  readonly patches: readonly SeriesPatch[]
}

export interface Series {
  readonly name: string
  readonly title: string
  readonly base: { readonly name: string; readonly patches: readonly Patch[] }
  /** About pins and copy-on-write: of the catalogue, scenarios with page frames are asked, and for other series none of those. */
  readonly frames?: true
  readonly postings: readonly Posting[]
}
