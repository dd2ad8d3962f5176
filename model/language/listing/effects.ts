/** What a step does, in the words of the model. */
import { render, type Expr } from '../expr.ts'
import type { BinaryOp } from '../lowered.ts'
import type { LockRef } from '../lock.ts'
import type { Action, StepStmt } from '../stmt.ts'

const lockName = ({ lock, index }: LockRef): string => {
  const owner = lock.owner(...index)
  return render({ ...owner, field: { ...owner.field, name: lock.name } })
}

const mode = (ref: LockRef, held: string): string =>
  ref.lock.kind === 'rwsem' ? ` for ${held === 'read' ? 'reading' : 'writing'}` : ''

/** The C text already says that a lock is taken, or let go. */
const saysLock = (text: string): boolean => text.includes('lock') && !/^\S*unlock/.test(text)
const saysUnlock = (text: string): boolean => /unlock|up_(read|write)|end_read/.test(text)

const nested = (lines: readonly string[]): readonly string[] => lines.map((l) => `    ${l}`)
const ifText = (cond: Expr): string => `if (${render(cond)})`

const UPDATES: Partial<Record<BinaryOp, string>> = { bor: '|=', band: '&=', bandnot: '&= ~', add: '+=', sub: '-=' }

/** `x = x | y` as `x |= y`. */
function assignment(target: Expr, value: Expr): string {
  const to = render(target)
  const update = value.kind === 'binary' && render(value.left) === to ? UPDATES[value.op] : undefined
  return value.kind === 'binary' && update !== undefined
    ? `${to} ${update} ${render(value.right)}`
    : `${to} = ${render(value)}`
}

function actionLines(text: string, a: Action): readonly string[] {
  switch (a.kind) {
    case 'assign':
      return [assignment(a.target, a.value)]
    case 'when': {
      const then = actionsLines(text, a.then)
      const otherwise = actionsLines(text, a.else)
      if (then.length === 0 && otherwise.length === 0) return []
      const tail = otherwise.length === 0 ? [] : ['else', ...nested(otherwise)]
      return [ifText(a.cond), ...nested(then), ...tail]
    }
    case 'forEach': {
      const body = actionsLines(text, a.body)
      return body.length === 0 ? [] : [`for each ${a.set} ${a.bound}:`, ...nested(body)]
    }
    case 'acquire':
      return saysLock(text) ? [] : [`take ${lockName(a.lock)}${mode(a.lock, a.mode)}`]
    case 'tryAcquire':
      return [`${a.into.name} = try to take ${lockName(a.lock)}${mode(a.lock, a.mode)}`]
    case 'release':
      return saysUnlock(text) ? [] : [`release ${lockName(a.lock)}`]
    case 'member':
      return [a.add ? `add current to ${render(a.target)}` : `remove current from ${render(a.target)}`]
    case 'note':
      if (a.held) return [`from here on, holds ${lockName(a.lock)}${mode(a.lock, a.mode)}`]
      return [`from here on, holds ${a.all ? `no ${a.lock.lock.name}` : `${lockName(a.lock)} no more`}`]
    case 'assert':
      return [`assert ${a.property}: ${render(a.cond)}`]
  }
}

const actionsLines = (text: string, actions: readonly Action[]): readonly string[] =>
  actions.flatMap((a) => actionLines(text, a))

/** What a step does beyond what its C text says, one line each; nested lines are indented. */
export function effects(s: StepStmt): readonly string[] {
  const lines = [
    ...(s.choose ?? []).map((l) => `${l.name} = any of its values`),
    ...(s.await === undefined ? [] : [`wait until ${render(s.await)}`]),
    ...actionsLines(s.text, s.actions),
  ]
  return lines.length === 1 && lines[0] === s.text ? [] : lines
}
