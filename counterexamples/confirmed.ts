/** What real kernels have shown of counterexamples: corpus/confirmed.json, written by `confirm --record`. */
import { z } from 'zod'
import type { Counterexample } from './json.ts'
import { failed, ok, type Result } from './result.ts'

/** One counterexample, put to one kernel once. */
export interface Confirmation {
  readonly scenario: string
  readonly property: string
  /** The model that it is of, and its id there. */
  readonly kernel: string
  readonly id: string
  /** `uname -r`, as far as the version goes. */
  readonly release: string
  /** YYYY-MM-DD, UTC. */
  readonly date: string
  /** `not run`: `why` says what of it no real kernel can be asked for. */
  readonly verdict: 'confirmed' | 'not seen' | 'not run'
  readonly rounds: number
  readonly hits: number
  /** Registers and guards of the most frequent outcome that shows it; of none where it was not seen. */
  readonly seen?: string | undefined
  readonly why?: string | undefined
}

const count = z.number().int().nonnegative()
const confirmation = z.object({
  scenario: z.string(),
  property: z.string(),
  kernel: z.string(),
  id: z.string().regex(/^[0-9a-f]{12}$/),
  release: z.string(),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  verdict: z.enum(['confirmed', 'not seen', 'not run']),
  rounds: count,
  hits: count,
  seen: z.string().optional(),
  why: z.string().optional(),
})
const document = z.object({
  format: z.literal('mmcheck-confirmations'),
  version: z.object({ major: z.literal(1), minor: count }),
  confirmations: z.array(confirmation),
})

export function parseConfirmations(text: string): Result<readonly Confirmation[], string> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (e) {
    return failed(e instanceof Error ? e.message : String(e))
  }
  const parsed = document.safeParse(json)
  return parsed.success ? ok(parsed.data.confirmations) : failed(parsed.error.issues[0]?.message ?? 'of another shape')
}

const key = (c: Confirmation): string => [c.scenario, c.property, c.kernel, c.release].join('\0')

/** With one more, which takes the place of an earlier run of the same on the same kernel; in the order of their names. */
export function withConfirmation(all: readonly Confirmation[], one: Confirmation): readonly Confirmation[] {
  return [...all.filter((c) => key(c) !== key(one)), one].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

export const confirmationsText = (all: readonly Confirmation[]): string =>
  `${JSON.stringify({ format: 'mmcheck-confirmations', version: { major: 1, minor: 0 }, confirmations: all }, null, 1)}\n`

/** Those of the same violation: the scenario and the property count, since ids differ from kernel to kernel. */
export const confirmationsOf = (all: readonly Confirmation[], c: Counterexample): readonly Confirmation[] =>
  all.filter((x) => x.scenario === c.scenario.name && x.property === c.property.name)

/** In one sentence without a full stop. */
export function confirmationSentence(c: Confirmation): string {
  const on = `on Linux ${c.release} (${c.date}, its model ${c.kernel})`
  switch (c.verdict) {
    case 'confirmed':
      return `confirmed ${on}: seen in ${c.hits} of ${c.rounds} rounds${c.seen === undefined ? '' : `, ${c.seen}`}`
    case 'not seen':
      return `not seen ${on}, in ${c.rounds} rounds`
    case 'not run':
      return `not run ${on}: ${c.why ?? ''}`
  }
}
