/** The scenario of a counterexample as a litmus file, which `mmcheck check` finds it in again. */
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { printLitmus } from '../../model/litmus/printer.ts'
import type { Subject } from './subject.ts'

export function renderLitmus({ found, scenario }: Subject): string {
  const { id, title, property } = found.counterexample
  const told = `cex ${id}: ${title}; breaks ${property.name}, in ${found.trace.steps.length} steps.`
  const { file } = scenario
  const comments = file.comments.some((c) => c.startsWith(`cex ${id}:`)) ? file.comments : [told, ...file.comments]
  return printLitmus({ ...file, comments, kernels: [kernelLine([scenario.kernel.name], scenario.without)] })
}
