/**
 * A model in which numbers that no later step and no lemma tells apart are one, such as the pages of a file behind its
 * last mapped one. The states that are left stand for classes that do the same, so that what is asked of each of them
 * is asked of all: a coarsest partition by tests, as liveness is one by reads (a variable that nobody tests has one
 * class).
 */
import { assign, constant } from '../../model/language/lower/build.ts'
import type { LExpr, LoweredModel, LStmt, LTarget, Slot } from '../../model/language/lowered.ts'
import { eachRead, selectSlots } from '../../model/language/slots.ts'

/** Between which values a slot is looked at: `c` stands for "at most c, or more". */
type Cuts = ReadonlySet<number>
/** By slot. What is not there is looked at by nobody. */
type Tests = Map<number, Set<number>>

const noTests = (): Tests => new Map()

interface Analysis {
  readonly model: LoweredModel
  /** Tests of shared slots, anywhere at any time. */
  readonly shared: Tests
  /** By thread and program counter, tests that are still to come of the thread's own slots. */
  readonly own: readonly Map<number, Tests>[]
  /** Slots of which every value counts. */
  readonly exact: ReadonlySet<number>
  changed: boolean
}

const isOwn = ({ model }: Analysis, slot: number): boolean => model.slots[slot]?.kind === 'local'

/** The values that an expression can have, where they are constants that it chooses from. */
function constantsOf(e: LExpr): readonly number[] | undefined {
  if (e.kind === 'const') return [e.value]
  if (e.kind !== 'ite') return undefined
  const [then, otherwise] = [constantsOf(e.then), constantsOf(e.else)]
  return then === undefined || otherwise === undefined ? undefined : [...then, ...otherwise]
}

function add(a: Analysis, tests: Tests, slot: number, cuts: Iterable<number>): void {
  const of = isOwn(a, slot) ? tests : a.shared
  const { lo, hi } = a.model.slots[slot] ?? { lo: 0, hi: 0 }
  const known = of.get(slot) ?? new Set<number>()
  of.set(slot, known)
  for (const c of cuts) {
    if (c < lo || c >= hi || known.has(c)) continue
    known.add(c)
    if (of === a.shared) a.changed = true
  }
}

/** Between which values a slot can be told at all; of what is no number, only whether anybody looks. */
const allOf = ({ type, lo, hi }: Slot): readonly number[] =>
  lo >= hi ? [] : type.kind === 'int' ? Array.from({ length: hi - lo }, (_, i) => lo + i) : [lo]

const whole = (a: Analysis, tests: Tests, e: LExpr): void => {
  eachRead(e, (slot) => {
    const of = a.model.slots[slot]
    if (of !== undefined) add(a, tests, slot, allOf(of))
  })
}

/** What comparing a slot with a constant tells of it; `left` where the slot stands on the left. */
function cutsOf(op: 'eq' | 'ne' | 'lt' | 'le', value: number, left: boolean): readonly number[] {
  if (op === 'eq' || op === 'ne') return [value - 1, value]
  return [(op === 'lt') === left ? value - 1 : value]
}

/** Adds the tests that evaluating an expression makes. */
function read(a: Analysis, tests: Tests, e: LExpr): void {
  switch (e.kind) {
    case 'const':
      return
    case 'slot':
    case 'select':
      whole(a, tests, e)
      return
    case 'not':
    case 'old':
      read(a, tests, e.arg)
      return
    case 'ite':
      for (const part of [e.cond, e.then, e.else]) read(a, tests, part)
      return
    case 'binary': {
      const { op, left, right } = e
      if (op === 'eq' || op === 'ne' || op === 'lt' || op === 'le') {
        const [slot, other, isLeft] = left.kind === 'slot' ? [left, right, true] : [right, left, false]
        const values = slot.kind === 'slot' && isNumber(a, slot.slot) ? constantsOf(other) : undefined
        if (slot.kind === 'slot' && values !== undefined) {
          add(
            a,
            tests,
            slot.slot,
            values.flatMap((v) => cutsOf(op, v, isLeft)),
          )
          read(a, tests, other)
          return
        }
      }
      read(a, tests, left)
      read(a, tests, right)
    }
  }
}

const isNumber = ({ model }: Analysis, slot: number): boolean => model.slots[slot]?.type.kind === 'int'
const isPc = ({ model }: Analysis, slot: number): boolean => model.slots[slot]?.kind === 'pc'

/** Joins the tests of both ways into the first. */
function join(into: Tests, other: Tests): Tests {
  for (const [slot, cuts] of other) into.set(slot, new Set([...(into.get(slot) ?? []), ...cuts]))
  return into
}

/** The tests before some statements, given those after them; `at` gives those of a program counter. */
function before(a: Analysis, body: readonly LStmt[], after: Tests, at: (pc: number) => Tests): Tests {
  return body.reduceRight<Tests>((tests, s) => {
    switch (s.kind) {
      case 'assert':
        return tests
      case 'if': {
        const ways = join(before(a, s.then, new Map(tests), at), before(a, s.else, new Map(tests), at))
        read(a, ways, s.cond)
        return ways
      }
      case 'set': {
        const { target, value } = s
        if (target.kind === 'select') {
          for (const { expr } of target.index) read(a, tests, expr)
          read(a, tests, value)
          return tests
        }
        if (isPc(a, target.slot)) {
          if (value.kind !== 'const') throw new Error('a program counter that is computed')
          return join(tests, at(value.value))
        }
        const wanted = isOwn(a, target.slot) ? tests.get(target.slot) : a.shared.get(target.slot)
        if (isOwn(a, target.slot)) tests.delete(target.slot)
        // What is copied is tested as the copy is.
        if (value.kind === 'slot' && isNumber(a, value.slot) && isNumber(a, target.slot) && !a.exact.has(target.slot))
          add(a, tests, value.slot, wanted ?? [])
        else read(a, tests, value)
        return tests
      }
    }
  }, after)
}

const sameTests = (a: Tests | undefined, b: Tests): boolean =>
  a !== undefined && [...b].every(([slot, cuts]) => [...cuts].every((c) => a.get(slot)?.has(c) === true))

/** Slots that are reached by an index, or of which a property tells more than steps do. */
function exactSlots(model: LoweredModel): ReadonlySet<number> {
  const out = new Set<number>()
  const inExpr = (e: LExpr): void => {
    switch (e.kind) {
      case 'const':
      case 'slot':
        return
      case 'select':
        for (const slot of selectSlots(e.base, e.index)) out.add(slot)
        for (const { expr } of e.index) inExpr(expr)
        return
      case 'not':
      case 'old':
        inExpr(e.arg)
        return
      case 'binary':
        inExpr(e.left)
        inExpr(e.right)
        return
      case 'ite':
        for (const part of [e.cond, e.then, e.else]) inExpr(part)
    }
  }
  const readAll = (e: LExpr): void => {
    eachRead(e, (slot) => out.add(slot))
  }
  const inBody = (body: readonly LStmt[]): void => {
    for (const s of body)
      switch (s.kind) {
        case 'assert':
          readAll(s.cond)
          break
        case 'if':
          inExpr(s.cond)
          inBody(s.then)
          inBody(s.else)
          break
        case 'set':
          inExpr(s.value)
          if (s.target.kind === 'select') inExpr(s.target)
      }
  }
  for (const { guard, body } of model.steps) {
    inExpr(guard)
    inBody(body)
  }
  for (const { expr } of [...model.invariants, ...model.covers]) readAll(expr)
  if (model.final !== undefined) readAll(model.final)
  return out
}

function analysed(model: LoweredModel): Analysis {
  const a: Analysis = {
    model,
    shared: new Map(),
    own: model.threads.map(() => new Map<number, Tests>()),
    exact: exactSlots(model),
    changed: true,
  }
  while (a.changed) {
    a.changed = false
    for (const s of model.steps.toReversed()) {
      const of = a.own[s.thread]
      if (of === undefined) continue
      const tests = before(a, s.body, new Map(), (pc) => of.get(pc) ?? noTests())
      read(a, tests, s.guard)
      for (const c of s.choices) tests.delete(c.slot)
      const known = of.get(s.pc)
      if (sameTests(known, tests)) continue
      of.set(s.pc, join(tests, known ?? noTests()))
      a.changed = true
    }
  }
  return a
}

/** Of each class of values, the first, or the one that the slot begins with; undefined where each is alone. */
function classes(slot: Slot, cuts: Cuts): readonly { readonly last: number; readonly value: number }[] {
  const { lo, hi, init } = slot
  const ends = [...allOf(slot).filter((c) => cuts.has(c)), hi]
  return ends.map((last, i) => {
    const first = i === 0 ? lo : (ends[i - 1] ?? lo) + 1
    return { last, value: init >= first && init <= last ? init : first }
  })
}

/** The value that stands for the one that an expression has. */
function normal(slot: Slot, cuts: Cuts, e: LExpr): LExpr {
  const all = classes(slot, cuts)
  return all.slice(0, -1).reduceRight<LExpr>(
    (rest, { last, value }) => ({
      kind: 'ite',
      cond: { kind: 'binary', op: 'le', left: e, right: constant(last) },
      then: constant(value),
      else: rest,
    }),
    constant(all[all.length - 1]?.value ?? 0),
  )
}

/** Puts the value that stands for a slot's into it. */
const made = (slot: Slot, cuts: Cuts, at: LTarget): LStmt => assign(at, normal(slot, cuts, at))

/** Whether some values of a slot, and not all of its range, are told apart. */
const merges = (a: Analysis, slot: number, cuts: Cuts): boolean => {
  const of = a.model.slots[slot]
  return of !== undefined && !a.exact.has(slot) && !isPc(a, slot) && cuts.size < allOf(of).length
}

function rewritten(a: Analysis, body: readonly LStmt[], thread: number): readonly LStmt[] {
  return body.flatMap((s): readonly LStmt[] => {
    switch (s.kind) {
      case 'assert':
        return [s]
      case 'if':
        return [{ ...s, then: rewritten(a, s.then, thread), else: rewritten(a, s.else, thread) }]
      case 'set': {
        const { target, value } = s
        if (target.kind === 'select') return [s]
        const slot = a.model.slots[target.slot]
        if (slot === undefined) return [s]
        if (slot.kind === 'pc') {
          const tests = value.kind === 'const' ? a.own[thread]?.get(value.value) : undefined
          return [s, ...normalised(a, tests ?? noTests(), thread)]
        }
        const cuts = a.shared.get(target.slot) ?? new Set()
        if (slot.kind === 'local' || !merges(a, target.slot, cuts)) return [s]
        // Stored as it is first: a value that the slot cannot hold is a fault still.
        return [s, made(slot, cuts, target)]
      }
    }
  })
}

/** What a thread's own slots become at a program counter. */
const normalised = (a: Analysis, tests: Tests, thread: number): readonly LStmt[] =>
  a.model.slots.flatMap((slot, i): readonly LStmt[] => {
    const cuts = tests.get(i) ?? new Set()
    if (slot.kind !== 'local' || slot.thread !== thread || !merges(a, i, cuts)) return []
    return [made(slot, cuts, { kind: 'slot', slot: i })]
  })

/** The model with one value for each class of values; its slots and steps keep their numbers. */
export function mergeAlike(model: LoweredModel): LoweredModel {
  const a = analysed(model)
  return {
    ...model,
    steps: model.steps.map((s) => {
      // What is chosen of a shared slot is written by no statement.
      const chosen = s.choices.flatMap(({ slot: i }): readonly LStmt[] => {
        const slot = model.slots[i]
        const cuts = a.shared.get(i) ?? new Set()
        if (slot === undefined || slot.kind === 'local' || !merges(a, i, cuts)) return []
        return [made(slot, cuts, { kind: 'slot', slot: i })]
      })
      return { ...s, body: [...chosen, ...rewritten(a, s.body, s.thread)] }
    }),
  }
}
