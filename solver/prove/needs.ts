/** Which lemmas the proof of each lemma needed, so that it can be shown from those few the next time. */

/** By the place of a lemma in a list, the places of those that its proof needed. */
export type Needs = readonly (readonly number[])[]

/** The same of another list, of that length: `places` says where each lemma stands there, if it does. */
export function renumbered(needs: Needs, places: readonly (number | undefined)[], length: number): Needs {
  const out: (readonly number[])[] = Array.from({ length }, () => [])
  places.forEach((place, i) => {
    if (place !== undefined && place < length) out[place] = (needs[i] ?? []).flatMap((n) => places[n] ?? [])
  })
  return out
}

/** As it is recorded, of the lemmas of the claims, and behind those the lemmas of the record. A proof rests on none of it. */
export interface RecordedNeeds {
  /** How many of them were lemmas of claims. */
  readonly goals: number
  readonly of: Needs
}
