/**
 * Why the loops of a routine end: a rank, a tuple of its counters that every way around the loop makes
 * smaller. Steps are looked at one by one, from every state of the variables that others can write, so that
 * a rank holds whatever other threads do, and however many there are. What a rank does not say is that the
 * thread is let on where it waits for a lock.
 *
 * A loop is a strongly connected set of steps. A counter that no edge of it moves up and some edge moves
 * down joins the tuple; the edges that move it down are cut, and what loops still are left are ranked in
 * turn. A counter lies in the range of its type, so it cannot fall for ever.
 *
 * Source: Bradley, Manna and Sipma, "Linear Ranking with Reachability", CAV 2005, for the lexicographic cut;
 * here the candidates are single counters, up or down.
 */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { accessesOf } from '../../model/language/slots.ts'
import { canHold } from './batch.ts'
import { condition, execute, newEnv, write } from './execute.ts'
import type { SolverProcess } from './solver_process.ts'
import { FALSE, TRUE, and, newTerms, not, or, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'
import { bitsValue, equalsNumber, less, number, widthOf } from './value.ts'
import type { Value } from './value.ts'

/** A counter, as it falls: itself, or its distance from the end of its range. */
export interface Counter {
  readonly slot: number
  readonly falls: 'down' | 'up'
}

/** One place of the tuple, and the steps at which it falls, by id. */
export interface Component {
  readonly counter: Counter
  readonly at: readonly number[]
}

export interface Loop {
  /** Ids of its steps. */
  readonly steps: readonly number[]
  /** In lexicographic order. */
  readonly rank: readonly Component[]
  /** Ids of the steps of loops that no counter ends. Empty where the loop is proved to end. */
  readonly unranked: readonly (readonly number[])[]
}

export type Ranking =
  | { readonly kind: 'ranked'; readonly loops: readonly Loop[]; readonly queries: number }
  | { readonly kind: 'failed'; readonly reason: string }

interface Edge {
  readonly from: Step
  readonly to: Step
  readonly taken: Lit
  /** Slots of the thread's own, before and after. */
  readonly before: readonly Value[]
  readonly after: (slot: number) => Value
}

function anyValue(terms: Terms, name: string, lo: number, hi: number, limits: Lit[]): Value {
  const bits = Array.from({ length: widthOf(hi - lo) }, (_, b) => variable(terms, `${name}.${b}`))
  limits.push(not(less(terms, number(hi), bitsValue(lo, bits, lo + 2 ** bits.length - 1))))
  return bitsValue(lo, bits, hi)
}

/** The ways from one step to another of the same set, each with the condition under which it is taken. */
function edgesOf(terms: Terms, model: LoweredModel, steps: readonly Step[]): readonly Edge[] {
  const limits: Lit[] = []
  const state = model.slots.map(({ lo, hi }, i) => anyValue(terms, `any.${i}`, lo, hi, limits))
  return steps.flatMap((step): readonly Edge[] => {
    const pcSlot = model.threads[step.thread]?.pcSlot ?? -1
    const here: Value = { kind: 'cases', cases: new Map([[step.pc, TRUE]]) }
    const env = {
      ...newEnv(
        terms,
        model.slots,
        state.map((v, slot) => (slot === pcSlot ? here : v)),
      ),
    }
    const chosen: Lit[] = []
    step.choices.forEach(({ slot, lo, hi }, i) => {
      write(env, slot, anyValue(terms, `choice.${step.id}.${i}`, lo, hi, chosen))
    })
    const guard = condition(env, step.guard)
    execute(env, step.body)
    const after = (slot: number): Value => env.written.get(slot) ?? env.before[slot] ?? number(0)
    const may = and(terms, [...limits, ...chosen, guard, not(or(terms, env.faults))])
    return steps.flatMap((to): readonly Edge[] => {
      if (to.thread !== step.thread) return []
      const taken = and(terms, [may, equalsNumber(terms, after(pcSlot), to.pc)])
      return taken === FALSE ? [] : [{ from: step, to, taken, before: env.before, after }]
    })
  })
}

/** Strongly connected sets of edges that have a cycle: each edge of one lies on a cycle of its own set. */
function cyclesOf(edges: readonly Edge[]): readonly (readonly Edge[])[] {
  const next = new Map<number, Set<number>>()
  for (const { from, to } of edges) next.set(from.id, (next.get(from.id) ?? new Set()).add(to.id))
  const reach = (start: number): ReadonlySet<number> => {
    const seen = new Set<number>()
    const todo = [start]
    for (let at = todo.pop(); at !== undefined; at = todo.pop())
      for (const to of next.get(at) ?? [])
        if (!seen.has(to)) {
          seen.add(to)
          todo.push(to)
        }
    return seen
  }
  const reached = new Map([...next.keys()].map((id) => [id, reach(id)]))
  const mutual = (a: number, b: number): boolean => reached.get(a)?.has(b) === true && reached.get(b)?.has(a) === true
  const sets: Edge[][] = []
  for (const edge of edges) {
    if (!mutual(edge.from.id, edge.to.id)) continue
    const set = sets.find(([first]) => first !== undefined && mutual(first.from.id, edge.from.id))
    if (set === undefined) sets.push([edge])
    else set.push(edge)
  }
  return sets
}

const stepsOf = (edges: readonly Edge[]): readonly number[] =>
  [...new Set(edges.flatMap(({ from, to }) => [from.id, to.id]))].sort((a, b) => a - b)

/** What an edge may do to a counter; both false where it leaves it alone or moves it only down. */
interface Effect {
  readonly mayRise: boolean
  readonly surelyFalls: boolean
}
type Effects = ReadonlyMap<Edge, ReadonlyMap<string, Effect>>

const keyOf = (c: Counter): string => `${c.slot} ${c.falls}`

function countersOf(model: LoweredModel, edges: readonly Edge[]): readonly Counter[] {
  const written = new Set(edges.flatMap(({ from }) => [...accessesOf(from.body, false).writes]))
  return [...written]
    .filter((slot) => model.slots[slot]?.kind === 'local')
    .sort((a, b) => a - b)
    .flatMap((slot): readonly Counter[] => [
      { slot, falls: 'up' },
      { slot, falls: 'down' },
    ])
}

/** Cuts edges, counter by counter, until no loop is left or no counter helps. */
function rank(edges: readonly Edge[], counters: readonly Counter[], effects: Effects): Omit<Loop, 'steps'> {
  for (const counter of counters) {
    const key = keyOf(counter)
    const of = (e: Edge): Effect | undefined => effects.get(e)?.get(key)
    if (edges.some((e) => of(e)?.mayRise === true)) continue
    const falling = edges.filter((e) => of(e)?.surelyFalls === true)
    if (falling.length === 0) continue
    const left = edges.filter((e) => !falling.includes(e))
    const inner = cyclesOf(left).map((set) => rank(set, counters, effects))
    const at = [...new Set(falling.map(({ from }) => from.id))].sort((a, b) => a - b)
    return {
      rank: [{ counter, at }, ...inner.flatMap((i) => i.rank)],
      unranked: inner.flatMap((i) => i.unranked),
    }
  }
  return { rank: [], unranked: [stepsOf(edges)] }
}

/**
 * Ranks the loops that some steps of one thread make among themselves. Every question is put to the solver at
 * once; where it fails, so does the ranking. The solver must be fresh.
 */
export async function rankLoops(
  model: LoweredModel,
  steps: readonly Step[],
  solver: SolverProcess,
  limitMs: number,
): Promise<Ranking> {
  const terms = newTerms()
  const possible = cyclesOf(edgesOf(terms, model, steps)).flat()
  const counters = countersOf(model, possible)
  const questions: Lit[] = possible.map(({ taken }) => taken)
  const asked: { readonly edge: Edge; readonly counter: Counter; readonly rise: number; readonly stay: number }[] = []
  for (const edge of possible) {
    const { writes } = accessesOf(edge.from.body, false)
    for (const counter of counters) {
      const [before, after] = [edge.before[counter.slot], edge.after(counter.slot)]
      if (before === undefined || !writes.has(counter.slot)) continue
      const [low, high] = counter.falls === 'down' ? [after, before] : [before, after]
      const rise = questions.push(and(terms, [edge.taken, less(terms, high, low)])) - 1
      const stay = questions.push(and(terms, [edge.taken, not(less(terms, low, high))])) - 1
      asked.push({ edge, counter, rise, stay })
    }
  }
  const batch = await canHold(solver, terms, questions, limitMs)
  if (!batch.ok) return { kind: 'failed', reason: batch.reason }
  const effects = new Map<Edge, Map<string, Effect>>()
  for (const { edge, counter, rise, stay } of asked) {
    const of = effects.get(edge) ?? new Map<string, Effect>()
    effects.set(edge, of)
    of.set(keyOf(counter), { mayRise: batch.sat[rise] === true, surelyFalls: batch.sat[stay] === false })
  }
  const real = possible.filter((_, i) => batch.sat[i] === true)
  const loops = cyclesOf(real).map((set) => ({ steps: stepsOf(set), ...rank(set, counters, effects) }))
  return { kind: 'ranked', loops, queries: batch.queries }
}

/** The steps that a thread takes in a call of a routine, one list per call. */
export function callsOf(model: LoweredModel, routine: string): readonly (readonly Step[])[] {
  const calls = new Map<string, Step[]>()
  for (const step of model.steps)
    for (const frame of step.frames) {
      if (frame.fn !== routine) continue
      const key = `${step.thread} ${frame.id}`
      const list = calls.get(key)
      if (list === undefined) calls.set(key, [step])
      else list.push(step)
    }
  return [...calls.values()]
}
