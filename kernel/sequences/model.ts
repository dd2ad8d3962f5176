/**
 * The model's side of a sequence: one operation after the other. A world is lowered once for each operation, and
 * shared variables are carried from one lowered model to the next by name; states have numbers, and what an
 * operation does to a state is remembered, since sequences of one small world meet the same states again and again.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { Program } from '../../model/language/routine.ts'
import { show, type Type } from '../../model/language/types.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { condition } from '../../model/scenarios/condition.ts'
import { initialState } from '../../solver/reference/interpreter.ts'
import { conditionFor } from '../race/outcome.ts'
import { hasMemoryFailure } from '../sequential/poison.ts'
import { areasOf } from './areas.ts'
import { newContents, type ContentPlace, type EntryOf } from './contents.ts'
import { newExecutor, valueOf, type Executor, type Slots, type Value } from './execute.ts'
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
/** Words of states that a world remembers, with what its operations do to them; then it begins anew. */
const WORDS_MAX = 8_000_000

/** Values of the shared variables, in the order of their slots. */
type Shared = Uint16Array

/** A state of a world, and what can be seen of it. */
interface Known {
  readonly shared: Shared
  readonly seen: Pick<Expected, 'guards' | 'areas'>
  readonly entry: EntryOf
  /** By the operation's number in its world. */
  readonly outcomes: (readonly Outcome[] | undefined)[]
}

interface Outcome {
  readonly expected: Expected
  readonly after: Known
}

interface OneOperation {
  readonly number: number
  readonly executor: Executor
  /** Slots of the program counters of threads that have to end, with the values that they end at. */
  readonly ends: readonly { readonly slot: number; readonly pc: number }[]
  readonly register: { readonly slot: number; readonly type: Type } | undefined
  readonly start: Slots
}

interface WorldModel {
  readonly stage: Stage
  readonly operations: Map<string, OneOperation>
  readonly guards: readonly Value[]
  readonly known: Map<string, Known>
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
  /** All slots of a model of the world at its start. */
  readonly first: Slots
  readonly failures: boolean
}

const isShared = (kind: string): boolean => kind === 'shared' || kind === 'lock' || kind === 'ghost'

const sharedSlots = (model: LoweredModel): readonly number[] =>
  model.slots.flatMap((s, i) => (isShared(s.kind) ? [i] : []))

function readyOperation(model: LoweredModel, number: number): OneOperation {
  const slot = model.slots.findIndex((s) => s.kind === 'register')
  const type = model.slots[slot]?.type
  return {
    number,
    executor: newExecutor(model),
    ends: model.threads.flatMap((t) => (t.daemon ? [] : [{ slot: t.pcSlot, pc: t.donePc }])),
    register: type === undefined ? undefined : { slot, type },
    start: Int32Array.from(initialState(model)),
  }
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
  const guards = pages.map((name): Value => {
    const { cond } = conditionFor({ registers: [], pages: [{ name, guard: true }] })
    const final = condition(cond, scenario.registers, scenario.world)
    // Shared variables have the same slots where nobody runs.
    const asked = lower({ ...scenario.program, threads: [], without: new Set(), final }, KEPT).model.final
    if (asked === undefined) throw new Error(`world ${w.name}: no page ${name}`)
    return valueOf(asked)
  })
  const shared = sharedSlots(model)
  const state = initialState(model)
  const named = (name: string): number => model.slots.findIndex((s) => s.name === name)
  return {
    stage,
    operations: new Map(),
    guards,
    known: new Map(),
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
    first: Int32Array.from(state),
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
  const model = lowerKnown(scenarioAlone(world.stage, o).program)
  const slots = sharedSlots(model)
  if (slots.length !== world.shared.length || slots.some((s, i) => model.slots[s]?.name !== world.names[i]))
    throw new Error(`world ${world.stage.world.name}: '${o.text}' does not have the variables of the others`)
  if (slots.some((s, i) => s !== world.shared[i]))
    throw new Error(`world ${world.stage.world.name}: '${o.text}' has its variables elsewhere`)
  const made = readyOperation(model, world.operations.size)
  world.operations.set(o.text, made)
  return made
}

const keyOf = ({ buffer, byteOffset, byteLength }: Shared): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1')

/** As this machine gives a result: it may know no other SIGBUS than the plain one. */
const here = (result: string, { failures }: WorldModel): string => (result === 'HWPOISON' && !failures ? 'BUS' : result)

/** The state with these values; what can be seen of it is worked out once. `slots` are those of any model of the world. */
function knownOf(world: WorldModel, shared: Shared, slots: Slots): Known {
  const key = keyOf(shared)
  const before = world.known.get(key)
  if (before !== undefined) return before
  const guards = world.guards.map((g) => g(slots) !== 0)
  const areas = world.pages.map((vmas) =>
    areasOf(
      vmas.map((s) => slots[s] ?? 0),
      (vma) => {
        const flags = world.flags[vma - 1]
        return flags === undefined ? [] : show(flags.type, slots[flags.slot] ?? 0).split('|')
      },
    ),
  )
  const made: Known = { shared, seen: { guards, areas }, entry: world.entry(shared), outcomes: [] }
  if (world.known.size * shared.length > WORDS_MAX) world.known.clear()
  world.known.set(key, made)
  return made
}

/** The start of an operation in a state. */
function begin(world: WorldModel, one: OneOperation, { shared }: Known): Slots {
  const slots = one.start.slice()
  for (let i = 0; i < shared.length; i++) slots[world.shared[i] ?? 0] = shared[i] ?? 0
  return slots
}

/**
 * Every outcome of an operation from a state. Callbacks run once it has returned: freeing a table
 * earlier or later changes nothing that a single thread can see.
 */
function outcomesFrom(world: WorldModel, one: OneOperation, from: Known): readonly Outcome[] {
  const remembered = from.outcomes[one.number]
  if (remembered !== undefined) return remembered
  const { executor } = one
  const met = new Set<string>()
  const open: Slots[] = [begin(world, one, from)]
  const found = new Map<string, Outcome>()
  for (let ended = open.pop(); ended !== undefined; ended = open.pop()) {
    // What one step leads to needs no look at what was met: an operation alone goes round in no circle without a choice.
    const next = executor.advance(ended, STEPS_MAX)
    for (const e of next) {
      const later = ended.slice()
      executor.run(e, later)
      const name = Buffer.from(later.buffer).toString('latin1')
      if (met.has(name)) continue
      met.add(name)
      open.push(later)
    }
    const state: Slots = ended
    if (next.length === 0 && one.ends.every(({ slot, pc }) => state[slot] === pc)) {
      const shared = new Uint16Array(world.shared.length)
      for (let i = 0; i < shared.length; i++) shared[i] = state[world.shared[i] ?? 0] ?? 0
      for (const i of world.promises) shared[i] = 0
      const after = knownOf(world, shared, state)
      const { register } = one
      const result =
        register === undefined ? {} : { result: here(show(register.type, state[register.slot] ?? 0), world) }
      found.set(`${keyOf(shared)} ${result.result ?? ''}`, { expected: { ...after.seen, ...result }, after })
    }
  }
  const outcomes = [...found.values()]
  from.outcomes[one.number] = outcomes
  return outcomes
}

const same = (a: Expected, b: Expected): boolean =>
  (a.result === undefined || a.result === b.result) &&
  a.guards.every((g, i) => g === b.guards[i]) &&
  a.areas.every((x, i) => x === b.areas[i])

/** The state that a world begins in; nothing is done in it. */
function initialOf(world: WorldModel): Known {
  const known = world.known.get(keyOf(world.initial))
  return known ?? knownOf(world, world.initial, world.first)
}

/** The model of a kernel, for any number of sequences; huge pages of hugetlbfs have one of their own. */
export function newSequenceModel(of: ModelOf): SequenceModel {
  const stages = new Map<string, Stage>()
  const worlds = new Map<string, WorldModel>()
  const byName = new Map<string, WorldModel>()
  const stageOf = (w: SequenceWorld): Stage => {
    const stage = stages.get(w.name) ?? newStage(w, of)
    stages.set(w.name, stage)
    return stage
  }
  const worldOf = (w: SequenceWorld): WorldModel => {
    const known = byName.get(w.name)
    if (known !== undefined) return known
    const key = modelledAs(w)
    const world = worlds.get(key) ?? newWorld(w, stageOf(w))
    worlds.set(key, world)
    byName.set(w.name, world)
    return world
  }
  const start = (w: SequenceWorld): ModelRun => {
    const world = worldOf(w)
    let states: readonly Known[] = [initialOf(world)]
    const contents = newContents(world.places)
    /** Contents are followed while there is one state only: what comes after a choice that cannot be seen is open. */
    let followed = true
    const take: ModelRun['take'] = (o, seen, value) => {
      const one = operationModel(world, o)
      const outcomes = states.flatMap((s) => outcomesFrom(world, one, s))
      const fitting = outcomes.filter((x) => same(x.expected, seen))
      const [before] = states
      states = [...new Set(fitting.map((x) => x.after))]
      const [after] = states
      followed &&= states.length === 1
      const worked = seen.result === undefined || seen.result === 'ok' || /^\d/.test(seen.result)
      const read =
        followed && before !== undefined && after !== undefined
          ? contents.take(o, worked, value, before.entry, after.entry)
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
