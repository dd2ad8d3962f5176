/** The record of what real kernels have shown, beside the corpus. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  confirmationSentence,
  confirmationsOf,
  confirmationsText,
  parseConfirmations,
  withConfirmation,
  type Confirmation,
} from '../counterexamples/confirmed.ts'
import type { Counterexample } from '../counterexamples/json.ts'
import { toAscii } from '../counterexamples/text.ts'
import { wrapped } from './report_text.ts'

const pathOf = (corpus: string): string => join(corpus, 'confirmed.json')

/** Throws where the file is there but damaged. */
export function readConfirmations(corpus: string): readonly Confirmation[] {
  const path = pathOf(corpus)
  if (!existsSync(path)) return []
  const parsed = parseConfirmations(readFileSync(path, 'utf8'))
  if (!parsed.ok) throw new Error(`${path}: ${parsed.error}`)
  return parsed.value
}

/** Adds one, by way of a temporary file. */
export function recordConfirmation(corpus: string, one: Confirmation): void {
  const path = pathOf(corpus)
  writeFileSync(`${path}.tmp`, confirmationsText(withConfirmation(readConfirmations(corpus), one)))
  renameSync(`${path}.tmp`, path)
}

/** What is known of a counterexample from real kernels, as lines of a report; none where nothing is. */
export function confirmationLines(corpus: string, c: Counterexample): string {
  const all = confirmationsOf(readConfirmations(corpus), c)
  if (all.length === 0) return ''
  return ['', 'Real kernels:', ...all.map((x) => wrapped(toAscii(confirmationSentence(x)), '  ', 2)), ''].join('\n')
}
