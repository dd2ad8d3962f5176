/**
 * The system of a proof at one size as a lowered model, so that every engine can run it, with lemmas as its
 * properties. A slot is a place of the states that finite.ts has; the expressions are lowered by the code that lowers
 * scenarios, so that the two are two readings of one system.
 */
import type { Field, FieldExpr } from '../../model/language/expr.ts'
import {
  assign,
  both,
  branch,
  combine,
  constant,
  either,
  lowerAssert,
  negate,
} from '../../model/language/lower/build.ts'
import { instances, lowerExpr, lowerTarget, type ExprContext } from '../../model/language/lower/expr.ts'
import type { Layout } from '../../model/language/lower/layout.ts'
import type {
  LExpr,
  LInvariant,
  LoweredModel,
  LProperty,
  LStmt,
  LThread,
  Slot,
  Step,
} from '../../model/language/lowered.ts'
import type { Action } from '../../model/language/stmt.ts'
import { bool, range, type SetSizes, type Type } from '../../model/language/types.ts'
import { guardsOf, type Finite } from './finite.ts'
import { FILE_PAGES_MAX } from '../../model/mm/mm_types.ts'
import type { Lemma } from './lemma.ts'
import { liveLocals, type Names } from './liveness.ts'
import { OPEN_AT_START } from './shape.ts'
import { pc, type PStep, type Tail } from './system.ts'
import { written } from './written.ts'

export interface Flat {
  /** Its properties are the lemmas, in their order. */
  readonly model: LoweredModel
  /** Whether the first step of all chooses what a proof leaves open at the start: then the first state is none of the system. */
  readonly opens: boolean
}

/** Before all begins, where there is something to choose. */
const UNBEGUN = 0

interface Flattening {
  readonly finite: Finite
  readonly layout: Layout
  readonly live: readonly Names[]
  /** The slot that says that what is open has been chosen; undefined where nothing is open. */
  readonly opened: number | undefined
}

const pcSlot = (f: Flattening, thread: number): number => (f.finite.base.get(pc.decl.name) ?? 0) + thread

/** What the running thread is, and nothing else. */
const contextOf = ({ layout }: Flattening, thread?: number): ExprContext => ({
  layout,
  lifetimes: [],
  bound: new Map(),
  ...(thread === undefined
    ? {}
    : { scope: { thread, routine: '', frames: [], prefix: [], params: new Map(), locals: new Map() } }),
})

const store = (ctx: ExprContext, target: FieldExpr, value: LExpr): readonly LStmt[] => {
  const to = lowerTarget(ctx, target)
  return to === undefined ? [] : [assign(to, value)]
}

function actionOf(ctx: ExprContext, thread: number, a: Action): readonly LStmt[] {
  const list = (inner: ExprContext, actions: readonly Action[]): readonly LStmt[] =>
    actions.flatMap((x) => actionOf(inner, thread, x))
  const membership = (target: FieldExpr, add: boolean): readonly LStmt[] =>
    store(ctx, target, combine(add ? 'bor' : 'bandnot', lowerExpr(ctx, target), constant(1 << thread)))
  switch (a.kind) {
    case 'assign':
      if (a.target.kind === 'local') throw new Error('a local with no thread')
      return store(ctx, a.target, lowerExpr(ctx, a.value))
    case 'when':
      return branch(lowerExpr(ctx, a.cond), list(ctx, a.then), list(ctx, a.else))
    case 'forEach':
      return instances(ctx, a.set, a.bound).flatMap((inner) => list(inner, a.body))
    case 'acquire':
    case 'release': {
      const { owner, readers } = a.lock.lock
      const take = a.kind === 'acquire'
      if (a.mode === 'read' && readers !== undefined) return membership(readers(...a.lock.index), take)
      const held = owner(...a.lock.index)
      const mine = constant(thread + 1)
      if (take) return store(ctx, held, mine)
      return branch(combine('eq', lowerExpr(ctx, held), mine), store(ctx, held, constant(0)), [])
    }
    case 'member':
      return membership(a.target, a.add)
    case 'note':
    case 'assert':
      return []
    case 'tryAcquire':
      throw new Error('tryAcquire is inlined')
  }
}

/** A tail; `dirty` are locals that may hold something else than at first. */
function tailOf(
  f: Flattening,
  ctx: ExprContext,
  thread: number,
  tail: Tail,
  dirty: Names,
  end: readonly LStmt[],
): readonly LStmt[] {
  switch (tail.kind) {
    case 'goto': {
      const live = f.live[tail.label]
      // Asked of the step as it was taken; then nobody reads these locals again, and states that differ in them are one.
      const dead = [...dirty].flatMap((name) => {
        const base = f.finite.base.get(name)
        if (base === undefined || live?.has(name) === true) return []
        return [assign({ kind: 'slot', slot: base + thread }, constant(f.finite.initial[base + thread] ?? 0))]
      })
      return [assign({ kind: 'slot', slot: pcSlot(f, thread) }, constant(tail.label + 1)), ...end, ...dead]
    }
    case 'if':
      return branch(
        lowerExpr(ctx, tail.cond),
        tailOf(f, ctx, thread, tail.then, dirty, end),
        tailOf(f, ctx, thread, tail.else, dirty, end),
      )
    case 'set':
      return [
        ...store(ctx, tail.target, lowerExpr(ctx, tail.value)),
        ...tailOf(f, ctx, thread, tail.next, new Set([...dirty, tail.target.field.name]), end),
      ]
  }
}

/** The body of a lemma for all objects of its variables. */
function overAll(ctx: ExprContext, lemma: Lemma): LExpr {
  const go = (inner: ExprContext, [v, ...more]: Lemma['vars']): LExpr =>
    v === undefined
      ? lowerExpr(inner, lemma.body)
      : instances(inner, v.set, v.name)
          .map((i) => go(i, more))
          .reduce(both, constant(1))
  return go(ctx, lemma.vars)
}

/** Whether a thread stands at one of some labels, as few comparisons as its runs of numbers allow. */
function standsAt(slot: number, labels: ReadonlySet<number>): LExpr {
  const runs: { lo: number; hi: number }[] = []
  for (const label of [...labels].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1]
    if (last?.hi === label) last.hi = label + 1
    else runs.push({ lo: label + 1, hi: label + 1 })
  }
  const at: LExpr = { kind: 'slot', slot }
  return runs
    .map(({ lo, hi }) =>
      lo === hi
        ? combine('eq', at, constant(lo))
        : both(combine('le', constant(lo), at), combine('le', at, constant(hi))),
    )
    .reduce(either, constant(0))
}

function stepOf(f: Flattening, thread: number, s: PStep, id: number, ofSteps: readonly LStmt[]): Step {
  const { finite, live } = f
  const label = finite.system.labels[s.label]
  const ctx = contextOf(f, thread)
  const choices = s.choose.map((x) => ({
    slot: (finite.base.get(x.name) ?? 0) + thread,
    ...range(x.type, finite.sizes),
  }))
  const own = new Set(finite.system.locals.map((x) => x.name))
  const changed = [...s.choose, ...written(s.actions)].map((x) => x.name).filter((name) => own.has(name))
  const dirty = new Set([...(live[s.label] ?? []), ...changed])
  const isEntry = finite.system.programs.some((p) => p.entry === s.label)
  const begun: LExpr = f.opened === undefined || !isEntry ? constant(1) : { kind: 'slot', slot: f.opened }
  return {
    id,
    thread,
    pc: s.label + 1,
    label: label?.name ?? '',
    routine: label?.routine ?? '',
    local: label?.local ?? '',
    text: label?.text ?? '',
    frames: [],
    choices,
    guard: guardsOf(s.guard, s.actions)
      .map((g) => lowerExpr(ctx, g))
      .reduce(both, begun),
    body: [...s.actions.flatMap((a) => actionOf(ctx, thread, a)), ...tailOf(f, ctx, thread, s.tail, dirty, ofSteps)],
  }
}

/** Places of what a proof leaves open at the start, with the values that each may begin with. */
const open = ({
  system,
  base,
  sizes,
}: Finite): readonly { readonly slot: number; readonly lo: number; readonly hi: number }[] =>
  system.fields
    .filter((x) => OPEN_AT_START.includes(x.name))
    .flatMap((x) => {
      const from = base.get(x.name)
      const n = x.sets.reduce((m, s) => m * (sizes[s] ?? 0), 1)
      if (from === undefined) return []
      return Array.from({ length: n }, (_, i) => ({ slot: from + i, ...range(x.type, sizes) }))
    })

/** A file of a proof has no last page: what lies behind the last of those that are chosen from is one more. */
function spanOf(type: Type, sizes: SetSizes): { readonly lo: number; readonly hi: number } {
  const { lo, hi } = range(type, sizes)
  return { lo, hi: type.kind === 'int' && hi >= FILE_PAGES_MAX ? hi + 1 : hi }
}

/** Every place of a state, as finite.ts lays them out. */
function slotsOf({ system, base, sizes, initial }: Finite): Slot[] {
  const slots: Slot[] = []
  const add = (x: Field, kind: Slot['kind'], owned: boolean): void => {
    const from = base.get(x.name)
    if (from === undefined) return
    if (from !== slots.length) throw new Error(`'${x.name}' lies elsewhere`)
    const n = x.sets.reduce((m, s) => m * (sizes[s] ?? 0), 1)
    for (let i = 0; i < n; i++)
      slots.push({
        name: n === 1 ? x.name : `${x.name}[${i}]`,
        type: x.type,
        kind,
        ...spanOf(x.type, sizes),
        init: initial[from + i] ?? 0,
        ...(owned ? { thread: i } : {}),
      })
  }
  for (const x of system.fields) if (x.role !== 'geometry') add(x, x.role, false)
  for (const x of system.locals) add(x, 'local', true)
  add(pc.decl, 'pc', true)
  return slots
}

/** The last thread of all makes the choice: user threads, of which one stands for another, are left alike. */
function opening(f: Flattening, id: number, chosen: ReturnType<typeof open>, opened: number): Step {
  const thread = f.finite.threads - 1
  const slot = pcSlot(f, thread)
  return {
    ...{ id, thread, pc: UNBEGUN, label: 'start', routine: 'start', local: 'start', text: '', frames: [] },
    choices: chosen,
    guard: constant(1),
    body: [
      assign({ kind: 'slot', slot }, constant(f.finite.initial[slot] ?? 0)),
      assign({ kind: 'slot', slot: opened }, constant(1)),
    ],
  }
}

/** The system and its lemmas as a model. Throws where a slot would lie elsewhere than in a state of `finite`. */
export function flatten(finite: Finite, lemmas: readonly Lemma[]): Flat {
  const { system, threads } = finite
  const slots = slotsOf(finite)
  const chosen = open(finite)
  const opens = chosen.length > 0
  const opened = opens ? slots.length : undefined
  const layout: Layout = {
    slots,
    sizes: finite.sizes,
    names: {},
    base: new Map(finite.base),
    geometry: new Map(finite.geometry),
  }
  const f: Flattening = { finite, layout, live: liveLocals(system), opened }
  const properties: LProperty[] = []
  const invariants: LInvariant[] = []
  const ofSteps: { readonly property: number; readonly lemma: Lemma }[] = []
  lemmas.forEach((lemma, property) => {
    properties.push({ name: lemma.name, kind: lemma.ofSteps === true ? 'assertion' : 'invariant' })
    if (lemma.ofSteps === true) ofSteps.push({ property, lemma })
    else if (lemma.labels === undefined) invariants.push({ property, expr: overAll(contextOf(f), lemma) })
    else
      for (let t = 0; t < threads; t++) {
        const here = standsAt(pcSlot(f, t), lemma.labels)
        invariants.push({ property, expr: either(negate(here), overAll(contextOf(f, t), lemma)) })
      }
  })
  const steps: Step[] = []
  const all: LThread[] = []
  const singles = system.programs.filter((p) => p.single)
  const many = system.programs.find((p) => !p.single)
  for (let t = 0; t < threads; t++) {
    const program = singles[t - (threads - singles.length)] ?? many
    const number = program === undefined ? -1 : system.programs.indexOf(program)
    const name = program?.single === true ? program.name : `P${t}`
    // No label has this number: threads of a proof never end.
    const donePc = system.labels.length + 1
    all.push({ name, pcSlot: pcSlot(f, t), donePc, daemon: program?.single === true })
    for (const s of system.steps) {
      if (system.labels[s.label]?.program !== number) continue
      const asked = ofSteps
        .filter(({ lemma }) => lemma.labels?.has(s.label) === true)
        .map(({ property, lemma }) => lowerAssert(property, overAll(contextOf(f, t), lemma)))
      steps.push(stepOf(f, t, s, steps.length, asked))
    }
  }
  if (opened !== undefined) {
    const last = slots[pcSlot(f, threads - 1)]
    if (last !== undefined) slots[pcSlot(f, threads - 1)] = { ...last, lo: UNBEGUN, init: UNBEGUN }
    slots.push({ name: 'opened', type: bool, kind: 'ghost', lo: 0, hi: 1, init: 0 })
    steps.push(opening(f, steps.length, chosen, opened))
  }
  return { model: { slots, threads: all, steps, properties, invariants, covers: [] }, opens }
}
