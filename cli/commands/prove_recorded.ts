/** `mmcheck prove --recorded`: every proof that is recorded, checked again; what a nightly run asks of them. */
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { prepare } from '../../solver/prove/prove.ts'
import { recheck, type ProofRecord } from '../../solver/prove/record.ts'
import { EXIT } from '../exit.ts'
import { errorText } from '../message.ts'
import { contradiction, statesText, type SizeDocument } from '../proof_sizes.ts'
import { proofLine, type ProofLine } from '../proof_progress.ts'
import { proofStates } from '../proof_states.ts'
import { allRecordedProofs } from '../proofs.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import type { ProveOptions } from './prove.ts'
import { limitsOf } from './prove_tried.ts'

/** One proof, the kernels whose model it is of, and which of its claims are lost. */
interface Again {
  readonly record: ProofRecord
  readonly kernels: readonly string[]
  readonly lost: readonly string[]
  /** What explicit states say of its lemmas, where they were asked and nothing is lost. */
  readonly states?: readonly SizeDocument[]
}

/** Records of kernels that are of the same patches, with the same claims: what is shown of one is shown of all. */
function grouped(records: readonly ProofRecord[]): readonly (readonly ProofRecord[])[] {
  const groups = new Map<string, ProofRecord[]>()
  for (const r of records) {
    const patches = [...(findKernel(r.kernel)?.patches ?? [r.kernel])].sort()
    const key = [r.property, r.core, ...r.claims, ...patches].join('\0')
    groups.set(key, [...(groups.get(key) ?? []), r])
  }
  return [...groups.values()]
}

async function again(
  records: readonly ProofRecord[],
  options: ProveOptions,
  line: ProofLine,
): Promise<Again | undefined> {
  const record = records[records.length - 1]
  const item = ITEMS.find((i) => i.property === record?.property && i.core.name === record.core)
  const kernel = record && findKernel(record.kernel)
  const kernels = records.map((r) => r.kernel)
  if (record === undefined) return undefined
  if (item === undefined || kernel === undefined) return { record, kernels, lost: record.claims }
  const prepared = prepare(item, kernel, [])
  const limits = limitsOf(prepared, { ...options, onProgress: line.report, warn: options.err })
  const { proof, lemmas } = await recheck(record, prepared, { ...limits, first: true })
  const proved = new Set(proof.claims.filter((c) => c.verdict === 'proved').map((c) => c.claim))
  const lost = record.claims.filter((c) => !proved.has(c))
  const states = options.states && lost.length === 0 ? { states: proofStates(prepared.setup, lemmas) } : {}
  return { record, kernels, lost, ...states }
}

/** Returns the exit code: 0 where all that is recorded as proved is proved again, 21 where some of it is not. */
export async function proveRecorded(options: ProveOptions): Promise<number> {
  const asked = allRecordedProofs().filter(
    (r) =>
      r.claims.length > 0 &&
      (options.properties.length === 0 || options.properties.includes(r.property)) &&
      (options.cores.length === 0 || options.cores.includes(r.core)),
  )
  if (asked.length === 0) {
    options.err(errorText('no such proof is recorded'))
    return EXIT.usage.code
  }
  const line = proofLine(options.progress)
  const done: Again[] = []
  for (const records of grouped(asked)) {
    const one = await again(records, options, line)
    line.clear()
    if (one === undefined) continue
    done.push(one)
    const { record, kernels, lost, states } = one
    const verdict = lost.length === 0 ? 'proved' : 'unknown'
    const what = lost.length === 0 ? record.claims.join(', ') : `no longer shown: ${lost.join(', ')}`
    if (!options.json)
      options.out(
        `${wrapped(`${verdict.padEnd(8)} ${record.property} (${record.core}) on ${kernels.join(', ')}: ${what}`, '', 9)}\n`,
      )
    if (!options.json && states !== undefined) options.out(`${wrapped(statesText(states), '         ')}\n`)
    const against = contradiction(states ?? [])
    if (against !== undefined)
      options.err(errorText(`${record.property} (${record.core}) on ${kernels.join(', ')}: ${against}`))
  }
  const { code } = done.some((d) => contradiction(d.states ?? []) !== undefined)
    ? EXIT.disagree
    : done.some((d) => d.lost.length > 0)
      ? EXIT.unknown
      : EXIT.ok
  if (options.json) {
    const proofs = done.map(({ record, kernels, lost, states }) => ({
      property: record.property,
      core: record.core,
      kernels,
      claims: record.claims,
      lost,
      ...(states === undefined ? {} : { states }),
    }))
    options.out(`${JSON.stringify({ ...RESULT_FORMAT, exit: code, proofs }, null, 2)}\n`)
  }
  return code
}
