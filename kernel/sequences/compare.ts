/** One sequence on both sides, and where they part. */
import { z } from 'zod'
import { PAGEMAP_BIT, type Sequence } from '../probe/operations.ts'
import type { Observed, OpResult } from '../probe/protocol.ts'
import { resultOf } from '../sequential/statements.ts'
import { areasSeen } from './areas.ts'
import type { Expected, SequenceModel } from './model.ts'
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
  readonly agrees: boolean
}

const bitsOf = z.array(z.number())

/** What the probe is asked: the world, then each operation and what is seen after it. */
export function probeSequence(model: SequenceModel, { world, ops }: WorldSequence): Sequence {
  const stage = model.stage(world)
  return { ops: [...stage.setUp, ...ops.flatMap((o) => [stage.place(o).op, ...stage.observe]), ...stage.end] }
}

/** Of a process that is not there, nothing is mapped or guarded; of one that was killed, nothing is known. */
const UNKNOWN = 'not known'

function seenOf(stage: Stage, o: SequenceOp, results: readonly OpResult[]): Expected {
  const [first, ...looks] = results
  const guards = stage.looks.flatMap((m, i) => {
    const r = looks[2 * i]
    const bits = bitsOf.safeParse(r?.kind === 'ok' ? r.data : undefined)
    return bits.success
      ? bits.data.map((b) => (b & PAGEMAP_BIT.guard) !== 0)
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

/** The accounts up to the first operation on which kernel and model differ; throws where the world could not be set up. */
export function compare(model: SequenceModel, s: WorldSequence, observed: Observed): readonly Account[] {
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
  const accounts: Account[] = []
  for (const [i, o] of s.ops.entries()) {
    const at = before + i * width
    const seen = seenOf(stage, o, observed.ops.slice(at, at + width))
    const { agrees, allowed } = run.take(o, seen)
    const options = [...new Set(allowed.map((e) => showExpected(stage, e)))]
    accounts.push({
      statement: o.text,
      kernel: showExpected(stage, seen),
      model: options.length === 0 ? 'does not return' : options.join(' or '),
      agrees,
    })
    if (!agrees) break
  }
  return accounts
}

export const disagrees = (accounts: readonly Account[]): boolean => accounts.some((a) => !a.agrees)
