/** What random sequences are made of: each operation as a litmus statement and as a call of the probe. */
import { ADVICE } from '../probe/constants.ts'
import { op, type ProbeOp } from '../probe/operations.ts'
import type { OpResult } from '../probe/protocol.ts'
import { blockPages, collapseElsewhere, pageOf, type SequenceWorld } from './world.ts'

export interface SequenceOp {
  readonly name: string
  /** Number of the mapping; ignored by operations on the file. */
  readonly mapping: number
  /** Pages of the model, both included. */
  readonly first: number
  readonly last: number
}

/** What an operation of the model's vocabulary is applied to here, and how a real kernel is asked for it. */
interface OperationKind {
  readonly name: string
  readonly operand: 'pages' | 'page' | 'mapping' | 'file'
  readonly access: boolean
  readonly needsCollapse: boolean
  readonly probe: (page: number, n: number) => ProbeOp
}

const advice = (name: string, number: number): OperationKind => ({
  name,
  operand: 'pages',
  access: false,
  needsCollapse: false,
  probe: (page, n) => op('madvise', page, n, number),
})

/** An operation that is added to the model is drawn from here on once it stands in this table. */
export const SEQUENCE_OPERATIONS: readonly OperationKind[] = [
  advice('guard_install', ADVICE.guard_install),
  advice('guard_remove', ADVICE.guard_remove),
  advice('dontneed', ADVICE.dontneed),
  { name: 'read', operand: 'page', access: true, needsCollapse: false, probe: (page) => op('read', page) },
  { name: 'write', operand: 'page', access: true, needsCollapse: false, probe: (page) => op('write', page, 1) },
  {
    ...advice('madvise_collapse', ADVICE.collapse),
    operand: 'mapping',
    needsCollapse: true,
  },
  {
    name: 'collapse',
    operand: 'file',
    access: false,
    needsCollapse: true,
    probe: () => collapseElsewhere(ADVICE.collapse),
  },
]

export function kindOf({ name }: SequenceOp): OperationKind {
  const kind = SEQUENCE_OPERATIONS.find((k) => k.name === name)
  if (kind === undefined) throw new Error(`no operation '${name}' in sequences`)
  return kind
}

/** Every operation that a world has. */
export function operationsOf(w: SequenceWorld): readonly SequenceOp[] {
  const pairs = (n: number): readonly (readonly [number, number])[] =>
    Array.from({ length: n }, (_, i) => i).flatMap((i) =>
      Array.from({ length: n - i }, (_, j): readonly [number, number] => [i, i + j]),
    )
  return SEQUENCE_OPERATIONS.filter((k) => w.collapses || !k.needsCollapse).flatMap((k): readonly SequenceOp[] => {
    if (k.operand === 'file') return [{ name: k.name, mapping: 0, first: 0, last: w.pages - 1 }]
    return w.mappings.flatMap((m, mapping) => {
      const ranges = k.operand === 'mapping' ? [[0, m.pages - 1] as const] : pairs(m.pages)
      return ranges
        .filter(([first, last]) => k.operand !== 'page' || first === last)
        .map(([first, last]) => ({ name: k.name, mapping, first, last }))
    })
  })
}

/** As in a litmus file, without its register. */
export function statement(w: SequenceWorld, o: SequenceOp): string {
  const name = w.mappings[o.mapping]?.name ?? ''
  switch (kindOf(o).operand) {
    case 'file':
      return `${o.name}(f)`
    case 'mapping':
      return `${o.name}(${name})`
    case 'page':
      return `${o.name}(${name}[${o.first}])`
    case 'pages':
      return `${o.name}(${name}[${o.first === o.last ? o.first : `${o.first}..${o.last}`}])`
  }
}

export const probeOp = (w: SequenceWorld, o: SequenceOp): ProbeOp =>
  kindOf(o).probe(pageOf(w, o.mapping, o.first), (o.last - o.first + 1) * blockPages(w))

/** Whether the model gives the operation a result: khugepaged returns nothing to anybody. */
export const hasResult = (o: SequenceOp): boolean => kindOf(o).operand !== 'file'

/** What the probe saw, in the words of the model's results. */
export function resultOf(o: SequenceOp, r: OpResult | undefined): string {
  if (r === undefined) return 'not-run'
  switch (r.kind) {
    case 'ok':
      return kindOf(o).access ? 'ok' : String(r.value)
    case 'error':
      return `-${r.errno}`
    case 'signal':
      return r.signal === 'SIGSEGV' ? 'SEGV' : r.signal === 'SIGBUS' ? 'BUS' : r.signal
    case 'unfinished':
    case 'no-process':
    case 'not-run':
      return r.kind
  }
}
