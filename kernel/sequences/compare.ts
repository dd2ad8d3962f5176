/** One sequence on both sides, and where they part. */
import { z } from 'zod'
import { op, pagemap, PAGEMAP_BIT, type ProbeOp, type Sequence } from '../probe/operations.ts'
import type { Observed, OpResult } from '../probe/protocol.ts'
import type { Expected, SequenceModel } from './model.ts'
import { hasResult, probeOp, resultOf, statement, type SequenceOp } from './operations.ts'
import { blockPages, pageOf, setUp, type SequenceWorld } from './world.ts'

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

/** What the probe is asked: the world, then each operation and the guard bits after it. */
export function probeSequence({ world, ops }: WorldSequence): Sequence {
  const look = world.mappings.map((m, i) => pagemap(pageOf(world, i, 0), m.pages, blockPages(world)))
  const last: readonly ProbeOp[] = world.collapses ? [{ ...op('exit'), proc: 1 }] : []
  return { ops: [...setUp(world), ...ops.flatMap((o) => [probeOp(world, o), ...look]), ...last] }
}

function seenOf(w: SequenceWorld, o: SequenceOp, results: readonly OpResult[]): Expected {
  const [first, ...maps] = results
  const guards = w.mappings.flatMap((m, i) => {
    const r = maps[i]
    const bits = bitsOf.safeParse(r?.kind === 'ok' ? r.data : undefined)
    // Where the child died, no page is known to be guarded: NaN-like answers would agree by accident.
    return bits.success
      ? bits.data.map((b) => (b & PAGEMAP_BIT.guard) !== 0)
      : Array.from({ length: m.pages }, () => false)
  })
  return hasResult(o) ? { guards, result: resultOf(o, first) } : { guards }
}

const showGuards = (w: SequenceWorld, guards: readonly boolean[]): string => {
  const names = w.mappings.flatMap((m) => Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`))
  const held = names.filter((_, i) => guards[i])
  return held.length === 0 ? 'no guard' : `guards ${held.join(' ')}`
}
const showExpected = (w: SequenceWorld, e: Expected): string =>
  [...(e.result === undefined ? [] : [e.result]), showGuards(w, e.guards)].join(', ')

/** The accounts up to the first operation on which kernel and model differ; throws where the world could not be set up. */
export function compare(model: SequenceModel, s: WorldSequence, observed: Observed): readonly Account[] {
  const { world: w } = s
  const before = setUp(w).length
  const broken = observed.ops.slice(0, before).find((r) => r.kind !== 'ok')
  if (broken !== undefined) throw new Error(`the kernel does not set up the world ${w.name}: ${JSON.stringify(broken)}`)
  const run = model.start(w)
  const width = 1 + w.mappings.length
  const accounts: Account[] = []
  for (const [i, o] of s.ops.entries()) {
    const at = before + i * width
    const seen = seenOf(w, o, observed.ops.slice(at, at + width))
    const { agrees, allowed } = run.take(o, seen)
    const options = [...new Set(allowed.map((e) => showExpected(w, e)))]
    accounts.push({
      statement: statement(w, o),
      kernel: showExpected(w, seen),
      model: options.length === 0 ? 'does not return' : options.join(' or '),
      agrees,
    })
    if (!agrees) break
  }
  return accounts
}

export const disagrees = (accounts: readonly Account[]): boolean => accounts.some((a) => !a.agrees)
