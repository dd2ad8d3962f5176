/** From results of cells of the sweep to what is recorded of them, and what nobody has explained. */
import { explanationOf } from '../../model/scenarios/sweep/explained.ts'
import type { KernelRecord } from './record.ts'
import type { KernelResult, SweepResult, SweepViolation } from './sweep_cell.ts'

/** A cell by its name, and what became of it; undefined where it was not run. */
export type Ran = readonly [name: string, result: SweepResult | undefined]

export const kernelsOf = (r: SweepResult | undefined): readonly KernelResult[] => (r?.ok === true ? r.kernels : [])

/** What some cells came to on one kernel, all together. */
export function tallied(ran: readonly Ran[], kernel: string): KernelRecord {
  const violated: Record<string, readonly SweepViolation[]> = {}
  const unknown: string[] = []
  let states = 0
  let cells = 0
  for (const [name, r] of ran) {
    const result = kernelsOf(r).find((k) => k.kernel === kernel)
    if (result === undefined) continue
    cells++
    states += result.states
    if (result.violations.length > 0) violated[name] = result.violations
    if (result.incomplete !== undefined) unknown.push(name)
  }
  return { cells, states, violated, unknown }
}

/** Two parts of the cells of one world on one kernel, as one. */
export const together = (a: KernelRecord, b: KernelRecord): KernelRecord => ({
  cells: a.cells + b.cells,
  states: a.states + b.states,
  violated: { ...a.violated, ...b.violated },
  unknown: [...a.unknown, ...b.unknown],
})

/** Violations that nobody has explained: they are red even where they are recorded. */
export const unexplained = (kernel: string, { violated }: Pick<KernelRecord, 'violated'>): readonly string[] =>
  Object.entries(violated).flatMap(([cell, violations]) =>
    violations
      .filter((v) => explanationOf(v, kernel, violations) === undefined)
      .map((v) => `${cell}: nothing explains ${v.property} at ${v.at}`),
  )
