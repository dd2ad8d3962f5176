/** Random models of a few states, with responses and fairness, and what is so of them by the definitions alone. */
import fc from 'fast-check'
import type { LExpr, LLiveness, LoweredModel } from '../../model/language/lowered.ts'
import { evaluate, initialState, successors, type State } from '../../solver/reference/interpreter.ts'
import { at, bin, eq, ite, model, not, num, set, slot, type StepSpec } from '../engines/build.ts'

/** Two or three threads of one to three steps that jump anywhere and write to one shared variable. */
function tiny(numbers: readonly number[]): LoweredModel {
  let next = 0
  const below = (n: number): number => (numbers[next++] ?? 0) % n
  const threads = 2 + below(2)
  const programs = Array.from({ length: threads }, (_, t): StepSpec[] => {
    const length = 1 + below(t === 0 ? 3 : 2)
    return Array.from({ length }, (_, pc): StepSpec => {
      const guards: readonly LExpr[] = [num(1), eq(at(0), num(below(3))), num(1), not(eq(at(0), num(below(3))))]
      const choices = below(4) === 0 ? [{ slot: 1, lo: 0, hi: 1 }] : []
      const to = below(length + (below(3) === 0 ? 1 : 0))
      // The second thread often waits.
      const guard = guards[t === 1 && below(2) === 0 ? 1 : below(4)] ?? num(1)
      const jump = choices.length === 0 ? num(to) : ite(at(1), num(to), num(pc))
      const value = [num(below(3)), ite(bin('lt', at(0), num(2)), bin('add', at(0), num(1)), num(0))][below(2)]
      const write = below(3) === 0 || value === undefined ? [] : [set(0, value)]
      return { choices, guard, body: [...write, set(2 + t, jump), set(1, 0)] }
    })
  })
  const made = model([slot('x', 0, 2), slot('choice', 0, 1)], programs)
  const inside = (t: number, pc: number): LExpr => eq(at(2 + t), num(pc))
  const place = inside(below(threads), below(3) === 0 ? 1 : 0)
  const liveness: LLiveness = {
    responses: [
      { property: 'Leaves', about: 'a place is left', from: place, until: not(place) },
      { property: 'Comes', about: 'a value comes', from: inside(0, below(2)), until: eq(at(0), num(below(3))) },
    ],
    strong: made.steps.flatMap(({ id }) => (below(2) === 0 ? [id] : [])),
    unfair: made.steps.flatMap(({ id }) => (below(10) === 0 ? [id] : [])),
  }
  return { ...made, liveness: { ...liveness, strong: liveness.strong.filter((id) => !liveness.unfair.includes(id)) } }
}

export const arbitraryTiny: fc.Arbitrary<LoweredModel> = fc
  .noBias(fc.array(fc.nat({ max: 1000 }), { minLength: 80, maxLength: 80 }))
  .map(tiny)

interface Edge {
  readonly to: number
  readonly step: number
}

/** All that can be reached, by the interpreter. */
export interface Explored {
  readonly states: readonly State[]
  readonly edges: readonly (readonly Edge[])[]
}

export function exploreAll(m: LoweredModel): Explored {
  const states: State[] = [initialState(m)]
  const edges: Edge[][] = []
  for (const state of states)
    edges.push(
      successors(m, state).map(({ move, state: next }) => {
        const known = states.findIndex((s) => s.join() === next.join())
        return { to: known >= 0 ? known : states.push(next) - 1, step: move.step }
      }),
    )
  return { states, edges }
}

/** Whether staying in some states for ever, taking some steps, is fair to every step of the model. */
function isFair(m: LoweredModel, { edges }: Explored, stay: readonly number[], taken: ReadonlySet<number>): boolean {
  return m.steps.every(({ id }) => {
    if (taken.has(id) || m.liveness?.unfair.includes(id) === true) return true
    const can = (s: number): boolean => (edges[s] ?? []).some((e) => e.step === id)
    return m.liveness?.strong.includes(id) === true ? !stay.some(can) : !stay.every(can)
  })
}

/** Whether a run can go through exactly these states again and again, fairly. */
function isHome(m: LoweredModel, all: Explored, set: readonly number[]): boolean {
  const within = (s: number): readonly Edge[] => (all.edges[s] ?? []).filter((e) => set.includes(e.to))
  const [first] = set
  if (first === undefined) return false
  const reached = (next: (s: number) => readonly number[]): number => {
    const seen = [first]
    for (const s of seen) for (const to of next(s)) if (!seen.includes(to)) seen.push(to)
    return seen.length
  }
  const back = (s: number): readonly number[] => set.filter((from) => within(from).some((e) => e.to === s))
  if (reached((s) => within(s).map((e) => e.to)) < set.length || reached(back) < set.length) return false
  const taken = new Set(set.flatMap((s) => within(s).map((e) => e.step)))
  const stops = set.length === 1 && isFair(m, all, set, new Set())
  return stops || (taken.size > 0 && isFair(m, all, set, taken))
}

export interface Truth {
  readonly asked: boolean
  /** Of a response that can fail to come: the least number of moves to a fair loop, and around it. */
  readonly lasso?: { readonly stem: number; readonly loop: number }
}

/** What is so of a response, by trying every set of states and every loop. */
export function truthOf(m: LoweredModel, all: Explored, response: number): Truth {
  const r = m.liveness?.responses[response]
  if (r === undefined) throw new Error('no such response')
  const open = all.states.map((s) => evaluate(m, r.until, s) === 0)
  const starts = all.states.map((s, i) => open[i] === true && evaluate(m, r.from, s) !== 0)
  const pending = starts.flatMap((is, s) => (is ? [s] : []))
  for (const s of pending)
    for (const { to } of all.edges[s] ?? []) if (open[to] === true && !pending.includes(to)) pending.push(to)
  if (pending.length === 0) return { asked: false }
  const homes = new Set<number>()
  for (let mask = 1; mask < 2 ** pending.length; mask++) {
    const set = pending.filter((_, i) => (mask >> i) & 1)
    if (isHome(m, all, set)) for (const s of set) homes.add(s)
  }
  if (homes.size === 0) return { asked: true }
  const { stem, ends } = stems(all, starts, open, homes)
  return { asked: true, lasso: { stem, loop: Math.min(...ends.map((s) => loopAt(m, all, open, s))) } }
}

function stems(
  all: Explored,
  starts: readonly boolean[],
  open: readonly boolean[],
  homes: ReadonlySet<number>,
): { readonly stem: number; readonly ends: readonly number[] } {
  // `s` while nothing is asked for, `-1 - s` while it is.
  let level = new Set(starts[0] === true ? [0, -1] : [0])
  for (let stem = 0; stem < 1000; stem++) {
    const ends = [...level].filter((n) => n < 0 && homes.has(-1 - n)).map((n) => -1 - n)
    if (ends.length > 0) return { stem, ends }
    level = new Set(
      [...level].flatMap((n) =>
        (all.edges[n < 0 ? -1 - n : n] ?? []).flatMap(({ to }) =>
          n < 0 ? (open[to] === true ? [-1 - to] : []) : starts[to] === true ? [to, -1 - to] : [to],
        ),
      ),
    )
  }
  throw new Error('there is no way to a home')
}

/** The length of a shortest fair loop through a state, over open states. */
function loopAt(m: LoweredModel, all: Explored, open: readonly boolean[], home: number): number {
  if (isFair(m, all, [home], new Set())) return 0
  interface Going {
    readonly at: number
    readonly seen: readonly number[]
    readonly taken: readonly number[]
  }
  const add = (list: readonly number[], n: number): readonly number[] =>
    list.includes(n) ? list : [...list, n].sort((a, b) => a - b)
  let level: readonly Going[] = [{ at: home, seen: [home], taken: [] }]
  const known = new Set<string>()
  for (let length = 1; length < 200; length++) {
    const next: Going[] = []
    for (const going of level)
      for (const { to, step } of all.edges[going.at] ?? []) {
        if (open[to] !== true) continue
        const seen = add(going.seen, to)
        const taken = add(going.taken, step)
        if (to === home && isFair(m, all, seen, new Set(taken))) return length
        const key = `${to}|${seen.join()}|${taken.join()}`
        if (known.has(key)) continue
        known.add(key)
        next.push({ at: to, seen, taken })
      }
    level = next
  }
  throw new Error('there is no fair loop')
}
