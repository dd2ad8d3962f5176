/** `mmcheck prove --table`: how each claim stands on each kernel, read from the record. */
import { EXIT } from '../exit.ts'
import { errorText, withHelp } from '../message.ts'
import { recordedTable } from '../proof_table.ts'
import { PROVED_KERNELS } from '../proof_words.ts'
import { RESULT_FORMAT } from '../report_json.ts'

export interface ProveTableOptions {
  /** All where this is empty, as for the other two. */
  readonly kernels: readonly string[]
  readonly properties: readonly string[]
  readonly cores: readonly string[]
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code: 0, whatever the table says, since nothing is checked; 1 where it has no such line. */
export function proveTable({ kernels, properties, cores, json, out, err }: ProveTableOptions): number {
  const names = kernels.length === 0 ? PROVED_KERNELS : kernels
  const { answers, text } = recordedTable(
    names,
    (a) =>
      (properties.length === 0 || properties.includes(a.property)) && (cores.length === 0 || cores.includes(a.core)),
  )
  if (answers.length === 0) {
    err(errorText(withHelp('nothing of that is recorded', "'mmcheck prove' asks the solver")))
    return EXIT.usage.code
  }
  out(json ? `${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT.ok.code, recorded: answers }, null, 2)}\n` : text)
  return EXIT.ok.code
}
