/** How a verb that cannot do what it was asked says so. */
import { EXIT, type Outcome } from './exit.ts'
import { errorText } from './message.ts'
import { errorJson } from './report_json.ts'

export interface Speaker {
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Prints an error (with `--json`, as an object on standard output too) and returns the exit code. */
export function fail({ json, out, err }: Speaker, outcome: Outcome, error: string): number {
  const text = errorText(error)
  err(text)
  if (json) out(errorJson(outcome, text))
  return EXIT[outcome].code
}
