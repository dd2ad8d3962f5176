/**
 * The fork half of mm/memory.c in scenarios with page frames: __copy_present_ptes(), copy_present_page() and
 * copy_nonpresent_pte() with what they do to pages, and write_protect_seq around them (facts gup-cow-nosigbus,
 * A.8, A.11, E6). The walk, its locks and the TLB flush at the end are memory_fork.ts's.
 *
 * A page that may be pinned is copied at once, from v5.9 on: the child gets a copy of what it holds now, and the
 * parent's entry stays as it is. Up to v5.18 that is decided by pins alone; from v5.19 on only an exclusive page is
 * asked for pins (folio_try_dup_anon_rmap_pte()), since no other can have any.
 *
 * Not modelled yet: the preallocated page (the kernel gives up both locks for it, and comes back to the same address
 * with the sequence still odd), hugetlb's own copy_hugetlb_page_range() (its pages are copied as others are).
 * Weak memory: raw_write_seqcount_begin() orders the odd sequence before the reads of pins with smp_wmb() alone, and
 * MMF_HAS_PINNED has no barrier of its own; under sequential consistency neither can matter.
 */
import { and, eq, hasAny, isOneOf, ite, literal, local, ne, plus, type Expr, type Local } from '../language/expr.ts'
import { if_, let_, set, step, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { addRmap, ALLOCATES, fresh, frameOf, getFrame, isPinned, mapNewFrame } from './frame.ts'
import { entry, frame, gupMm } from './frame_types.ts'
import { ANON_PTES, mapping, page, Pte, table, vma } from './mm_types.ts'

const t: Local = local('src_table', nilable('table'))
const dt: Local = local('dst_table', nilable('table'))
const at: Local = local('address', refTo('page'))
const pte: Local = local('ptent', Pte)
const f: Local = local('folio', nilable('frame'))
const pinned: Local = local('needs_cow', bool)
const asked: Local = local('exclusive', bool)

/** Locals of copy_pte_range(). */
export const FORK_FRAME_LOCALS: readonly Local[] = [f, pinned, asked, fresh]

const childSlot = page.slot(page.child(at))
const parent = page.mm(at)

/** folio_needs_cow_for_dma(): mm->flags, then the page's counts. */
const needsCowForDma = (k: Build): readonly Stmt[] => [
  step('has_pinned', 'folio_needs_cow_for_dma(): MMF_HAS_PINNED', [set(pinned, gupMm.hasPinned(parent))]),
  if_(pinned, [step('maybe_dma_pinned', 'folio_maybe_dma_pinned(folio)', [set(pinned, isPinned(k, f))])]),
]

const testPins = (k: Build): readonly Stmt[] => {
  if (k.has('fork-shares-pinned')) return []
  if (k.has('no-anon-exclusive')) return needsCowForDma(k)
  return [
    step('PageAnonExclusive', 'folio_try_dup_anon_rmap_pte(): PageAnonExclusive(page)', [
      set(asked, frame.exclusive(f)),
    ]),
    if_(asked, needsCowForDma(k)),
  ]
}

/** An anonymous page: shared, or copied at once. */
const copyAnon = (k: Build, readOnly: (of: Expr) => Expr): readonly Stmt[] => [
  let_(pinned, false),
  ...testPins(k),
  {
    kind: 'if',
    check: 'copy_present_page',
    cond: pinned,
    then: [
      step(
        'copy_present_page',
        'copy_present_page(dst_vma, src_vma, dst_pte, src_pte, addr, rss, prealloc, page)',
        [
          ...mapNewFrame(k, fresh, dt, childSlot, frame.content(f)),
          set(
            table.pte(dt, childSlot),
            ite(hasAny(vma.vm_flags(page.vma(page.child(at))), 'VM_WRITE'), literal(Pte, 'anon'), 'anon_ro'),
          ),
        ],
        ALLOCATES,
      ),
    ],
    else: [
      step('try_dup_anon_rmap', 'folio_get(folio); folio_try_dup_anon_rmap_pte(folio, page, dst_vma, src_vma)', [
        getFrame(k, f),
        ...addRmap(k, f, page.mm(page.child(at))),
        set(frame.exclusive(f), false),
      ]),
      if_(eq(pte, 'anon'), [
        step('wrprotect_ptes', 'wrprotect_ptes(src_mm, addr, src_pte, nr)', [
          set(table.pte(t, page.slot(at)), 'anon_ro'),
          set(page.tlb_stale(at), true),
        ]),
      ]),
      step('set_ptes', 'set_ptes(dst_vma->vm_mm, addr, dst_pte, pte, nr)', [
        set(table.pte(dt, childSlot), readOnly(pte)),
        set(entry.frame(dt, childSlot), f),
      ]),
    ],
  },
]

/** The present half of a private or shared mapping's entry. */
export const copyPresentFrame = (k: Build, readOnly: (of: Expr) => Expr): readonly Stmt[] => [
  if_(
    isOneOf(pte, ...ANON_PTES),
    [
      step('vm_normal_page', 'page = vm_normal_page(src_vma, addr, pte)', [
        set(f, frameOf(pte, entry.frame(t, page.slot(at)), at)),
      ]),
      ...copyAnon(k, readOnly),
    ],
    [
      step('set_ptes_file', 'set_ptes(dst_vma->vm_mm, addr, dst_pte, pte, nr)', [
        set(table.pte(dt, childSlot), readOnly(pte)),
      ]),
    ],
  ),
]

/** copy_nonpresent_pte(): one more swap entry, and exclusive in neither. */
export const copySwapFrame = (copied: Expr): Stmt =>
  step(
    'copy_nonpresent_pte',
    'swap_duplicate(entry); pte_swp_clear_exclusive(pte); set_pte_at(dst_mm, addr, dst_pte, pte)',
    [
      set(f, entry.frame(t, page.slot(at))),
      set(table.pte(dt, childSlot), copied),
      when(and(ne(f, literal(nilable('frame'), 'nil'))), [
        set(frame.swaps(f), plus(frame.swaps(f), 1)),
        set(entry.swapExclusive(t, page.slot(at)), false),
        set(entry.frame(dt, childSlot), f),
      ]),
    ],
  )

/** raw_write_seqcount_begin(&src_mm->write_protect_seq), and its end; for private mappings. */
export const protectSeq = (which: 'begin' | 'end', of: Expr, m: Expr): readonly Stmt[] => [
  if_(eq(mapping.shared(of), false), [
    step(`write_protect_seq_${which}`, `raw_write_seqcount_${which}(&src_mm->write_protect_seq)`, [
      set(gupMm.seq(m), plus(gupMm.seq(m), 1)),
    ]),
  ]),
]
