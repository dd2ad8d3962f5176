/**
 * What the rest of a step still asks for: of two paths that differ in nothing else, one is enough.
 */
import type { LExpr, LStmt, Step } from '../lowered.ts'
import type { StepInfo } from '../lower/lower.ts'
import { eachRead } from '../slots.ts'
import type { ThreadContext } from './context.ts'

export interface Needs {
  /** Shared variables that may be read. */
  readonly fields: ReadonlySet<string>
  /** Locals that are written before anybody reads them. */
  readonly dead: ReadonlySet<number>
}

/** A statement, and what is asked for behind it. */
export interface Noted {
  readonly stmt: LStmt
  readonly after: Needs
  /**
   * Of an `if` that does no more than store to shared variables without a rule, which nobody reads again in this
   * step: those that its branches touch.
   */
  readonly touches?: ReadonlySet<string>
  /** Of an `if`: its branches. */
  readonly then: readonly Noted[]
  readonly else: readonly Noted[]
}

export interface NotedBody {
  readonly before: Needs
  readonly stmts: readonly Noted[]
}

interface Ask extends Pick<ThreadContext, 'fields' | 'isLocal' | 'rules'> {
  /** What naming a lock looks at. */
  readonly locks: readonly LExpr[]
}

function reads(ask: Ask, needs: Needs, exprs: readonly LExpr[], written?: number | string): Needs {
  const fields = new Set(needs.fields)
  const dead = new Set(needs.dead)
  if (typeof written === 'number') dead.add(written)
  if (typeof written === 'string') fields.delete(written)
  for (const e of exprs)
    eachRead(e, (slot) => {
      if (ask.isLocal(slot)) dead.delete(slot)
      else {
        const field = ask.fields.at(slot)
        if (field !== undefined) fields.add(field.name)
      }
    })
  return { fields, dead }
}

function noted(ask: Ask, stmt: LStmt, after: Needs): { readonly noted: Noted; readonly before: Needs } {
  const plain: Noted = { stmt, after, then: [], else: [] }
  switch (stmt.kind) {
    case 'assert':
      return { noted: plain, before: after }
    case 'if': {
      const [then, otherwise] = [bodyOf(ask, stmt.then, after), bodyOf(ask, stmt.else, after)]
      const both: Needs = {
        fields: new Set([...then.before.fields, ...otherwise.before.fields]),
        dead: new Set([...then.before.dead].filter((slot) => otherwise.before.dead.has(slot))),
      }
      const touches = touchedQuietly(ask, [...stmt.then, ...stmt.else], after)
      return {
        noted: {
          stmt,
          after,
          then: then.stmts,
          else: otherwise.stmts,
          ...(touches === undefined ? {} : { touches }),
        },
        before: reads(ask, both, [stmt.cond]),
      }
    }
    case 'set': {
      const { target, value } = stmt
      if (target.kind === 'slot' && ask.isLocal(target.slot))
        return { noted: plain, before: reads(ask, after, [value], target.slot) }
      const field = ask.fields.at(target.kind === 'slot' ? target.slot : target.base)
      const index = target.kind === 'slot' ? [] : target.index.map((d) => d.expr)
      const locks = field?.kind === 'lock' ? ask.locks : []
      return { noted: plain, before: reads(ask, after, [value, ...index, ...locks], field?.name) }
    }
  }
}

/** The shared variables that statements touch; undefined where they do more than store to those without a rule. */
function touchedQuietly(ask: Ask, stmts: readonly LStmt[], after: Needs): ReadonlySet<string> | undefined {
  const out = new Set<string>()
  let quiet = true
  const free = (slot: number): void => {
    const name = ask.fields.at(slot)?.name
    if (ask.isLocal(slot) || name === undefined) return
    if (ask.rules.fields[name] !== undefined) quiet = false
    out.add(name)
  }
  const visit = (s: LStmt): void => {
    switch (s.kind) {
      case 'assert':
        return
      case 'if':
        eachRead(s.cond, free)
        for (const inner of [...s.then, ...s.else]) visit(inner)
        return
      case 'set': {
        const { target } = s
        const slot = target.kind === 'slot' ? target.slot : target.base
        const field = ask.fields.at(slot)
        if (field === undefined || field.kind === 'lock' || after.fields.has(field.name)) quiet = false
        free(slot)
        eachRead(s.value, free)
        if (target.kind === 'select') for (const d of target.index) eachRead(d.expr, free)
      }
    }
  }
  for (const s of stmts) visit(s)
  return quiet ? out : undefined
}

function bodyOf(ask: Ask, stmts: readonly LStmt[], after: Needs): NotedBody {
  let before = after
  const out: Noted[] = []
  for (const stmt of [...stmts].reverse()) {
    const at = noted(ask, stmt, before)
    out.push(at.noted)
    before = at.before
  }
  return { before, stmts: out.reverse() }
}

/** A step's body with what is asked for behind each statement; at its end, `kept` variables are. */
export function needsOf(
  step: Step,
  info: StepInfo,
  ctx: Pick<ThreadContext, 'fields' | 'isLocal' | 'rules'>,
  kept: ReadonlySet<string>,
): NotedBody {
  const locks = info.lockOps.flatMap((op) => op.index)
  return bodyOf({ ...ctx, locks }, step.body, { fields: kept, dead: new Set() })
}
