/** F2 and F3 of the facts gup-cow-nosigbus: PageAnonExclusive(), and what is pinned. */
import { and, eq, exists, forall, implies, ite, ne, not, or, truth, type Expr } from '../model/language/expr.ts'
import { entry, frame, hold } from '../model/mm/frame_types.ts'
import { folioOf, mappedFrame, mapsFrame, type Folios } from '../model/mm/frame.ts'
import { ANON_PTES, page, pmd, SWAP_PTES, table } from '../model/mm/mm_types.ts'
import { A_HOLD, entryIs, everyHold, foliosOf, hasFrames, hugeAnon, isAnon, PIN_DOC, pins } from './gup.ts'
import type { Property } from './property.ts'

const mapsAnon = (p: Expr): Expr => or(entryIs(p, ...ANON_PTES), hugeAnon(p))
const refersTo = (p: Expr): Expr => or(mapsAnon(p), entryIs(p, ...SWAP_PTES))
const own = (p: Expr): Expr => {
  const t = pmd.table(page.pmd(p))
  return entry.frame(t, page.slot(p))
}
/** Another address refers to the same anonymous page. */
const sharedWith = (k: Folios, p: Expr, q: Expr): Expr =>
  or(
    and(mapsAnon(p), mapsAnon(q), mapsFrame(k, q, mappedFrame(k, p))),
    and(mapsAnon(p), entryIs(q, ...SWAP_PTES), eq(mappedFrame(k, p), own(q))),
  )
/** PageAnonExclusive() of the page that an address maps: of what a PMD maps, that of the first page. */
const exclusiveAt = (k: Folios, p: Expr): Expr =>
  k.large !== undefined
    ? frame.exclusive(ite(hugeAnon(p), folioOf(k, mappedFrame(k, p)), mappedFrame(k, p)))
    : frame.exclusive(mappedFrame(k, p))
/** sanity_check_pinned_pages(): the page itself, or the first one of its folio. */
const exclusiveHeld = (k: Folios, f: Expr): Expr =>
  k.large !== undefined ? or(frame.exclusive(f), frame.exclusive(folioOf(k, f))) : frame.exclusive(f)

/** And nobody is at work on the table: fork clears the bit first, and takes the entry's permission after it. */
const writable = (k: Folios, p: Expr): Expr =>
  or(
    and(entryIs(p, 'anon'), eq(table.ptl.lock.owner(pmd.table(page.pmd(p))), 'nil')),
    k.large === undefined
      ? eq(pmd.kind(page.pmd(p)), 'huge_anon')
      : and(eq(pmd.kind(page.pmd(p)), 'huge_anon'), eq(pmd.lock.lock.owner(page.pmd(p)), 'nil')),
  )

export const ExclusiveIsAlone: Property = {
  name: 'ExclusiveIsAlone',
  statement:
    'an anonymous page that may be written is PageAnonExclusive(), and one that is so is mapped or swapped at one address alone.',
  sources: ['mm/memory.c: VM_BUG_ON_PAGE() of do_swap_page(), wp_page_reuse()', PIN_DOC],
  bang: 'PageAnonExclusive() does not hold',
  title: 'exclusive anonymous page mapped twice',
  failsOn: [],
  mutants: [
    { scenario: 'fork+pin_fast', kernel: 'v6.2', without: ['copy_pte_range.wrprotect_ptes'] },
    { scenario: 'fork-mprotect-write', kernel: 'v6.2', without: ['change_pte_range.page_anon_exclusive'] },
    { scenario: 'selftest-cow-basic_mprotect-thp', kernel: 'v7.0', without: ['change_huge_pmd.page_anon_exclusive'] },
  ],
  reaches: ['copy_pte_range.try_dup_anon_rmap'],
  build: (s) => {
    const k = foliosOf(s)
    return hasFrames(s) && !s.kernel.has('no-anon-exclusive')
      ? {
          invariant: and(
            forall('page', 'p', (p) => implies(and(writable(k, p), ne(mappedFrame(k, p), 'nil')), exclusiveAt(k, p))),
            forall('page', 'p', (p) =>
              forall('page', 'q', (q) =>
                or(eq(p, q), not(sharedWith(k, p, q)), not(and(mapsAnon(p), exclusiveAt(k, p)))),
              ),
            ),
          ),
          covers: [],
        }
      : undefined
  },
}

/** A kernel without PageAnonExclusive() promises it of pins for writing alone. */
export const PinnedIsExclusive: Property = {
  name: 'PinnedIsExclusive',
  statement: 'an anonymous page is not shared, and stays PageAnonExclusive(), while it is pinned.',
  sources: [PIN_DOC, 'Peter Xu, mm: Do early cow for pinned pages during fork() for ptes (70e806e4e645, v5.9)'],
  bang: 'pinned page is shared',
  title: 'pinned anonymous page shared',
  failsOn: [
    { kernels: ['v5.7', 'v5.8'], why: 'fork shares pinned pages' },
    { kernels: ['v5.9', 'v5.10'], why: 'GUP-fast does not see that a fork is copying' },
  ],
  mutants: [
    { scenario: 'fork+pin_fast', kernel: 'v6.2', without: ['gup_fast.seq_odd', 'gup_fast.seq_changed'] },
    { scenario: 'pin-fork', kernel: 'v6.2', without: ['copy_pte_range.copy_present_page'] },
    { scenario: 'selftest-cow-iouring_fork-thp', kernel: 'v7.0', without: ['copy_huge_pmd.may_be_pinned'] },
    { scenario: 'pin_fast+reclaim-store', kernel: 'v6.2', without: ['try_to_unmap_one.maybe_pinned_cleared'] },
  ],
  reaches: ['copy_pte_range.copy_present_page'],
  build: (s) => {
    if (!pins(s)) return undefined
    const k = foliosOf(s)
    const hasBit = !s.kernel.has('no-anon-exclusive')
    const kinds = hasBit ? ['pin', 'longterm', 'write'] : ['write']
    const sharing = (p: Expr): Expr =>
      exists('page', 'q', (q) =>
        exists('page', 'r', (r) =>
          and(
            ne(q, r),
            refersTo(q),
            refersTo(r),
            mapsFrame(k, q, hold.frame(p)),
            or(mapsFrame(k, r, hold.frame(p)), and(entryIs(r, ...SWAP_PTES), eq(own(r), hold.frame(p)))),
          ),
        ),
      )
    return {
      invariant: everyHold(
        (p) =>
          or(not(isAnon(hold.frame(p))), and(not(sharing(p)), hasBit ? exclusiveHeld(k, hold.frame(p)) : truth(true))),
        ...kinds,
      ),
      covers: [A_HOLD],
    }
  },
}
