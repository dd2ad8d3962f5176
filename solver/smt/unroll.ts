/**
 * The lowered model unrolled depth by depth from its initial state. At each depth exactly one thread
 * moves, picked by fresh booleans; the thread's program counter says which step that is. Program
 * counters are kept as one condition per value, so a step that cannot be reached in that many moves
 * has the condition `false` and vanishes, and with it whatever only that step would write.
 */
import type { LExpr, LoweredModel, Step } from '../../model/language/lowered.ts'
import { slotsRead } from '../../model/language/slots.ts'
import { condition, execute, formOf, newEnv, write } from './execute.ts'
import type { Env } from './execute.ts'
import { FALSE, TRUE, and, iff, implies, isConstant, nodeOf, not, or, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'
import { bitsValue, equalsNumber, fit, less, number, pick, widthOf } from './value.ts'
import type { BitsValue, Guarded, Value } from './value.ts'

/** A step that may be the move at some depth. */
export interface Taken {
  readonly step: Step
  readonly lit: Lit
  readonly choices: readonly BitsValue[]
}

export interface Standing {
  readonly step: Step
  readonly lit: Lit
}

export interface Layer {
  readonly taken: readonly Taken[]
  /** For each thread, the steps that it may stand at before the move, whether they can run or not. */
  readonly standing: readonly (readonly Standing[])[]
  /** For each thread, whether the move is its own. */
  readonly goes: readonly Lit[]
  /** What must hold for this to be a move. */
  readonly constraints: readonly Lit[]
  /** For each property, the condition that the move fails one of its assertions. */
  readonly fails: ReadonlyMap<number, Lit>
  /** The condition that the move takes a slot out of its range. */
  readonly fault: Lit
  readonly next: readonly Value[]
}

function atPc(terms: Terms, model: LoweredModel, state: readonly Value[], step: Step): Lit {
  const value = state[model.threads[step.thread]?.pcSlot ?? -1]
  return value === undefined ? FALSE : equalsNumber(terms, value, step.pc)
}

/** The environment of a step whose program counter is known to stand at it. */
function envAt(terms: Terms, model: LoweredModel, state: readonly Value[], step: Step): Env {
  const env = newEnv(terms, model.slots, state)
  const pcSlot = model.threads[step.thread]?.pcSlot
  if (pcSlot === undefined) return env
  const here: Value = { kind: 'cases', cases: new Map([[step.pc, TRUE]]) }
  return { ...env, before: state.map((value, slot) => (slot === pcSlot ? here : value)) }
}

/**
 * A choice before it is limited to its range. One variable per place and depth serves all steps: only
 * the step taken looks at it.
 */
function choiceValues(terms: Terms, step: Step, depth: number): BitsValue[] {
  return step.choices.map(({ lo, hi }, i) => {
    const width = widthOf(hi - lo)
    const bits = Array.from({ length: width }, (_, bit) => variable(terms, `choice.${depth}.${i}.${bit}`))
    return bitsValue(lo, bits, lo + 2 ** width - 1)
  })
}

/** Exactly one of them holds. Pairwise: they are at most a few dozen. */
function exactlyOne(terms: Terms, lits: readonly Lit[]): Lit[] {
  const out = [or(terms, lits)]
  lits.forEach((a, i) => {
    for (const b of lits.slice(i + 1)) out.push(or(terms, [not(a), not(b)]))
  })
  return out
}

/** Exactly one of a value's cases holds: so by construction, but a solver that is told so searches less. */
function casesExclude(terms: Terms, value: Value): Lit[] {
  return value.kind === 'cases' ? exactlyOne(terms, [...value.cases.values()]) : []
}

/**
 * Cuts a value into fresh variables, so that the solver sees each layer's formulas once and not the
 * whole past (six times faster at depth 26 of a model of three threads).
 */
function named(terms: Terms, value: Value, name: string, constraints: Lit[]): Value {
  const cut = (lit: Lit, suffix: number): Lit => {
    if (isConstant(lit) || terms.nodes[nodeOf(lit)]?.kind === 'var') return lit
    const fresh = variable(terms, `${name}.${suffix}`)
    constraints.push(iff(terms, fresh, lit))
    return fresh
  }
  if (value.kind === 'bits') return { ...value, bits: value.bits.map(cut) }
  return { kind: 'cases', cases: new Map([...value.cases].map(([v, lit], i) => [v, cut(lit, i)])) }
}

/** The next state: each slot as whichever step is taken leaves it. */
function nextState(
  terms: Terms,
  model: LoweredModel,
  state: readonly Value[],
  writers: ReadonlyMap<number, readonly Guarded[]>,
  depth: number,
  constraints: Lit[],
): readonly Value[] {
  return state.map((value, slot) => {
    const written = writers.get(slot)
    const declared = model.slots[slot]
    if (written === undefined || declared === undefined) return value
    const writing = or(
      terms,
      written.map(([lit]) => lit),
    )
    const form = formOf(declared)
    const merged = pick(terms, [...written, [not(writing), value]], form)
    const next = named(terms, fit(terms, merged, declared.lo, declared.hi, form), `s.${depth}.${slot}`, constraints)
    constraints.push(...casesExclude(terms, next))
    return next
  })
}

function append<K, V>(map: Map<K, V[]>, key: K, ...values: readonly V[]): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [...values])
  else list.push(...values)
}

/** A step that a thread may stand at, whose guard is not known to fail. */
interface Candidate {
  readonly step: Step
  readonly at: Lit
  readonly env: Env
  readonly choices: readonly BitsValue[]
  readonly guard: Lit
}

/**
 * For each thread, whether the move is its own. Where it is known without a solver, it is a constant: a run that no
 * other thread can join yet is then worked out as the formulas are made, and is none of the solver's business (a
 * selftest of one process, to depth 20: 35 s before, 3 s with it).
 */
function movers(terms: Terms, candidates: readonly (readonly Candidate[])[], depth: number): readonly Lit[] {
  const able = candidates.filter((of) => of.length > 0).length
  return candidates.map((of, thread) => {
    if (of.length === 0) return FALSE
    return able === 1 ? TRUE : variable(terms, `go.${depth}.${thread}`)
  })
}

/** Move number `depth` (from 0), from `state`. */
export function unrollMove(terms: Terms, model: LoweredModel, state: readonly Value[], depth: number): Layer {
  const constraints: Lit[] = []
  const taken: Taken[] = []
  const writers = new Map<number, Guarded[]>()
  const fails = new Map<number, Lit[]>()
  const faults: Lit[] = []
  const standing: Standing[][] = model.threads.map(() => [])
  const candidates: Candidate[][] = model.threads.map(() => [])
  for (const step of model.steps) {
    const at = atPc(terms, model, state, step)
    if (at === FALSE) continue
    standing[step.thread]?.push({ step, lit: at })
    const env = envAt(terms, model, state, step)
    const choices = choiceValues(terms, step, depth)
    step.choices.forEach(({ slot, hi }, i) => {
      const choice = choices[i]
      if (choice !== undefined) write(env, slot, { ...choice, max: Math.min(choice.max, hi) })
    })
    const guard = condition(env, step.guard)
    if (guard !== FALSE) candidates[step.thread]?.push({ step, at, env, choices, guard })
  }
  const goes = movers(terms, candidates, depth)
  for (const { step, at, env, choices, guard } of candidates.flat()) {
    const lit = and(terms, [goes[step.thread] ?? FALSE, at])
    taken.push({ step, lit, choices })
    constraints.push(implies(terms, lit, guard))
    step.choices.forEach(({ hi }, i) => {
      const choice = choices[i]
      if (choice !== undefined) constraints.push(implies(terms, lit, not(less(terms, number(hi), choice))))
    })
    execute(env, step.body)
    for (const [slot, value] of env.written) append(writers, slot, [lit, value] as const)
    for (const [property, conds] of env.fails) append(fails, property, and(terms, [lit, or(terms, conds)]))
    faults.push(and(terms, [lit, or(terms, env.faults)]))
  }
  goes.forEach((go, thread) => {
    const able = (candidates[thread] ?? []).map(({ at }) => at)
    constraints.push(implies(terms, go, or(terms, able)))
  })
  constraints.push(...exactlyOne(terms, goes))
  const next = nextState(terms, model, state, writers, depth + 1, constraints)
  const failing = new Map([...fails].map(([property, list]) => [property, or(terms, list)]))
  return { taken, standing, goes, constraints, fails: failing, fault: or(terms, faults), next }
}

/** Every way to choose, of the choices that the guard looks at: which the others are cannot matter to it. */
function choicesSeen(step: Step): readonly (readonly (readonly [number, number])[])[] {
  const seen = slotsRead(step.guard)
  let ways: (readonly (readonly [number, number])[])[] = [[]]
  for (const { slot, lo, hi } of step.choices) {
    if (!seen.has(slot)) continue
    ways = ways.flatMap((way) => Array.from({ length: hi - lo + 1 }, (_, i) => [...way, [slot, lo + i] as const]))
  }
  return ways
}

function canRun(terms: Terms, model: LoweredModel, state: readonly Value[], step: Step): Lit {
  const at = atPc(terms, model, state, step)
  if (at === FALSE) return FALSE
  const ways = choicesSeen(step).map((way) => {
    const env = envAt(terms, model, state, step)
    for (const [slot, value] of way) write(env, slot, number(value))
    return condition(env, step.guard)
  })
  return and(terms, [at, or(terms, ways)])
}

/** Not final, and no step of any thread can run. */
export function deadlocked(terms: Terms, model: LoweredModel, state: readonly Value[]): Lit {
  const done = model.threads
    .filter((thread) => !thread.daemon)
    .map(({ pcSlot, donePc }) => equalsNumber(terms, state[pcSlot] ?? number(0), donePc))
  const stuck = model.steps.map((step) => not(canRun(terms, model, state, step)))
  return and(terms, [not(and(terms, done)), ...stuck])
}

/** Whether an expression over the state is zero. */
export function violated(terms: Terms, model: LoweredModel, state: readonly Value[], expr: LExpr): Lit {
  return not(condition(newEnv(terms, model.slots, state), expr))
}
