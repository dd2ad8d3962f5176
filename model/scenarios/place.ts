/** The objects of a world, and where each stands. */
import { literal, type Expr, type FieldExpr } from '../language/expr.ts'
import type { SetSizes } from '../language/types.ts'
import type { LargeFolio } from '../mm/build.ts'
import type { MapDecl, Name, PageRange } from '../litmus/ast.ts'
import { hint, refuse } from './problem.ts'

export interface Initial {
  readonly target: FieldExpr
  readonly value: number
}

/** One mapping and the numbers of its objects. */
export interface Mapping {
  readonly name: string
  readonly decl: MapDecl
  /** Object number of the mapping itself. */
  readonly number: number
  /** Its VMAs are the objects vma..vma + vmas - 1; the first is there at the start, unless it is `unmapped`. */
  readonly vma: number
  readonly vmas: number
  readonly mm: number
  readonly unmapped: boolean
  /** Number of the mapping that a fork copies it from. */
  readonly parent?: number
  /** Number of its first page; page n of the mapping is object firstPage + n. */
  readonly firstPage: number
  readonly pages: number
  readonly file?: Backing
  readonly shared: boolean
  readonly writable: boolean
  /** MAP_NOSIGBUS, and MAP_SHARED_VALIDATE, as mmap() is asked for them. */
  readonly nosigbus: boolean
  readonly validate: boolean
}

export interface Backing {
  readonly name: string
  readonly file: number
  readonly pages: number
  /** Object number of its first order-0 folio. */
  readonly firstFolio: number
  readonly firstChunk: number
  readonly chunks: number
  /** Length at the start, in pages. */
  readonly size: number
  readonly shmem: boolean
  /** Of hugetlbfs, with page frames alone; one of its pages is one entry. */
  readonly hugetlb?: true
}

/** Where each frame stands. */
export interface Frames {
  readonly names: readonly string[]
  /** Number of the first anonymous frame. */
  readonly firstAnon: number
  readonly anon: number
  readonly hugeZero: number | undefined
  readonly large: readonly LargeFolio[]
  /** Number of the frame of a file's first page, by the file's number. */
  readonly ofFile: readonly number[]
}

export interface World {
  readonly mappings: readonly Mapping[]
  readonly backings: readonly Backing[]
  readonly mms: readonly string[]
  readonly oom: boolean
  /** ->fault may fail for I/O, or for want of space. */
  readonly io: boolean
  /** The page cache begins with huge folios. */
  readonly huge: boolean
  /** Anonymous memory gets huge pages at its first touch. */
  readonly thp: boolean
  readonly ptes: number
  /** Page frames, in worlds with the setting `frames`. */
  readonly frames?: Frames
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly sizes: SetSizes
  readonly init: readonly Initial[]
  /** Object number of the pmd above a page. */
  readonly pmdOf: (page: number) => number
}

export const setTo = (target: FieldExpr, value: Expr | string | boolean | number): Initial => {
  const e = typeof value === 'object' ? value : literal(target.type, value)
  if (e.kind !== 'const') throw new Error(`initial value of ${target.field.name} is not constant`)
  return { target, value: e.value }
}

/** Pages of `range` must lie in 0..pages - 1 of what `name` names. */
export function within(range: PageRange, pages: number, name: string): void {
  if (range.last >= pages)
    refuse(
      'MM103',
      `'${name}' has ${pages} page${pages === 1 ? '' : 's'}, so page ${range.last} is outside it`,
      range.span,
    )
}

/** The mapping that a name stands for. */
export function mappingNamed(world: Pick<World, 'mappings'>, name: Name): Mapping {
  const found = world.mappings.find((m) => m.name === name.text)
  if (found !== undefined) return found
  const known = world.mappings.map((m) => m.name)
  return refuse('MM102', `no mapping named '${name.text}'`, name.span, hint(name.text, known))
}
