/** `mmcheck series gup-kernels`: what each kernel keeps of pins and copy-on-write, beside what the facts say. */
import { agrees, runTable } from '../../counterexamples/gup_table/run.ts'
import { newProber } from '../../counterexamples/series/check.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { EXIT, highest } from '../exit.ts'
import { catalogueFile } from '../input.ts'
import { keepAll } from '../keep.ts'
import { gupTableJson, gupTableText } from '../report_gup_table.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { newStatus } from '../status.ts'

/** The name that `series` knows them by. */
export const GUP_KERNELS = 'gup-kernels'

export interface GupKernelsOptions extends SearchOptions {
  readonly json: boolean
  readonly progress: boolean
  readonly save?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code: 10 where a run says other than the facts, 20 where a search ended at a limit. */
export async function gupKernelsCommand(options: GupKernelsOptions): Promise<number> {
  const { json, progress, save, out, err, ...limits } = options
  const status = newStatus(progress)
  const rows = await runTable(catalogueFile, newProber(limits), (text) => {
    status.at(`${GUP_KERNELS}  ${text}`)
  })
  status.end()
  const cells = rows.flatMap((r) => r.cells)
  const found = cells.flatMap((c) => c.kernels.flatMap(({ broken }) => broken?.found?.counterexample ?? []))
  await keepAll(save, found, err)
  const limited = cells.some((c) => c.kernels.some((k) => k.verdict === 'unknown'))
  const wrong = cells.some((c) => !agrees(c) && c.kernels.every((k) => k.verdict !== 'unknown'))
  const outcome = highest([wrong ? 'violated' : 'ok', limited ? 'incomplete' : 'ok'])
  if (json)
    out(`${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, rows: gupTableJson(rows) }, null, 2)}\n`)
  else out(gupTableText(rows))
  return EXIT[outcome].code
}
