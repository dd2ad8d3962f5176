/** Variables that are written and never read. */
import { eachRead } from '../slots.ts'
import type { LExpr, LStmt, Step } from '../lowered.ts'
import type { Lowered } from '../lower/lower.ts'
import { localName } from './context.ts'
import { fieldsOf } from './places.ts'
import type { Finding, LintRules } from './rules.ts'

type Found = Omit<Finding, 'help'>

/** Variables by name; a local of a routine that several threads run is one variable. */
interface Usage {
  readonly read: Set<string>
  /** Where it is written first. */
  readonly written: Map<string, Pick<Found, 'thread' | 'label'>>
}

/**
 * Stores of constants to locals are left out: the lowering decides branches on such locals, and so
 * takes their reads away.
 */
function addUsage(lowered: Lowered, { read, written }: Usage): void {
  const { model } = lowered
  const fields = fieldsOf(lowered)
  const nameOf = (slot: number): string | undefined => {
    const s = model.slots[slot]
    if (s?.kind === 'local') return localName({ threadName: model.threads[s.thread ?? 0]?.name ?? '' }, s.name)
    const field = fields.at(slot)
    return field?.kind === 'shared' ? field.name : undefined
  }
  const see = (e: LExpr): void => {
    eachRead(e, (slot) => {
      const name = nameOf(slot)
      if (name !== undefined) read.add(name)
    })
  }
  const write = (slot: number, step: Step): void => {
    const name = nameOf(slot)
    if (name === undefined || written.has(name)) return
    written.set(name, { thread: model.threads[step.thread]?.name ?? '', label: step.label })
  }
  const visit = (s: LStmt, step: Step): void => {
    switch (s.kind) {
      case 'assert':
        see(s.cond)
        return
      case 'if':
        see(s.cond)
        for (const inner of [...s.then, ...s.else]) visit(inner, step)
        return
      case 'set':
        see(s.value)
        if (s.target.kind === 'select') {
          for (const d of s.target.index) see(d.expr)
          write(s.target.base, step)
        } else if (s.value.kind !== 'const' || model.slots[s.target.slot]?.kind !== 'local') write(s.target.slot, step)
        return
    }
  }
  for (const step of model.steps) {
    see(step.guard)
    for (const c of step.choices) write(c.slot, step)
    for (const s of step.body) visit(s, step)
  }
  for (const e of [...model.invariants, ...model.covers]) see(e.expr)
  if (model.final !== undefined) see(model.final)
}

/** Reports ML009 for shared variables and locals. */
export function checkUnread(models: readonly Lowered[], rules: LintRules, add: (f: Found) => void): void {
  const usage: Usage = { read: new Set(), written: new Map() }
  for (const lowered of models) addUsage(lowered, usage)
  for (const [name, at] of usage.written)
    if (!usage.read.has(name) && rules.unread?.[name] === undefined)
      add({ code: 'ML009', message: `'${name}' is written and never read`, ...at })
}
