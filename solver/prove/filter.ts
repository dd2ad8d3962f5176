/** Random runs of a system at one size, and what is left of the candidates after them. */
import { evaluatorOf, successorsOf, type Env, type Evaluator, type Finite, type State } from './finite.ts'
import { ownReads } from './liveness.ts'
import { OPEN_AT_START } from './shape.ts'
import type { Draft } from './templates.ts'

/** A candidate, and where it may still hold. */
export interface Candidate {
  readonly draft: Draft
  readonly holds: Evaluator
  /** By label: not refuted there. Of a candidate about the world alone: one entry. */
  readonly alive: Uint8Array
}

/** A candidate that may hold wherever all the locals that it names are live. */
export function candidate(finite: Finite, draft: Draft, live: readonly ReadonlySet<string>[]): Candidate {
  const holds = overAll(finite, draft)
  if (!draft.local) return { draft, holds, alive: new Uint8Array([1]) }
  const own = [...ownReads(draft.body)]
  const alive = Uint8Array.from(live, (names) => (own.every((n) => names.has(n)) ? 1 : 0))
  return { draft, holds, alive }
}

/** The body for all objects of its variables; `self` is set by the caller. */
function overAll(finite: Finite, draft: Draft): Evaluator {
  const body = evaluatorOf(
    finite,
    draft.body,
    draft.vars.map((v) => v.name),
  )
  const sizes = draft.vars.map((v) => finite.sizes[v.set] ?? 0)
  const [n = 0, m = 0] = sizes
  switch (sizes.length) {
    case 0:
      return body
    case 1:
      return (env) => {
        for (let i = 1; i <= n; i++) {
          env.bound[0] = i
          if (body(env) === 0) return 0
        }
        return 1
      }
    case 2:
      return (env) => {
        for (let i = 1; i <= n; i++)
          for (let j = 1; j <= m; j++) {
            env.bound[0] = i
            env.bound[1] = j
            if (body(env) === 0) return 0
          }
        return 1
      }
    default:
      throw new Error('a lemma of more than two variables')
  }
}

/** Candidates by the label at which they are asked; those about the world alone apart. */
export interface Pool {
  readonly world: Candidate[]
  readonly at: Candidate[][]
}

export function poolOf(finite: Finite, candidates: readonly Candidate[]): Pool {
  const world = candidates.filter((c) => !c.draft.local)
  const local = candidates.filter((c) => c.draft.local)
  return { world, at: finite.system.labels.map((_, i) => local.filter((c) => c.alive[i] === 1)) }
}

/** Takes out what fails in a state, where it fails. Gives the number of refutations. */
export function refute(finite: Finite, state: State, pool: Pool): number {
  const at = finite.base.get('pc') ?? 0
  const env: Env = { state, self: 0, bound: [] }
  let n = 0
  const sweep = (list: Candidate[], label: number): void => {
    let kept = 0
    for (const c of list)
      if (c.holds(env) === 0) {
        c.alive[label] = 0
        n++
      } else list[kept++] = c
    list.length = kept
  }
  sweep(pool.world, 0)
  for (let t = 0; t < finite.threads; t++) {
    const label = (state[at + t] ?? 1) - 1
    env.self = t + 1
    sweep(pool.at[label] ?? [], label)
  }
  return n
}

/** A generator of numbers 0..n-1 that gives the same ones each time. */
export function generator(seed: number): (n: number) => number {
  let s = seed
  return (n) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return Math.floor((s / 0x100000000) * n)
  }
}

/** The initial state, with what proofs leave open at the start set at random. */
function openStart(finite: Finite, random: (n: number) => number): State {
  const state = finite.initial.slice()
  for (const f of finite.system.fields) {
    const at = finite.base.get(f.name)
    if (at === undefined || !OPEN_AT_START.includes(f.name)) continue
    const n = f.sets.reduce((m, s) => m * (finite.sizes[s] ?? 0), 1)
    for (let i = 0; i < n; i++) state[at + i] = random(2)
  }
  return state
}

/** Chances in a hundred: that a thread goes on, so that operations come to an end; that the label seen least is chosen. */
const STAY = 80
const NOVEL = 40

/** States of random runs from the initial state, which lean to labels that were seen seldom. Gives how often each was seen. */
export function randomStates(
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
  const count = (state: State, thread: number): number => seen[(state[at + thread - 1] ?? 1) - 1] ?? 0
  for (let r = 0; r < runs; r++) {
    let state = openStart(finite, random)
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
