/**
 * do_wp_page() of mm/memory.c on a private mapping of a scenario with page frames: which page a write fault may
 * keep, by the rules of each generation, and what it copies (facts gup-cow-nosigbus, A.9, E4, E5). It is a routine
 * of its own, since memory.ts has the guard-region world's, in which nobody can tell two pages of one kind apart.
 *
 * - before v5.9 (`reuse-sole-mapper`): who alone maps a page has it, whoever else holds a reference;
 * - up to v5.18 (`no-anon-exclusive`): only where page_count() is 1;
 * - from v5.19 on: PageAnonExclusive(), or wp_can_reuse_anon_folio() makes it so.
 *
 * With `unshare` it is the fault of FAULT_FLAG_UNSHARE, which leaves the entry read-only; with `force`, one of
 * FOLL_FORCE, which may come to a VMA that cannot be written.
 *
 * The page lock that it tries for under ptl, and drops there, is one with the test: it is taken only if nobody has it.
 *
 * Not modelled yet: references of LRU batches, large folios of several pages, write-back, userfaultfd, soft-dirty.
 */
import {
  and,
  eq,
  hasAny,
  isOneOf,
  ite,
  literal,
  local,
  ne,
  not,
  or,
  plus,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  call,
  check,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  unlock,
  when,
  type Action,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import {
  addRmap,
  ALLOCATES,
  copied,
  folioOf,
  freeSwapCache,
  fresh,
  frameOf,
  getFrame,
  inSwapCache,
  isLarge,
  isPinned,
  isUnlocked,
  mapNewFrame,
  mappingsOf,
  noSwapEntry,
  origFrame,
  putFrame,
  removeRmap,
  setDirty,
} from './frame.ts'
import { entry, frame, frameLock } from './frame_types.ts'
import { vmf_anon_prepare } from './memory_anon_prepare.ts'
import { ANON_PTES, page, Pte, table, vma } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v5.14 merge window, a copy of about v6.14, v7.0-rc; v5.7, v5.9 and v5.19 by the facts'
/** What asks for the fault: an instruction, GUP with FAULT_FLAG_UNSHARE, or GUP with FOLL_FORCE. */
export type Flavour = 'plain' | 'unshare' | 'force'

/** VM_FAULT_WRITE: do_wp_page() has kept the page or made a copy of it. */
export const brokeCow: Local = local('vm_fault_write', bool)
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
const t: Local = local('table', nilable('table'))
const orig: Local = local('orig_pte', Pte)
const now: Local = local('pte', Pte)
const nowFrame: Local = local('pfn', nilable('frame'))
const f: Local = local('folio', nilable('frame'))
const reuse: Local = local('reuse', bool)
const unlocked: Local = local('unlocked', bool)
const writable: Local = local('writable', bool)
const fault: Local = local('ret', VmFault)
const under = page.pmd(addr)
const slot = page.slot(addr)

/** Locks the table and looks whether the entry is still what was seen, page and all; gives up with `done` where it is not. */
export const lockIfSameFrame = (
  when_: string,
  undo: (where: string) => readonly Stmt[] = () => [],
): readonly Stmt[] => [
  call(`${when_}_map`, pte_offset_map_lock, [under], t),
  if_(eq(t, 'nil'), [...undo('no_table'), ret('done', VmFault)]),
  step(`${when_}_pte_same`, 'pte_same(ptep_get(vmf->pte), vmf->orig_pte)', [
    set(now, table.pte(t, slot)),
    set(nowFrame, entry.frame(t, slot)),
  ]),
  check(`${when_}_changed`, or(ne(now, orig), ne(nowFrame, origFrame)), [
    call(`${when_}_unmap_changed`, pte_unmap_unlock, [t]),
    ...undo('changed'),
    ret('done', VmFault),
  ]),
]

/** The swap cache and the one mapping are all the references there are. */
const onlyOwn = (swapcacheToo: boolean): Expr =>
  and(
    not(frame.ksm(f)),
    eq(frame.pins(f), 0),
    eq(frame.swaps(f), 0),
    swapcacheToo
      ? ite(frame.swapcache(f), eq(frame.refs(f), 2), eq(frame.refs(f), 1))
      : and(not(frame.swapcache(f)), eq(frame.refs(f), 1)),
  )

/**
 * wp_can_reuse_anon_folio(). A large folio that is mapped by PTEs is never kept before v6.15 (1da190f4d0a6); from then on
 * where all its references are mappings, and all of them of this mm, but the last one is given up for a page of its own.
 * Read in a stored tree of v7.0-rc: __wp_can_reuse_large_anon_folio() tries for the folio's lock only to free its swap
 * cache (freeLargeSwapCache() does that before), and looks at the counts a second time under the large-mapcount lock,
 * which is one look here. FOLIO_MM_IDS_SHARED may say `shared` of what has been of this mm alone again for some time,
 * where more than two mms had it: then the kernel copies, and the model keeps it.
 */
function canReuse(k: Build): Expr {
  const small = and(isUnlocked(k, f), onlyOwn(true))
  if (k.large === undefined) return small
  const folio = folioOf(k, f)
  const large = k.has('no-large-reuse')
    ? truth(false)
    : and(
        not(isOneOf(frame.mapcount(folio), 0, 1)),
        eq(frame.mapcount(folio), frame.refs(folio)),
        eq(mappingsOf(k, folio, page.mm(addr)), frame.mapcount(folio)),
        not(isPinned(k, f)),
      )
  return ite(isLarge(k, f), large, small)
}

/** folio_free_swap() of a large folio that only this mm maps, before its counts are compared. */
const freeLargeSwapCache = (k: Build): readonly Action[] => {
  if (k.large === undefined || k.has('no-large-reuse')) return []
  const folio = folioOf(k, f)
  const mine = and(
    not(isOneOf(frame.mapcount(folio), 0, 1)),
    eq(mappingsOf(k, folio, page.mm(addr)), frame.mapcount(folio)),
  )
  return [
    when(and(isLarge(k, f), inSwapCache(k, f), mine, isUnlocked(k, f), noSwapEntry(k, f)), [
      set(inSwapCache(k, f), false),
      ...putFrame(k, f),
    ]),
  ]
}

/** Whether the page may be kept, and what becomes of it then. */
function reuseTest(k: Build): readonly Stmt[] {
  const dropSwapCache = when(and(reuse, frame.swapcache(f)), [set(frame.swapcache(f), false), ...putFrame(k, f)])
  if (k.has('reuse-sole-mapper'))
    return [
      step('reuse_swap_page', 'reuse_swap_page(vmf->page, &total_map_swapcount)', [
        set(reuse, and(not(frame.ksm(f)), eq(frame.mapcount(f), 1), eq(frame.swaps(f), 0))),
        set(unlocked, isUnlocked(k, f)),
        when(not(unlocked), [set(reuse, false)]),
        dropSwapCache,
      ]),
      // It waits for the page lock without ptl, and looks at the entry again: here, by faulting again.
      if_(not(unlocked), [call('wp_unmap_locked', pte_unmap_unlock, [t]), ret('done', VmFault)]),
    ]
  if (k.has('no-anon-exclusive'))
    return [
      step('page_count', 'PageKsm(page) || page_mapcount(page) != 1 || page_count(page) != 1', [
        set(reuse, and(isUnlocked(k, f), onlyOwn(false))),
      ]),
    ]
  return [
    step('PageAnonExclusive', 'if (PageAnonExclusive(vmf->page))', [set(reuse, frame.exclusive(f))]),
    if_(not(reuse), [
      step(
        'wp_can_reuse_anon_folio',
        'wp_can_reuse_anon_folio(folio, vma): folio_trylock(folio); SetPageAnonExclusive(vmf->page)',
        [
          ...freeLargeSwapCache(k),
          set(reuse, canReuse(k)),
          dropSwapCache,
          when(reuse, [set(frame.exclusive(f), true)]),
        ],
      ),
    ]),
  ]
}

const anonymous = isOneOf(orig, ...ANON_PTES)
/** Up to the eighth patch of the series, what is not anonymous is left as it is. */
const nothingToUnshare = (k: Build, flavour: Flavour): readonly Stmt[] =>
  flavour === 'unshare' && k.has('unshare-anon-only')
    ? [
        if_(not(anonymous), [
          step('no_anon', 'if (unlikely(unshare)) /* No anonymous page -> nothing to do. */', [
            assert('UnshareMakesExclusive', truth(false)),
          ]),
          call('wp_unmap_no_anon', pte_unmap_unlock, [t]),
          ret('done', VmFault),
        ]),
      ]
    : []

/** maybe_mkwrite() */
const mayWrite = (flavour: Flavour): readonly Stmt[] =>
  flavour === 'force'
    ? [
        step('maybe_mkwrite', 'maybe_mkwrite(): vma->vm_flags & VM_WRITE', [
          set(writable, hasAny(vma.vm_flags(v), 'VM_WRITE')),
        ]),
      ]
    : [let_(writable, flavour !== 'unshare')]
const ownEntry: Expr = ite(writable, literal(Pte, 'anon'), literal(Pte, 'anon_ro'))

const putOld = (k: Build, label: string): Stmt =>
  if_(anonymous, [step(label, 'folio_put(old_folio)', [...putFrame(k, f)])])

const copy = (k: Build, flavour: Flavour): readonly Stmt[] => [
  if_(anonymous, [step('folio_get', 'folio_get(folio)', [getFrame(k, f)])]),
  call('wp_unmap', pte_unmap_unlock, [t]),
  call('anon_prepare', vmf_anon_prepare(k), [v, addr, vmaLocked], fault),
  if_(ne(fault, 'done'), [putOld(k, 'put_no_anon_vma'), ret(fault)]),
  step('copy_user_highpage', '__wp_page_copy_user(&new_folio->page, vmf->page, vmf)', [set(copied, frame.content(f))]),
  ...lockIfSameFrame('copy', (where) => [putOld(k, `put_${where}`)]),
  step(
    'set_pte_at',
    'ptep_clear_flush(vma, vmf->address, vmf->pte); set_pte_at_notify(mm, vmf->address, vmf->pte, entry)',
    [
      // What another CPU writes through an old TLB entry while the page is copied is not in the copy.
      assert('CowIsolation', not(page.tlb_stale(addr))),
      ...(flavour === 'unshare' ? [assert('UnshareMakesExclusive', or(not(anonymous), not(frame.exclusive(f))))] : []),
      ...mapNewFrame(k, fresh, t, slot, copied),
      set(table.pte(t, slot), ownEntry),
      ...setDirty(k, t, slot, flavour !== 'unshare'),
    ],
    ALLOCATES,
  ),
  // After the switch: nobody may take the old page for his own while this entry might still write it.
  if_(anonymous, [
    step('remove_rmap', 'folio_remove_rmap_pte(old_folio, vmf->page, vma)', removeRmap(k, f, page.mm(addr))),
  ]),
  ...(flavour === 'force' ? [let_(brokeCow, true)] : []),
  call('unmap', pte_unmap_unlock, [t]),
  // The reference of the mapping, and the one that was taken for the copy.
  if_(anonymous, [
    step('put_old', 'free_swap_cache(old_folio); folio_put(old_folio); folio_put(old_folio)', [
      freeSwapCache(k, f),
      ...putFrame(k, f, 2),
    ]),
  ]),
]

export const do_wp_page_private = (k: Build, flavour: Flavour): Routine =>
  routine({
    name: `do_wp_page(${flavour === 'plain' ? 'private' : flavour})`,
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, orig, origFrame, vmaLocked, ...(flavour === 'force' ? [brokeCow] : [])],
    locals: [t, now, nowFrame, f, reuse, unlocked, writable, fresh, copied, fault],
    returns: VmFault,
    body: [
      ...lockIfSameFrame('wp'),
      let_(f, frameOf(orig, origFrame, addr)),
      ...nothingToUnshare(k, flavour),
      ...mayWrite(flavour),
      if_(anonymous, [
        ...reuseTest(k),
        check('reuse', reuse, [
          ...(flavour === 'unshare'
            ? []
            : [
                step('wp_page_reuse', 'wp_page_reuse(vmf, folio)', [
                  set(table.pte(t, slot), ownEntry),
                  ...setDirty(k, t, slot, true),
                ]),
              ]),
          ...(flavour === 'force' ? [let_(brokeCow, true)] : []),
          call('wp_unmap_reused', pte_unmap_unlock, [t]),
          ret('done', VmFault),
        ]),
      ]),
      ...copy(k, flavour),
      ret('done', VmFault),
    ],
  })

const write: Local = local('write', bool)
const folioUnlock = (k: Build, label: string): Stmt => unlock(label, 'folio_unlock(folio)', frameLock(folioOf(k, f)))
const exclusive: Local = local('exclusive', bool)
const freed: Local = local('free_swap', bool)

/**
 * do_swap_page(): the page is in the swap cache, or comes back into it.
 *
 * Differs from v7.0-rc, of which a stored tree was read: there the entry is mapped first, then folio_put_swap() and
 * folio_free_swap() follow, so that a page which was not pte_swp_exclusive() is mapped read-only and kept by the
 * do_wp_page() that a write goes on to; here, as up to about v6.18, the swap cache goes first and its last reference
 * decides. And an exclusive page is made writable by a read as well where the VMA is. Either way it is the same page,
 * of the same owner, after the same write.
 */
export const do_swap_page_frame = (k: Build): Routine =>
  routine({
    name: 'do_swap_page',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, orig, origFrame, write],
    locals: [t, now, nowFrame, f, exclusive, freed],
    returns: VmFault,
    body: [
      let_(f, origFrame),
      lock('folio_lock', 'folio_lock_or_retry(folio, vmf)', frameLock(folioOf(k, f))),
      ...lockIfSameFrame('swap', (where) => [folioUnlock(k, `folio_unlock_${where}`)]),
      step(
        'swap_free',
        k.has('no-anon-exclusive')
          ? 'if ((vmf->flags & FAULT_FLAG_WRITE) && reuse_swap_page(page, NULL)); swap_free(entry)'
          : 'exclusive = pte_swp_exclusive(vmf->orig_pte); swap_free(entry); folio_free_swap(folio); folio_ref_count(folio) == 1',
        [
          set(exclusive, entry.swapExclusive(t, slot)),
          // A page that was gone from memory altogether comes back by way of the swap cache.
          when(not(inSwapCache(k, f)), [set(inSwapCache(k, f), true), getFrame(k, f)]),
          set(frame.swaps(f), plus(frame.swaps(f), -1)),
          // should_try_to_free_swap(): whether swap is short is open.
          when(and(freed, noSwapEntry(k, f), eq(frame.refs(folioOf(k, f)), 1), not(isPinned(k, f))), [
            set(inSwapCache(k, f), false),
            set(frame.refs(folioOf(k, f)), 0),
          ]),
          ...(k.has('no-anon-exclusive')
            ? [set(exclusive, and(write, not(frame.ksm(f)), eq(frame.mapcount(f), 0), eq(frame.swaps(f), 0)))]
            : [
                when(and(not(inSwapCache(k, f)), eq(frame.refs(folioOf(k, f)), 0)), [set(exclusive, true)]),
                when(frame.ksm(f), [set(exclusive, false)]),
              ]),
          getFrame(k, f),
          ...addRmap(k, f, page.mm(addr)),
          ...(k.has('no-anon-exclusive') ? [] : [when(exclusive, [set(frame.exclusive(f), true)])]),
        ],
        { choose: [freed] },
      ),
      step('set_ptes', 'set_ptes(vma->vm_mm, address, ptep, pte, nr_pages)', [
        set(table.pte(t, slot), ite(and(exclusive, write), literal(Pte, 'anon'), literal(Pte, 'anon_ro'))),
        set(entry.swapExclusive(t, slot), false),
      ]),
      folioUnlock(k, 'folio_unlock'),
      call('unmap', pte_unmap_unlock, [t]),
      ret('done', VmFault),
    ],
  })
