/** What the structured interpreter would see of a lowered model, as the reference interpreter runs it. */
import type { Program } from '../../model/language/routine.ts'
import type { Lowered } from '../../model/language/lower/lower.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { evaluate, initialState, isFinal, successors, type State } from '../../solver/reference/interpreter.ts'
import type { Observations } from './structured.ts'

const elements = (program: Program, sets: readonly string[]): number =>
  sets.reduce((n, s) => n * (program.sizes[s] ?? 0), 1)

/** Every reachable state of a model, in the order of a breadth-first search, and all moves. */
function reachable(lowered: Lowered): {
  states: readonly State[]
  moves: readonly (readonly [State, number, State])[]
} {
  const seen = new Set<string>()
  const states: State[] = []
  const moves: (readonly [State, number, State])[] = []
  const visit = (s: State): void => {
    const key = s.join()
    if (seen.has(key)) return
    seen.add(key)
    states.push(s)
  }
  visit(initialState(lowered.model))
  for (const s of states)
    for (const { move, state } of successors(lowered.model, s)) {
      moves.push([s, move.step, state])
      visit(state)
    }
  return { states, moves }
}

/** `result` is the reference's own answer for the model. */
export function observe(program: Program, lowered: Lowered, result: SearchResult): Observations {
  const { model, base } = lowered
  const variables = program.fields.flatMap((f) => {
    const first = base.get(f.name)
    return first === undefined ? [] : Array.from({ length: elements(program, f.sets) }, (_, i) => first + i)
  })
  const label = (s: State, thread: number): string => {
    const t = model.threads[thread]
    const pc = t === undefined ? undefined : s[t.pcSlot]
    if (pc === t?.donePc) return 'done'
    return model.steps.find((step) => step.thread === thread && step.pc === pc)?.label ?? '?'
  }
  const show = (s: State): string =>
    `${variables.map((slot) => s[slot]).join()} ${model.threads.map((_, t) => label(s, t)).join(' ')}`
  const { states, moves } = reachable(lowered)

  const registers = model.slots.flatMap((slot, i) => (slot.kind === 'register' ? [i] : []))
  const outcomes = new Map<string, { some: boolean; all: boolean }>()
  for (const s of states) {
    if (!isFinal(model, s)) continue
    const key = registers.map((slot) => s[slot]).join()
    const met = model.final !== undefined && evaluate(model, model.final, s) !== 0
    const before = outcomes.get(key)
    outcomes.set(key, { some: met || before?.some === true, all: met && before?.all !== false })
  }
  const move = ([from, id, to]: readonly [State, number, State]): string => {
    const step = model.steps.find((x) => x.id === id)
    return `${show(from)} -${model.threads[step?.thread ?? -1]?.name ?? '?'}:${step?.label ?? '?'}-> ${show(to)}`
  }
  return {
    states: new Set(states.map(show)),
    moves: new Set(moves.map(move)),
    violations: new Map(result.violations.map((v) => [model.properties[v.property]?.name ?? '?', v.moves.length])),
    covers: new Map(model.covers.map((c, i) => [c.name, result.reachedCovers[i] === true])),
    outcomes: new Set([...outcomes].map(([r, { some, all }]) => `${r} some=${some} all=${all}`)),
  }
}
