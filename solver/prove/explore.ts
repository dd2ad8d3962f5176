/** A proof held against every state of its model at small sizes: what a solver says of all sizes must be so of these. */
import { range } from '../../model/language/types.ts'
import { worldOf, type Sizes } from './core.ts'
import { overAll } from './filter.ts'
import { finiteOf, successorsOf, type Env, type Evaluator, type Finite, type State } from './finite.ts'
import type { Lemma } from './lemma.ts'
import { liveLocals } from './liveness.ts'
import type { Setup } from './setup.ts'
import { OPEN_AT_START } from './shape.ts'

/** The three smallest sizes at which there is something to be seen. */
export const SMALLEST: readonly Sizes[] = [
  { threads: 1, pages: 1, tables: 2 },
  { threads: 1, pages: 2, tables: 2 },
  { threads: 2, pages: 1, tables: 2 },
]

export interface Explored {
  readonly sizes: Sizes
  readonly states: number
  /** False where the limit came first. */
  readonly complete: boolean
  /** Name of a lemma that fails in some state. */
  readonly broken?: string
}

/** Sets locals that nobody will read again back to how they begin: states that differ in them are one. */
function canonical(finite: Finite): (state: State) => State {
  const live = liveLocals(finite.system)
  const at = finite.base.get('pc') ?? 0
  const dead = finite.system.labels.map((_, label) =>
    finite.system.locals.flatMap((f) => (live[label]?.has(f.name) === true ? [] : [finite.base.get(f.name) ?? 0])),
  )
  return (state) => {
    for (let t = 0; t < finite.threads; t++)
      for (const base of dead[(state[at + t] ?? 1) - 1] ?? []) state[base + t] = finite.initial[base + t] ?? 0
    return state
  }
}

/** Every start: what a proof leaves open takes each value. */
function starts(finite: Finite): readonly State[] {
  let all: State[] = [finite.initial.slice()]
  for (const f of finite.system.fields) {
    const base = finite.base.get(f.name)
    if (base === undefined || !OPEN_AT_START.includes(f.name)) continue
    const n = f.sets.reduce((m, s) => m * (finite.sizes[s] ?? 0), 1)
    const { lo, hi } = range(f.type, finite.sizes)
    for (let i = 0; i < n; i++)
      all = all.flatMap((s) =>
        Array.from({ length: hi - lo + 1 }, (_, v) => {
          const copy = s.slice()
          copy[base + i] = lo + v
          return copy
        }),
      )
  }
  return all
}

const keyOf = (state: State): string => String.fromCharCode(...state)

/** Explores the model of a proof at one size, breadth first, and asks each lemma of each state and step. */
export function explore(setup: Setup, lemmas: readonly Lemma[], sizes: Sizes, maxStates: number): Explored {
  const finite = finiteOf(setup.system, worldOf(setup.core, setup.kernel, sizes))
  const clean = canonical(finite)
  const next = successorsOf(finite)
  const pcs = finite.base.get('pc') ?? 0
  const asked = lemmas.map((lemma) => ({ lemma, holds: overAll(finite, lemma) }))
  const world = asked.filter(({ lemma }) => lemma.labels === undefined)
  const of = (steps: boolean): readonly (readonly { readonly lemma: Lemma; readonly holds: Evaluator }[])[] =>
    finite.system.labels.map((_, i) =>
      asked.filter(({ lemma }) => (lemma.ofSteps === true) === steps && lemma.labels?.has(i) === true),
    )
  const [here, taken] = [of(false), of(true)]
  const label = (state: State, thread: number): number => (state[pcs + thread - 1] ?? 1) - 1
  const failing = (state: State): Lemma | undefined => {
    const env: Env = { state, self: 0, bound: [] }
    const w = world.find(({ holds }) => holds(env) === 0)
    if (w !== undefined) return w.lemma
    for (let t = 1; t <= finite.threads; t++) {
      env.self = t
      const l = here[label(state, t)]?.find(({ holds }) => holds(env) === 0)
      if (l !== undefined) return l.lemma
    }
    return undefined
  }
  const seen = new Set<string>()
  let level = starts(finite).map(clean)
  for (const s of level) seen.add(keyOf(s))
  while (level.length > 0) {
    const after: State[] = []
    for (const state of level) {
      const bad = failing(state)
      if (bad !== undefined) return { sizes, states: seen.size, complete: false, broken: bad.name }
      for (let t = 1; t <= finite.threads; t++)
        for (const s of next(state, t)) {
          const broken = taken[label(state, t)]?.find(
            ({ holds }) => holds({ state: s, old: state, self: t, bound: [] }) === 0,
          )
          if (broken !== undefined) return { sizes, states: seen.size, complete: false, broken: broken.lemma.name }
          const key = keyOf(clean(s))
          if (seen.has(key)) continue
          if (seen.size >= maxStates) return { sizes, states: seen.size, complete: false }
          seen.add(key)
          after.push(s)
        }
    }
    level = after
  }
  return { sizes, states: seen.size, complete: true }
}
