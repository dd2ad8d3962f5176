/** Going over the statements of a routine, and putting others in their place. */
import type { Action, StepStmt, Stmt } from '../stmt.ts'

export type Of<K extends Stmt['kind']> = Extract<Stmt, { readonly kind: K }>

/** Each statement, inner ones first, replaced by what `change` makes of it. */
export function mapBody(body: readonly Stmt[], change: (s: Stmt) => readonly Stmt[]): readonly Stmt[] {
  return body.flatMap((s) => change(withBlocks(s, (block) => mapBody(block, change))))
}

/** A statement with each of its blocks replaced. */
export function withBlocks(s: Stmt, change: (block: readonly Stmt[]) => readonly Stmt[]): Stmt {
  switch (s.kind) {
    case 'if':
      return { ...s, then: change(s.then), else: change(s.else) }
    case 'while':
    case 'for':
      return { ...s, body: change(s.body) }
    case 'step':
    case 'let':
    case 'call':
    case 'return':
    case 'break':
    case 'continue':
      return s
  }
}

/** The blocks of a statement. */
export function blocksOf(s: Stmt): readonly (readonly Stmt[])[] {
  switch (s.kind) {
    case 'if':
      return [s.then, s.else]
    case 'while':
    case 'for':
      return [s.body]
    case 'step':
    case 'let':
    case 'call':
    case 'return':
    case 'break':
    case 'continue':
      return []
  }
}

/** Every statement of a body, outer ones first, in the order of the text. */
export const everyStmt = (body: readonly Stmt[]): readonly Stmt[] =>
  body.flatMap((s) => [s, ...blocksOf(s).flatMap(everyStmt)])

/** Every action of a step, those inside `when` and `forEach` included. */
export const everyAction = (actions: readonly Action[]): readonly Action[] =>
  actions.flatMap((a) =>
    a.kind === 'when'
      ? [a, ...everyAction(a.then), ...everyAction(a.else)]
      : a.kind === 'forEach'
        ? [a, ...everyAction(a.body)]
        : [a],
  )

/** Each action, inner ones first, replaced by what `change` makes of it. */
export function mapActions(actions: readonly Action[], change: (a: Action) => readonly Action[]): readonly Action[] {
  return actions.flatMap((a) => {
    if (a.kind === 'when') return change({ ...a, then: mapActions(a.then, change), else: mapActions(a.else, change) })
    return change(a.kind === 'forEach' ? { ...a, body: mapActions(a.body, change) } : a)
  })
}

/** A step with other actions; nothing where it then neither does anything nor waits nor chooses. */
export const stepWith = (s: StepStmt, actions: readonly Action[]): readonly Stmt[] =>
  actions.length === 0 && s.await === undefined && s.choose === undefined ? [] : [{ ...s, actions }]

/** The body with the step or call of that label replaced. */
export const replaceLabelled = (
  body: readonly Stmt[],
  label: string,
  change: (s: StepStmt | Of<'call'>) => readonly Stmt[],
): readonly Stmt[] =>
  mapBody(body, (s) => ((s.kind === 'step' || s.kind === 'call') && s.label === label ? change(s) : [s]))
