/**
 * The model's side of a sequence: one operation after the other, by the reference interpreter. A world is
 * lowered once for each operation, and shared variables are carried from one lowered model to the next by
 * name; what an operation does to a state is remembered, since sequences of one small world meet the same
 * states again and again.
 */
import type { LExpr, LoweredModel, Step } from '../../model/language/lowered.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { show, type Type } from '../../model/language/types.ts'
import { condition } from '../../model/scenarios/condition.ts'
import { evaluate, initialState, runStep, type State } from '../../solver/reference/interpreter.ts'
import { conditionFor } from '../race/outcome.ts'
import { areasOf } from './areas.ts'
import type { SequenceOp } from './operations.ts'
import { newStage, type ModelOf, type Stage } from './stage.ts'
import type { SequenceWorld } from './world.ts'

/** What an operation may come to: its result (absent for khugepaged), and what can be seen afterwards. */
export interface Expected {
  readonly result?: string
  readonly guards: readonly boolean[]
  /** The VMAs of each mapping, in words. */
  readonly areas: readonly string[]
}

export interface ModelRun {
  /** Feeds one operation what the kernel made of it; the outcomes that the model allows, and whether this is one. */
  readonly take: (o: SequenceOp, seen: Expected) => { readonly agrees: boolean; readonly allowed: readonly Expected[] }
}

export interface SequenceModel {
  readonly stage: (w: SequenceWorld) => Stage
  readonly start: (w: SequenceWorld) => ModelRun
}

/** More than any operation makes alone. */
const STEPS_MAX = 20_000
/** Outcomes that are remembered for each operation; then it begins anew. */
const REMEMBERED_MAX = 2_000

/** Values of the shared variables, in the order of their slots. */
type Shared = Uint16Array

interface Outcome {
  readonly expected: Expected
  readonly after: Shared
}

interface OneOperation {
  readonly model: LoweredModel
  /** Steps by thread and program counter. */
  readonly steps: ReadonlyMap<string, readonly Step[]>
  readonly register: number
  readonly start: State
  readonly outcomes: Map<string, readonly Outcome[]>
}

interface WorldModel {
  readonly stage: Stage
  readonly operations: Map<string, OneOperation>
  readonly guards: readonly LExpr[]
  /** Slots of the shared variables, which every lowered model of the world has first. */
  readonly shared: readonly number[]
  readonly names: readonly string[]
  /** Slots of the VMA of each page, by mapping; of the flags of each VMA; and of what no observation depends on. */
  readonly pages: readonly (readonly number[])[]
  readonly flags: readonly { readonly slot: number; readonly type: Type }[]
  readonly promises: ReadonlySet<number>
  readonly initial: Shared
}

const isShared = (kind: string): boolean => kind === 'shared' || kind === 'lock' || kind === 'ghost'

const sharedSlots = (model: LoweredModel): readonly number[] =>
  model.slots.flatMap((s, i) => (isShared(s.kind) ? [i] : []))

function lowerOperation(model: LoweredModel): OneOperation {
  const steps = new Map<string, Step[]>()
  for (const s of model.steps) steps.set(`${s.thread}:${s.pc}`, [...(steps.get(`${s.thread}:${s.pc}`) ?? []), s])
  const register = model.slots.findIndex((s) => s.kind === 'register')
  return { model, steps, register, start: initialState(model), outcomes: new Map() }
}

function newWorld(w: SequenceWorld, of: ModelOf): WorldModel {
  const stage = newStage(w, of)
  const [any] = w.vocabulary
  if (any === undefined) throw new Error(`world ${w.name} has no operation`)
  const scenario = stage.scenario(any)
  const { model } = lower(scenario.program)
  const pages = stage.looks.flatMap((m) => Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`))
  const guards = pages.map((name): LExpr => {
    const { cond } = conditionFor({ registers: [], pages: [{ name, guard: true }] })
    const asked = lower({ ...scenario.program, final: condition(cond, scenario.registers, scenario.world) }).model.final
    if (asked === undefined) throw new Error(`world ${w.name}: no page ${name}`)
    return asked
  })
  const shared = sharedSlots(model)
  const state = initialState(model)
  const named = (name: string): number => model.slots.findIndex((s) => s.name === name)
  return {
    stage,
    operations: new Map(),
    guards,
    shared,
    names: shared.map((s) => model.slots[s]?.name ?? ''),
    pages: stage.looks.map((m) => Array.from({ length: m.pages }, (_, i) => named(`${m.name}[${i}].vma`))),
    flags: model.slots.flatMap((s, slot) => (s.name.endsWith('.vm_flags') ? [{ slot, type: s.type }] : [])),
    promises: new Set(shared.flatMap((s, i) => (model.slots[s]?.name.endsWith('.promised') === true ? [i] : []))),
    initial: Uint16Array.from(shared, (s) => state[s] ?? 0),
  }
}

function operationModel(world: WorldModel, o: SequenceOp): OneOperation {
  const known = world.operations.get(o.text)
  if (known !== undefined) return known
  const made = lowerOperation(lower(world.stage.scenario(o).program).model)
  const slots = sharedSlots(made.model)
  if (slots.length !== world.shared.length || slots.some((s, i) => made.model.slots[s]?.name !== world.names[i]))
    throw new Error(`world ${world.stage.world.name}: '${o.text}' does not have the variables of the others`)
  if (slots.some((s, i) => s !== world.shared[i]))
    throw new Error(`world ${world.stage.world.name}: '${o.text}' has its variables elsewhere`)
  world.operations.set(o.text, made)
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

const keyOf = (values: ArrayLike<number>): string => String.fromCharCode(...Array.from(values))

function expectedOf(world: WorldModel, one: OneOperation, state: State): Expected {
  const guards = world.guards.map((g) => evaluate(one.model, g, state) !== 0)
  const areas = world.pages.map((slots) =>
    areasOf(
      slots.map((s) => state[s] ?? 0),
      (vma) => {
        const flags = world.flags[vma - 1]
        return flags === undefined ? [] : show(flags.type, state[flags.slot] ?? 0).split('|')
      },
    ),
  )
  const slot = one.model.slots[one.register]
  const seen = { guards, areas }
  return slot === undefined ? seen : { ...seen, result: show(slot.type, state[one.register] ?? 0) }
}

/**
 * Every outcome of an operation from a state. Callbacks run once it has returned: freeing a table
 * earlier or later changes nothing that a single thread can see.
 */
function outcomesFrom(world: WorldModel, one: OneOperation, from: Shared): readonly Outcome[] {
  const key = keyOf(from)
  const known = one.outcomes.get(key)
  if (known !== undefined) return known
  const start = [...one.start]
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
      // What one step leads to needs no look at what was seen: an operation alone goes round in no circle without a choice.
      if (later.length > 1) {
        const name = keyOf(s)
        if (seen.has(name)) continue
        seen.add(name)
      }
      queue.push(s)
    }
    const done = one.model.threads.every((t) => t.daemon || state[t.pcSlot] === t.donePc)
    if (later.length > 0 || !done) continue
    const after = Uint16Array.from(world.shared, (slot, i) => (world.promises.has(i) ? 0 : (state[slot] ?? 0)))
    const expected = expectedOf(world, one, state)
    found.set(`${keyOf(after)} ${expected.result ?? ''}`, { expected, after })
  }
  const outcomes = [...found.values()]
  if (one.outcomes.size >= REMEMBERED_MAX) one.outcomes.clear()
  one.outcomes.set(key, outcomes)
  return outcomes
}

const same = (a: Expected, b: Expected): boolean =>
  (a.result === undefined || a.result === b.result) &&
  a.guards.every((g, i) => g === b.guards[i]) &&
  a.areas.every((x, i) => x === b.areas[i])

/** The model of a kernel, for any number of sequences. */
export function newSequenceModel(of: ModelOf): SequenceModel {
  const worlds = new Map<string, WorldModel>()
  const worldOf = (w: SequenceWorld): WorldModel => {
    const world = worlds.get(w.name) ?? newWorld(w, of)
    worlds.set(w.name, world)
    return world
  }
  const start = (w: SequenceWorld): ModelRun => {
    const world = worldOf(w)
    let states: readonly Shared[] = [world.initial]
    const take: ModelRun['take'] = (o, seen) => {
      const one = operationModel(world, o)
      const outcomes = states.flatMap((s) => outcomesFrom(world, one, s))
      const fitting = outcomes.filter((x) => same(x.expected, seen))
      states = [...new Map(fitting.map((x) => [keyOf(x.after), x.after])).values()]
      return { agrees: fitting.length > 0, allowed: outcomes.map((x) => x.expected) }
    }
    return { take }
  }
  return { stage: (w) => worldOf(w).stage, start }
}
