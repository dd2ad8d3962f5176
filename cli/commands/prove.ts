/** `mmcheck prove`: what holds for any number of threads and pages. */
import type { Kernel } from '../../model/kernels/kernels.ts'
import { OPERATIONS, proveLocks, RESTS_ON, type LockProof } from '../../solver/prove/prove.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { errorText } from '../message.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

export interface ProveOptions {
  readonly kernels: readonly Kernel[]
  readonly without: readonly string[]
  /** A program to ask instead of the package z3-solver. */
  readonly solver?: string
  readonly limitMs: number
  /** The lemmas too. */
  readonly lemmas: boolean
  /** For what is not proved: the steps that break it, and the lemmas that they break. */
  readonly cti: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const CTI_MAX = 4

function text(proof: LockProof, options: ProveOptions): string {
  const { kernel, without, operations, locks } = proof
  const on = `${kernel}${without.length === 0 ? '' : ` without ${without.join(', ')}`}`
  const lines = [`LockExclusion on ${on}: ${operations.join(', ')}`]
  for (const l of locks) {
    const sizes =
      l.verdict === 'proved' ? 'for all sizes' : l.labels === 0 ? 'no label is in a section on every path' : ''
    lines.push(`  ${l.verdict.padEnd(8)} ${l.lock.padEnd(20)} ${sizes}`.trimEnd())
    if (options.lemmas && l.verdict === 'proved')
      for (const lemma of l.lemmas) {
        const where =
          lemma.labels === undefined
            ? 'always'
            : `at ${lemma.labels.length} label${lemma.labels.length === 1 ? '' : 's'}`
        lines.push(wrapped(`${where}: ${lemma.text}`, '    ', 2))
      }
    if (options.cti && l.verdict === 'unknown')
      for (const b of l.broken.slice(0, CTI_MAX)) {
        lines.push(wrapped(`step ${b.from} -> ${b.to}`, '    ', 2))
        lines.push(wrapped(`may break (${b.said}): ${b.lemma}`, '      ', 2))
      }
  }
  return `${lines.join('\n')}\n`
}

/** Proves what it can on each kernel. Returns the exit code: 21 where something is left unknown, 1 where `without` names nothing. */
export async function proveCommand(options: ProveOptions): Promise<number> {
  const outcomes: Outcome[] = []
  const proofs: LockProof[] = []
  for (const kernel of options.kernels) {
    try {
      const proof = await proveLocks(kernel, options.without, {
        queryMs: options.limitMs,
        ...(options.solver === undefined ? {} : { solver: options.solver }),
      })
      proofs.push(proof)
      outcomes.push(proof.locks.every((l) => l.verdict === 'proved') ? 'ok' : 'unknown')
      if (!options.json) options.out(text(proof, options))
    } catch (e) {
      options.err(errorText(`${kernel.name}: ${e instanceof Error ? e.message : String(e)}`))
      outcomes.push('usage')
    }
  }
  const { code } = EXIT[highest(outcomes)]
  if (options.json)
    options.out(`${JSON.stringify({ ...RESULT_FORMAT, exit: code, restsOn: RESTS_ON, proofs }, null, 2)}\n`)
  else if (proofs.length > 0)
    options.out(`\nIt rests on:\n${RESTS_ON.map((r) => `${wrapped(`- ${r}`, '', 2)}\n`).join('')}`)
  return code
}

export const PROVED_OPERATIONS: string = OPERATIONS.join(', ')
