/** The cells of the sweep: which operations run against which, in which world, as litmus texts. */
import { OPERATIONS, type Operation } from '../../mm/operations.ts'
import type { SweepWorld } from './worlds.ts'

/** One way in which the sweep performs an operation: a row and a column of the matrix. */
export interface SweepOperation {
  /** As in `mprotect.none`; the operation's own name where it has one form only. */
  readonly name: string
  readonly operation: Operation
  /** The arguments, as they stand in the litmus text. */
  readonly args: string
}

export interface SweepCell {
  readonly world: SweepWorld
  /** Two or three, one thread each. */
  readonly operations: readonly SweepOperation[]
}

const one = (operation: Operation, args: string): readonly SweepOperation[] => [
  { name: operation.name, operation, args },
]

/** A load or store of the guarded page is something else than one beside it. */
function forms(operation: Operation): readonly SweepOperation[] {
  switch (operation.operand) {
    case 'pages':
    case 'mapping':
      return one(operation, operation.behind === true ? 'a[1]' : 'a')
    case 'page':
      return operation.name === 'read' || operation.name === 'write'
        ? [0, 1].map((page) => ({ name: `${operation.name}.${page}`, operation, args: `a[${page}]` }))
        : one(operation, 'a[1]')
    case 'ranges':
      return one(operation, 'a[0], a[1]')
    case 'pages_word':
      return (operation.words ?? []).map((word) => ({
        name: `${operation.name}.${word}`,
        operation,
        args: `a[1], ${word}`,
      }))
    // With page frames alone, of which no world of the sweep has any.
    case 'page_value':
    case 'page_word':
      return []
    case 'pages_pages':
      return one(operation, 'a, b')
    case 'file':
      return one(operation, 'f')
    case 'file_pages':
      return one(operation, 'f')
    case 'file_size':
      return one(operation, 'f, 0')
    case 'mm':
      return one(operation, 'm1')
    // Another process that maps the same file: on anonymous memory it has nothing to do with the rest.
    case 'own_mm':
      return one(operation, 'm2')
  }
}

const needsFile = ({ operand, fileOnly, files }: Operation): boolean =>
  fileOnly === true ||
  files !== undefined ||
  operand === 'own_mm' ||
  operand === 'file' ||
  operand === 'file_pages' ||
  operand === 'file_size'

function makesSense(operation: Operation, { file }: SweepWorld): boolean {
  if (file === 'none') return !needsFile(operation)
  return operation.anonymousOnly !== true && (operation.files === undefined || operation.files === file)
}

/** Every form of every operation that makes sense in a world and ends, in the order of `list --operations`. */
export const sweepOperations = (world: SweepWorld): readonly SweepOperation[] =>
  OPERATIONS.filter(
    (o) => o.endless !== true && o.apart !== true && o.frames !== 'only' && makesSense(o, world),
  ).flatMap(forms)

/** An mm is forked once, and exits once. */
const together = (a: SweepOperation, b: SweepOperation): boolean =>
  a.operation.operand !== b.operation.operand || (a.operation.operand !== 'mm' && a.operation.operand !== 'own_mm')

/** Each unordered pair once, an operation against itself included. */
export function pairs(world: SweepWorld): readonly SweepCell[] {
  const all = sweepOperations(world)
  return all.flatMap((a, i) =>
    all
      .slice(i)
      .filter((b) => together(a, b))
      .map((b) => ({ world, operations: [a, b] })),
  )
}

/** Operations that can take a page table away, or put something in its place. */
const touchesTables = ({ operation }: SweepOperation): boolean => (operation.unlinks ?? 0) > 0

/**
 * Triples around a pair that shares a page table: one operation that may take the table away, a guard
 * install, and any third.
 */
export function triples(world: SweepWorld): readonly SweepCell[] {
  const all = sweepOperations(world)
  const installs = all.filter((o) => o.operation.name === 'guard_install')
  const takers = all.filter(touchesTables)
  return installs.flatMap((a) =>
    takers.flatMap((b, i) =>
      all
        .filter((c) => (!touchesTables(c) || takers.indexOf(c) >= i) && together(b, c))
        .map((c) => ({ world, operations: [a, b, c] })),
    ),
  )
}

export const cellName = ({ operations }: SweepCell): string => operations.map((o) => o.name).join('+')

/** The litmus text of a cell on the given kernels; `mmcheck check -` takes it as it is. */
export function cellText(cell: SweepCell, kernels: readonly string[]): string {
  const { world, operations } = cell
  const uses = (operand: Operation['operand']): boolean => operations.some((o) => o.operation.operand === operand)
  const decls = [
    'ptes 2;',
    world.settings,
    world.backing,
    `map a = ${world.map};`,
    uses('pages_pages') ? `map b = ${world.map} unmapped;` : '',
    uses('mm') ? 'mm m1; child c of a in m1;' : '',
    uses('own_mm') ? `mm m2; map d = ${world.map} in m2; fill d[1];` : '',
    world.fill,
  ].filter((d) => d !== '')
  const threads = operations.map(({ operation, args }, i) => `P${i} { ${operation.name}(${args}); }`)
  return [
    `MM ${world.name}.${cellName(cell)}`,
    `kernel ${kernels.join(', ')}`,
    `{ ${decls.join(' ')} }`,
    ...threads,
    '',
  ].join('\n')
}
