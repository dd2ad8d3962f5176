/** The threads of a model that can change places without a difference, and all the ways in which they can. */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import { isSame, type Images } from './same.ts'
import { guessSwap } from './guess.ts'
import { after, isIdentity, keyOf, type Permutation } from './swap.ts'

/** One way for threads to change places, the identity not among them. */
export interface Symmetry extends Permutation {
  /** Steps by id: the step that takes the place of each. */
  readonly steps: Images
}

export type Symmetries =
  /** `covers`: the places of those covers that tell threads apart. */
  | { readonly ok: true; readonly all: readonly Symmetry[]; readonly covers: ReadonlySet<number> }
  /** `why` tells of the two threads that came closest. */
  | { readonly ok: false; readonly why: string }

/** Five threads that do the same are 120 ways to look at every state, for a hundredth of the states: more are left alone. */
const WAYS_MAX = 120

/** Every product of the given ones; undefined where there are too many. */
function closure(swaps: readonly Symmetry[]): readonly Symmetry[] | undefined {
  const found = new Map<string, Symmetry>(swaps.map((s) => [keyOf(s), s]))
  const waiting = [...swaps]
  for (let a = waiting.pop(); a !== undefined; a = waiting.pop())
    for (const b of swaps) {
      const product = after(a, b)
      const key = keyOf(product)
      if (isIdentity(product) || found.has(key)) continue
      if (found.size + 1 >= WAYS_MAX) return undefined
      const made = { ...product, steps: new Map([...a.steps].map(([s, t]) => [s, b.steps.get(t) ?? t])) }
      found.set(key, made)
      waiting.push(made)
    }
  return [...found.values()]
}

type Pair = readonly [number, number]

/**
 * Daemons stay where they are. Two threads change places alone, or with two others: of two pairs, each at a page of
 * its own, no single thread can leave its page to the other pair.
 */
export function symmetriesOf(model: LoweredModel): Symmetries {
  const threads = model.threads.flatMap(({ daemon }, t) => (daemon ? [] : [t]))
  const name = (t: number): string => model.threads[t]?.name ?? ''
  const swaps: Symmetry[] = []
  const covers = new Set<number>()
  let why = threads.length < 2 ? 'there is one thread' : 'no two threads run the same operations'
  /** Gives whether these threads may change places, or at least take the same steps. */
  const attempt = (pairs: readonly Pair[]): 'yes' | 'alike' | 'no' => {
    const by = guessSwap(model, pairs)
    if (by === undefined) return 'no'
    const same = isSame(model, by)
    if (same.ok) {
      swaps.push({ ...by, steps: same.steps })
      for (const cover of same.covers) covers.add(cover)
      return 'yes'
    }
    const [[one, other] = [0, 0]] = pairs
    if (pairs.length === 1) why = `${name(one)} and ${name(other)} cannot change places: ${same.why}`
    return 'alike'
  }
  const pairs = threads.flatMap((one, i) => threads.slice(i + 1).map((other): Pair => [one, other]))
  const together = pairs.filter((p) => attempt([p]) === 'alike')
  for (const [i, p] of together.entries())
    for (const q of together.slice(i + 1)) if (p.every((t) => !q.includes(t))) attempt([p, q])
  if (swaps.length === 0) return { ok: false, why }
  const all = closure(swaps)
  return all === undefined ? { ok: false, why: 'too many threads do the same' } : { ok: true, all, covers }
}
