/** WebAssembly of the breadth-first loop itself, and of looking through the states that it stored. */
import type { LExpr } from '../../model/language/lowered.ts'
import { slotsRead } from '../../model/language/slots.ts'
import { aheadFunction, lookAheadFrom } from './ahead.ts'
import { stored } from './arena.ts'
import { unpacked } from './dictionary.ts'
import type { Local, Node } from './encoder/code.ts'
import {
  add,
  branch,
  branchIf,
  call,
  choose,
  forEver,
  get,
  getGlobal,
  giveBack,
  i32,
  increment,
  load,
  op,
  set,
  setGlobal,
  store,
  sub,
  when,
  whileLoop,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { ValueType } from './encoder/opcodes.ts'
import { value } from './expressions.ts'
import { alone, fullCell, held } from './cells.ts'
import { ownFrame } from './frames.ts'
import type { Plan } from './plan.ts'
import { componentGlobals, GLOBALS } from './plan.ts'
import { expandState, numberIn } from './state_code.ts'
import { inEachWay } from './table.ts'

type NewLocal = (type: ValueType) => Local

/** The address of a state's value of a component. */
function valueAddress({ composition }: Plan, component: number, state: Local): Node {
  const bytes = i32(8 * (composition.components[component]?.words ?? 1))
  return add(getGlobal(componentGlobals(component).values), op('i32.mul', numberIn(component, state), bytes))
}

/** Code that puts the slots which an expression reads where `value` finds them. */
function unpackFor(plan: Plan, expr: LExpr, state: Local, local: NewLocal): readonly Node[] {
  const { fields } = plan.composition
  const addresses = new Map<number, Local>()
  const code: Node[] = []
  for (const slot of slotsRead(expr)) {
    const field = fields[slot]
    if (field === undefined) continue
    const address = addresses.get(field.component) ?? local('i32')
    if (!addresses.has(field.component)) code.push(set(address, valueAddress(plan, field.component, state)))
    addresses.set(field.component, address)
    const word = load('i64.load', get(address), 8 * field.word)
    code.push(store('i32.store', ownFrame(plan), unpacked(field, word), plan.addresses.now + 4 * slot))
    // No component lies there whole any longer.
    code.push(setGlobal(componentGlobals(field.component).loaded, i32(0)))
  }
  return code
}

/** Code of the value of an expression in a state. */
export function valueIn(
  plan: Plan,
  expr: LExpr,
  state: Local,
  local: NewLocal,
): { readonly first: readonly Node[]; readonly value: Node } {
  const { now } = plan.addresses
  // Looking back from a state without a step before it gives the state itself, as far as it gives anything.
  const scope = { ranges: plan.composition.ranges, now, before: now, frame: ownFrame(plan), local }
  return { first: unpackFor(plan, expr, state, local), value: value(expr, scope) }
}

/**
 * `seek{i}(from, to)`: records the first of the states from..to-1 that condition i looks for, if there is one before
 * what was found. Several workers do so at once, each among other states.
 */
function seekFunction(plan: Plan, index: number): Func {
  const condition = plan.conditions[index]
  return func(`seek${index}`, ['i32', 'i32'], [], ([from, to], local) => {
    if (condition === undefined) return []
    const state = local('i64')
    const { first, value: met } = valueIn(plan, condition.expr, state, local)
    const found = i32(plan.addresses.found + 4 * index)
    // Nothing found is 0, which less one is the greatest number.
    const isEarlier = op('i32.le_u', get(from), sub(load('i32.load', found), i32(1)))
    return [
      whileLoop(op('i32.lt_u', get(from), get(to)), [
        set(state, stored(plan, from)),
        ...first,
        increment(from, 1),
        when(condition.holds ? met : op('i32.eqz', met), [
          ...alone(plan, fullCell(plan), local, [when(isEarlier, [store('i32.store', found, get(from))])]),
          giveBack(),
        ]),
      ]),
    ]
  })
}

/** `isFinal(state)`: whether every thread that is no daemon is done. */
function isFinalFunction(plan: Plan): Func {
  const { model, composition } = plan
  return func('isFinal', ['i64'], ['i32'], ([state]) => [
    ...model.threads.flatMap(({ daemon, pcSlot, donePc }) => {
      if (daemon) return []
      const field = composition.fields[pcSlot]
      const pc =
        field === undefined
          ? i32(composition.ranges[pcSlot]?.lo ?? 0)
          : unpacked(field, load('i64.load', valueAddress(plan, field.component, state), 8 * field.word))
      return [when(op('i32.ne', pc, i32(donePc)), [giveBack(i32(0))])]
    }),
    i32(1),
  ])
}

/** `nextFinal(from, to)`: the first final state of from..to-1, or `to`. */
function nextFinalFunction(plan: Plan): Func {
  return func('nextFinal', ['i32', 'i32'], ['i32'], ([from, to]) => [
    whileLoop(op('i32.lt_u', get(from), get(to)), [
      when(call('isFinal', stored(plan, from)), [giveBack(get(from))]),
      increment(from, 1),
    ]),
    get(to),
  ])
}

/** `satisfies(id)`: whether a state meets the model's final condition. */
function satisfiesFunction(plan: Plan): Func {
  return func('satisfies', ['i32'], ['i32'], ([id], local) => {
    const state = local('i64')
    const { first, value: met } = valueIn(plan, plan.model.final ?? { kind: 'const', value: 0 }, state, local)
    return [set(state, stored(plan, id)), ...first, op('i32.ne', met, i32(0))]
  })
}

/** `flush()`: enters the successors that wait for the table to grow. Those that find no room still wait. */
const flushFunction: Func = func('flush', [], [], (_, local) => {
  const stopped = local('i32')
  const from = getGlobal(GLOBALS.pendingFrom)
  const to = getGlobal(GLOBALS.pendingTo)
  return [
    // The mixed bits of those that wait may be of another width of states than now.
    op('drop', call('mix', from, to)),
    set(stopped, inEachWay('insert', from, to)),
    setGlobal(GLOBALS.pendingFrom, get(stopped)),
    when(op('i32.eq', get(stopped), to), [
      setGlobal(GLOBALS.pendingFrom, i32(0)),
      setGlobal(GLOBALS.pendingTo, i32(0)),
    ]),
  ]
})

/**
 * `expand(head, end, stop)`: expands states from `head` on, until `end`, or until there are more than
 * `stop` states, or until the driver must make room, and gives the first that it did not expand.
 */
function expandFunction(plan: Plan): Func {
  const { tail, taken, deadlock, pendingFrom, pendingTo } = GLOBALS
  const full = held(fullCell(plan))
  const { batch, successorsMax } = plan
  const { out } = plan.addresses
  const deadlockCell = { noted: getGlobal(deadlock), note: (id: Node) => setGlobal(deadlock, id) }
  return func('expand', ['i32', 'i32', 'i32'], ['i32'], ([head, end, stop], local) => {
    const at = local('i32')
    const before = local('i32')
    const enough = local('i32')
    // Many states at a time only where all their successors together do not exceed the limit.
    const roomy = op('i32.le_u', add(getGlobal(tail), i32(batch + successorsMax)), get(stop))
    return [
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(head), get(end))),
        branchIf(done, op('i32.gt_u', getGlobal(tail), get(stop))),
        branchIf(done, op('i32.or', full, getGlobal(pendingTo))),
        set(at, i32(out)),
        set(enough, choose('i32', roomy, i32(out + 8 * batch), i32(out))),
        forEver((gathered) => [
          ...(plan.reduction === undefined ? lookAheadFrom(head, end, local) : []),
          ...expandState(plan, { id: head, at, before }, deadlockCell, [branch(gathered)]),
          increment(head, 1),
          branchIf(gathered, op('i32.ge_u', get(head), get(end))),
          branchIf(gathered, op('i32.ge_u', get(at), get(enough))),
          branchIf(gathered, full),
        ]),
        setGlobal(taken, add(getGlobal(taken), op('i32.shr_u', sub(get(at), i32(out)), i32(3)))),
        setGlobal(pendingFrom, i32(out)),
        setGlobal(pendingTo, get(at)),
        call('flush'),
      ]),
      get(head),
    ]
  })
}

/** The functions that the driver calls. */
export function loopFunctions(plan: Plan): readonly Func[] {
  return [
    ...plan.conditions.map((_, i) => seekFunction(plan, i)),
    isFinalFunction(plan),
    nextFinalFunction(plan),
    satisfiesFunction(plan),
    flushFunction,
    ...(plan.reduction === undefined ? [aheadFunction(plan)] : []),
    expandFunction(plan),
  ]
}
