/** The lines that say what a verdict covers and what it rests on. Printed with every verdict. */
import type { LoweredModel } from '../model/language/lowered.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

/** The size of the world: everything that an answer is limited to. */
export function scopeOf(s: Scenario): readonly string[] {
  const size = (set: string): number => s.world.sizes[set] ?? 0
  const parts = [
    plural(s.file.threads.length, 'thread'),
    plural(size('vma'), 'VMA'),
    plural(size('page'), 'page'),
    `${plural(size('pmd'), 'pmd')} of ${plural(s.world.ptes, 'entry').replace('entrys', 'entries')}`,
    plural(size('table'), 'page table'),
    ...(size('file') > 0 ? [plural(size('file'), 'file')] : []),
    ...(size('frame') > 0 ? [plural(s.world.frames?.anon ?? 0, 'anonymous page frame')] : []),
  ]
  return [`Scope: ${parts.join(', ')}; kernel ${s.kernel.name}: ${s.kernel.title}.`]
}

/** What the model assumes, with the reason of every step that is coarser than the kernel's. */
export function assumptionsOf(s: Scenario, model: LoweredModel): readonly string[] {
  const coarse = new Map<string, string>()
  for (const step of model.steps)
    if (step.atomic !== undefined) coarse.set(`${step.routine}.${step.local}`, step.atomic)
  return [
    s.world.frames === undefined
      ? "Sequentially consistent. Not modelled: TLBs, refcounts and mapcounts, memory contents, userfaultfd's minor faults."
      : "Sequentially consistent: the barriers of GUP-fast and of who clears PageAnonExclusive() are not put to the test. Not modelled: TLBs, userfaultfd's minor faults.",
    s.world.oom ? 'Allocations may fail.' : 'Allocations do not fail.',
    ...(coarse.size === 0
      ? []
      : [`One step each: ${[...coarse].map(([what, why]) => `${what} (${why})`).join('; ')}.`]),
  ]
}
