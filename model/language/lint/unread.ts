/** Variables that are written and never read. */
import { eachRead } from '../slots.ts'
import type { LExpr, LStmt, Step } from '../lowered.ts'
import type { Lowered } from '../lower/lower.ts'
import { localName } from './context.ts'
import { fieldsOf } from './places.ts'
import type { Finding, LintRules } from './rules.ts'

/**
 * Reports ML009 for shared variables and locals. A local of a routine that several threads run is one
 * variable. Stores of constants to locals are left out: the lowering decides branches on such locals
 * and so takes their reads away.
 */
export function checkUnread(lowered: Lowered, rules: LintRules, add: (f: Omit<Finding, 'help'>) => void): void {
  const { model } = lowered
  const fields = fieldsOf(lowered)
  const nameOf = (slot: number): string | undefined => {
    const s = model.slots[slot]
    if (s?.kind === 'local') return localName({ threadName: model.threads[s.thread ?? 0]?.name ?? '' }, s.name)
    const field = fields.at(slot)
    return field?.kind === 'shared' ? field.name : undefined
  }
  const read = new Set<string>()
  const see = (e: LExpr): void => {
    eachRead(e, (slot) => {
      const name = nameOf(slot)
      if (name !== undefined) read.add(name)
    })
  }
  const written = new Map<string, Step>()
  const write = (slot: number, step: Step): void => {
    const name = nameOf(slot)
    if (name !== undefined && !written.has(name)) written.set(name, step)
  }
  const visit = (stmts: readonly LStmt[], step: Step): void => {
    for (const s of stmts) {
      switch (s.kind) {
        case 'assert':
          see(s.cond)
          break
        case 'if':
          see(s.cond)
          visit(s.then, step)
          visit(s.else, step)
          break
        case 'set':
          see(s.value)
          if (s.target.kind === 'select')
            s.target.index.forEach((d) => {
              see(d.expr)
            })
          if (s.target.kind === 'select') write(s.target.base, step)
          else if (s.value.kind !== 'const' || model.slots[s.target.slot]?.kind !== 'local') write(s.target.slot, step)
          break
      }
    }
  }
  for (const step of model.steps) {
    see(step.guard)
    step.choices.forEach((c) => {
      write(c.slot, step)
    })
    visit(step.body, step)
  }
  for (const e of [...model.invariants, ...model.covers]) see(e.expr)
  if (model.final !== undefined) see(model.final)
  for (const [name, step] of written)
    if (!read.has(name) && rules.unread?.[name] === undefined)
      add({
        code: 'ML009',
        message: `'${name}' is written and never read`,
        thread: model.threads[step.thread]?.name ?? '',
        label: step.label,
      })
}
