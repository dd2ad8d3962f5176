import { describe, expect, it } from 'vitest'
import { eq, ne, not, plus, truth, type Expr } from '../../model/language/expr.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { lint, lintAll } from '../../model/language/lint/lint.ts'
import {
  acquire,
  break_,
  call,
  check,
  for_,
  if_,
  let_,
  lock,
  noteDropped,
  noteHeld,
  release,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
  type Stmt,
} from '../../model/language/stmt.ts'
import { findings, fn, ghost, inner, lintProgram, loose, m, mutex, n, next, node0, node1 } from './lint_program.ts'
import { ok, outer, program, root, RULES, said, sem, value, x } from './lint_program.ts'

const load = step('load', 'n = root', [set(n, root())])
const look = step('look', 'x = n->value', [set(x, value(node0))])
const both = [lock('a', 'lock', outer(node0)), lock('b', 'lock', inner(node0))]
const undo = [unlock('c', 'unlock', inner(node0)), unlock('d', 'unlock', outer(node0))]

describe('a model that keeps the rules', () => {
  it('has no finding', () => {
    const callee = fn('callee', [lock('lock', 'lock', inner(m)), set_(1), unlock('unlock', 'unlock', inner(m))], [m])
    expect(
      findings(
        lock('sem', 'down_read', sem(node0), 'read'),
        load,
        if_(ne(n, 'nil'), [
          call('callee', callee, [n]),
          step('try', 'trylock', [tryAcquire(mutex(n), ok)]),
          if_(ok, [unlock('untry', 'unlock', mutex(n))]),
        ]),
        unlock('unsem', 'up_read', sem(node0), 'read'),
      ),
    ).toEqual([])
  })
  const set_ = (v: number): Stmt => step('set', 'm->value = 1', [set(value(m), v)])
})

describe('ML001: released where it is not held', () => {
  it('on one of two paths', () => {
    expect(
      findings(load, if_(ne(n, 'nil'), [lock('l', 'lock', inner(node0))]), unlock('u', 'unlock', inner(node0))),
    ).toEqual(['ML001 f.u'])
  })
  it('in another mode', () => {
    expect(findings(lock('l', 'down_read', sem(node0), 'read'), unlock('u', 'up_write', sem(node0)))).toEqual([
      'ML001 f.u',
      'ML002 f.u',
    ])
  })
  it('after a trylock that failed', () => {
    expect(findings(step('t', 'trylock', [tryAcquire(inner(node0), ok)]), unlock('u', 'unlock', inner(node0)))).toEqual(
      ['ML001 f.u'],
    )
  })
  it('where the object may be another one than the one locked', () => {
    const reload = step('reload', 'n = root', [set(n, root())])
    const some = (stmts: readonly Stmt[]): Stmt => if_(ne(n, 'nil'), stmts)
    expect(
      findings(load, some([lock('l', 'lock', inner(n)), reload, some([unlock('u', 'unlock', inner(n))])])),
    ).toContain('ML001 f.u')
    const copy = let_(m, n)
    expect(findings(load, some([lock('l', 'lock', inner(n)), copy, reload, unlock('u', 'unlock', inner(m))]))).toEqual(
      [],
    )
  })
  it('not where both branches on one bit take and release it', () => {
    const held = (...then: readonly Stmt[]): Stmt => if_(ok, then)
    expect(
      findings(
        step('read', 'ok = root', [set(ok, ne(root(), 'nil'))]),
        held(lock('l', 'lock', inner(node0))),
        load,
        held(unlock('u', 'unlock', inner(node0))),
      ),
    ).toEqual([])
  })
})

describe('ML002: held at the end', () => {
  it('of a system call, though a later one releases it', () => {
    const take = fn('take', [lock('l', 'lock', inner(node0))])
    const drop = fn('drop', [unlock('u', 'unlock', inner(node0))])
    expect(lintProgram(program(take, drop)).map((f) => `${f.code} ${f.label}`)).toEqual([
      'ML002 take.l',
      'ML001 drop.u',
    ])
  })
  it('of the thread, on an early return', () => {
    expect(
      findings(lock('l', 'lock', inner(node0)), load, if_(eq(n, 'nil'), [ret()]), unlock('u', 'unlock', inner(node0))),
    ).toEqual(['ML002 f.load'])
  })
})

describe('ML003: waiting against the order', () => {
  it('for a lock of lower rank', () => {
    expect(findings(...both, ...undo)).toEqual([])
    const swapped = [lock('b', 'lock', inner(node0)), lock('a', 'lock', outer(node0))]
    expect(findings(...swapped, ...undo)).toEqual(['ML003 f.a'])
  })
  it('for two of one class, unless known and ascending', () => {
    const two = (a: Expr, b: Expr): readonly Stmt[] => [
      lock('a', 'lock', inner(a)),
      lock('b', 'lock', inner(b)),
      unlock('c', 'unlock', inner(b)),
      unlock('d', 'unlock', inner(a)),
    ]
    expect(findings(...two(node0, node1))).toEqual([])
    expect(findings(...two(node1, node0))).toEqual(['ML003 f.b'])
    expect(findings(...two(node0, node0))).toEqual(['ML003 f.b'])
  })
  it('but a trylock waits for nothing', () => {
    expect(
      findings(
        lock('b', 'lock', inner(node1)),
        step('a', 'trylock', [tryAcquire(inner(node0), ok)]),
        if_(ok, [unlock('c', 'unlock', inner(node0))]),
        unlock('d', 'unlock', inner(node1)),
      ),
    ).toEqual([])
  })
  it('in a loop that takes one more each turn, which ends', () => {
    expect(findings(while_(truth(true), [load, if_(eq(n, 'nil'), [break_]), lock('l', 'lock', inner(n))]))).toContain(
      'ML003 f.l',
    )
  })
})

describe('ML004: sleeping under a spinlock', () => {
  it('by a step that may sleep', () => {
    const alloc = step('alloc', 'kmalloc(GFP_KERNEL)', [], { sleeps: true })
    expect(findings(...both, alloc, ...undo)).toEqual(['ML004 f.alloc'])
    expect(findings(lock('l', 'mutex_lock', mutex(node0)), alloc, unlock('u', 'mutex_unlock', mutex(node0)))).toEqual(
      [],
    )
  })
  it('by waiting for a mutex', () => {
    expect(
      findings(...both, lock('l', 'mutex_lock', mutex(node0)), unlock('u', 'mutex_unlock', mutex(node0)), ...undo),
    ).toContain('ML004 f.l')
  })
})

describe('ML005: written without its lock', () => {
  const write = step('w', 'n->value = 1', [set(value(node0), 1)])
  it('with none, or with that of another object', () => {
    expect(findings(write)).toEqual(['ML005 f.w'])
    expect(findings(lock('l', 'lock', inner(node1)), write, unlock('u', 'unlock', inner(node1)))).toEqual(['ML005 f.w'])
    expect(findings(lock('l', 'lock', inner(node0)), write, unlock('u', 'unlock', inner(node0)))).toEqual([])
  })
  it('or cleared without the second lock that clearing takes', () => {
    const clear = step('w', 'n->next = NULL', [set(next(node0), 'nil')])
    expect(findings(lock('l', 'lock', inner(node0)), clear, unlock('u', 'unlock', inner(node0)))).toEqual(['ML005 f.w'])
    expect(findings(...both, clear, ...undo)).toEqual([])
  })
  it('unless the step is exempt', () => {
    const rules = { ...RULES, exempt: [{ routine: 'f', label: 'w', fields: ['node.value'], reason: 'test' }] }
    expect(lintProgram(program(fn('f', [write])), rules).map((f) => f.code)).toEqual(['ML009'])
  })
  it('where a sticky value cannot have gone', () => {
    const see = (label: string): Stmt => step(label, 'm = n->next', [set(m, next(node0))])
    const body = (more: readonly Stmt[]): readonly Stmt[] => [
      see('first'),
      if_(ne(m, 'nil'), [...more, see('second'), if_(eq(m, 'nil'), [write])]),
    ]
    const held = [lock('l', 'down_read', sem(node0), 'read'), ...body([]), unlock('u', 'up_read', sem(node0), 'read')]
    expect(findings(...held)).toEqual(['ML008 f.w'])
    expect(findings(...body([]))).toEqual(['ML005 f.w'])
  })
})

describe('ML006: several unprotected accesses in one step', () => {
  const two = [set(loose(node0), 1), set(x, value(node1))]
  it('is found, and is not where a reason, a lock, a word or one element excuses it', () => {
    expect(findings(step('s', 't', two))).toEqual(['ML006 f.s'])
    expect(findings(step('s', 't', two, { atomic: 'test' }))).toEqual([])
    expect(findings(lock('l', 'lock', inner(node1)), step('s', 't', two), unlock('u', 'unlock', inner(node1)))).toEqual(
      [],
    )
    expect(findings(step('s', 't', [set(x, value(node0)), set(n, next(node0))]))).toEqual([])
    expect(findings(step('s', 't', [set(x, value(node0)), set(n, next(node1))]))).toEqual(['ML006 f.s'])
    expect(findings(step('s', 't', [set(loose(node0), plus(loose(node0), 0))]))).toEqual([])
    expect(findings(step('s', 't', [set(loose(node0), 1), set(ghost(node1), 1)]))).toEqual([])
  })
  it('counts an element that a local picks once, and two of them twice', () => {
    expect(findings(load, if_(ne(n, 'nil'), [step('s', 't', [set(loose(n), 1), set(x, loose(n))])]))).toEqual([])
    expect(findings(load, if_(ne(n, 'nil'), [step('s', 't', [set(loose(n), 1), set(x, loose(node0))])]))).toContain(
      'ML006 f.s',
    )
  })
  it('counts what a path does, not what it might', () => {
    const either = when(eq(x, 0), [set(loose(node0), 1)], [set(loose(node1), 1)])
    expect(findings(step('load', 't', [set(x, value(node0))]), step('s', 't', [either]))).toEqual([])
  })
})

describe('ML007: one label, two steps', () => {
  it('in a routine', () => {
    expect(findings(load, load)).toEqual(['ML007 f.load'])
  })
  it('by two calls, said once', () => {
    const twice = fn('twice', [look, load])
    expect(findings(call('go', twice), call('go', twice))).toEqual(['ML007 f.go'])
    expect(findings(call('go', twice), call('again', twice))).toEqual([])
  })
})

describe('ML008: out of reach', () => {
  it('behind a condition that never holds', () => {
    const never = if_(eq(x, 2), [if_(eq(x, 1), [step('dead', 't', [])])])
    expect(findings(step('pick', 't', [set(x, value(node0))]), never)).toEqual(['ML008 f.dead'])
  })
  it('but not where another call, or another program, gets there', () => {
    const g = fn('g', [step('s', 't', [set(m, root())]), if_(eq(n, m), [step('same', 't', [])])], [n])
    const odd = fn('odd', [load, if_(not(eq(n, 'nil')), [check('c', eq(n, 'nil'), [call('g', g, [n])])])])
    expect(lintProgram(program(odd)).map((f) => f.label)).toEqual(['odd.g.s', 'odd.g.same'])
    expect(lintAll([lower(program(odd)), lower(program(fn('f', [load, call('g', g, [n])])))], RULES)).toEqual([])
  })
})

describe('ML009: written and never read', () => {
  it('a shared variable, or a local that was loaded for nothing', () => {
    const body = [
      lock('l', 'lock', inner(node0)),
      step('s', 't', [set(value(node0), 1)]),
      unlock('u', 'unlock', inner(node0)),
    ]
    const found = lintProgram(program(fn('f', body)))
    expect(found.map((f) => f.message)).toEqual(["'node.value' is written and never read"])
    expect(lintProgram(program(fn('f', [load]))).map((f) => f.message)).toEqual(["'f.n' is written and never read"])
    expect(lintProgram(program(fn('f', [load])), { ...RULES, unread: { 'f.n': 'test' } })).toEqual([])
  })
})

describe('ML010: too many states', () => {
  it('gives up and says so, and does not call the rest unreachable', () => {
    const body = [
      step('pick', 't', [set(x, value(node0))]),
      load,
      if_(eq(x, 3), [if_(eq(n, 'nil'), [step('s', 't', [])])]),
    ]
    const found = lintProgram(program(fn('f', body)), { ...RULES, statesMax: 2 })
    expect(found.map((f) => f.code)).toEqual(['ML010'])
  })
})

describe('locks that are built of other variables', () => {
  const writeLocked = (seq: Stmt): readonly Stmt[] => [
    lock('mutex', 'lock', mutex(node0)),
    seq,
    if_(not(ok), [step('hold', 'write_lock', [set(said(node0), true), noteHeld(sem(node0), 'write')])]),
    step('w', 'n->loose = 1', [set(loose(node0), 1)]),
    step('drop', 'unlock_all', [
      set(said(node0), false),
      noteDropped(sem(node0), 'write', true),
      release(mutex(node0)),
    ]),
  ]
  const rules = {
    ...RULES,
    unread: { 'node.loose': 'test' },
    fields: { 'node.loose': { write: [{ locks: [{ lock: 'node.sem', mode: 'write', index: 'same' }] }] } },
  } as const
  it('are held from the note on, and the variable that says so is believed', () => {
    const seq = step('seq', 'ok = said', [set(ok, said(node0))])
    expect(lintProgram(program(fn('f', writeLocked(seq))), rules)).toEqual([])
    expect(lintProgram(program(fn('f', writeLocked(seq))), { ...rules, mirrors: [] }).map((f) => f.code)).toEqual([
      'ML005',
    ])
  })
})

describe('loops and counters', () => {
  it('remembers which of several locks it got', () => {
    const body = [
      for_(n, node0, node1, [
        step('try', 'trylock', [tryAcquire(inner(n), ok)]),
        if_(ok, [unlock('undo', 'unlock', inner(n))]),
      ]),
    ]
    expect(lint(lower(program(fn('f', body))), RULES)).toEqual([])
    expect(findings(step('a', 'lock', [acquire(inner(node0)), release(inner(node0))]))).toEqual([])
  })
})
