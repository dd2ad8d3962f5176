/** Small programs whose mutants are known by heart. */
import { and, eq, field, local, not, plus, truth, type Expr, type FieldAccess } from '../../model/language/expr.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { lockClass } from '../../model/language/lock.ts'
import { routine, type Program, type Routine } from '../../model/language/routine.ts'
import { call, if_, lock, set, step, unlock, type StepStmt } from '../../model/language/stmt.ts'
import { bool, int } from '../../model/language/types.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'

const counter = field('counter', [], int(0, 2))
const mutex = lockClass('mutex', 'mutex', 0, [])
const seen = local('seen', int(0, 2))
const MADE_UP = { file: 'test.c', read: 'made up', params: [] } as const

function program(threads: readonly Routine[], fields: readonly FieldAccess[], invariant?: Expr): Program {
  return {
    sizes: { thread: threads.length },
    names: {},
    fields: fields.map((f) => f.decl),
    init: [],
    threads: threads.map((r, i) => ({ name: `P${i}`, daemon: false, body: [call(r.name, r)], locals: [] })),
    properties: invariant === undefined ? [] : [{ name: 'Complete', invariant, covers: [] }],
    lifetimes: [],
    without: new Set(),
  }
}

const underLock = routine({
  ...MADE_UP,
  name: 'increment',
  locals: [seen],
  body: [
    lock('lock', 'mutex_lock(&m)', mutex()),
    step('load', 'seen = counter', [set(seen, counter())]),
    step('store', 'counter = seen + 1', [set(counter(), plus(seen, 1))]),
    unlock('unlock', 'mutex_unlock(&m)', mutex()),
  ],
})
/** Two threads that increment a counter under a lock. */
export const LOCKED: Program = program([underLock, underLock], [counter, mutex.lock.owner])

const atomically = routine({
  ...MADE_UP,
  name: 'increment',
  locals: [],
  body: [step('add', 'atomic_inc(&counter)', [set(counter(), plus(counter(), 1))])],
})
/** The same, each in one step. */
export const ATOMIC: Program = program([atomically, atomically], [counter])

/** What the counter can be when both threads are done, found by asking for each value in turn. */
export const finalCounters = (p: Program): readonly number[] =>
  [0, 1, 2].filter((value) =>
    searchExplicit(lower({ ...p, final: eq(counter(), value) }).model).outcomes.some((o) => o.satisfying > 0),
  )

const data = field('data', [], bool)
const flag = field('flag', [], bool)
const early = field('early', [], bool)
const earlier = field('earlier', [], bool)
const ready = local('ready', bool)
const publish = routine({
  ...MADE_UP,
  name: 'publish',
  locals: [],
  body: [
    step('data', 'WRITE_ONCE(data, 1)', [set(data(), truth(true))]),
    step('flag', 'WRITE_ONCE(flag, 1)', [set(flag(), truth(true))]),
  ],
})
/** Notes a use of data that are not there yet. */
const use = (into: FieldAccess): StepStmt => step('use', 'use(data)', [set(into(), eq(data(), false))])
const consume = routine({
  ...MADE_UP,
  name: 'consume',
  locals: [ready],
  body: [step('look', 'ready = READ_ONCE(flag)', [set(ready, flag())]), if_(ready, [use(early)])],
})
const awaitFlag = routine({
  ...MADE_UP,
  name: 'await_flag',
  locals: [],
  body: [step('wait', 'smp_cond_load_acquire(&flag)', [], { await: flag() }), use(earlier)],
})
/** One thread publishes data by a flag, one looks at the flag, one waits for it. */
export const PUBLISHED: Program = program(
  [publish, consume, awaitFlag],
  [data, flag, early, earlier],
  and(not(early()), not(earlier())),
)
