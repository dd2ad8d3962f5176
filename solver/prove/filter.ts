/**
 * Random runs of a system at one size: a guess that fails in a state that was reached is false, and need not be
 * put to a solver. Seeded, so that they are the same ones each time.
 */
import { evaluatorOf, successorsOf, type Env, type Evaluator, type Finite, type State } from './finite.ts'
import { range } from '../../model/language/types.ts'
import type { Lemma } from './lemma.ts'
import { OPEN_AT_START } from './shape.ts'

/** A generator of numbers 0..n-1 that gives the same ones each time. */
function generator(seed: number): (n: number) => number {
  let s = seed
  return (n) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return Math.floor((s / 0x100000000) * n)
  }
}

/** Chances in a hundred: that a thread goes on, so that operations come to an end; that the label seen least is chosen. */
const STAY = 80
const NOVEL = 40

/** The state at the start, with any values in what a proof leaves open there. */
function opening(finite: Finite, random: (n: number) => number): State {
  const state = finite.initial.slice()
  for (const f of finite.system.fields) {
    const base = finite.base.get(f.name)
    if (base === undefined || !OPEN_AT_START.includes(f.name)) continue
    const n = f.sets.reduce((m, s) => m * (finite.sizes[s] ?? 0), 1)
    const { lo, hi } = range(f.type, finite.sizes)
    for (let i = 0; i < n; i++) state[base + i] = lo + random(hi - lo + 1)
  }
  return state
}

/** States of random runs from the start, which lean to labels that were seen seldom. Gives how often each was seen. */
function randomStates(
  finite: Finite,
  runs: number,
  length: number,
  seed: number,
  visit: (state: State) => void,
): Uint32Array {
  const next = successorsOf(finite)
  const random = generator(seed)
  const at = finite.base.get('pc') ?? 0
  const seen = new Uint32Array(finite.system.labels.length)
  const count = (state: State, thread: number): number => seen[(state[at + thread - 1] ?? 0) - 1] ?? 0
  for (let r = 0; r < runs; r++) {
    let state = opening(finite, random)
    let thread = 1
    visit(state)
    for (let d = 0; d < length; d++) {
      if (random(100) >= STAY) thread = 1 + random(finite.threads)
      let options = next(state, thread)
      for (let i = 0; options.length === 0 && i < finite.threads; i++) {
        thread = (thread % finite.threads) + 1
        options = next(state, thread)
      }
      let taken = options[random(options.length)]
      if (random(100) < NOVEL)
        for (const o of options) if (taken !== undefined && count(o, thread) < count(taken, thread)) taken = o
      if (taken === undefined) break
      state = taken
      const label = (state[at + thread - 1] ?? 1) - 1
      seen[label] = (seen[label] ?? 0) + 1
      visit(state)
    }
  }
  return seen
}

/** The body of a lemma for all objects of its variables; `self` is set by the caller. */
export function overAll(finite: Finite, lemma: Lemma): Evaluator {
  const body = evaluatorOf(
    finite,
    lemma.body,
    lemma.vars.map((v) => v.name),
  )
  const sizes = lemma.vars.map((v) => finite.sizes[v.set] ?? 0)
  const go = (env: Env, depth: number): number => {
    const n = sizes[depth]
    if (n === undefined) return body(env)
    for (let i = 1; i <= n; i++) {
      env.bound[depth] = i
      if (go(env, depth + 1) === 0) return 0
    }
    return 1
  }
  return sizes.length === 0 ? body : (env) => go(env, 0)
}

/** A guess, and the labels at which no state has refuted it; of the world alone, whether none has. */
interface Guess {
  readonly lemma: Lemma
  readonly holds: Evaluator
  readonly labels: Set<number>
  alive: boolean
}

export interface Filtered {
  /** In the order that they were given in; nothing in the place of what is refuted everywhere. */
  readonly left: readonly (Lemma | undefined)[]
  readonly states: number
  /** Labels that some run came to. */
  readonly reached: ReadonlySet<number>
}

/** What is left of some guesses after random runs. Guesses about steps are left alone. */
export function filtered(finite: Finite, lemmas: readonly Lemma[], runs: number, length: number): Filtered {
  const guesses = lemmas.map((lemma): Guess => ({
    lemma,
    holds: lemma.ofSteps === true ? () => 1 : overAll(finite, lemma),
    labels: new Set(lemma.labels),
    alive: true,
  }))
  const world = guesses.filter((g) => g.lemma.labels === undefined)
  const at: Guess[][] = finite.system.labels.map((_, i) => guesses.filter((g) => g.labels.has(i)))
  const pcs = finite.base.get('pc') ?? 0
  let states = 0
  const visit = (state: State): void => {
    states++
    const env: Env = { state, self: 0, bound: [] }
    for (const g of world) if (g.alive && g.holds(env) === 0) g.alive = false
    for (let t = 0; t < finite.threads; t++) {
      const label = (state[pcs + t] ?? 1) - 1
      env.self = t + 1
      const here = at[label] ?? []
      const kept = here.filter((g) => g.holds(env) !== 0)
      if (kept.length === here.length) continue
      for (const g of here) if (!kept.includes(g)) g.labels.delete(label)
      at[label] = kept
    }
  }
  const seen = randomStates(finite, runs, length, SEED, visit)
  const left = guesses.map(({ lemma, labels, alive }): Lemma | undefined => {
    if (lemma.labels === undefined) return alive ? lemma : undefined
    if (labels.size === lemma.labels.size) return lemma
    return labels.size === 0 ? undefined : { ...lemma, labels }
  })
  return { left, states, reached: new Set([...seen.keys()].filter((l) => (seen[l] ?? 0) > 0)) }
}
const SEED = 1
