/**
 * What GUP is asked for, and the questions that both of its walks ask of an entry: gup_must_unshare(),
 * try_grab_folio() (facts gup-cow-nosigbus, A.5, A.6).
 */
import { and, eq, isOneOf, ite, literal, local, ne, not, or, truth, type Expr, type Local } from '../language/expr.ts'
import { check, let_, set, when, type Action, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { folioOf, getFrame, isAnonFrame, pinFrame, putFrame, unpinFrame } from './frame.ts'
import { frame, hold, Hold } from './frame_types.ts'
import { ANON_PTES, mapping, page, Pte } from './mm_types.ts'

export interface GupFlags {
  /** FOLL_PIN; otherwise FOLL_GET. */
  readonly pin: boolean
  readonly write: boolean
  readonly longterm: boolean
  /** FOLL_FORCE: of a VMA that may not be written. */
  readonly force?: true
}

export const FOLL = (f: GupFlags): string =>
  [
    f.pin ? 'FOLL_PIN' : 'FOLL_GET',
    ...(f.longterm ? ['FOLL_LONGTERM'] : []),
    ...(f.write ? ['FOLL_WRITE'] : []),
    ...(f.write && f.force ? ['FOLL_FORCE'] : []),
  ].join('|')

/** What the caller gets. */
export const holdOf = (f: GupFlags): string =>
  !f.pin ? 'reference' : f.write ? 'write' : f.longterm ? 'longterm' : 'pin'

export const addr: Local = local('start', refTo('page'))
export const pte: Local = local('pte', Pte)
export const f: Local = local('folio', nilable('frame'))
/** PageAnonExclusive() as it was read. */
export const exclusive: Local = local('exclusive', bool)
export const shared: Expr = mapping.shared(page.mapping(addr))

/** FOLL_WRITE, as the caller or, on v5.8, should_force_cow_break() sets it. */
export const wantsWrite = (k: Build, flags: GupFlags): Expr =>
  flags.write ? truth(true) : k.has('gup-breaks-cow') ? not(shared) : truth(false)

/** pte_write(); of a huge pmd the caller says. */
export const pteWrite: Expr = or(eq(pte, 'anon'), and(eq(pte, 'file'), shared))

/** Whether gup_must_unshare() reads PageAnonExclusive() at all. */
export const asksExclusive = (k: Build, flags: GupFlags): boolean =>
  flags.pin && !flags.write && !k.has('no-anon-exclusive')

/**
 * gup_must_unshare() of an entry that is not writable; `exclusive` has been read where the page is anonymous.
 * GUP-fast has no VMA to look at.
 */
export function gup_must_unshare(k: Build, flags: GupFlags, anonymous: Expr, fast: boolean): Expr {
  if (!asksExclusive(k, flags)) return truth(false)
  const rest = !flags.longterm || k.has('pin-non-anon-shared') ? truth(false) : fast ? truth(true) : not(shared)
  return ite(anonymous, not(exclusive), rest)
}
/** pmd_page(): PageAnonExclusive() of what a PMD maps is that of the first page. */
export const pmdPage = (k: Build, of: Expr): Expr => folioOf(k, of)
export const anonEntry: Expr = isOneOf(pte, ...ANON_PTES)

const isZero = (of: Expr): Expr => isOneOf(frame.kind(of), 'zero', 'huge_zero')
/** is_zero_folio(): from v6.5 on a pin of a zero page takes no reference. */
export const uncounted: Local = local('is_zero_folio', bool)
export const zeroTest = (k: Build, flags: GupFlags): readonly Stmt[] => [
  let_(uncounted, false),
  ...(flags.pin && !k.has('zero-page-pinned')
    ? [check('is_zero_folio', and(ne(f, 'nil'), isZero(f)), [let_(uncounted, true)])]
    : []),
]

/** try_grab_folio(folio, 1, flags). References of page-cache pages are not counted here. */
export const grab = (k: Build, flags: GupFlags, of: Expr): readonly Action[] => [
  flags.pin ? when(not(uncounted), [pinFrame(k, of)]) : when(isAnonFrame(of), [getFrame(k, of)]),
]
/** gup_put_folio(folio, 1, flags), unpin_user_page(), put_page() */
export const drop = (k: Build, pinned: boolean, of: Expr): readonly Action[] =>
  pinned
    ? [when(k.has('zero-page-pinned') ? truth(true) : not(isZero(of)), unpinFrame(k, of))]
    : [when(isAnonFrame(of), putFrame(k, of))]

/** pages[0] of the caller, and what is owed of it. */
export const recordHold = (flags: GupFlags, of: Expr): readonly Action[] => [
  set(hold.frame(addr), of),
  set(hold.kind(addr), literal(Hold, holdOf(flags))),
  set(hold.owed(addr), true),
]
export const forgetHold: readonly Action[] = [
  set(hold.frame(addr), 'nil'),
  set(hold.kind(addr), 'nothing'),
  set(hold.owed(addr), false),
  set(hold.done(addr), false),
]
