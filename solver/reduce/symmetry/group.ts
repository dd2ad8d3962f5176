/** The threads of a model that can change places without a difference, and all the ways in which they can. */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import { isSame, type Images } from './same.ts'
import { after, owned, swapOf, type Permutation } from './swap.ts'

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
function closure(model: LoweredModel, swaps: readonly Symmetry[]): readonly Symmetry[] | undefined {
  const none = model.threads.map((_, t) => t).join()
  const found = new Map<string, Symmetry>(swaps.map((s) => [s.threads.join(), s]))
  const waiting = [...swaps]
  for (let a = waiting.pop(); a !== undefined; a = waiting.pop())
    for (const b of swaps) {
      const product = after(a, b)
      const key = product.threads.join()
      if (key === none || found.has(key)) continue
      if (found.size + 1 >= WAYS_MAX) return undefined
      const made = { ...product, steps: new Map([...a.steps].map(([s, t]) => [s, b.steps.get(t) ?? t])) }
      found.set(key, made)
      waiting.push(made)
    }
  return [...found.values()]
}

/** Daemons stay where they are. */
export function symmetriesOf(model: LoweredModel): Symmetries {
  const threads = model.threads.flatMap(({ daemon }, t) => (daemon ? [] : [t]))
  const name = (t: number): string => model.threads[t]?.name ?? ''
  const slotsOfThreads = owned(model)
  const swaps: Symmetry[] = []
  const covers = new Set<number>()
  let why = threads.length < 2 ? 'there is one thread' : 'no two threads run the same operations'
  for (const [i, one] of threads.entries())
    for (const other of threads.slice(i + 1)) {
      const by = swapOf(model, slotsOfThreads, one, other)
      if (by === undefined) continue
      const same = isSame(model, by)
      if (same.ok) {
        swaps.push({ ...by, steps: same.steps })
        for (const cover of same.covers) covers.add(cover)
      } else why = `${name(one)} and ${name(other)} cannot change places: ${same.why}`
    }
  if (swaps.length === 0) return { ok: false, why }
  const all = closure(model, swaps)
  return all === undefined ? { ok: false, why: 'too many threads do the same' } : { ok: true, all, covers }
}
