/**
 * The steps of a lowered model as closures over one array of slots, which is written in place: what the reference
 * interpreter does, without a copy of the state for every step. Assertions are left out: nobody asks here what is
 * violated. The tests hold it against the interpreter.
 */
import type { LExpr, LIndex, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import { rangeFault } from '../../solver/range_fault.ts'

/** The value of every slot, in slot order. */
export type Slots = Int32Array

export type Value = (s: Slots) => number

type Effect = (s: Slots) => void

interface Ready {
  readonly step: Step
  readonly guard: Value
  readonly body: Effect
}

/** A step that can run in a state, with the values of its choices. */
export interface Enabled {
  readonly ready: Ready
  readonly choices: readonly number[]
}

export interface Executor {
  /**
   * Runs while there is one step to run: of any thread that is no daemon; where they have none, of a daemon. Gives
   * what can run then: nothing, or several steps. Throws after so many steps.
   */
  readonly advance: (s: Slots, stepsMax: number) => readonly Enabled[]
  readonly run: (e: Enabled, s: Slots) => void
}

/** The slot that an access means, or -1 where an index is out of range. */
function placeOf(base: number, index: readonly LIndex[]): Value {
  const [only, ...more] = index.map(({ expr, first, count, stride }): Value => {
    const at = valueOf(expr)
    return (s) => {
      const offset = at(s) - first
      return offset < 0 || offset >= count ? -1 : offset * stride
    }
  })
  if (only === undefined) return () => base
  if (more.length === 0)
    return (s) => {
      const offset = only(s)
      return offset < 0 ? -1 : base + offset
    }
  const all = [only, ...more]
  return (s) => {
    let slot = base
    for (const one of all) {
      const offset = one(s)
      if (offset < 0) return -1
      slot += offset
    }
    return slot
  }
}

/** The value of an expression, as a function of the state. Throws on `old`, which stands in assertions alone. */
export function valueOf(e: LExpr): Value {
  switch (e.kind) {
    case 'const': {
      const { value } = e
      return () => value
    }
    case 'slot': {
      const { slot } = e
      return (s) => s[slot] ?? 0
    }
    case 'select': {
      const place = placeOf(e.base, e.index)
      return (s) => {
        const slot = place(s)
        return slot < 0 ? 0 : (s[slot] ?? 0)
      }
    }
    case 'not': {
      const arg = valueOf(e.arg)
      return (s) => (arg(s) === 0 ? 1 : 0)
    }
    case 'ite': {
      const [cond, then, otherwise] = [valueOf(e.cond), valueOf(e.then), valueOf(e.else)]
      return (s) => (cond(s) !== 0 ? then(s) : otherwise(s))
    }
    case 'old':
      throw new Error('old(...) stands outside an assertion')
    case 'binary':
      return binary(e.op, valueOf(e.left), valueOf(e.right))
  }
}

function binary(op: Extract<LExpr, { kind: 'binary' }>['op'], left: Value, right: Value): Value {
  switch (op) {
    case 'and':
      return (s) => (left(s) !== 0 && right(s) !== 0 ? 1 : 0)
    case 'or':
      return (s) => (left(s) !== 0 || right(s) !== 0 ? 1 : 0)
    case 'eq':
      return (s) => (left(s) === right(s) ? 1 : 0)
    case 'ne':
      return (s) => (left(s) !== right(s) ? 1 : 0)
    case 'lt':
      return (s) => (left(s) < right(s) ? 1 : 0)
    case 'le':
      return (s) => (left(s) <= right(s) ? 1 : 0)
    case 'add':
      return (s) => left(s) + right(s)
    case 'sub':
      return (s) => left(s) - right(s)
    case 'band':
      return (s) => left(s) & right(s)
    case 'bor':
      return (s) => left(s) | right(s)
    case 'bandnot':
      return (s) => left(s) & ~right(s)
  }
}

const NOTHING: Effect = () => undefined

function store(model: LoweredModel, step: Step, target: LTarget, value: Value): Effect {
  if (target.kind === 'slot') {
    const { slot } = target
    const { lo, hi } = model.slots[slot] ?? { lo: 1, hi: 0 }
    return (s) => {
      const v = value(s)
      if (v < lo || v > hi) throw rangeFault(model, step.id, slot, v)
      s[slot] = v
    }
  }
  const put = (s: Slots, slot: number, v: number): void => {
    const { lo, hi } = model.slots[slot] ?? { lo: 1, hi: 0 }
    if (v < lo || v > hi) throw rangeFault(model, step.id, slot, v)
    s[slot] = v
  }
  const place = placeOf(target.base, target.index)
  return (s) => {
    const slot = place(s)
    if (slot >= 0) put(s, slot, value(s))
  }
}

function effectOf(model: LoweredModel, step: Step, body: readonly LStmt[]): Effect {
  const all = body.flatMap((stmt): readonly Effect[] => {
    switch (stmt.kind) {
      case 'set':
        return [store(model, step, stmt.target, valueOf(stmt.value))]
      case 'if': {
        const [cond, then] = [valueOf(stmt.cond), effectOf(model, step, stmt.then)]
        const otherwise = effectOf(model, step, stmt.else)
        return then === NOTHING && otherwise === NOTHING ? [] : [(s) => (cond(s) !== 0 ? then(s) : otherwise(s))]
      }
      case 'assert':
        return []
    }
  })
  const [first, second] = all
  if (first === undefined) return NOTHING
  if (second === undefined) return first
  return (s) => {
    for (const one of all) one(s)
  }
}

/** Every list of values of a step's choices. */
const choiceLists = (step: Step): readonly (readonly number[])[] =>
  step.choices.reduce<readonly (readonly number[])[]>(
    (all, { lo, hi }) => all.flatMap((l) => Array.from({ length: hi - lo + 1 }, (_, i) => [...l, lo + i])),
    [[]],
  )

const choose = (step: Step, choices: readonly number[], s: Slots): void => {
  step.choices.forEach(({ slot }, i) => (s[slot] = choices[i] ?? 0))
}

/** The steps of a model, made ready one by one as they are met. */
export function newExecutor(model: LoweredModel): Executor {
  const steps = model.threads.map((t): Step[][] => Array.from({ length: t.donePc + 1 }, () => []))
  for (const s of model.steps) steps[s.thread]?.[s.pc]?.push(s)
  const made: (readonly Ready[] | undefined)[][] = model.threads.map(() => [])
  const readyAt = (thread: number, pc: number): readonly Ready[] => {
    const known = made[thread]?.[pc]
    if (known !== undefined) return known
    const ready = (steps[thread]?.[pc] ?? []).map((step) => ({
      step,
      guard: valueOf(step.guard),
      body: effectOf(model, step, step.body),
    }))
    const list = made[thread]
    if (list !== undefined) list[pc] = ready
    return ready
  }
  const threadsOf = (daemon: boolean): readonly Own[] =>
    model.threads.flatMap((t, thread) => (t.daemon === daemon ? [{ thread, pcSlot: t.pcSlot }] : []))
  const [users, daemons] = [threadsOf(false), threadsOf(true)]
  const collect = (s: Slots, threads: readonly Own[], found: Enabled[]): void => {
    for (const { thread, pcSlot } of threads)
      for (const ready of readyAt(thread, s[pcSlot] ?? -1)) {
        const { step, guard } = ready
        if (step.choices.length === 0) {
          if (guard(s) !== 0) found.push({ ready, choices: NO_CHOICES })
          continue
        }
        const before = step.choices.map(({ slot }) => s[slot] ?? 0)
        for (const choices of choiceLists(step)) {
          choose(step, choices, s)
          if (guard(s) !== 0) found.push({ ready, choices })
        }
        choose(step, before, s)
      }
  }
  const run = ({ ready, choices }: Enabled, s: Slots): void => {
    if (choices.length > 0) choose(ready.step, choices, s)
    ready.body(s)
  }
  const advance = (s: Slots, stepsMax: number): readonly Enabled[] => {
    const found: Enabled[] = []
    for (let n = 0; n < stepsMax; n++) {
      found.length = 0
      collect(s, users, found)
      if (found.length === 0) collect(s, daemons, found)
      const [only] = found
      if (only === undefined || found.length > 1) return found
      run(only, s)
    }
    throw new Error('an operation of the model does not end')
  }
  return { advance, run }
}

interface Own {
  readonly thread: number
  readonly pcSlot: number
}

const NO_CHOICES: readonly number[] = []
