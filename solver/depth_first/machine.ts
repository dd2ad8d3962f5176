/** A model, made ready to be searched depth first. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { layOut, type Layout } from '../explicit/layout.ts'
import { compile, type Program } from '../explicit/program.ts'
import { specialise } from '../specialise.ts'

export interface Machine {
  /** Specialised. */
  readonly model: LoweredModel
  readonly layout: Layout
  readonly program: Program
}

/** Throws where a model does not fit the limits of packed states. */
export function machineFor(original: LoweredModel): Machine {
  const model = specialise(original)
  const layout = layOut(model)
  const program = compile(model, layout)
  if ((program.successorsMax + 1) * (program.threads.length + 1) >= 2 ** 31)
    throw new Error(`a state can have ${program.successorsMax} successors, too many for a depth-first search`)
  return { model, layout, program }
}

/**
 * Threads by number, in the order in which they move: those with the most steps first, daemons last. States that
 * differ in how far the first has come are met far apart in time, so the more it has to go through, the fewer states
 * there are at a time that may be met again. (install+collapse+read-two, with room for 42 % of its states: 1.2 visits
 * for a state, and 2.2 in the order of the file.)
 */
export function longestFirst({ threads, steps }: LoweredModel): readonly number[] {
  const length = threads.map((_, t) => new Set(steps.filter(({ thread }) => thread === t).map(({ pc }) => pc)).size)
  const late = (t: number): number => (threads[t]?.daemon === true ? 1 : 0)
  return threads.map((_, t) => t).sort((a, b) => late(a) - late(b) || (length[b] ?? 0) - (length[a] ?? 0) || a - b)
}
