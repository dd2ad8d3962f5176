/**
 * What only mappings with MAP_NOSIGBUS need of the state. Where a scenario has none, no step writes any of
 * it, so that it takes no bits.
 *
 * A zero page in a file mapping got there by VM_NOSIGBUS, so whether its entry is special is a matter of
 * the kernel (patch `zero-page-normal`) and takes no bit either.
 */
import { field, type FieldAccess } from '../language/expr.ts'
import { bool, enumeration, type EnumType } from '../language/types.ts'

const GEOMETRY = { role: 'geometry' } as const
const GHOST = { role: 'ghost' } as const

/** What a long-term pin of an address holds. */
export const Pinned: EnumType = enumeration('pinned', ['nothing', 'zero', 'file', 'anon'])

export const nosigbus: Readonly<
  Record<'asked' | 'validate' | 'writable' | 'kept' | 'written' | 'pinned' | 'data', FieldAccess>
> = {
  /** mmap() of this mapping is asked for MAP_NOSIGBUS. */
  asked: field('mapping.nosigbus', ['mapping'], bool, GEOMETRY),
  /** Its type is MAP_SHARED_VALIDATE, not MAP_SHARED. */
  validate: field('mapping.validate', ['mapping'], bool, GEOMETRY),
  /** The entry maps the shared zero page, and lets stores through: one word with `table.pte`. */
  writable: field('table.zero_writable', ['table', 'slot'], bool),
  /** A truncation or a hole punch found the zero page here when it began, and nobody has put it there since. */
  kept: field('page.zero_kept', ['page'], bool, GHOST),
  /** A store to this page of a private mapping has gone through. */
  written: field('page.private_store', ['page'], bool, GHOST),
  /** By FOLL_LONGTERM, as long as nothing has discarded what the address had. */
  pinned: field('page.pinned', ['page'], Pinned, GHOST),
  /** Somebody has stored to this page of the file. */
  data: field('folio.written', ['folio'], bool, GHOST),
}

export const NOSIGBUS_FIELDS: readonly FieldAccess[] = Object.values(nosigbus)
