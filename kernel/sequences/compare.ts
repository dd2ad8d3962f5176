/** One sequence on both sides, and where they part. */
import { PAGEMAP_BIT, type ProbeOp, type Sequence } from '../probe/operations.ts'
import type { Observed, OpResult } from '../probe/protocol.ts'
import { resultOf } from '../sequential/statements.ts'
import { areasSeen, isFiner } from './areas.ts'
import type { Expected } from './expected.ts'
import type { SequenceModel } from './model.ts'
import type { SequenceOp } from './operations.ts'
import type { Stage } from './stage.ts'
import type { SequenceWorld } from './world.ts'

export interface WorldSequence {
  readonly world: SequenceWorld
  readonly ops: readonly SequenceOp[]
}

/** A line of the two accounts that stand side by side. */
export interface Account {
  readonly statement: string
  readonly kernel: string
  readonly model: string
  /**
   * `apart`: they agree but for VMAs that the kernel keeps apart and the model merges, for reasons that it does not
   * have (model/mm/vma_merge.ts tells which); what would come after it is not compared.
   */
  readonly verdict: 'agrees' | 'apart' | 'differs'
}

/** What the probe is asked: the world, then each operation and what is seen after it. */
export function probeSequence(model: SequenceModel, { world, ops }: WorldSequence): Sequence {
  const stage = model.stage(world)
  const asked = ops.flatMap((o, i) => [storing(stage.place(o).op, i), ...stage.observe])
  return { ops: [...stage.setUp, ...asked, ...stage.end] }
}

/** The byte that the operation at a place of its sequence stores: none is stored twice. */
const valueAt = (i: number): number => 1 + (i % 90)
const storing = (o: ProbeOp, i: number): ProbeOp =>
  o.name === 'write' ? { ...o, args: [o.args[0] ?? 0, valueAt(i)] } : o

/** Of a process that is not there, nothing is mapped or guarded; of one that was killed, nothing is known. */
const UNKNOWN = 'not known'

const isNumbers = (x: unknown): x is readonly number[] => Array.isArray(x) && x.every((n) => typeof n === 'number')

function seenOf(stage: Stage, o: SequenceOp, results: readonly OpResult[]): Expected {
  const [first, ...looks] = results
  const guards = stage.looks.flatMap((m, i) => {
    const r = looks[2 * i]
    const bits: unknown = r?.kind === 'ok' ? r.data : undefined
    return isNumbers(bits)
      ? bits.map((b) => (b & PAGEMAP_BIT.guard) !== 0)
      : Array.from({ length: m.pages }, () => false)
  })
  const areas = stage.looks.map((m, i) => {
    const r = looks[2 * i + 1]
    if (r?.kind === 'no-process') return ''
    return (r?.kind === 'ok' ? areasSeen(r.data, m.page, stage.block) : undefined) ?? UNKNOWN
  })
  const { call } = stage.place(o)
  return call === undefined ? { guards, areas } : { guards, areas, result: resultOf(call, first) }
}

function showExpected(stage: Stage, e: Expected): string {
  const names = stage.looks.flatMap((m) => Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`))
  const held = names.filter((_, i) => e.guards[i])
  return [
    ...(e.result === undefined ? [] : [e.result]),
    held.length === 0 ? 'no guard' : `guards ${held.join(' ')}`,
    ...stage.looks.map((m, i) => `${m.name}: ${e.areas[i] === '' ? 'nothing' : (e.areas[i] ?? '')}`),
  ].join('; ')
}

/** One operation on both sides. */
interface Met {
  readonly o: SequenceOp
  readonly seen: Expected
  readonly allowed: readonly Expected[]
  /** The byte that a load gave, and the one that it is to give; undefined where there is none, or it is open. */
  readonly loaded: number | undefined
  readonly read: number | undefined
  readonly verdict: Account['verdict']
}

/**
 * Up to the first operation on which kernel and model differ, one call of `met` for each. Gives the worst verdict;
 * throws where the world could not be set up.
 */
function judge(model: SequenceModel, s: WorldSequence, observed: Observed, met: (m: Met) => void): Account['verdict'] {
  const { world: w } = s
  const stage = model.stage(w)
  const before = stage.setUp.length
  const broken = observed.ops.slice(0, before).findIndex((r) => r.kind !== 'ok')
  if (broken >= 0)
    throw new Error(
      `the kernel does not set up the world ${w.name}: ${stage.setUp[broken]?.name ?? ''}: ${JSON.stringify(observed.ops[broken])}`,
    )
  const run = model.start(w)
  const width = 1 + stage.observe.length
  for (const [i, o] of s.ops.entries()) {
    const at = before + i * width
    const seen = seenOf(stage, o, observed.ops.slice(at, at + width))
    const { agrees, allowed, read } = run.take(o, seen, valueAt(i))
    const first = observed.ops[at]
    const loaded = read !== undefined && first?.kind === 'ok' ? first.value : undefined
    const verdict = agrees
      ? loaded === read
        ? 'agrees'
        : 'differs'
      : allowed.some((e) => onlyApart(stage, seen, e))
        ? 'apart'
        : 'differs'
    met({ o, seen, allowed, loaded, read, verdict })
    if (verdict !== 'agrees') return verdict
  }
  return 'agrees'
}

/** Whether kernel and model agree, without the words of it. */
export const verdictOf = (model: SequenceModel, s: WorldSequence, observed: Observed): Account['verdict'] =>
  judge(model, s, observed, () => undefined)

/** The accounts up to the first operation on which kernel and model differ; throws where the world could not be set up. */
export function compare(model: SequenceModel, s: WorldSequence, observed: Observed): readonly Account[] {
  const stage = model.stage(s.world)
  const accounts: Account[] = []
  judge(model, s, observed, ({ o, seen, allowed, loaded, read, verdict }) => {
    const options = [...new Set(allowed.map((e) => showExpected(stage, e)))]
    const byte = (n: number | undefined): string => (n === undefined || loaded === read ? '' : `, byte ${n}`)
    accounts.push({
      statement: o.text,
      kernel: `${showExpected(stage, seen)}${byte(loaded)}`,
      model: `${options.length === 0 ? 'does not return' : options.join(' or ')}${byte(read)}`,
      verdict,
    })
  })
  return accounts
}

/** Results and guards alike, and VMAs too, once those that touch and differ in nothing but VM_MAYBE_GUARD are one. */
function onlyApart(stage: Stage, seen: Expected, allowed: Expected): boolean {
  const alike =
    (allowed.result === undefined || allowed.result === seen.result) &&
    allowed.guards.every((g, i) => g === seen.guards[i])
  return (
    alike &&
    stage.looks.every((m, i) => {
      const [kernel = '', model = ''] = [seen.areas[i], allowed.areas[i]]
      return kernel === model || (m.private && isFiner(kernel, model))
    })
  )
}

export const disagrees = (accounts: readonly Account[]): boolean => accounts.some((a) => a.verdict === 'differs')
export const cutShort = (accounts: readonly Account[]): boolean => accounts.some((a) => a.verdict === 'apart')
