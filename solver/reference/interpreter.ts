/**
 * The semantics of a lowered model, said as plainly as possible: model/language/lowered.ts in code.
 * Every other engine is tested against this file, so it prefers being obvious to being fast.
 */
import type { LExpr, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import type { Move } from '../engine.ts'
import { rangeFault } from '../range_fault.ts'

/** The value of every slot, in slot order. */
export type State = readonly number[]

export interface Successor {
  readonly move: Move
  readonly state: State
  /** Numbers of the properties whose assertions failed on the way, each once, in the order of failing. */
  readonly failed: readonly number[]
}

function slotValue(model: LoweredModel, state: State, slot: number): number {
  const value = state[slot]
  if (value === undefined) throw new Error(`no slot ${slot} in a model of ${model.slots.length} slots`)
  return value
}

/** The slot that an access means in this state, or undefined where an index is out of range. */
function slotOf(model: LoweredModel, access: LTarget, state: State, old: State | undefined): number | undefined {
  if (access.kind === 'slot') return access.slot
  let slot = access.base
  for (const { expr, first, count, stride } of access.index) {
    const offset = evaluate(model, expr, state, old) - first
    if (offset < 0 || offset >= count) return undefined
    slot += offset * stride
  }
  return slot
}

/**
 * The value of an expression in a state; `old` is the state before the step. Throws where the
 * expression looks back and there is no `old`, as inside another `old`.
 */
export function evaluate(model: LoweredModel, expr: LExpr, state: State, old?: State): number {
  switch (expr.kind) {
    case 'const':
      return expr.value
    case 'slot':
      return slotValue(model, state, expr.slot)
    case 'select': {
      const slot = slotOf(model, expr, state, old)
      return slot === undefined ? 0 : slotValue(model, state, slot)
    }
    case 'not':
      return evaluate(model, expr.arg, state, old) === 0 ? 1 : 0
    case 'ite':
      return evaluate(model, evaluate(model, expr.cond, state, old) !== 0 ? expr.then : expr.else, state, old)
    case 'old':
      if (old === undefined) throw new Error('old(...) stands where there is no state before the step')
      return evaluate(model, expr.arg, old)
    case 'binary': {
      const left = evaluate(model, expr.left, state, old)
      const right = evaluate(model, expr.right, state, old)
      switch (expr.op) {
        case 'and':
          return left !== 0 && right !== 0 ? 1 : 0
        case 'or':
          return left !== 0 || right !== 0 ? 1 : 0
        case 'eq':
          return left === right ? 1 : 0
        case 'ne':
          return left !== right ? 1 : 0
        case 'lt':
          return left < right ? 1 : 0
        case 'le':
          return left <= right ? 1 : 0
        case 'add':
          return left + right
        case 'sub':
          return left - right
        case 'band':
          return left & right
        case 'bor':
          return left | right
        case 'bandnot':
          return left & ~right
      }
    }
  }
}

function write(model: LoweredModel, step: Step, state: number[], slot: number, value: number): void {
  const target = model.slots[slot]
  if (target === undefined || value < target.lo || value > target.hi) throw rangeFault(model, step.id, slot, value)
  state[slot] = value
}

/** Runs statements on `state` in place; gives the properties whose assertions failed. */
function execute(model: LoweredModel, step: Step, body: readonly LStmt[], state: number[], old: State): number[] {
  const failed: number[] = []
  for (const stmt of body) {
    switch (stmt.kind) {
      case 'set': {
        const slot = slotOf(model, stmt.target, state, undefined)
        if (slot !== undefined) write(model, step, state, slot, evaluate(model, stmt.value, state))
        break
      }
      case 'if': {
        const branch = evaluate(model, stmt.cond, state) !== 0 ? stmt.then : stmt.else
        failed.push(...execute(model, step, branch, state, old))
        break
      }
      case 'assert':
        if (evaluate(model, stmt.cond, state, old) === 0) failed.push(stmt.property)
        break
    }
  }
  return failed
}

/** Every list of choice values, in lexicographic order; one empty list for a step without choices. */
function choiceLists(step: Step): readonly (readonly number[])[] {
  let lists: readonly (readonly number[])[] = [[]]
  for (const { lo, hi } of step.choices) {
    const values = Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i)
    lists = lists.flatMap((list) => values.map((value) => [...list, value]))
  }
  return lists
}

/**
 * Runs one step with given choices in a state whose program counter stands at it; undefined where
 * the guard does not hold. Throws where a slot would leave its range.
 */
export function runStep(
  model: LoweredModel,
  step: Step,
  choices: readonly number[],
  state: State,
): Successor | undefined {
  const next = [...state]
  step.choices.forEach(({ slot }, i) => {
    const value = choices[i]
    if (value === undefined) throw new Error(`step ${step.id} '${step.label}' needs ${step.choices.length} choices`)
    write(model, step, next, slot, value)
  })
  if (evaluate(model, step.guard, next) === 0) return undefined
  const failed = execute(model, step, step.body, next, state)
  return { move: { step: step.id, choices }, state: next, failed: [...new Set(failed)] }
}

/** All transitions out of a state: in order of thread, then of step, then of choice values. */
export function successors(model: LoweredModel, state: State): readonly Successor[] {
  const found: Successor[] = []
  model.threads.forEach((thread, t) => {
    const pc = slotValue(model, state, thread.pcSlot)
    for (const step of model.steps) {
      if (step.thread !== t || step.pc !== pc) continue
      for (const choices of choiceLists(step)) {
        const successor = runStep(model, step, choices, state)
        if (successor !== undefined) found.push(successor)
      }
    }
  })
  return found
}

/** Whether every thread that is no daemon is done. */
export function isFinal(model: LoweredModel, state: State): boolean {
  return model.threads.every((thread) => thread.daemon || slotValue(model, state, thread.pcSlot) === thread.donePc)
}

/** Whether the state is not final and no step of any thread can run. */
export function isDeadlock(model: LoweredModel, state: State): boolean {
  return !isFinal(model, state) && successors(model, state).length === 0
}

/** The state in which every slot has its initial value. Throws where that value is out of range. */
export function initialState(model: LoweredModel): State {
  return model.slots.map(({ name, lo, hi, init }, slot) => {
    if (init < lo || init > hi) throw new Error(`slot ${slot} '${name}' starts at ${init}, but holds ${lo}..${hi}`)
    return init
  })
}

/** Numbers of the properties whose state invariants do not hold in a state, each once, ascending. */
export function brokenInvariants(model: LoweredModel, state: State): readonly number[] {
  const broken = model.invariants.filter(({ expr }) => evaluate(model, expr, state) === 0)
  return [...new Set(broken.map(({ property }) => property))].sort((a, b) => a - b)
}

/** The number of the property that stands for deadlock, if the model has one. */
export function deadlockProperty(model: LoweredModel): number | undefined {
  const property = model.properties.findIndex(({ kind }) => kind === 'deadlock')
  return property < 0 ? undefined : property
}
