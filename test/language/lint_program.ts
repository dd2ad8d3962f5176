/** A small world for the linter's tests: nodes with two fields each, and a lock of every kind. */
import { field, local, object, type Expr, type FieldAccess, type Local } from '../../model/language/expr.ts'
import { lint } from '../../model/language/lint/lint.ts'
import type { Finding, LintRules } from '../../model/language/lint/rules.ts'
import { lockClass, lockFields, type LockAccess } from '../../model/language/lock.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { routine, type Program, type Routine } from '../../model/language/routine.ts'
import { call, type Stmt } from '../../model/language/stmt.ts'
import { bool, int, nilable } from '../../model/language/types.ts'

export const sem: LockAccess = lockClass('node.sem', 'rwsem', 0, ['node'])
export const mutex: LockAccess = lockClass('node.mutex', 'mutex', 1, ['node'])
export const outer: LockAccess = lockClass('node.outer', 'spinlock', 2, ['node'])
export const inner: LockAccess = lockClass('node.inner', 'spinlock', 3, ['node'])
/** Written under `inner`. */
export const value: FieldAccess = field('node.value', ['node'], int(0, 3))
/** Written under `inner`, cleared under `outer` as well; one word with `value`. */
export const next: FieldAccess = field('node.next', ['node'], nilable('node'))
/** Without a rule. */
export const loose: FieldAccess = field('node.loose', ['node'], int(0, 3))
export const ghost: FieldAccess = field('node.ghost', ['node'], int(0, 3), { role: 'ghost' })
/** Says whether this thread write-locked `sem`, while it holds `mutex`. */
export const said: FieldAccess = field('node.said', ['node'], bool, { role: 'lock' })
export const root: FieldAccess = field('root', [], nilable('node'))

export const n: Local = local('n', nilable('node'))
export const m: Local = local('m', nilable('node'))
export const ok: Local = local('ok', bool)
export const x: Local = local('x', int(0, 3))
export const node0: Expr = object('node', 0)
export const node1: Expr = object('node', 1)

const LOCALS: readonly Local[] = [n, m, ok, x]
const FIELDS: readonly FieldAccess[] = [value, next, loose, ghost, said, root]

export const RULES: LintRules = {
  fields: {
    'node.value': { write: [{ locks: [{ lock: 'node.inner', mode: 'write', index: 'same' }] }] },
    'node.next': {
      write: [{ locks: [{ lock: 'node.inner', mode: 'write', index: 'same' }] }],
      clear: [
        {
          locks: [
            { lock: 'node.inner', mode: 'write', index: 'same' },
            { lock: 'node.outer', mode: 'write', index: 'any' },
          ],
        },
      ],
      sticky: [{ locks: [{ lock: 'node.sem', mode: 'read', index: 'same' }] }],
    },
  },
  words: [['node.value', 'node.next']],
  mirrors: [
    {
      field: 'node.said',
      says: { lock: 'node.sem', mode: 'write' },
      under: { lock: 'node.mutex', mode: 'write' },
    },
  ],
  exempt: [],
}

export const fn = (name: string, body: readonly Stmt[], params: readonly Local[] = []): Routine =>
  routine({
    name,
    file: 'f.c',
    read: '',
    params,
    locals: LOCALS.filter((l) => !params.includes(l)),
    body,
  })

/** A program of one thread that calls routines one after another. */
export function program(...routines: readonly Routine[]): Program {
  return {
    sizes: { node: 2, thread: 1 },
    names: {},
    fields: [...FIELDS, ...[sem, mutex, outer, inner].flatMap(lockFields)].map((f) => f.decl),
    init: [],
    threads: [
      {
        name: 'P0',
        daemon: false,
        locals: LOCALS,
        body: routines.map((r) =>
          call(
            r.name,
            r,
            r.params.map(() => n),
          ),
        ),
      },
    ],
    properties: [],
    lifetimes: [],
    without: new Set(),
  }
}

export const lintProgram = (p: Program, rules: LintRules = RULES): readonly Finding[] => lint(lower(p), rules)
/** Code and label of what the linter finds in one routine. Unread variables aside: nearly every small program has some. */
export const findings = (...body: readonly Stmt[]): readonly string[] =>
  lintProgram(program(fn('f', body)))
    .filter((f) => f.code !== 'ML009')
    .map((f) => `${f.code} ${f.label}`)
