/**
 * The model's side of a sequence: one operation after the other, by the reference interpreter. A world is
 * lowered once for each operation, and shared variables are carried from one lowered model to the next by
 * name; what an operation does to a state is remembered, since sequences of one small world meet the same
 * states again and again.
 */
import type { LExpr, LoweredModel, Step } from '../../model/language/lowered.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { Program } from '../../model/language/routine.ts'
import { show, type Type } from '../../model/language/types.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { condition } from '../../model/scenarios/condition.ts'
import { evaluate, initialState, runStep, type State } from '../../solver/reference/interpreter.ts'
import { conditionFor } from '../race/outcome.ts'
import { hasMemoryFailure } from '../sequential/poison.ts'
import { areasOf } from './areas.ts'
import { newContents, type ContentPlace, type EntryOf } from './contents.ts'
import { hugetlbRun, hugetlbStage, isHugetlb } from './hugetlb.ts'
import type { Expected, ModelRun } from './expected.ts'
import type { SequenceOp } from './operations.ts'
import { newStage, type ModelOf, type Stage } from './stage.ts'
import type { SequenceWorld } from './world.ts'

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
  /** Steps by thread, then by program counter. */
  readonly steps: readonly (readonly (readonly Step[])[])[]
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
  readonly entry: (state: Shared) => EntryOf
  readonly places: ReadonlyMap<string, ContentPlace>
  readonly initial: Shared
  readonly failures: boolean
}

const isShared = (kind: string): boolean => kind === 'shared' || kind === 'lock' || kind === 'ghost'

const sharedSlots = (model: LoweredModel): readonly number[] =>
  model.slots.flatMap((s, i) => (isShared(s.kind) ? [i] : []))

function lowerOperation(model: LoweredModel): OneOperation {
  const steps = model.threads.map((t): Step[][] => Array.from({ length: t.donePc + 1 }, () => []))
  for (const s of model.steps) steps[s.thread]?.[s.pc]?.push(s)
  const register = model.slots.findIndex((s) => s.kind === 'register')
  return { model, steps, register, start: initialState(model), outcomes: new Map() }
}

/** Each operation begins with locals of its own. */
const KEPT = { deadLocals: 'kept' } as const

/** What is left out of a kernel is left out of the operations that have it. */
function lowerKnown(program: Program): LoweredModel {
  const [first, ...rest] = program.without
  try {
    return lower(program, KEPT).model
  } catch (e) {
    if (!(e instanceof ModelError) || first === undefined) throw e
  }
  const known = rest.length === 0 ? [] : [first, ...rest].filter((label) => stands(program, label))
  return lower({ ...program, without: new Set(known) }, KEPT).model
}

function stands(program: Program, label: string): boolean {
  try {
    lower({ ...program, without: new Set([label]) }, KEPT)
    return true
  } catch (e) {
    if (e instanceof ModelError) return false
    throw e
  }
}

function scenarioAlone({ scenario, world }: Stage, o: SequenceOp): Scenario {
  if (scenario === undefined) throw new Error(`world ${world.name} is none of the model's`)
  return scenario(o)
}

/** Worlds that differ in this text alone differ in what they ask of the kernel, and in nothing of the model. */
const modelledAs = ({ declarations, child, uffd, collapses, vocabulary }: SequenceWorld): string =>
  JSON.stringify([declarations, child, uffd, collapses, vocabulary[0]?.mm])

function newWorld(w: SequenceWorld, stage: Stage): WorldModel {
  const [any] = w.vocabulary
  if (any === undefined) throw new Error(`world ${w.name} has no operation`)
  const scenario = scenarioAlone(stage, any)
  const model = lowerKnown(scenario.program)
  const pages = stage.looks.flatMap((m) => Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`))
  const guards = pages.map((name): LExpr => {
    const { cond } = conditionFor({ registers: [], pages: [{ name, guard: true }] })
    const final = condition(cond, scenario.registers, scenario.world)
    // Shared variables have the same slots where nobody runs.
    const asked = lower({ ...scenario.program, threads: [], without: new Set(), final }, KEPT).model.final
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
    entry: entries(stage, model, shared),
    places: new Map(
      scenario.world.mappings.map((m) => {
        const parent = scenario.world.mappings.find((x) => x.number === m.parent)?.name
        const place: ContentPlace = {
          pages: Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`),
          shared: m.shared,
          ...(m.file === undefined ? {} : { offset: m.decl.range.first }),
          ...(parent === undefined ? {} : { parent }),
        }
        return [m.name, place]
      }),
    ),
    initial: Uint16Array.from(shared, (s) => state[s] ?? 0),
    failures: hasMemoryFailure(),
  }
}

/** The entry of each page: a mapping of a world has one table, whose first slot is its first page's. */
function entries(stage: Stage, model: LoweredModel, shared: readonly number[]): (state: Shared) => EntryOf {
  const index = new Map(shared.map((slot, i) => [model.slots[slot]?.name ?? '', { i, type: model.slots[slot]?.type }]))
  const value = (state: Shared, name: string): string => {
    const at = index.get(name)
    return at?.type === undefined ? '' : show(at.type, state[at.i] ?? 0)
  }
  const places = new Map<string, { readonly m: Stage['looks'][number]; readonly i: number }>(
    stage.looks.flatMap((m) => Array.from({ length: m.pages }, (_, i) => [`${m.name}[${i}]`, { m, i }] as const)),
  )
  return (state) => (page) => {
    const at = places.get(page)
    if (at === undefined) return 'none'
    const kind = value(state, `pmd(${at.m.name}).kind`)
    if (kind === 'table') return value(state, `${value(state, `pmd(${at.m.name}).table`)}.pte[${at.i}]`)
    return kind === 'none' ? 'none' : kind.startsWith('huge_anon') ? 'anon' : 'file'
  }
}

function operationModel(world: WorldModel, o: SequenceOp): OneOperation {
  const known = world.operations.get(o.text)
  if (known !== undefined) return known
  const made = lowerOperation(lowerKnown(scenarioAlone(world.stage, o).program))
  const slots = sharedSlots(made.model)
  if (slots.length !== world.shared.length || slots.some((s, i) => made.model.slots[s]?.name !== world.names[i]))
    throw new Error(`world ${world.stage.world.name}: '${o.text}' does not have the variables of the others`)
  if (slots.some((s, i) => s !== world.shared[i]))
    throw new Error(`world ${world.stage.world.name}: '${o.text}' has its variables elsewhere`)
  world.operations.set(o.text, made)
  return made
}

const NO_CHOICES: readonly number[] = []

/** All that can follow a state, of one thread. */
function stepsFrom(one: OneOperation, state: State, thread: number): readonly State[] {
  const pc = state[one.model.threads[thread]?.pcSlot ?? -1] ?? -1
  return (one.steps[thread]?.[pc] ?? []).flatMap((step) => {
    if (step.choices.length === 0) {
      const only = runStep(one.model, step, NO_CHOICES, state)
      return only === undefined ? [] : [only.state]
    }
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

const keyOf = ({ buffer, byteOffset, byteLength }: Shared): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1')

/** As this machine gives a result: it may know no other SIGBUS than the plain one. */
const here = (result: string, { failures }: WorldModel): string => (result === 'HWPOISON' && !failures ? 'BUS' : result)

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
  return slot === undefined ? seen : { ...seen, result: here(show(slot.type, state[one.register] ?? 0), world) }
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
        const name = keyOf(Uint16Array.from(s))
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

/** The model of a kernel, for any number of sequences; huge pages of hugetlbfs have one of their own. */
export function newSequenceModel(of: ModelOf): SequenceModel {
  const stages = new Map<string, Stage>()
  const worlds = new Map<string, WorldModel>()
  const stageOf = (w: SequenceWorld): Stage => {
    const stage = stages.get(w.name) ?? newStage(w, of)
    stages.set(w.name, stage)
    return stage
  }
  const worldOf = (w: SequenceWorld): WorldModel => {
    const key = modelledAs(w)
    const world = worlds.get(key) ?? newWorld(w, stageOf(w))
    worlds.set(key, world)
    return world
  }
  const start = (w: SequenceWorld): ModelRun => {
    const world = worldOf(w)
    let states: readonly Shared[] = [world.initial]
    const contents = newContents(world.places)
    /** Contents are followed while there is one state only: what comes after a choice that cannot be seen is open. */
    let followed = true
    const take: ModelRun['take'] = (o, seen, value) => {
      const one = operationModel(world, o)
      const outcomes = states.flatMap((s) => outcomesFrom(world, one, s))
      const fitting = outcomes.filter((x) => same(x.expected, seen))
      const [before] = states
      states = [...new Map(fitting.map((x) => [keyOf(x.after), x.after])).values()]
      const [after] = states
      followed &&= states.length === 1
      const worked = seen.result === undefined || seen.result === 'ok' || /^\d/.test(seen.result)
      const read =
        followed && before !== undefined && after !== undefined
          ? contents.take(o, worked, value, world.entry(before), world.entry(after))
          : undefined
      const allowed = outcomes.map((x) => x.expected)
      return { agrees: fitting.length > 0, allowed, ...(read === undefined ? {} : { read }) }
    }
    return { take }
  }
  return {
    stage: (w) => (isHugetlb(w) ? hugetlbStage(w) : stageOf(w)),
    start: (w) => (isHugetlb(w) ? hugetlbRun() : start(w)),
  }
}
