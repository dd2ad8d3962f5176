/**
 * The model's side of a sequence: one thread, one operation after the other, by the reference
 * interpreter. A world is lowered once for each operation, and shared variables are carried from one
 * lowered model to the next by name; what an operation does to a state is remembered, since sequences
 * of one small world meet the same states again and again.
 */
import type { LExpr, LoweredModel, Step } from '../../model/language/lowered.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { show } from '../../model/language/types.ts'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { condition } from '../../model/scenarios/condition.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { evaluate, initialState, runStep, type State } from '../../solver/reference/interpreter.ts'
import { conditionFor } from '../race/outcome.ts'
import { hasResult, statement, type SequenceOp } from './operations.ts'
import { declarations, type SequenceWorld } from './world.ts'

/** What an operation may come to: its result (absent for khugepaged), and the guards afterwards. */
export interface Expected {
  readonly result?: string
  readonly guards: readonly boolean[]
}

export interface ModelRun {
  /** Feeds one operation what the kernel made of it; the outcomes that the model allows, and whether this is one. */
  readonly take: (o: SequenceOp, seen: Expected) => { readonly agrees: boolean; readonly allowed: readonly Expected[] }
}

export interface SequenceModel {
  readonly start: (w: SequenceWorld) => ModelRun
}

/** More than any operation makes alone. */
const STEPS_MAX = 20_000

/** Values of the shared variables, in the order of their slots. */
type Shared = readonly number[]

interface Outcome {
  readonly expected: Expected
  readonly after: Shared
}

interface OneOperation {
  readonly model: LoweredModel
  /** Steps by thread and program counter. */
  readonly steps: ReadonlyMap<string, readonly Step[]>
  readonly register: number
  readonly outcomes: Map<string, readonly Outcome[]>
}

interface WorldModel {
  readonly operations: Map<string, OneOperation>
  readonly guards: readonly LExpr[]
  /** Slots of the shared variables, which every lowered model of the world has first. */
  readonly shared: readonly number[]
  readonly names: readonly string[]
  readonly initial: Shared
}

export const litmusText = (w: SequenceWorld, kernel: string, ops: readonly SequenceOp[], name = 'sequence'): string => {
  let register = 0
  const lines = ops.map((o) => `  ${hasResult(o) ? `r${register++} = ` : ''}${statement(w, o)};\n`)
  return `MM ${name}\nkernel ${kernel}\n${declarations(w)}\nP0 {\n${lines.join('')}}\n`
}

function scenarioOf(w: SequenceWorld, kernel: Kernel, ops: readonly SequenceOp[]): Scenario {
  const parsed = parseLitmus({ name: w.name, text: litmusText(w, kernel.name, ops) })
  const made = parsed.ok ? elaborate(parsed.file, [kernelLine([kernel.name])]) : parsed
  const [scenario] = made.ok ? made.scenarios : []
  if (scenario === undefined)
    throw new Error(`world ${w.name}: ${made.ok ? 'no scenario' : (made.diagnostics[0]?.message ?? '')}`)
  return scenario
}

const isShared = (kind: string): boolean => kind === 'shared' || kind === 'lock' || kind === 'ghost'

const sharedSlots = (model: LoweredModel): readonly number[] =>
  model.slots.flatMap((s, i) => (isShared(s.kind) ? [i] : []))

function lowerOperation(scenario: Scenario): OneOperation {
  const { model } = lower(scenario.program)
  const steps = new Map<string, Step[]>()
  for (const s of model.steps) steps.set(`${s.thread}:${s.pc}`, [...(steps.get(`${s.thread}:${s.pc}`) ?? []), s])
  return { model, steps, register: model.slots.findIndex((s) => s.kind === 'register'), outcomes: new Map() }
}

function newWorld(w: SequenceWorld, kernel: Kernel): WorldModel {
  const any: SequenceOp = { name: 'read', mapping: 0, first: 0, last: 0 }
  const scenario = scenarioOf(w, kernel, [any])
  const { model } = lower(scenario.program)
  const pages = w.mappings.flatMap((m) => Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`))
  const guards = pages.map((name): LExpr => {
    const final = condition(
      conditionFor({ registers: [], pages: [{ name, guard: true }] }).cond,
      scenario.registers,
      scenario.world,
    )
    const asked = lower({ ...scenario.program, final }).model.final
    if (asked === undefined) throw new Error(`world ${w.name}: no page ${name}`)
    return asked
  })
  const shared = sharedSlots(model)
  const state = initialState(model)
  return {
    operations: new Map(),
    guards,
    shared,
    names: shared.map((s) => model.slots[s]?.name ?? ''),
    initial: shared.map((s) => state[s] ?? 0),
  }
}

function operationModel(world: WorldModel, w: SequenceWorld, kernel: Kernel, o: SequenceOp): OneOperation {
  const key = statement(w, o)
  const known = world.operations.get(key)
  if (known !== undefined) return known
  const made = lowerOperation(scenarioOf(w, kernel, [o]))
  const slots = sharedSlots(made.model)
  if (slots.some((s, i) => s !== world.shared[i] || made.model.slots[s]?.name !== world.names[i]))
    throw new Error(`world ${w.name}: '${key}' does not have the variables of the others`)
  world.operations.set(key, made)
  return made
}

/** All that can follow a state, of one thread. */
function stepsFrom(one: OneOperation, state: State, thread: number): readonly State[] {
  const pc = state[one.model.threads[thread]?.pcSlot ?? -1]
  return (one.steps.get(`${thread}:${pc ?? ''}`) ?? []).flatMap((step) => {
    const lists = step.choices.reduce<readonly (readonly number[])[]>(
      (all, { lo, hi }) => all.flatMap((l) => Array.from({ length: hi - lo + 1 }, (_, i) => [...l, lo + i])),
      [[]],
    )
    return lists.flatMap((choices) => {
      const next = runStep(one.model, step, choices, state)
      return next === undefined ? [] : [next.state]
    })
  })
}

/**
 * Every outcome of an operation from a state. Callbacks run once it has returned: freeing a table
 * earlier or later changes nothing that a single thread can see.
 */
function outcomesFrom(world: WorldModel, one: OneOperation, from: Shared): readonly Outcome[] {
  const key = from.join()
  const known = one.outcomes.get(key)
  if (known !== undefined) return known
  const start = [...initialState(one.model)]
  world.shared.forEach((slot, i) => (start[slot] = from[i] ?? 0))
  const seen = new Set<string>()
  const queue: State[] = [start]
  const found = new Map<string, Outcome>()
  for (let n = 0; queue.length > 0; n++) {
    const state = queue.pop() ?? start
    if (n > STEPS_MAX) throw new Error('an operation of the model does not end')
    const next = one.model.threads.flatMap((t, i) => (t.daemon ? [] : stepsFrom(one, state, i)))
    const later =
      next.length > 0 ? next : one.model.threads.flatMap((t, i) => (t.daemon ? stepsFrom(one, state, i) : []))
    for (const s of later) {
      const name = s.join()
      if (!seen.has(name)) queue.push(s)
      seen.add(name)
    }
    const done = one.model.threads.every((t) => t.daemon || state[t.pcSlot] === t.donePc)
    if (later.length > 0 || !done) continue
    const after = world.shared.map((slot) => state[slot] ?? 0)
    const slot = one.model.slots[one.register]
    const guards = world.guards.map((g) => evaluate(one.model, g, state) !== 0)
    const expected = slot === undefined ? { guards } : { guards, result: show(slot.type, state[one.register] ?? 0) }
    found.set(`${after.join()} ${expected.result ?? ''}`, { expected, after })
  }
  const outcomes = [...found.values()]
  one.outcomes.set(key, outcomes)
  return outcomes
}

const same = (a: Expected, b: Expected): boolean =>
  (a.result === undefined || a.result === b.result) && a.guards.every((g, i) => g === b.guards[i])

/** The model of a kernel, for any number of sequences. */
export function newSequenceModel(kernel: Kernel): SequenceModel {
  const worlds = new Map<string, WorldModel>()
  const start = (w: SequenceWorld): ModelRun => {
    const world = worlds.get(w.name) ?? newWorld(w, kernel)
    worlds.set(w.name, world)
    let states: readonly Shared[] = [world.initial]
    const take: ModelRun['take'] = (o, seen) => {
      const one = operationModel(world, w, kernel, o)
      const outcomes = states.flatMap((s) => outcomesFrom(world, one, s))
      const fitting = outcomes.filter((x) => same(x.expected, seen))
      states = [...new Map(fitting.map((x) => [x.after.join(), x.after])).values()]
      return { agrees: fitting.length > 0, allowed: outcomes.map((x) => x.expected) }
    }
    return { take }
  }
  return { start }
}
