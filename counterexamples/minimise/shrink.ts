/** Takes things away, one at a time, until every one of them is needed. */
import type { LitmusFile, SettingDecl, ThreadDecl } from '../../model/litmus/ast.ts'
import { compareNumbers } from '../../solver/order.ts'
import { scheduleOf } from './follow.ts'
import { goesOn, question, type Job, type MinimiseProgress } from './job.ts'
import { isBetter, type Broken } from './oracle.ts'
import { reductions } from './reductions.ts'
import { fileSize, MEASURES, measuresOf } from './size.ts'
import { withDecls } from './tree.ts'

/** A scenario that breaks the property, and what was taken away to get there. */
export interface Best {
  readonly file: LitmusFile
  readonly broken: Broken
  readonly removed: readonly string[]
}

/** For one scenario among many: a larger world may need more, but then it is passed over. */
const LIMITS = { maxStates: 600_000, maxMs: 4000 } as const

const words = ({ broken }: Best): string => {
  const size = measuresOf(broken.scenario)
  return MEASURES.slice(0, 4)
    .map((m, i) => `${size[i] ?? 0} ${m}`)
    .join(', ')
}

export const tell = (job: Job, phase: MinimiseProgress['phase'], best: Best, more: object = {}): void =>
  job.onProgress?.({ phase, asked: job.asked, best: words(best), ...more })

/** The file with a number of page tables of its own. */
export function withTables(file: LitmusFile, tables: number): LitmusFile {
  const without = withDecls(file, (d) => (d.kind === 'setting' && d.name.text === 'tables' ? [] : [d]))
  const span = file.span
  const setting: SettingDecl = { kind: 'setting', name: { text: 'tables', span }, value: tables, span }
  return { ...without, decls: [...without.decls, setting] }
}

/** Names threads by where they stood in the file that it all began with. */
export const originalNames = (file: LitmusFile): ((t: ThreadDecl) => string) => {
  const names = new Map(file.threads.map((t) => [t.span.start, `P${t.thread.index}`]))
  return (t) => names.get(t.span.start) ?? `P${t.thread.index}`
}

/** The first reduction, smallest scenario first, that still breaks the property. */
async function step(job: Job, best: Best, nameOf: (t: ThreadDecl) => string): Promise<Best | undefined> {
  const { file, broken } = best
  const schedule = scheduleOf(file, broken.model, broken.violation.moves)
  const smaller = [...reductions(file, nameOf)].sort((a, b) => compareNumbers(fileSize(a.file), fileSize(b.file)))
  for (const candidate of smaller) {
    if (!(await goesOn(job))) return undefined
    tell(job, 'reduce', best)
    const answer = question(job, candidate.file, LIMITS, schedule)
    if (answer.kind !== 'breaks' || !isBetter(answer.broken, broken)) continue
    return { file: candidate.file, broken: answer.broken, removed: [...best.removed, candidate.what] }
  }
  return undefined
}

/** The fewest page tables that do for everything that can happen. */
async function fewerTables(job: Job, best: Best): Promise<Best> {
  const tables = best.broken.scenario.world.sizes['table'] ?? 0
  for (let n = 1; n < tables; n++) {
    if (!(await goesOn(job))) return best
    const file = withTables(best.file, n)
    const answer = question(job, file, LIMITS)
    if (answer.kind === 'breaks')
      return { file, broken: answer.broken, removed: [...best.removed, `${tables - n} of ${tables} page tables`] }
  }
  return best
}

/** A local minimum: nothing more can be taken away by itself, or the budget is spent. */
export async function shrink(job: Job, from: Best, nameOf: (t: ThreadDecl) => string): Promise<Best> {
  let best = from
  for (;;) {
    for (let next: Best | undefined = best; next !== undefined; next = await step(job, best, nameOf)) best = next
    const fewer = await fewerTables(job, best)
    if (fewer === best) return best
    best = fewer
  }
}
