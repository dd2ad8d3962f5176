/**
 * The lowered model unrolled depth by depth from its initial state. At each depth exactly one thread
 * moves, picked by fresh booleans; the thread's program counter says which step that is. Program
 * counters are kept as one condition per value, so a step that cannot be reached in that many moves
 * has the condition `false` and vanishes, and with it whatever only that step would write.
 */
import type { LExpr, LoweredModel, Step } from '../../model/language/lowered.ts'
import { condition, execute, formOf, newEnv, write } from './execute.ts'
import type { Env } from './execute.ts'
import { slotsRead } from './independence.ts'
import { FALSE, TRUE, and, iff, implies, not, or, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'
import { bitsValue, equalsNumber, fit, less, number, pick, widthOf } from './value.ts'
import type { BitsValue, Guarded, Value } from './value.ts'

/** A step that may be the move at some depth. */
export interface Taken {
  readonly step: Step
  readonly lit: Lit
  readonly choices: readonly BitsValue[]
}

export interface Layer {
  readonly taken: readonly Taken[]
  /** What must hold for this to be a move. */
  readonly constraints: readonly Lit[]
  /** For each property, the condition that the move fails one of its assertions. */
  readonly fails: ReadonlyMap<number, Lit>
  readonly next: readonly Value[]
}

export function initialState(model: LoweredModel): readonly Value[] {
  return model.slots.map((slot) =>
    formOf(slot) === 'cases' ? { kind: 'cases', cases: new Map([[slot.init, TRUE]]) } : number(slot.init),
  )
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

/** Exactly one of them; they are few, one per thread. */
function exactlyOne(terms: Terms, lits: readonly Lit[]): Lit[] {
  const out = [or(terms, lits)]
  lits.forEach((a, i) => {
    for (const b of lits.slice(i + 1)) out.push(or(terms, [not(a), not(b)]))
  })
  return out
}

/** Cuts a value into fresh variables, so that the solver sees each layer's formulas once and not the whole past. */
function named(terms: Terms, value: Value, name: string, constraints: Lit[]): Value {
  const cut = (lit: Lit, suffix: string): Lit => {
    if (lit <= TRUE || terms.nodes[lit >> 1]?.kind === 'var') return lit
    const fresh = variable(terms, `${name}.${suffix}`)
    constraints.push(iff(terms, fresh, lit))
    return fresh
  }
  if (value.kind === 'bits') return { ...value, bits: value.bits.map((bit, i) => cut(bit, String(i))) }
  return { kind: 'cases', cases: new Map([...value.cases].map(([v, lit]) => [v, cut(lit, String(v).replace('-', 'm'))])) }
}

export interface UnrollOptions {
  readonly cut: boolean
}

/** Move number `depth` (from 0), from `state`. */
export function unrollMove(
  terms: Terms,
  model: LoweredModel,
  state: readonly Value[],
  depth: number,
  options: UnrollOptions = { cut: true },
): Layer {
  const constraints: Lit[] = []
  const taken: Taken[] = []
  const writers = new Map<number, Guarded[]>()
  const fails = new Map<number, Lit[]>()
  const goes: Lit[] = []
  model.threads.forEach((_, thread) => {
    const go = variable(terms, `go.${depth}.${thread}`)
    const stepsHere: Lit[] = []
    for (const step of model.steps) {
      if (step.thread !== thread) continue
      const at = atPc(terms, model, state, step)
      if (at === FALSE) continue
      const env = envAt(terms, model, state, step)
      const choices = choiceValues(terms, step, depth)
      step.choices.forEach(({ slot, hi }, i) => {
        const choice = choices[i]
        if (choice !== undefined) write(env, slot, { ...choice, max: Math.min(choice.max, hi) })
      })
      const guard = condition(env, step.guard)
      if (guard === FALSE) continue
      const lit = and(terms, [go, at])
      stepsHere.push(at)
      taken.push({ step, lit, choices })
      constraints.push(implies(terms, lit, guard))
      step.choices.forEach(({ hi }, i) => {
        const choice = choices[i]
        if (choice !== undefined) constraints.push(implies(terms, lit, not(less(terms, number(hi), choice))))
      })
      execute(env, step.body, TRUE)
      for (const [slot, value] of env.written) {
        const list = writers.get(slot)
        if (list === undefined) writers.set(slot, [[lit, value]])
        else list.push([lit, value])
      }
      for (const [property, conds] of env.fails)
        fails.set(property, [...(fails.get(property) ?? []), and(terms, [lit, or(terms, conds)])])
    }
    if (stepsHere.length === 0) return
    goes.push(go)
    constraints.push(implies(terms, go, or(terms, stepsHere)))
  })
  constraints.push(...exactlyOne(terms, goes))
  const next = state.map((value, slot) => {
    const written = writers.get(slot)
    const declared = model.slots[slot]
    if (written === undefined || declared === undefined) return value
    const kept = not(
      or(
        terms,
        written.map(([lit]) => lit),
      ),
    )
    const form = formOf(declared)
    const merged = fit(terms, pick(terms, [...written, [kept, value]], form), declared.lo, declared.hi, form)
    return options.cut ? named(terms, merged, `s.${depth + 1}.${slot}`, constraints) : merged
  })
  return { taken, constraints, fails: new Map([...fails].map(([p, list]) => [p, or(terms, list)])), next }
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
