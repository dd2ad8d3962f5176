/**
 * mm/khugepaged.c: collapsing a chunk of a shmem file into a huge folio, and taking away the page
 * tables that mapped it. Read at v7.0-rc6; retract_page_tables() also as of v6.6 to v6.18
 * (guard-regions facts 5.1-5.4).
 *
 * Not modelled yet: anonymous collapse, scanning and its limits, khugepaged's own return to an mm
 * that it collapsed for, refcounts (a folio that is pinned would make the collapse fail), swap,
 * read-only file THP, mm exit.
 */
import {
  and,
  bound,
  contains,
  eq,
  exists,
  firstThat,
  hasAny,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  or,
  withMember,
  type Expr,
  type Local,
} from '../language/expr.ts'
import type { LockRef } from '../language/lock.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  check,
  for_,
  forEach,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo, subsetOf } from '../language/types.ts'
import type { Build } from './build.ts'
import { ScanResult } from './errno.ts'
import { AnonVma, chunk, file, folio, pmd, PmdKind, table, vma, VmFlags } from './mm_types.ts'
import { pte_free_defer } from './pgtable_generic.ts'
import { try_to_unmap } from './rmap.ts'

const c: Local = local('chunk', refTo('chunk'))
const p: Local = local('pmd', nilable('pmd'))
const v: Local = local('vma', nilable('vma'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const anon: Local = local('anon_vma', AnonVma)
const flags: Local = local('vm_flags', VmFlags)

const mapping = (of: Expr): LockRef => file.i_mmap(chunk.file(of))
/** A VMA of the interval tree that covers all of what the pmd maps; retract_page_tables() skips any other. */
const covers = (of: Expr, x: Expr): Expr =>
  and(vma.linked(of), le(vma.start(of), pmd.first(x)), le(pmd.last(x), vma.end(of)))
const nextPmd = (after: Expr): Expr =>
  firstThat('pmd', 'p', (x) =>
    and(
      lt(after, x),
      eq(pmd.chunk(x), c),
      exists('vma', 'v', (y) => covers(y, x)),
    ),
  )
const nextVma = (label: string, text: string, after: Expr): Stmt =>
  step(label, text, [
    set(p, nextPmd(after)),
    when(ne(p, 'nil'), [
      set(
        v,
        firstThat('vma', 'v', (y) => covers(y, p)),
      ),
    ]),
  ])

// What may keep a table. The loads are lockless unless the caller holds ptl, so each is a step.
const loadAnonVma = (when_: string): Stmt =>
  step(`${when_}_anon_vma`, 'READ_ONCE(vma->anon_vma)', [set(anon, vma.anon_vma(v))])
const loadFlags = (k: Build, when_: string): Stmt =>
  step(
    `${when_}_flags`,
    k.has('retract-tests-guard')
      ? 'userfaultfd_wp(vma), vma_test_atomic_flag(vma, VMA_MAYBE_GUARD_BIT)'
      : 'userfaultfd_wp(vma)',
    [set(flags, vma.vm_flags(v))],
  )
const flagsKeep = (k: Build): Expr =>
  hasAny(flags, k.has('retract-tests-guard') ? 'VM_UFFD_WP|VM_MAYBE_GUARD' : 'VM_UFFD_WP')
const mustKeep = (k: Build): Expr => or(ne(anon, 'NULL'), flagsKeep(k))

/**
 * The tests made before any lock: file_backed_vma_is_retractable() once there is one; before, anon_vma
 * first of all, and userfaultfd_wp() after the pmd. Leaves `table` in `pmdval` where they let it pass.
 */
const earlyTests = (k: Build): readonly Stmt[] => {
  const findPmd = step('find_pmd', 'find_pmd_or_thp_or_none(mm, addr, &pmd)', [set(kind, pmd.kind(p))])
  if (k.has('retract-tests-guard'))
    return [
      findPmd,
      if_(eq(kind, 'table'), [
        loadAnonVma('early'),
        loadFlags(k, 'early'),
        check('early_check', mustKeep(k), [let_(kind, 'none')]),
      ]),
    ]
  return [
    loadAnonVma('early'),
    let_(kind, 'table'),
    check('early_anon_check', ne(anon, 'NULL'), [let_(kind, 'none')]),
    if_(eq(kind, 'table'), [findPmd]),
    if_(eq(kind, 'table'), [loadFlags(k, 'early'), check('early_flags_check', flagsKeep(k), [let_(kind, 'none')])]),
  ]
}

/** Unlinks the page table of every VMA that maps the chunk, unless something says that it must be kept. */
export const retract_page_tables = (k: Build): Routine =>
  routine({
    name: 'retract_page_tables',
    file: 'mm/khugepaged.c',
    read: 'v6.12, v7.0-rc6',
    params: [c],
    locals: [p, v, kind, t, anon, flags],
    body: [
      lock('i_mmap_lock', 'i_mmap_lock_read(mapping)', mapping(c), 'read'),
      nextVma(
        'first_vma',
        'vma_interval_tree_foreach(vma, &mapping->i_mmap, pgoff, pgoff)',
        literal(nilable('pmd'), 'nil'),
      ),
      while_(ne(p, 'nil'), [
        ...earlyTests(k),
        if_(eq(kind, 'table'), retractOne(k)),
        nextVma('next_vma', 'vma_interval_tree_iter_next(vma, pgoff, pgoff)', p),
      ]),
      unlock('i_mmap_unlock', 'i_mmap_unlock_read(mapping)', mapping(c), 'read'),
    ],
  })

function retractOne(k: Build): readonly Stmt[] {
  const underLocks: readonly Stmt[] = [
    step('pte_lockptr', 'ptl = pte_lockptr(mm, pmd)', [set(t, pmd.table(p))]),
    lock('ptl_lock', 'spin_lock_nested(ptl, SINGLE_DEPTH_NESTING)', table.ptl(t)),
    loadAnonVma('locked'),
    loadFlags(k, 'locked'),
    check('recheck', mustKeep(k), [let_(kind, 'none')]),
    if_(eq(kind, 'table'), [
      step('pmdp_collapse_flush', 'pgt_pmd = pmdp_collapse_flush(vma, addr, pmd)', [
        set(pmd.kind(p), 'none'),
        set(pmd.table(p), 'nil'),
        set(table.state(t), 'unlinked'),
      ]),
    ]),
    unlock('ptl_unlock', 'spin_unlock(ptl)', table.ptl(t)),
    unlock('pmd_unlock', 'spin_unlock(pml)', pmd.lock(p)),
    if_(eq(kind, 'table'), [call('free', pte_free_defer, [t])]),
  ]
  return [
    lock('pmd_lock', 'pml = pmd_lock(mm, pmd)', pmd.lock(p)),
    ...(k.has('retract-rechecks-pmd')
      ? [
          step('check_pmd_state', 'check_pmd_state(pmd) != SCAN_SUCCEED', [set(kind, pmd.kind(p))]),
          {
            kind: 'if',
            check: 'pmd_state_check',
            cond: ne(kind, 'table'),
            then: [unlock('drop_pml', 'spin_unlock(pml)', pmd.lock(p))],
            else: underLocks,
          } satisfies Stmt,
        ]
      : underLocks),
  ]
}

const f: Local = local('folio', refTo('folio'))
const got: Local = local('got', bool)
const cached: Local = local('cached', bool)
const empty: Local = local('empty', bool)
const pagelist: Local = local('pagelist', subsetOf('folio'))
const result: Local = local('result', ScanResult)

/** A folio was added to a hole since the walk: some order-0 folio of the chunk that is not on the list. */
const holeFilled: Expr = exists('folio', 'x', (x) =>
  and(eq(folio.chunk(x), c), ne(x, chunk.huge(c)), folio.cached(x), not(contains(pagelist, x))),
)
/** The extent is a hole: truncated, punched, or never touched. */
const noneCached: Expr = not(exists('folio', 'x', (x) => and(eq(folio.chunk(x), c), folio.cached(x))))
const each = bound('x', 'folio')

const armed: Local = local('armed', bool)
/** nr_none: pages of the chunk that the walk has not found. */
const nrNone: Expr = exists('folio', 'x', (x) =>
  and(eq(folio.chunk(x), c), ne(x, chunk.huge(c)), not(contains(pagelist, x))),
)
/** A hole is not filled where userfaultfd might be expected to tell of it. */
const missingHoles = (k: Build): readonly Stmt[] =>
  k.uffd === undefined
    ? []
    : [
        if_(and(eq(result, 'SCAN_SUCCEED'), nrNone), [
          lock('i_mmap_lock', 'i_mmap_lock_read(mapping)', mapping(c), 'read'),
          step(
            'userfaultfd_missing',
            'vma_interval_tree_foreach(vma, &mapping->i_mmap, start, end): userfaultfd_missing(vma)',
            [
              set(
                armed,
                exists('vma', 'v', (y) =>
                  and(eq(vma.file(y), chunk.file(c)), vma.linked(y), hasAny(vma.vm_flags(y), 'VM_UFFD_MISSING')),
                ),
              ),
            ],
            { atomic: 'one flags word after another; here all at once' },
          ),
          check('missing_holes', armed, [let_(result, 'SCAN_EXCEED_NONE_PTE')]),
          unlock('i_mmap_unlock', 'i_mmap_unlock_read(mapping)', mapping(c), 'read'),
        ]),
      ]

/**
 * Replaces the order-0 folios of a chunk by one huge folio, holes included. Called with no mmap
 * lock held. SCAN_SUCCEED, or why it could not.
 */
export const collapse_file = (k: Build): Routine =>
  routine({
    name: 'collapse_file',
    file: 'mm/khugepaged.c',
    read: 'v7.0-rc6',
    params: [c],
    locals: [f, got, cached, empty, pagelist, result, ...(k.uffd === undefined ? [] : [armed])],
    returns: ScanResult,
    body: [
      lock('lock_new', '__folio_set_locked(new_folio)', folio.lock(chunk.huge(c))),
      let_(result, 'SCAN_SUCCEED'),
      for_(f, chunk.first(c), chunk.last(c), [
        step(
          'xas_load',
          'folio = xas_load(&xas); if (!folio && index == start) xas_next_entry(&xas, end - 1)',
          [set(cached, folio.cached(f)), set(empty, and(eq(f, chunk.first(c)), noneCached))],
          { atomic: 'under the xarray lock' },
        ),
        if_(empty, [let_(result, 'SCAN_TRUNCATED'), break_]),
        if_(cached, [
          step('folio_trylock', 'folio_trylock(folio)', [tryAcquire(folio.lock(f), got)]),
          if_(eq(got, false), [let_(result, 'SCAN_PAGE_LOCK'), break_]),
          let_(pagelist, withMember(pagelist, f)),
          call('unmap', try_to_unmap, [f]),
        ]),
      ]),
      ...missingHoles(k),
      if_(eq(result, 'SCAN_SUCCEED'), [
        step(
          'xas_store',
          'xas_store(&xas, new_folio)',
          [
            when(
              holeFilled,
              [set(result, 'SCAN_PAGE_FILLED')],
              [
                forEach('folio', 'x', [
                  when(eq(folio.chunk(each), c), [set(folio.cached(each), eq(each, chunk.huge(c)))]),
                ]),
              ],
            ),
          ],
          { atomic: 'last look at holes and store, under the xarray lock' },
        ),
        if_(eq(result, 'SCAN_SUCCEED'), [call('retract', retract_page_tables(k), [c])]),
      ]),
      unlock('unlock_new', 'folio_unlock(new_folio)', folio.lock(chunk.huge(c))),
      for_(f, chunk.first(c), chunk.last(c), [
        if_(contains(pagelist, f), [unlock('unlock_old', 'folio_unlock(folio)', folio.lock(f))]),
      ]),
      ret(result),
    ],
  })

/** What khugepaged does with a file on behalf of some other process: the part that other mms feel. */
export const khugepaged_scan_file = (k: Build): Routine =>
  routine({
    name: 'khugepaged',
    file: 'mm/khugepaged.c',
    read: 'v7.0-rc6: khugepaged_scan_mm_slot(), hpage_collapse_scan_file()',
    params: [c],
    locals: [cached, result],
    body: [
      step('scan', 'hpage_collapse_scan_file(mm, addr, file, start)', [set(cached, folio.cached(chunk.huge(c)))]),
      if_(not(cached), [call('collapse', collapse_file(k), [c], result)]),
    ],
  })
