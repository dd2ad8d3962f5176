import { describe, expect, it } from 'vitest'
import {
  and,
  contains,
  eq,
  field,
  hasAny,
  ite,
  literal,
  local,
  lt,
  num,
  object,
  old,
  or,
  plus,
  withMember,
  type Expr,
  type FieldAccess,
} from '../../model/language/expr.ts'
import type { LStmt, Step } from '../../model/language/lowered.ts'
import { lower, type Lowered } from '../../model/language/lower/lower.ts'
import { lockClass, lockFields, type LockAccess } from '../../model/language/lock.ts'
import type { Program, ProgramProperty, Routine } from '../../model/language/routine.ts'
import {
  assert,
  break_,
  call,
  check,
  for_,
  if_,
  let_,
  ret,
  set,
  step,
  tryAcquire,
  when,
  while_,
  type Action,
  type StepOptions,
  type Stmt,
} from '../../model/language/stmt.ts'
import { bool, flagWord, int, nilable, subsetOf } from '../../model/language/types.ts'
import { searchReference } from '../../solver/reference/search.ts'

const x = field('x', [], int(0, 5), { role: 'register' })
const y = field('y', [], int(0, 5), { role: 'register' })
const node = field('node', [], nilable('node'))
const value = field('node.value', ['node'], int(0, 5))
const alive = field('node.alive', ['node'], bool, { initial: true })
const members = field('members', [], subsetOf('node'))
const word = field('word', [], flagWord('word', ['A', 'B']))
const width = field('node.width', ['node'], int(0, 5), { role: 'geometry', initial: 3 })
const LIFE: Program['lifetimes'] = [
  { set: 'node', property: 'NoUseAfterFree', live: (o) => eq(alive(o), true), exempt: [alive.decl] },
]

const i = local('i', int(0, 5))
const n = local('n', int(0, 5))
const ok = local('ok', bool)
const p = local('p', nilable('node'))
const q = local('q', nilable('node'))
const LOCALS = [i, n, ok, p, q]

interface World {
  readonly nodes?: number
  readonly locks?: readonly LockAccess[]
  readonly lifetimes?: Program['lifetimes']
  readonly without?: readonly string[]
  readonly properties?: readonly ProgramProperty[]
  readonly init?: readonly (readonly [FieldAccess, number])[]
}

const s = (label: string, actions: readonly Action[] = [], options: StepOptions = {}): Stmt =>
  step(label, `${label}()`, actions, options)

/** A program of threads named T0, T1, ... with the same locals. */
function program(bodies: readonly (readonly Stmt[])[], world: World = {}): Program {
  const fields = [x, y, node, value, alive, members, word, width, ...(world.locks ?? []).flatMap(lockFields)]
  return {
    sizes: { thread: bodies.length, node: world.nodes ?? 2 },
    names: {},
    fields: fields.map((f) => f.decl),
    init: (world.init ?? []).map(([f, v]) => ({ target: f(), value: v })),
    threads: bodies.map((body, t) => ({ name: `T${t}`, daemon: false, locals: LOCALS, body })),
    properties: world.properties ?? [],
    lifetimes: world.lifetimes ?? [],
    without: new Set(world.without),
  }
}
const lowered = (body: readonly Stmt[], world: World = {}): Lowered => lower(program([body], world))

const routine = (name: string, body: readonly Stmt[], more: Partial<Routine> = {}): Routine => ({
  name,
  file: 'f.c',
  read: 'nowhere',
  params: [],
  locals: [],
  body,
  ...more,
})

const stepOf = (l: Lowered, label: string): Step => {
  const found = l.model.steps.find((st) => st.label === label)
  if (found === undefined) throw new Error(`no step ${label}: ${l.model.steps.map((st) => st.label).join(' ')}`)
  return found
}
const labels = (l: Lowered): readonly string[] => l.model.steps.map((st) => st.label)
const slotNamed = (l: Lowered, name: string): number => l.model.slots.findIndex((slot) => slot.name === name)

/** `slot := constant` assignments anywhere in a body, by slot name. */
const constants = (l: Lowered, body: readonly LStmt[]): readonly (readonly [string, number])[] =>
  body.flatMap((st): readonly (readonly [string, number])[] => {
    if (st.kind === 'if') return [...constants(l, st.then), ...constants(l, st.else)]
    if (st.kind !== 'set' || st.target.kind !== 'slot' || st.value.kind !== 'const') return []
    return [[l.model.slots[st.target.slot]?.name ?? '?', st.value.value]]
  })

/** Properties that some run breaks. */
const broken = (l: Lowered): readonly string[] =>
  searchReference(l.model).violations.map((v) => l.model.properties[v.property]?.name ?? '?')
/** Registers x and y of every final state. */
const outcomes = (l: Lowered): readonly (readonly number[])[] =>
  searchReference(l.model).outcomes.map((o) => o.registers)

describe('dead locals', () => {
  it('go back to their first value after the last read, and not before', () => {
    const l = lowered([s('load', [set(n, 4)]), s('use', [set(x(), n)]), s('rest')])
    expect(constants(l, stepOf(l, 'load').body)).toEqual([
      ['T0.T0.n', 4],
      ['T0.pc', 1],
    ])
    expect(constants(l, stepOf(l, 'use').body)).toEqual([
      ['T0.T0.n', 0],
      ['T0.pc', 2],
    ])
  })

  it('are not reset where another way still reads them', () => {
    const l = lowered([s('load', [set(n, 4)], { choose: [ok] }), if_(ok, [s('use', [set(x(), n)])]), s('rest')])
    const [branch] = stepOf(l, 'load').body.filter((st) => st.kind === 'if')
    if (branch?.kind !== 'if') throw new Error('no branch')
    expect(constants(l, branch.then)).toEqual([
      ['T0.T0.ok', 0],
      ['T0.pc', 1],
    ])
    expect(constants(l, branch.else)).toEqual([
      ['T0.T0.n', 0],
      ['T0.T0.ok', 0],
      ['T0.pc', 2],
    ])
  })

  it('leave one state where a choice that nobody reads would leave many', () => {
    expect(searchReference(lowered([s('a', [], { choose: [n] }), s('b')]).model).states).toBe(3)
    expect(searchReference(lowered([s('a', [], { choose: [n] }), s('b', [set(x(), n)])]).model).states).toBe(13)
  })
})

describe('calls', () => {
  const inc = routine('inc', [s('up', [set(n, plus(n, 1))])], { params: [n] })

  it('pass a local by reference', () => {
    expect(outcomes(lowered([let_(i, 2), call('c', inc, [i]), s('end', [set(x(), i)])]))).toEqual([[3, 0]])
  })

  it('pass a reference on', () => {
    const twice = routine('twice', [call('one', inc, [n]), call('two', inc, [n])], { params: [n] })
    const l = lowered([call('c', twice, [i]), s('end', [set(x(), i)])])
    expect(labels(l)).toEqual(['c.one.up', 'c.two.up', 'end'])
    expect(outcomes(l)).toEqual([[2, 0]])
  })

  it('refuse to write a parameter that stands for a value', () => {
    expect(() => lowered([call('c', inc, [num(1)])])).toThrow("inc: 'n' is not a local of this routine")
  })

  it('start each time with fresh locals, in slots that calls one after the other share', () => {
    const count = routine('count', [s('up', [set(i, plus(i, 1))]), ret(i)], { locals: [i], returns: int(0, 5) })
    const l = lowered([call('a', count, [], n), s('x', [set(x(), n)]), call('b', count, [], n), s('y', [set(y(), n)])])
    expect(outcomes(l)).toEqual([[1, 1]])
    expect(l.model.slots.filter((slot) => slot.name === 'T0.count.i')).toHaveLength(1)
  })

  it('refuse to end without the value that the caller wants', () => {
    const f = routine('f', [s('a', [], { choose: [ok] }), if_(ok, [ret(num(1))])], { locals: [ok], returns: int(0, 5) })
    expect(() => lowered([call('c', f, [], n)])).toThrow('f() ends without returning a value')
    expect(labels(lowered([call('c', f)]))).toEqual(['c.a'])
  })
})

describe('for loops', () => {
  const add: Stmt = s('add', [set(x(), plus(x(), 1))])
  const addLocal: Stmt = let_(n, plus(n, 1))

  it('run once per value, both ends included', () => {
    expect(outcomes(lowered([for_(i, 2, 4, [add])]))).toEqual([[3, 0]])
    expect(outcomes(lowered([for_(i, 3, 3, [add])]))).toEqual([[1, 0]])
  })

  it('over known counters need no step: they are carried out on the spot', () => {
    const l = lowered([s('a'), let_(n, 0), for_(i, 1, 4, [addLocal]), s('end', [set(x(), n)])])
    expect(outcomes(l)).toEqual([[4, 0]])
    expect(constants(l, stepOf(l, 'a').body)).toContainEqual(['T0.T0.n', 4])
  })

  it('over counters that are not known end where the counter does', () => {
    const unknown = (first: Expr | number, last: Expr | number): Lowered =>
      lowered([
        s('a', [when(lt(num(3), n), [set(n, 3)])], { choose: [n] }),
        let_(i, 0),
        let_(q, 'nil'),
        for_(i, first, last, [if_(eq(i, 5), [let_(p, object('node', 0))])]),
        s('end', [set(x(), i), when(eq(p, object('node', 0)), [set(y(), 1)])]),
      ])
    // Only a loop that gets to 5 says so in y; the choice is 0..3.
    expect(outcomes(unknown(n, 5))).toEqual([[5, 1]])
    expect(outcomes(unknown(0, n))).toEqual([0, 1, 2, 3].map((last) => [last, 0]))
  })

  it('forget how far an earlier loop with the same counter came', () => {
    const reachesLast = for_(i, n, 5, [if_(eq(i, 5), [let_(p, object('node', 0))])])
    const body = [s('a', [], { choose: [n] }), for_(i, n, 5, [let_(p, 'nil')]), let_(p, 'nil'), reachesLast]
    const end = s('end', [when(eq(p, object('node', 0)), [set(y(), 1)])])
    expect(outcomes(lowered([...body, end]))).toEqual([[0, 1]])
  })

  it('can be left', () => {
    expect(outcomes(lowered([for_(i, 0, 5, [add, if_(eq(i, 1), [break_])]), s('end', [set(y(), i)])]))).toEqual([
      [2, 1],
    ])
  })
})

describe('without', () => {
  const body: readonly Stmt[] = [s('a', [set(n, 1)]), check('guard', eq(n, 1), [s('b', [set(x(), 1)])]), s('c')]

  it('leaves out a step', () => {
    expect(labels(lowered(body, { without: ['T0.c'] }))).toEqual(['a', 'b'])
  })
  it('never takes a check', () => {
    expect(labels(lowered(body, { without: ['T0.guard'] }))).toEqual(['a', 'c'])
  })
  it('means the routine, wherever it is called', () => {
    const f = routine('f', [s('one'), s('two')])
    expect(labels(lowered([call('p', f), call('q', f)], { without: ['f.one'] }))).toEqual(['p.two', 'q.two'])
  })
  it('refuses what is not there', () => {
    expect(() => lowered(body, { without: ['T0.nothing'] })).toThrow("no step or check 'T0.nothing'")
  })
})

describe('control flow', () => {
  it('may not look at a shared variable that somebody writes', () => {
    const writer = [s('w', [set(x(), 1)])]
    const refused = "T0: what stands between two steps looks at 'x'; load it in a step of its own first"
    expect(() => lower(program([[s('a'), if_(eq(x(), 1), [s('b')])], writer]))).toThrow(refused)
    expect(() => lower(program([[s('a'), let_(n, x()), s('b', [set(y(), n)])], writer]))).toThrow(refused)
    const f: Routine = { name: 'f', file: '', read: '', params: [n], locals: [], body: [s('b', [set(y(), n)])] }
    expect(() => lower(program([[s('a'), call('c', f, [x()])], writer]))).toThrow(refused)
  })
  it('waits for a lock at the start of a step only', () => {
    const m = lockClass('m', 'mutex', 0, [])
    const take: Action = { kind: 'acquire', lock: m(), mode: 'write' }
    const refused = 'a lock is waited for by the first action of a step, or not at all'
    expect(() => lowered([s('a', [set(x(), 1), take])])).toThrow(refused)
    expect(() => lowered([s('a', [when(eq(x(), 1), [take])])])).toThrow(refused)
  })
  it('may not go round without a step', () => {
    expect(() => lowered([s('a', [], { choose: [ok] }), while_(ok, [let_(n, 1)])])).toThrow('goes round without a step')
  })
  it('may not break out of nothing', () => {
    expect(() => lowered([break_])).toThrow('break outside a loop')
  })
  it('learns from a branch only what the branch says', () => {
    const mark = (to: FieldAccess, cond: Expr): Stmt => if_(cond, [s(to.decl.name, [set(to(), 1)])])
    const l = lowered([s('a', [], { choose: [ok, n] }), if_(eq(n, 2), [], [mark(x, eq(n, 2)), mark(y, lt(n, num(2)))])])
    expect(outcomes(l)).toEqual([
      [0, 0],
      [0, 1],
    ])
  })
  it('before the first step is carried out in the initial state', () => {
    const l = lowered([let_(n, 3), if_(eq(n, 3), [s('a', [set(x(), n)])], [s('b')])])
    expect(l.model.slots[slotNamed(l, 'T0.T0.n')]?.init).toBe(3)
    expect(outcomes(l)).toEqual([[3, 0]])
  })
})

describe('obligations', () => {
  const NIL = 'NoNilDereference'
  const nilNode = node()
  const one = (e: Expr): readonly Stmt[] => [s('a', [when(e, [set(x(), 1)])])]

  it('a nil index is a violation, reads 0 and writes nothing', () => {
    const l = lowered([s('a', [set(value(nilNode), 4), set(x(), plus(value(nilNode), 1))])])
    expect(broken(l)).toEqual([NIL])
    expect(outcomes(l)).toEqual([[1, 0]])
  })

  it.each<readonly [string, Expr, readonly string[]]>([
    ['no guard', eq(value(nilNode), 0), [NIL]],
    ['&& that is false', and(eq(nilNode, object('node', 0)), eq(value(nilNode), 0)), []],
    ['&& that is true', and(eq(nilNode, 'nil'), eq(value(nilNode), 0)), [NIL]],
    ['|| that is true', or(eq(nilNode, 'nil'), eq(value(nilNode), 0)), []],
    ['|| that is false', or(eq(nilNode, object('node', 0)), eq(value(nilNode), 0)), [NIL]],
    ['the branch not taken', ite(eq(nilNode, 'nil'), literal(bool, true), eq(value(nilNode), 0)), []],
    ['the branch taken', ite(eq(nilNode, 'nil'), eq(value(nilNode), 0), literal(bool, true)), [NIL]],
    ['left of &&', and(eq(value(nilNode), 0), eq(nilNode, object('node', 0))), [NIL]],
  ])('nil: %s', (_, e, expected) => {
    expect(broken(lowered(one(e)))).toEqual(expected)
  })

  it('a choice between an object and nil may be nil', () => {
    const e = ite(eq(x(), 0), object('node', 0), node())
    expect(broken(lowered([s('a', [set(y(), value(e))])]))).toEqual([])
    expect(broken(lowered([s('a', [set(y(), value(e))])], { init: [[x, 1]] }))).toEqual([NIL])
  })

  it('a dead object may not be touched, but for what is exempt', () => {
    const kill = s('kill', [set(alive(object('node', 0)), false)])
    const touch = (e: Expr): Lowered => lowered([kill, s('a', [when(e, [set(x(), 1)])])], { lifetimes: LIFE })
    expect(broken(touch(eq(value(object('node', 0)), 0)))).toEqual(['NoUseAfterFree'])
    expect(broken(touch(eq(value(object('node', 1)), 0)))).toEqual([])
    expect(broken(touch(and(alive(object('node', 0)), eq(value(object('node', 0)), 0))))).toEqual([])
  })

  it('a try of a lock touches its word, also where somebody holds it', () => {
    const l = lockClass('node.lock', 'spinlock', 1, ['node'])
    const attempt = (label: string): Stmt => s(label, [tryAcquire(l(object('node', 0)), ok)])
    const body = [attempt('take'), s('kill', [set(alive(object('node', 0)), false)]), attempt('again')]
    expect(broken(lowered(body, { locks: [l], lifetimes: LIFE }))).toEqual(['NoUseAfterFree'])
  })
})

describe('references into a set of one', () => {
  it('are no member where they are nil', () => {
    const body = [s('a', [when(contains(withMember(members(), node()), object('node', 0)), [set(x(), 1)])])]
    expect(outcomes(lowered(body, { nodes: 1 }))).toEqual([[0, 0]])
    expect(outcomes(lowered(body, { nodes: 1, init: [[node, 1]] }))).toEqual([[1, 0]])
  })
  it('read geometry as 0 where they are nil', () => {
    const load: readonly Stmt[] = [s('a', [set(x(), width(node()))])]
    expect(outcomes(lowered(load, { nodes: 1 }))).toEqual([[0, 0]])
    expect(outcomes(lowered(load, { nodes: 1, init: [[node, 1]] }))).toEqual([[3, 0]])
    expect(outcomes(lowered(load, { nodes: 2 }))).toEqual([[0, 0]])
  })
})

describe('properties', () => {
  const grows: ProgramProperty = { name: 'Grows', step: or(lt(old(x()), x()), eq(old(x()), x())), covers: [] }
  const asserts = (st: Step): number => st.body.filter((b) => b.kind === 'assert').length

  it('of steps are asked of the steps that write what they mention', () => {
    const l = lowered([s('reads', [set(y(), x())]), s('writes', [set(x(), 2)]), s('other', [set(word(), 1)])], {
      properties: [grows],
    })
    expect(labels(l).map((label) => asserts(stepOf(l, label)))).toEqual([0, 1, 0])
    expect(broken(l)).toEqual([])
  })
  it('of steps compare with the state before the whole step', () => {
    const l = lowered([s('a', [set(x(), 5), set(x(), 2)]), s('b', [set(x(), 5), set(x(), 1)])], { properties: [grows] })
    expect(searchReference(l.model).violations.map((v) => v.moves.length)).toEqual([2])
  })
  it('named by assertions alone are added to the table', () => {
    const l = lowered([s('a', [assert('Mine', hasAny(word(), 'A'))])], { properties: [grows] })
    expect(l.model.properties).toEqual([
      { name: 'Grows', kind: 'assertion' },
      { name: 'NoNilDereference', kind: 'assertion' },
      { name: 'Mine', kind: 'assertion' },
    ])
    expect(broken(l)).toEqual(['Mine'])
  })
  it('may name no local', () => {
    const bad: ProgramProperty = { name: 'Bad', invariant: eq(n, 0), covers: [] }
    expect(() => lowered([s('a')], { properties: [bad] })).toThrow('a property can name no local')
  })
})
