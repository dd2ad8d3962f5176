/** From a program to the table of atomic steps that every engine works on. */
import type { Program } from '../routine.ts'
import type { LCover, LInvariant, LoweredModel, LProperty, LStmt, LThread, Slot, Step } from '../lowered.ts'
import { isMutation } from '../mutate/name.ts'
import { mutate } from '../mutate/mutate.ts'
import { int } from '../types.ts'
import { addWrites, eachRead, slotsRead } from '../slots.ts'
import { lowerAssert } from './build.ts'
import { lowerExpr, lowerTarget, NIL, type ExprContext } from './expr.ts'
import { stepsOf, type Node, type StepNode } from './graph.ts'
import { inlineThread, type InlineContext } from './inline.ts'
import { ModelError } from './error.ts'
import { addField, addSlot, type Layout } from './layout.ts'
import { localLiveness, type LocalLiveness, type ThreadSteps } from './liveness.ts'
import { lowerLiveness } from './responses.ts'
import { takeLocals } from './scope.ts'
import { tail, type TailContext } from './tail.ts'
import type { StepInfo } from './info.ts'

export type { StepInfo } from './info.ts'

export interface Lowered {
  readonly model: LoweredModel
  /** By step id. */
  readonly info: readonly StepInfo[]
  /** First slot of each declared variable. */
  readonly base: ReadonlyMap<string, number>
}

export { ModelError } from './error.ts'

export interface LowerOptions {
  /** What becomes of locals that nobody reads any more: a search needs them reset, so that equal states are equal. */
  readonly deadLocals?: 'reset' | 'kept'
}

/**
 * Lowers a program. Throws ModelError where it breaks a rule of the language: control flow that looks
 * at a shared variable, a loop without a step, a label of `without` that does not exist.
 */
export function lower(original: Program, { deadLocals = 'reset' }: LowerOptions = {}): Lowered {
  const [program, unknown] = mutate(original, [...original.without])
  const layout: Layout = { slots: [], sizes: program.sizes, names: program.names, base: new Map(), geometry: new Map() }
  for (const f of program.fields) addField(layout, f)
  setGeometry(program, layout)
  const properties = propertyTable(program)
  const dropped = new Set<string>()
  const conditions: InlineContext['conditions'] = []

  const graphs = program.threads.map((t, thread) => {
    const pool = { layout, thread, threadName: t.name, free: new Map<string, number[]>() }
    const ctx: InlineContext = {
      pool,
      lifetimes: program.lifetimes,
      property: properties.number,
      without: program.without,
      dropped,
      conditions,
      nextFrame: 0,
    }
    const locals = takeLocals(pool, t.name, t.locals)
    const scope = { thread, routine: t.name, frames: [], prefix: [], params: new Map<string, never>(), locals }
    return inlineThread(ctx, t.body, scope)
  })
  for (const label of program.without)
    if (isMutation(label) ? unknown.includes(label) : !dropped.has(label))
      throw new ModelError(`nothing to leave out: no step or check '${label}' is part of this scenario`)

  const threads: LThread[] = []
  const steps: Step[] = []
  const info: StepInfo[] = []
  graphs.forEach((entry, thread) => {
    const t = program.threads[thread]
    if (t === undefined) return
    threads.push(emitThread(layout, thread, t.name, t.daemon, entry, steps, info, deadLocals))
  })

  const pctx: ExprContext = { layout, lifetimes: [], bound: new Map() }
  setInitial(program, layout, pctx)
  checkConditions(layout.slots, steps, conditions)
  const invariants: LInvariant[] = []
  const covers: LCover[] = []
  for (const p of program.properties.filter(({ ends }) => ends === undefined)) {
    const property = properties.number(p.name)
    if (p.invariant !== undefined) invariants.push({ property, expr: lowerExpr(pctx, p.invariant) })
    for (const c of p.covers) covers.push({ name: `${p.name}: ${c.name}`, expr: lowerExpr(pctx, c.expr) })
  }
  const model: LoweredModel = {
    slots: layout.slots,
    threads,
    steps: withStepProperties(program, pctx, properties.number, steps),
    properties: properties.list,
    invariants,
    covers,
    ...(program.final === undefined ? {} : { final: lowerExpr(pctx, program.final) }),
  }
  const liveness = lowerLiveness(program, model, info)
  return { model: liveness === undefined ? model : { ...model, liveness }, info, base: layout.base }
}

function propertyTable(program: Program): { list: LProperty[]; number: (name: string) => number } {
  const ofStates = program.properties.filter(({ ends }) => ends === undefined)
  const list: LProperty[] = ofStates.map((p) => ({
    name: p.name,
    kind: p.deadlock ? 'deadlock' : p.invariant === undefined ? 'assertion' : 'invariant',
  }))
  const number = (name: string): number => {
    const i = list.findIndex((p) => p.name === name)
    return i >= 0 ? i : list.push({ name, kind: 'assertion' }) - 1
  }
  number(NIL)
  return { list, number }
}

function emitThread(
  layout: Layout,
  thread: number,
  name: string,
  daemon: boolean,
  entry: Node,
  steps: Step[],
  info: StepInfo[],
  deadLocals: 'reset' | 'kept',
): LThread {
  const nodes = stepsOf(entry)
  const pcOf = new Map(nodes.map((n, pc): [StepNode, number] => [n, pc]))
  const donePc = nodes.length
  const pcSlot = addSlot(layout, { name: `${name}.pc`, type: int(0, donePc), kind: 'pc', init: 0, thread })
  const lowest = (slot: number): number => layout.slots[slot]?.lo ?? 0
  const highest = (slot: number): number => layout.slots[slot]?.hi ?? 0
  const tctx: TailContext = { pcSlot, donePc, pcOf, lowest, highest }
  const bodies = nodes.map((n) => [...n.body, ...tail(tctx, n.next, new Map())])

  const isLocal = (slot: number): boolean =>
    layout.slots[slot]?.kind === 'local' && layout.slots[slot].thread === thread
  const init = (slot: number): number => layout.slots[slot]?.init ?? 0
  const threadSteps: ThreadSteps = {
    pcSlot,
    isLocal,
    init,
    steps: nodes.map((n, pc) => ({ guard: n.guard, choices: n.choices.map((c) => c.slot), body: bodies[pc] ?? [] })),
  }
  const live: LocalLiveness =
    deadLocals === 'reset' ? localLiveness(threadSteps) : { isLive: () => true, reset: () => bodies }
  const final = live.reset(enter(layout, tctx, thread, entry, live))
  nodes.forEach((n, pc) => {
    steps.push({
      id: steps.length,
      thread,
      pc,
      label: n.label,
      routine: n.routine,
      local: n.local,
      text: n.text,
      frames: n.frames,
      choices: n.choices,
      guard: n.guard,
      body: final[pc] ?? [],
      ...(n.atomic === undefined ? {} : { atomic: n.atomic }),
    })
    info.push({ lockOps: n.lockOps, sleeps: n.sleeps, unfair: n.unfair })
  })
  return { name, pcSlot, donePc, daemon }
}

/** Carries out what a thread does before its first step, in the initial state. Returns its first pc. */
function enter(layout: Layout, ctx: TailContext, thread: number, entry: Node, live: LocalLiveness): number {
  const known = new Map<number, number>()
  layout.slots.forEach((s, i) => {
    if (s.kind === 'local' && s.thread === thread) known.set(i, s.init)
  })
  let pc = ctx.donePc
  for (const s of tail(ctx, entry, known)) {
    if (s.kind !== 'set' || s.target.kind !== 'slot' || s.value.kind !== 'const')
      throw new ModelError(`thread ${thread}: what it does before its first step depends on shared state`)
    if (s.target.slot === ctx.pcSlot) pc = s.value.value
    else known.set(s.target.slot, s.value.value)
  }
  setInit(layout.slots, ctx.pcSlot, pc)
  for (const [slot, value] of known) if (live.isLive(pc, slot)) setInit(layout.slots, slot, value)
  return pc
}

function setInit(slots: Slot[], slot: number, value: number): void {
  const s = slots[slot]
  if (s === undefined) return
  if (value < s.lo || value > s.hi)
    throw new ModelError(`${s.name} cannot start at ${value}: it ranges over ${s.lo}..${s.hi}`)
  slots[slot] = { ...s, init: value }
}

function setGeometry(program: Program, layout: Layout): void {
  for (const { target, value } of program.init) {
    const values = layout.geometry.get(target.field.name)
    const index = target.index[0]
    if (values !== undefined) values[index?.kind === 'const' ? index.value - 1 : 0] = value
  }
}

function setInitial(program: Program, layout: Layout, ctx: ExprContext): void {
  for (const { target, value } of program.init) {
    if (target.field.role === 'geometry') continue
    const to = lowerTarget(ctx, target)
    if (to === undefined || to.kind !== 'slot')
      throw new ModelError(`initial value of ${target.field.name} needs a constant index`)
    setInit(layout.slots, to.slot, value)
  }
}

/** Control flow may look at locals, and at geometry that no step ever writes. */
function checkConditions(
  slots: readonly Slot[],
  steps: readonly Step[],
  conditions: InlineContext['conditions'],
): void {
  const looks: { readonly where: string; readonly slot: number; readonly name: string }[] = []
  for (const { where, expr } of conditions)
    eachRead(expr, (slot) => {
      const s = slots[slot]
      if (s !== undefined && s.kind !== 'local') looks.push({ where, slot, name: s.name })
    })
  if (looks.length === 0) return
  const written = new Set<number>()
  for (const s of steps) addWrites(s.body, written)
  const wrong = looks.find(({ slot }) => written.has(slot))
  if (wrong !== undefined)
    throw new ModelError(
      `${wrong.where}: what stands between two steps looks at '${wrong.name}'; load it in a step of its own first, as READ_ONCE() would`,
    )
}

function withStepProperties(
  program: Program,
  ctx: ExprContext,
  number: (name: string) => number,
  steps: readonly Step[],
): readonly Step[] {
  const stepwise = program.properties.flatMap((p) => {
    if (p.step === undefined) return []
    const cond = lowerExpr(ctx, p.step)
    return [{ assertion: lowerAssert(number(p.name), cond), reads: slotsRead(cond) }]
  })
  if (stepwise.length === 0) return steps
  return steps.map((s) => {
    const writes = new Set<number>()
    addWrites(s.body, writes)
    const extra: LStmt[] = stepwise.filter((p) => [...p.reads].some((slot) => writes.has(slot))).map((p) => p.assertion)
    return extra.length === 0 ? s : { ...s, body: [...s.body, ...extra] }
  })
}
