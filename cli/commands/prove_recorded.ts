/** `mmcheck prove --recorded`: every proof that is recorded, checked again; what a nightly run asks of them. */
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { prepare } from '../../solver/prove/prove.ts'
import { recheck, type ProofRecord } from '../../solver/prove/record.ts'
import { EXIT } from '../exit.ts'
import { errorText } from '../message.ts'
import { allRecordedProofs } from '../proofs.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import type { ProveOptions } from './prove.ts'

/** One proof, the kernels whose model it is of, and which of its claims are lost. */
interface Again {
  readonly record: ProofRecord
  readonly kernels: readonly string[]
  readonly lost: readonly string[]
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

async function again(records: readonly ProofRecord[], options: ProveOptions): Promise<Again | undefined> {
  const record = records[records.length - 1]
  const item = ITEMS.find((i) => i.property === record?.property && i.core.name === record.core)
  const kernel = record && findKernel(record.kernel)
  const kernels = records.map((r) => r.kernel)
  if (record === undefined) return undefined
  if (item === undefined || kernel === undefined) return { record, kernels, lost: record.claims }
  const { solver } = options
  const limits = { queryMs: options.limitMs, first: true, ...(solver === undefined ? {} : { solver }) }
  const { proof } = await recheck(record, prepare(item, kernel, []), limits)
  const proved = new Set(proof.claims.filter((c) => c.verdict === 'proved').map((c) => c.claim))
  return { record, kernels, lost: record.claims.filter((c) => !proved.has(c)) }
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
  const done: Again[] = []
  for (const records of grouped(asked)) {
    const one = await again(records, options)
    if (one === undefined) continue
    done.push(one)
    const { record, kernels, lost } = one
    const verdict = lost.length === 0 ? 'proved' : 'unknown'
    const what = lost.length === 0 ? record.claims.join(', ') : `no longer shown: ${lost.join(', ')}`
    if (!options.json)
      options.out(
        `${wrapped(`${verdict.padEnd(8)} ${record.property} (${record.core}) on ${kernels.join(', ')}: ${what}`, '', 9)}\n`,
      )
  }
  const code = done.some((d) => d.lost.length > 0) ? EXIT.unknown.code : EXIT.ok.code
  if (options.json) {
    const proofs = done.map(({ record, kernels, lost }) => ({
      property: record.property,
      core: record.core,
      kernels,
      claims: record.claims,
      lost,
    }))
    options.out(`${JSON.stringify({ ...RESULT_FORMAT, exit: code, proofs }, null, 2)}\n`)
  }
  return code
}
