/** A model without the executions that break a property: what is left tells which outcomes only a violation leads to. */
import type { LExpr, LIndex, LoweredModel, LStmt, Slot, Step } from '../../model/language/lowered.ts'

const zero: LExpr = { kind: 'const', value: 0 }
const one: LExpr = { kind: 'const', value: 1 }

const conjunction = (all: readonly LExpr[]): LExpr =>
  all.reduce((left, right) => ({ kind: 'binary', op: 'and', left, right }), one)

const asserts = (body: readonly LStmt[], property: number): boolean =>
  body.some((s) =>
    s.kind === 'if'
      ? asserts(s.then, property) || asserts(s.else, property)
      : s.kind === 'assert' && s.property === property,
  )

/** What an expression can come to at most; none is below zero where it stands inside `old`. */
function most(slots: readonly Slot[], e: LExpr): number {
  switch (e.kind) {
    case 'const':
      return e.value
    case 'slot':
      return slots[e.slot]?.hi ?? 0
    case 'select': {
      const span = e.index.reduce((n, { count, stride }) => n + (count - 1) * stride, 0)
      return Math.max(0, ...slots.slice(e.base, e.base + span + 1).map((s) => s.hi))
    }
    case 'not':
      return 1
    case 'binary': {
      if (['and', 'or', 'eq', 'ne', 'lt', 'le'].includes(e.op)) return 1
      const [left, right] = [most(slots, e.left), most(slots, e.right)]
      return e.op === 'add' ? left + right : e.op === 'bor' ? 0xffff : Math.max(left, right)
    }
    case 'ite':
      return Math.max(most(slots, e.then), most(slots, e.else))
    case 'old':
      return most(slots, e.arg)
  }
}

/** Variables beside those of the model: whether the property is broken, and what `old` stands for while a step runs. */
interface Ghosts {
  readonly slots: Slot[]
  readonly first: number
  /** Slots of what is remembered, by the expression as JSON. */
  readonly remembered: Map<string, { readonly slot: number; readonly of: LExpr }>
}

const ghost = (name: string, hi: number): Slot => ({
  name,
  type: { kind: 'int', lo: 0, hi },
  kind: 'ghost',
  lo: 0,
  hi,
  init: 0,
})

/** The expression with a variable in place of each `old`. */
function without(e: LExpr, model: LoweredModel, ghosts: Ghosts): LExpr {
  const go = (x: LExpr): LExpr => without(x, model, ghosts)
  switch (e.kind) {
    case 'const':
    case 'slot':
      return e
    case 'select':
      return { ...e, index: e.index.map((i): LIndex => ({ ...i, expr: go(i.expr) })) }
    case 'not':
      return { ...e, arg: go(e.arg) }
    case 'binary':
      return { ...e, left: go(e.left), right: go(e.right) }
    case 'ite':
      return { ...e, cond: go(e.cond), then: go(e.then), else: go(e.else) }
    case 'old': {
      const key = JSON.stringify(e.arg)
      const known = ghosts.remembered.get(key)
      if (known !== undefined) return { kind: 'slot', slot: known.slot }
      const slot = ghosts.first + ghosts.slots.length
      ghosts.slots.push(ghost(`old ${ghosts.slots.length}`, Math.max(1, most(model.slots, e.arg))))
      ghosts.remembered.set(key, { slot, of: e.arg })
      return { kind: 'slot', slot }
    }
  }
}

const set = (slot: number, value: LExpr): LStmt => ({ kind: 'set', target: { kind: 'slot', slot }, value })

/** The step that sets the first ghost where it breaks the property. */
function marked(step: Step, property: number, model: LoweredModel, ghosts: Ghosts): Step {
  if (!asserts(step.body, property)) return step
  const before = new Set(ghosts.remembered.keys())
  const used = new Set<string>()
  const mark = (body: readonly LStmt[]): readonly LStmt[] =>
    body.map((s): LStmt => {
      if (s.kind === 'if') return { ...s, then: mark(s.then), else: mark(s.else) }
      if (s.kind !== 'assert' || s.property !== property) return s
      return { kind: 'if', cond: without(s.cond, model, ghosts), then: [], else: [set(ghosts.first, one)] }
    })
  const body = mark(step.body)
  // What another step remembers has a variable already, and may stand in this one too.
  for (const key of ghosts.remembered.keys()) if (!before.has(key) || mentions(body, ghosts, key)) used.add(key)
  const all = [...ghosts.remembered].flatMap(([key, r]) => (used.has(key) ? [r] : []))
  return { ...step, body: [...all.map((r) => set(r.slot, r.of)), ...body, ...all.map((r) => set(r.slot, zero))] }
}

/** Whether a body reads the variable of what is remembered. */
function mentions(body: readonly LStmt[], { remembered }: Ghosts, key: string): boolean {
  const slot = remembered.get(key)?.slot
  const text = JSON.stringify(body)
  return slot !== undefined && text.includes(`{"kind":"slot","slot":${slot}}`)
}

/**
 * The model without the executions that break a property: nothing runs on from a state that does, and
 * none such is final. Undefined for a property that cannot be said so: a deadlock.
 */
export function keeping(model: LoweredModel, property: number): LoweredModel | undefined {
  if (model.properties[property]?.kind === 'deadlock') return undefined
  const first = model.slots.length
  const ghosts: Ghosts = { slots: [ghost('broken', 1)], first, remembered: new Map() }
  const good: LExpr[] = [
    { kind: 'not', arg: { kind: 'slot', slot: first } },
    ...model.invariants.filter((i) => i.property === property).map((i) => i.expr),
  ]
  if (good.length === 1 && !model.steps.some((s) => asserts(s.body, property))) return undefined
  const steps = model.steps.map((s) =>
    marked({ ...s, guard: conjunction([...good, s.guard]) }, property, model, ghosts),
  )
  return {
    ...model,
    slots: [...model.slots, ...ghosts.slots],
    steps,
    final: conjunction([...good, model.final ?? one]),
  }
}
