/** Tearing an atomic read-modify-write into a load and a store, each a step of its own. */
import { local, type Expr, type Field, type Local } from '../expr.ts'
import type { Routine } from '../routine.ts'
import type { Action, StepStmt, Stmt } from '../stmt.ts'
import { everyStmt, replaceLabelled } from './rewrite.ts'
import type { Site } from './site.ts'
import { eachExpr, touchAction, untouched } from './touch.ts'

const TORN = 'torn'

const isShared = (f: Field): boolean => f.role === 'shared'

/** The same element, as far as the text of its index says. */
const same = (a: Expr, b: Expr): boolean => JSON.stringify(a) === JSON.stringify(b)

/** `F = ... F ...` of a shared variable: what is read, and the new value in terms of what was read. */
function modification(a: Action): { readonly read: Expr; readonly store: (seen: Local) => Action } | undefined {
  if (a.kind !== 'assign' || a.target.kind === 'local' || !isShared(a.target.field)) return undefined
  const { target, value } = a
  let reads = false
  eachExpr(value, (part) => {
    reads ||= same(part, target)
  })
  if (!reads) return undefined
  return { read: target, store: (seen) => ({ kind: 'assign', target, value: substitute(value, target, seen) }) }
}

/** `e` with every part that is `what` replaced. Only operators that a read-modify-write is made of are gone into. */
function substitute(e: Expr, what: Expr, by: Expr): Expr {
  if (same(e, what)) return by
  switch (e.kind) {
    case 'binary':
      return { ...e, left: substitute(e.left, what, by), right: substitute(e.right, what, by) }
    case 'ite':
      return {
        ...e,
        cond: substitute(e.cond, what, by),
        then: substitute(e.then, what, by),
        else: substitute(e.else, what, by),
      }
    case 'not':
    case 'singleton':
    case 'old':
      return { ...e, arg: substitute(e.arg, what, by) }
    case 'quantifier':
    case 'first':
      return { ...e, body: substitute(e.body, what, by) }
    case 'const':
    case 'field':
    case 'local':
    case 'self':
    case 'bound':
      return e
  }
}

/** Where the actions of a step can be cut: before the first that writes a shared variable which an earlier one read. */
function cut(actions: readonly Action[]): number | undefined {
  const read = new Set<string>()
  for (const [i, a] of actions.entries()) {
    const t = untouched()
    touchAction(a, t)
    if (i > 0 && [...t.fieldsWritten].some((f) => read.has(f)) && sharedWrite(a)) return i
    t.fieldsRead.forEach((f) => read.add(f))
  }
  return undefined
}

const sharedWrite = (a: Action): boolean => {
  if (a.kind === 'when') return [...a.then, ...a.else].some(sharedWrite)
  if (a.kind === 'forEach') return a.body.some(sharedWrite)
  return a.kind === 'assign' && a.target.kind !== 'local' && isShared(a.target.field)
}

interface Halves {
  readonly load: readonly Action[]
  readonly store: readonly Action[]
  readonly local?: Local
}

function halves(s: StepStmt): Halves | undefined {
  const at = s.actions.findIndex((a) => modification(a) !== undefined)
  const action = s.actions[at]
  const found = action && modification(action)
  if (found !== undefined) {
    const seen = local(TORN, found.read.type)
    const load: Action = { kind: 'assign', target: seen, value: found.read }
    return {
      load: [...s.actions.slice(0, at), load],
      store: [found.store(seen), ...s.actions.slice(at + 1)],
      local: seen,
    }
  }
  const i = cut(s.actions)
  return i === undefined ? undefined : { load: s.actions.slice(0, i), store: s.actions.slice(i) }
}

function torn(s: StepStmt, { load, store }: Halves): readonly Stmt[] {
  const { await: _, choose: _choose, ...rest } = s
  return [
    { ...s, actions: load },
    { ...rest, label: `${s.label}_store`, text: `${s.text} [store]`, actions: store },
  ]
}

/** Every read-modify-write of a routine. */
export function tearSites(routine: Routine): readonly Site[] {
  return everyStmt(routine.body).flatMap((s): readonly Site[] => {
    const parts = s.kind === 'step' ? halves(s) : undefined
    if (s.kind !== 'step' || parts === undefined) return []
    return [
      {
        label: s.label,
        kind: 'atomic',
        what: 'tear',
        text: s.text,
        labels: [s.label],
        apply: () => ({
          ...routine,
          locals: parts.local === undefined ? routine.locals : [...routine.locals, parts.local],
          body: replaceLabelled(routine.body, s.label, (found) => (found === s ? torn(s, parts) : [found])),
        }),
      },
    ]
  })
}
