/** `mmcheck series nosigbus`: proposals that stand beside each other, not one on top of the other. */
import { proposalTable } from '../../counterexamples/proposals/table.ts'
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { onToday, PROPOSALS } from '../../model/kernels/nosigbus.ts'
import { DEMANDS, EVENTS } from '../../properties/nosigbus_demands.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { EXIT, highest } from '../exit.ts'
import { catalogueFile } from '../input.ts'
import { keepAll } from '../keep.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { proposalsJson, proposalsText, type ProposalReport } from '../report_proposals.ts'
import { newStatus } from '../status.ts'

/** The name that `series` knows them by. */
export const NOSIGBUS = 'nosigbus'

export interface ProposalsOptions extends SearchOptions {
  readonly json: boolean
  readonly progress: boolean
  readonly save?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const kernelsOf = (names: readonly string[]): readonly Kernel[] => names.flatMap((n) => findKernel(n) ?? [])

/** Both tables: on v5.13, which the proposals were written for, and on v7.0. */
export function proposalReports(limits: SearchOptions, tick: (text: string) => void): readonly ProposalReport[] {
  const heads = PROPOSALS.map((p) => p.short)
  const table = (names: readonly string[]): ProposalReport['table'] =>
    proposalTable(kernelsOf(names), DEMANDS, EVENTS, catalogueFile, limits, tick)
  return [
    { base: 'On v5.13', heads, table: table(PROPOSALS.map((p) => p.name)) },
    { base: 'On v7.0', heads, table: table(PROPOSALS.map(onToday)) },
  ]
}

/** Returns the exit code: 10 where some proposal breaks some demand, 20 where a search ended at a limit. */
export async function proposalsCommand(options: ProposalsOptions): Promise<number> {
  const { json, progress, save, out, err, ...limits } = options
  const status = newStatus(progress)
  let done = 0
  const reports = proposalReports(limits, (text) => {
    done += 1
    status.at(`${NOSIGBUS}  ${done}  ${text}`)
  })
  status.end()
  const cells = reports.flatMap((r) => r.table.demands.flatMap((d) => d.cells))
  const found = cells.flatMap((c) => (c.kind === 'violated' ? [c.found.counterexample] : []))
  await keepAll(save, found, err)
  const outcome = highest([
    cells.some((c) => c.kind === 'violated') ? 'violated' : 'ok',
    cells.some((c) => c.kind === 'unknown') ? 'incomplete' : 'ok',
  ])
  if (json)
    out(`${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, tables: proposalsJson(reports) }, null, 2)}\n`)
  else out(proposalsText(reports))
  return EXIT[outcome].code
}
