/**
 * Loads and stores of contents, through page tables and through what GUP gave, and what copy-on-write promises of
 * them: F1, F4 and F5 of the facts gup-cow-nosigbus. Asserted where an access goes through; a property of that name
 * in properties/ says whether the scenario is asked.
 */
import { and, eq, exists, isOneOf, local, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { assert, set, when, type Action } from '../language/stmt.ts'
import { nilable } from '../language/types.ts'
import type { Build } from './build.ts'
import { isAnonFrame, mappedFrame, mapsFrame } from './frame.ts'
import { Content, entry, frame, hold } from './frame_types.ts'
import { mapping, page, pmd, SWAP_PTES, table } from './mm_types.ts'

/** The page that the tables led to, and what was loaded from it. */
export const hit: Local = local('pfn', nilable('frame'))
export const loaded: Local = local('x', Content)
export const accessLocals = (k: Build, isWrite: boolean): readonly Local[] =>
  k.frames === true ? (isWrite ? [hit] : [hit, loaded]) : []

const isPrivate = (at: Expr): Expr => not(mapping.shared(page.mapping(at)))

/** The swap entry of an address, which brings the frame back as surely as a mapping does. */
const swappedFrame = (at: Expr, f: Expr): Expr => {
  const t = pmd.table(page.pmd(at))
  const slot = page.slot(at)
  return and(
    eq(pmd.kind(page.pmd(at)), 'table'),
    isOneOf(table.pte(t, slot), ...SWAP_PTES),
    eq(entry.frame(t, slot), f),
  )
}

/** A process other than that of `at` would see what is stored to its frame: by a mapping, or by what it holds. */
const seenByOthers = (k: Build, at: Expr, f: Expr): Expr =>
  exists('page', 'q', (q) =>
    and(
      ne(page.mm(q), page.mm(at)),
      or(mapsFrame(k, q, f), swappedFrame(q, f), and(ne(hold.kind(q), 'nothing'), eq(hold.frame(q), f))),
    ),
  )

/**
 * Of a store to a frame by a process, or by somebody whom it has given the page to: no other process has it as a private
 * page. What a file holds may change under private mappings that have not copied it yet.
 */
export const contentsOwn = (k: Build, f: Expr, m: Expr): Expr =>
  not(exists('page', 'q', (q) => and(ne(page.mm(q), m), isPrivate(q), isAnonFrame(f), mapsFrame(k, q, f))))

/** What GUP owes of an address: stores go to the page that it has given out, unless somebody has discarded the address. */
export const owes = (at: Expr): Expr =>
  and(
    hold.done(at),
    hold.owed(at),
    isPrivate(at),
    or(isOneOf(hold.kind(at), 'longterm', 'write'), and(eq(hold.kind(at), 'pin'), isAnonFrame(hold.frame(at)))),
  )

/** One access that the tables let through; `value` is what is stored. */
export function accessFrame(k: Build, at: Expr, mapped: Expr, value: Expr | undefined): readonly Action[] {
  if (k.frames !== true) return []
  const find = set(hit, mappedFrame(k, at))
  if (value === undefined) return [when(mapped, [find, set(loaded, frame.content(hit))])]
  return [
    when(mapped, [
      find,
      assert('CowIsolated', not(and(isPrivate(at), seenByOthers(k, at, hit)))),
      assert('ContentsOwn', contentsOwn(k, hit, page.mm(at))),
      assert('ZeroPageUnwritten', not(isOneOf(frame.kind(hit), 'zero', 'huge_zero'))),
      assert('PinReliable', or(not(owes(at)), eq(hold.frame(at), hit))),
      set(frame.content(hit), value),
    ]),
  ]
}
