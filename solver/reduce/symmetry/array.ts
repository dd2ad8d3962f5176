/** Arrays whose entries change places. */
import type { LTarget } from '../../../model/language/lowered.ts'
import { at, type Permutation } from './swap.ts'

type Select = Extract<LTarget, { kind: 'select' }>

/** Every way to give an array its indices, each counted from 0. */
const places = (counts: readonly number[]): readonly (readonly number[])[] =>
  counts.reduce<readonly (readonly number[])[]>(
    (some, count) => some.flatMap((place) => Array.from({ length: count }, (_, i) => [...place, i])),
    [[]],
  )

/**
 * Where the array begins that an array becomes: with each index changed by `changed`, of which it is told the
 * dimension, the entry is the one that the entry before went to. Undefined where there is no such array.
 */
export function arrayAfter(
  { base, index }: Select,
  { slots }: Permutation,
  changed: (dimension: number, index: number) => number,
): number | undefined {
  const shift = (place: readonly number[]): number => place.reduce((sum, i, d) => sum + i * (index[d]?.stride ?? 0), 0)
  const starts = new Set<number>()
  for (const place of places(index.map(({ count }) => count))) {
    const to = place.map((i, d) => changed(d, i + (index[d]?.first ?? 0)) - (index[d]?.first ?? 0))
    if (to.some((i, d) => i < 0 || i >= (index[d]?.count ?? 0))) return undefined
    starts.add(at(slots, base + shift(place)) - shift(to))
  }
  const [start, another] = starts
  return another === undefined ? start : undefined
}
