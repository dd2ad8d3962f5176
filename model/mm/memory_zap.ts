/**
 * The zap half of mm/memory.c, with the zap_details of each caller (guard-regions facts 1.1.18, 4.1,
 * 4.2). Read at v7.0-rc6; try_to_free_pte() and its fast path in copies of mm/pt_reclaim.c.
 *
 * Not modelled yet: the early exit for rescheduling or a full batch (the lock is held for the whole
 * table here), TLB flushes and delayed rmap removal. The table goes to RCU at once, where the kernel's
 * mmu_gather does so when it is flushed.
 */
import {
  and,
  eq,
  isOneOf,
  ite,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  or,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  continue_,
  for_,
  if_,
  let_,
  lock,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
  type Action,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, LargeFolio } from './build.ts'
import { discarded, frameOf, unmapFrame } from './frame.ts'
import { entry, hold } from './frame_types.ts'
import { isHuge, splitOf, zap_huge_pmd } from './huge_memory.ts'
import { ANON_PTES, page, Pte, pmd, PmdKind, SWAP_PTES, table, ZERO_PTES } from './mm_types.ts'
import { nosigbus } from './nosigbus_types.ts'
import { pte_free_defer, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v6.12, v7.0-rc6'
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const p: Local = local('pmd', refTo('pmd'))
const at: Local = local('addr', refTo('page'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const ptent: Local = local('ptent', Pte)

/** First and last page of start..end that lie under a pmd: [max(start, pmd's), min(end, pmd's)]. */
export const clampFirst = (under: Expr, from: Expr): Expr => ite(lt(pmd.first(under), from), from, pmd.first(under))
export const clampLast = (under: Expr, to: Expr): Expr => ite(lt(to, pmd.last(under)), to, pmd.last(under))

/** What the caller wants of a zap: struct zap_details, or its absence. */
export interface ZapDetails {
  /** should_zap_cows(): private copies go as well. True of details == NULL, reclaim_pt and even_cows. */
  readonly evenCows: boolean
  /** ZAP_FLAG_DROP_MARKER: markers go as well, guards among them. */
  readonly dropMarkers: boolean
  /** Frees a table that it has emptied, as MADV_DONTNEED asks for. */
  readonly reclaimPt: boolean
  /** Guards stay though other markers are dropped: no kernel has it yet; see v7.0-keep-guards. */
  readonly keepGuards?: true
  /**
   * zap_details.check_mapping of v5.13: without `evenCows` an entry goes where its page is of the file, or
   * where vm_normal_page() finds none; swap entries stay in any case (C19).
   */
  readonly checkMapping?: true
  /** Entries of the zero page are ordinary ones here: vm_normal_page() finds a page, and one of no file. */
  readonly zeroNormal?: true
  /** What a long-term pin of these addresses holds is not asked for any more. */
  readonly endsPins?: true
  /** Entries map page frames, which lose a mapping. */
  readonly frames?: true
  /** Some of their folios have so many. */
  readonly large?: readonly LargeFolio[]
}
/** What a kernel and a scenario add to the details of every zap. */
export const framesOf = (k: Pick<Build, 'frames' | 'large'>): Pick<ZapDetails, 'frames' | 'large'> => ({
  ...(k.frames === true ? { frames: true } : {}),
  ...(k.large === undefined ? {} : { large: k.large }),
})
/** Guard install, and drivers. */
export const NO_DETAILS: ZapDetails = { evenCows: true, dropMarkers: false, reclaimPt: false }

/**
 * What a zap makes of an entry: zap_present_ptes() and zap_nonpresent_ptes(). A page that
 * userfaultfd write-protects in a file mapping, a private copy among them, leaves its marker
 * (pte_install_uffd_wp_if_needed()).
 */
export function zapped(ptent: Expr, of: Expr, details: ZapDetails): Expr {
  const { evenCows, dropMarkers, keepGuards, checkMapping } = details
  const none = literal(Pte, 'none')
  const fileBacked = ne(page.folio(of), 'nil')
  const gone: Expr[] = [isOneOf(ptent, 'file', 'file_ro', 'file_none')]
  // page_rmapping(ZERO_PAGE(0)) is not the mapping that is checked.
  if (evenCows || !(checkMapping && details.zeroNormal)) gone.push(isOneOf(ptent, ...ZERO_PTES))
  if (evenCows) gone.push(isOneOf(ptent, ...ANON_PTES, ...(checkMapping ? [] : [...SWAP_PTES, 'migration', 'poison'])))
  else if (!checkMapping) gone.push(and(eq(ptent, 'migration'), fileBacked))
  if (dropMarkers) gone.push(isOneOf(ptent, ...(keepGuards ? [] : ['guard']), 'uffd_wp', 'file_wp', 'file_wp_none'))
  else gone.push(and(eq(ptent, 'uffd_wp'), not(fileBacked)))
  if (dropMarkers) return ite(or(...gone), none, ptent)
  const armed = isOneOf(
    ptent,
    ...['file_wp', 'file_wp_none'],
    ...(evenCows ? ['anon_wp', 'anon_wp_none', 'swap_wp'] : []),
  )
  return ite(and(armed, fileBacked), literal(Pte, 'uffd_wp'), ite(or(...gone), none, ptent))
}

/** Empties the entries start..end, all in one VMA, of what the caller's details let go. */
export const zap_page_range_single = (details: ZapDetails): Routine =>
  routine({
    name: 'zap_page_range_single',
    file: 'mm/memory.c',
    read: READ,
    params: [first, last],
    locals: [p, kind],
    body: [
      for_(p, page.pmd(first), page.pmd(last), [
        while_(truth(true), [
          step('pmd', 'zap_pmd_range(): pmd_none_or_trans_huge(*pmd)', [set(kind, pmd.kind(p))]),
          if_(eq(kind, 'none'), [break_]),
          if_(isHuge(kind), [
            if_(
              and(le(first, pmd.first(p)), le(pmd.last(p), last)),
              [call('huge', zap_huge_pmd(details.evenCows, details), [p]), break_],
              [
                call('split', splitOf(details), [p]),
                // Of a file nothing is left to be zapped; anonymous memory has a table now.
                if_(eq(kind, 'huge'), [break_], [continue_]),
              ],
            ),
          ]),
          call('ptes', zap_pte_range(details), [p, first, last], kind),
          // A table that vanished under the walk makes it look at this pmd again.
          if_(ne(kind, 'table'), [break_]),
        ]),
      ]),
    ],
  })

const skipped: Local = local('any_skipped', bool)
const cleared: Local = local('direct_reclaim', bool)

/** reclaim_pt_is_enabled(): the whole range of the table is zapped, and nothing may be left in it. */
const canReclaim: Expr = and(pmd.whole(p), le(first, pmd.first(p)), le(pmd.last(p), last), not(skipped))

const victim: Local = local('folio', nilable('frame'))
/** zap_present_folio_ptes(), zap_nonpresent_ptes(): the mapping, its reference, or the swap entry. */
const zappedFrame = (details: ZapDetails, left: Expr): readonly Action[] => [
  when(and(ne(ptent, 'none'), eq(left, 'none')), [
    set(victim, frameOf(ptent, entry.frame(t, page.slot(at)), at)),
    set(entry.frame(t, page.slot(at)), 'nil'),
    set(entry.swapExclusive(t, page.slot(at)), false),
    set(entry.dirty(t, page.slot(at)), false),
    ...unmapFrame(details, ptent, victim, page.mm(at)),
  ]),
  when(eq(left, 'none'), [discarded(at)]),
]

/** Empties entries of one table; gives back `table` where the table had vanished, `none` where it is done. */
const zap_pte_range = (details: ZapDetails): Routine => {
  const { reclaimPt, frames } = details
  // __unmap_hugepage_range() frees no table; free_pgtables() does, with munmap().
  const reclaimable = frames ? and(canReclaim, not(hold.hugetlb(first))) : canReclaim
  return routine({
    name: 'zap_pte_range',
    file: 'mm/memory.c',
    read: READ,
    params: [p, first, last],
    locals: [t, at, ptent, ...(reclaimPt ? [skipped, cleared] : []), ...(frames ? [victim] : [])],
    returns: PmdKind,
    body: [
      call('map', pte_offset_map_lock, [p], t),
      if_(eq(t, 'nil'), [{ kind: 'return', value: literal(PmdKind, 'table') }]),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step('pte', 'ptent = ptep_get(pte); ptep_get_and_clear_full()', [
          set(ptent, table.pte(t, page.slot(at))),
          set(table.pte(t, page.slot(at)), zapped(ptent, at, details)),
          ...(frames ? zappedFrame(details, zapped(ptent, at, details)) : []),
          ...(details.endsPins
            ? [when(eq(zapped(ptent, at, details), 'none'), [set(nosigbus.pinned(at), 'nothing')])]
            : []),
        ]),
        ...(reclaimPt ? [if_(ne(zapped(ptent, at, details), 'none'), [let_(skipped, true)])] : []),
      ]),
      ...(reclaimPt
        ? [
            if_(reclaimable, [
              step('try_get_and_clear_pmd', 'spin_trylock(pml)', [tryAcquire(pmd.lock(p), cleared)]),
              if_(cleared, [...clearPmd('pmd_clear'), unlock('pml_unlock', 'spin_unlock(pml)', pmd.lock(p))]),
            ]),
          ]
        : []),
      call('unmap', pte_unmap_unlock, [t]),
      ...(reclaimPt
        ? [
            if_(cleared, [call('free_pte', pte_free_defer, [t])]),
            if_(and(reclaimable, not(cleared)), [call('try_to_free_pte', try_to_free_pte, [p])]),
          ]
        : []),
      { kind: 'return', value: literal(PmdKind, 'none') },
    ],
  })
}

const clearPmd = (label: string): readonly Stmt[] => [
  step(label, 'pmd_clear(pmd)', [set(pmd.kind(p), 'none'), set(pmd.table(p), 'nil'), set(table.state(t), 'unlinked')]),
]

/** mm/pt_reclaim.c: takes a table away under both locks, if it is still empty. */
const try_to_free_pte: Routine = routine({
  name: 'try_to_free_pte',
  file: 'mm/pt_reclaim.c',
  read: 'copies of v6.14 and later',
  params: [p],
  locals: [t, at, ptent],
  body: [
    lock('pmd_lock', 'pml = pmd_lock(mm, pmd)', pmd.lock(p)),
    step('map', 'start_pte = pte_offset_map_rw_nolock(mm, pmd, addr, &pmdval, &ptl)', [set(t, pmd.table(p))]),
    if_(
      eq(t, 'nil'),
      [unlock('pmd_unlock_none', 'spin_unlock(pml)', pmd.lock(p))],
      [
        lock('ptl_lock', 'spin_lock_nested(ptl, SINGLE_DEPTH_NESTING)', table.ptl(t)),
        for_(at, pmd.first(p), pmd.last(p), [
          step('pte', 'if (!pte_none(ptep_get(pte)))', [set(ptent, table.pte(t, page.slot(at)))]),
          if_(ne(ptent, 'none'), [break_]),
        ]),
        if_(eq(ptent, 'none'), clearPmd('pmd_clear')),
        unlock('ptl_unlock', 'spin_unlock(ptl)', table.ptl(t)),
        unlock('pmd_unlock', 'spin_unlock(pml)', pmd.lock(p)),
        if_(eq(ptent, 'none'), [call('free_pte', pte_free_defer, [t])]),
      ],
    ),
  ],
})
