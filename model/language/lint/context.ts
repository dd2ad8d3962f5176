/** What the parts of the linter share while one thread is explored. */
import type { Slot, Step } from '../lowered.ts'
import type { StepInfo } from '../lower/lower.ts'
import type { Residual } from './residual.ts'
import type { Held } from './path.ts'
import type { Fields } from './places.ts'
import { FINDINGS, type Finding, type FindingCode, type LintRules } from './rules.ts'

export interface ThreadContext {
  readonly rules: LintRules
  readonly fields: Fields
  readonly slots: readonly Slot[]
  readonly thread: number
  readonly threadName: string
  readonly pcSlot: number
  /** Called where a path is given up, since it took a lock twice: what lies behind it is then not looked at. */
  readonly giveUp: () => void
  readonly report: (code: FindingCode, label: string, message: string) => void
}

/** What messages need of a path or a state. */
export interface Known {
  readonly locals: ReadonlyMap<number, Residual>
  readonly held: readonly Held[]
}

/** One step as it is being carried out. */
export interface StepContext extends ThreadContext {
  readonly step: Step
  readonly info: StepInfo
}

/** Collects findings, each once. */
export function collector(): { readonly list: Finding[]; readonly add: (f: Omit<Finding, 'help'>) => void } {
  const list: Finding[] = []
  const seen = new Set<string>()
  const add = (f: Omit<Finding, 'help'>): void => {
    const key = [f.code, f.thread, f.label, f.message].join('\n')
    if (seen.has(key)) return
    seen.add(key)
    list.push({ ...f, help: FINDINGS[f.code] })
  }
  return { list, add }
}

/** A local without its thread: `walk_pte_range.table`. */
export const localName = (ctx: Pick<ThreadContext, 'threadName'>, slotName: string): string =>
  slotName.startsWith(`${ctx.threadName}.`) ? slotName.slice(ctx.threadName.length + 1) : slotName

/** The name of one index value: the object's lock if it is known, else the local that holds it. */
function indexName(ctx: ThreadContext, path: Pick<Known, 'locals'>, value: Residual): string {
  for (const [slot, v] of path.locals)
    if (value.kind === 'slot' && v.kind === 'slot' && v.slot === value.slot)
      return localName(ctx, ctx.slots[slot]?.name ?? '?')
  return '?'
}

/** `table0.ptl`, or `table.ptl[walk_pte_range.table]` where the object is not known. */
export function lockName(ctx: ThreadContext, path: Pick<Known, 'locals'>, h: Pick<Held, 'lock' | 'index'>): string {
  const [index, ...more] = h.index
  const owner = ctx.fields.byName.get(h.lock.owner.decl.name)
  if (index?.kind === 'const' && more.length === 0 && owner !== undefined) {
    if (index.value === 0) return `${h.lock.name} of nil`
    const name = ctx.slots[owner.base + index.value - 1]?.name
    if (name !== undefined) return h.lock.kind === 'rwsem' ? name.replace(/\.writer$/, '') : name
  }
  return `${h.lock.name}[${h.index.map((i) => indexName(ctx, path, i)).join('][')}]`
}

export const heldNames = (ctx: ThreadContext, path: Known): string =>
  path.held.length === 0 ? 'no lock' : path.held.map((h) => lockName(ctx, path, h)).join(', ')
