/** WebAssembly of one step: it appends the successors of the state at hand to the list that is being made. */
import type { LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import { bounds, within } from '../bounds.ts'
import { writes, writtenBounds } from '../writes.ts'
import type { Local, Node } from './encoder/code.ts'
import {
  add,
  call,
  extend,
  get,
  getGlobal,
  i32,
  i64,
  increment,
  load,
  op,
  set,
  store,
  tee,
  when,
  whileLoop,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { Scope } from './expressions.ts'
import { place, value } from './expressions.ts'
import { frameIn, inFrame } from './frames.ts'
import type { Plan } from './plan.ts'
import { GLOBALS } from './plan.ts'

interface StepScope extends Scope {
  readonly plan: Plan
  readonly step: Step
}

/** Code that reports a value (a local) that a slot cannot hold; the report does not come back. */
function check({ plan, step }: StepScope, slot: number, held: Local): Node {
  const { lo, hi } = plan.model.slots[slot] ?? { lo: 0, hi: 0 }
  const outside = op('i32.or', op('i32.lt_s', get(held), i32(lo)), op('i32.gt_s', get(held), i32(hi)))
  return when(outside, [call('fault', i32(step.id), i32(slot), get(held))])
}

function assign(scope: StepScope, target: LTarget, expr: Extract<LStmt, { kind: 'set' }>['value']): readonly Node[] {
  const { plan, ranges } = scope
  const possible = bounds(expr, ranges)
  const needsCheck = (slot: number): boolean => !within(possible, plan.model.slots[slot] ?? { lo: 0, hi: -1 })
  const held = scope.local('i32')
  const evaluated = set(held, value(expr, scope))
  if (target.kind === 'slot') {
    const checks = needsCheck(target.slot) ? [check(scope, target.slot, held)] : []
    return [evaluated, ...checks, store('i32.store', scope.frame, get(held), scope.now + 4 * target.slot)]
  }
  const { inRange, offset } = place(target, scope)
  const at = scope.local('i32')
  const slots = [
    ...new Set(
      writes({ ...scope.step, choices: [], body: [{ kind: 'set', target, value: expr }] }, ranges).map((w) => w.slot),
    ),
  ]
  const checks = slots
    .filter(needsCheck)
    .map((slot) => when(op('i32.eq', get(at), i32(4 * slot)), [check(scope, slot, held)]))
  const write = [set(at, offset), ...checks, store('i32.store', inFrame(scope.frame, get(at)), get(held), scope.now)]
  return inRange === undefined ? [evaluated, ...write] : [evaluated, when(inRange, write)]
}

function statements(scope: StepScope, body: readonly LStmt[]): readonly Node[] {
  return body.flatMap((stmt): readonly Node[] => {
    switch (stmt.kind) {
      case 'set':
        return assign(scope, stmt.target, stmt.value)
      case 'if':
        return [when(value(stmt.cond, scope), statements(scope, stmt.then), statements(scope, stmt.else))]
      case 'assert': {
        const failed = i32(scope.plan.addresses.failed + 4 * stmt.property)
        const first = store('i32.store', failed, add(getGlobal(GLOBALS.current), i32(1)))
        return [when(op('i32.eqz', load('i32.load', failed)), [when(op('i32.eqz', value(stmt.cond, scope)), [first])])]
      }
    }
  })
}

/** Nested loops, one for each choice, with the body innermost. */
function everyChoice(step: Step, chosen: readonly Local[], body: readonly Node[]): readonly Node[] {
  return step.choices.reduceRight<readonly Node[]>((inner, { lo, hi }, c) => {
    const held = chosen[c]
    if (held === undefined) return inner
    return [set(held, i32(lo)), whileLoop(op('i32.le_s', get(held), i32(hi)), [...inner, increment(held, 1)])]
  }, body)
}

/**
 * The function `step{index}()`. It finds the state unpacked, both `now` and `before`, leaves it as it
 * was, and appends `shared | own << 32` for each successor.
 */
export function stepFunction(plan: Plan, step: Step, index: number): Func {
  return func(`step${index}`, [], [], (_, local) => {
    const { now, before, ran } = plan.addresses
    const { ranges, fields } = plan.composition
    const { frame, first } = frameIn(plan, local)
    const scope: StepScope = { plan, step, ranges, now, before, frame, local }
    const all = writes(step, ranges)
    const written = [...new Set(all.map(({ slot }) => slot))].filter((slot) => fields[slot] !== undefined)
    const touched = new Set(written.map((slot) => fields[slot]?.component))
    const chosen = step.choices.map(() => local('i32'))
    const making = step.choices.flatMap(({ slot, lo, hi }, c) => {
      const held = chosen[c]
      if (held === undefined) return []
      const fits = within(writtenBounds({ lo, hi }, ranges), plan.model.slots[slot] ?? { lo: 0, hi: -1 })
      return [...(fits ? [] : [check(scope, slot, held)]), store('i32.store', frame, get(held), now + 4 * slot)]
    })
    const shared = touched.has(0) ? call('intern0') : getGlobal(GLOBALS.shared)
    const own = touched.has(step.thread + 1) ? call(`intern${step.thread + 1}`) : getGlobal(GLOBALS.own)
    const at = local('i32')
    const append = [
      store(
        'i64.store',
        tee(at, load('i32.load', frame, plan.addresses.list)),
        op('i64.or', extend(shared), op('i64.shl', extend(own), i64(32n))),
      ),
      store('i32.store', frame, add(get(at), i32(8)), plan.addresses.list),
      store('i32.store8', i32(ran + index), i32(1)),
    ]
    const restore = written.map((slot) =>
      store('i32.store', frame, load('i32.load', frame, before + 4 * slot), now + 4 * slot),
    )
    const body = [...making, when(value(step.guard, scope), [...statements(scope, step.body), ...append]), ...restore]
    return [...first, ...everyChoice(step, chosen, body)]
  })
}
