/** How a verb that needs a real kernel says that this machine cannot give it what it needs. */
import type { Skip } from '../kernel/skip.ts'
import { EXIT } from './exit.ts'
import { errorText } from './message.ts'
import { RESULT_FORMAT } from './report_json.ts'
import type { Speaker } from './fail.ts'

/** Prints the skip (with `--json`, as an object on standard output) and returns the exit code. */
export function skipped({ json, out, err }: Speaker, { missing, message }: Skip): number {
  err(errorText(`skipped: ${message}`))
  if (json) out(`${JSON.stringify({ ...RESULT_FORMAT, skipped: { missing, message } }, null, 2)}\n`)
  return EXIT.skipped.code
}
