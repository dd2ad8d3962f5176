/** What the core list came to on each kernel when it was last asked: recorded, so that it can be read at once. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { packageRoot } from './input.ts'
import { NEWEST } from './proof_words.ts'
import { recordedProof } from './proofs.ts'
import { wrapped } from './report_text.ts'

/** How one claim stands on one kernel. */
export interface TableAnswer {
  readonly property: string
  readonly core: string
  readonly claim: string
  readonly kernel: string
  /**
   * `absent`: no code of the kernel does it; `sizes`: no proof, but no state of some sizes breaks it; `bounded`: none of
   * those that a search came to.
   */
  readonly verdict: 'proved' | 'violated' | 'absent' | 'sizes' | 'bounded' | 'unknown'
  /** Of what is violated: the counterexample, and the scenario that has it. */
  readonly counterexample?: string | undefined
  readonly scenario?: string | undefined
  /** Of what is unknown. */
  readonly why?: string | undefined
  /** Day on which it was found or checked, in UTC: `2026-11-22`. */
  readonly date: string
}

const answer: z.ZodType<TableAnswer> = z.object({
  property: z.string(),
  core: z.string(),
  claim: z.string(),
  kernel: z.string(),
  verdict: z.enum(['proved', 'violated', 'absent', 'sizes', 'bounded', 'unknown']),
  counterexample: z.string().optional(),
  scenario: z.string().optional(),
  why: z.string().optional(),
  date: z.iso.date(),
})
const schema = z.object({
  format: z.literal('mmcheck-proof-table'),
  version: z.object({ major: z.literal(1), minor: z.number() }),
  answers: z.array(answer),
})

const pathOf = (): string => join(packageRoot(), 'solver', 'prove', 'recorded', 'table', 'answers.json')

/** All that is recorded; nothing where there is no such file. Throws where it is damaged. */
export const readTable = (): readonly TableAnswer[] =>
  existsSync(pathOf()) ? schema.parse(JSON.parse(readFileSync(pathOf(), 'utf8'))).answers : []

const keyOf = ({ property, core, claim, kernel }: TableAnswer): string => [property, core, claim, kernel].join('\0')

const modelOf = ({ property, core, kernel }: TableAnswer): string => [property, core, kernel].join('\0')

/** Records all answers about some models, in a fixed order: what else is recorded of those is claimed no more. */
export function writeTable(fresh: readonly TableAnswer[]): void {
  const asked = new Set(fresh.map(modelOf))
  const others = readTable().filter((a) => !asked.has(modelOf(a)))
  const all = new Map([...others, ...fresh].map((a) => [keyOf(a), a]))
  const answers = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, a]) => a)
  const text = JSON.stringify({ format: 'mmcheck-proof-table', version: { major: 1, minor: 0 }, answers }, null, 1)
  mkdirSync(dirname(pathOf()), { recursive: true })
  writeFileSync(`${pathOf()}.tmp`, `${text}\n`)
  renameSync(`${pathOf()}.tmp`, pathOf())
}

/** How a claim stands on a kernel, as the table has it. */
const MARKS: Readonly<Record<TableAnswer['verdict'], string>> = {
  proved: 'yes',
  violated: 'NO',
  unknown: '?',
  sizes: 'sizes',
  bounded: 'bound',
  absent: '-',
}
const LEGEND =
  'yes: proved for all sizes; NO: a counterexample was found again; sizes: no proof, and no counterexample in any state of the sizes below; bound: the same of as many states as there was room for; ?: unknown; -: no code of the kernel does it, or there are no guards in such memory; nothing: not claimed of that kernel'

const CLAIM_WIDTH = 32

/** Claim by kernel, the counterexamples that it names, and why what is unknown is so. */
export function tableText(answers: readonly Omit<TableAnswer, 'date'>[], kernels: readonly string[]): string {
  const line = (first: string, of: (kernel: string) => string): string =>
    `${first.padEnd(CLAIM_WIDTH)} ${kernels.map((k) => of(k).padEnd(k.length + 1)).join(' ')}`.trimEnd()
  const groups = new Map<string, Map<string, Map<string, Omit<TableAnswer, 'date'>>>>()
  for (const a of answers) {
    const name = `${a.property} (${a.core})`
    const group = groups.get(name) ?? new Map<string, Map<string, Omit<TableAnswer, 'date'>>>()
    groups.set(name, group)
    group.set(a.claim, (group.get(a.claim) ?? new Map<string, Omit<TableAnswer, 'date'>>()).set(a.kernel, a))
  }
  const lines = [line('', (k) => k)]
  const notes: string[] = []
  for (const [group, claims] of groups) {
    lines.push(group)
    for (const [claim, of] of claims) {
      lines.push(
        line(`  ${claim}`, (k) => {
          const a = of.get(k)
          return a === undefined ? '' : MARKS[a.verdict]
        }),
      )
      for (const a of of.values())
        if (a.verdict === 'violated')
          notes.push(wrapped(`NO: ${a.counterexample ?? ''} ${a.scenario ?? ''} on ${a.kernel}: ${group}`, '  ', 6))
      // What is not proved for one reason on several kernels is told once.
      const reasons = new Map<string, { readonly mark: string; readonly why: string; readonly on: string[] }>()
      for (const { verdict, why, kernel } of of.values()) {
        if (verdict === 'violated' || why === undefined) continue
        const mark = MARKS[verdict]
        const reason = reasons.get(`${mark} ${why}`) ?? { mark, why, on: [] }
        reason.on.push(kernel)
        reasons.set(`${mark} ${why}`, reason)
      }
      for (const { mark, why, on } of reasons.values())
        notes.push(wrapped(`${mark}: ${claim} (${group}) on ${on.join(', ')}: ${why}`, '  ', 5))
    }
  }
  return [...lines, '', wrapped(LEGEND, ''), ...(notes.length === 0 ? [] : ['', ...notes]), ''].join('\n')
}

/** A record that says `proved` is worth the proof beside it; where that is gone, nothing is known. */
const backed = (a: TableAnswer): TableAnswer =>
  a.verdict === 'proved' && recordedProof(a)?.claims.includes(a.claim) !== true
    ? { ...a, verdict: 'unknown', why: 'recorded as proved, and the proof is no longer there' }
    : a

export interface RecordedTable {
  readonly answers: readonly TableAnswer[]
  readonly text: string
}

/** The table as it is recorded, of some of the claims: nothing is asked, and it says so. */
export function recordedTable(kernels: readonly string[], wanted: (a: TableAnswer) => boolean): RecordedTable {
  const answers = readTable()
    .filter((a) => kernels.includes(a.kernel) && wanted(a))
    .map(backed)
  const dates = answers.map((a) => a.date).sort()
  const [first = '', last = first] = [dates[0], dates[dates.length - 1]]
  const when = first === last ? `on ${first}` : `from ${first} to ${last}`
  const head = `As recorded ${when}: nothing was checked now. 'mmcheck prove --kernel all' asks again; 'mmcheck nightly' checks the proofs of ${NEWEST}, and those of all kernels with --tier weekly.`
  return { answers, text: `${wrapped(head, '')}\n\n${tableText(answers, kernels)}` }
}
