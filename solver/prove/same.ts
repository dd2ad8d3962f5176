/** Whether two proofs are one: the same lemmas of the same model, whichever kernels those are of. */
import { createHash } from 'node:crypto'
import type { Lemma } from './lemma.ts'
import type { Setup } from './setup.ts'

/**
 * Digest of all that `check` makes its questions of: two kernels with one digest are asked the very same, and what
 * is answered of one is answered of the other.
 */
export function questionDigest({ system, domain, geometry, worlds, core }: Setup, lemmas: readonly Lemma[]): string {
  const asked = [
    [system.fields, system.locals, system.labels, system.steps, system.programs],
    [domain, [...geometry], core.world, core.without],
    worlds.map((w) => [w.sizes, w.initial, [...w.geometry]]),
    lemmas.map(({ name, vars, body, labels, ofSteps }) => [
      [name, vars, body, ofSteps ?? false],
      labels === undefined ? null : [...labels].sort((a, b) => a - b),
    ]),
  ]
  return createHash('sha256').update(JSON.stringify(asked), 'utf8').digest('hex')
}
