/**
 * What a process sees of its own page tables: fs/proc/task_mmu.c (pagemap, smaps) and mm/mincore.c.
 * Read at v7.0-rc6 (guard-regions facts 8.1, B09).
 *
 * Of PAGEMAP_SCAN only how many pages are PAGE_IS_GUARD.
 *
 * Not modelled yet: other categories of PAGEMAP_SCAN and its write protection, the per-VMA lock that newer kernels read maps under, soft-dirty.
 */
import {
  eq,
  hasAny,
  isOneOf,
  ite,
  literal,
  local,
  ne,
  or,
  plus,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, check, for_, if_, let_, set, step, while_ } from '../language/stmt.ts'
import { int, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { isHuge } from './huge_memory.ts'
import { hugeCached } from './filemap_fault.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { folio, page, PRESENT_PTES, pmd, PmdKind, Pte, table, vma, VmFlags } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

/** How many results Result has for counts of pages. */
const COUNT_MAX = 4

const addr: Local = local('addr', refTo('page'))
const v: Local = local('vma', nilable('vma'))
const t: Local = local('table', nilable('table'))
const kind: Local = local('pmdval', PmdKind)
const pte: Local = local('pte', Pte)
const flags: Local = local('vm_flags', VmFlags)
const result: Local = local('ret', Result)
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const p: Local = local('pmd', refTo('pmd'))
const at: Local = local('addr', refTo('page'))
const found: Local = local('found_pages', int(0, COUNT_MAX))

const inWords = (entry: Expr): Expr =>
  ite(
    isOneOf(entry, ...PRESENT_PTES),
    literal(Result, 'present'),
    ite(eq(entry, 'guard'), literal(Result, 'guard'), ite(eq(entry, 'none'), literal(Result, 'none'), 'swap')),
  )

/** Looks at one entry under ptl, or at the pmd where that is huge or empty. */
const walkOne = (huge: string, none: string, of: (entry: Expr) => Expr): ReturnType<typeof if_>[] => [
  while_(truth(true), [
    step('pmd', 'pmdval = pmdp_get_lockless(pmd)', [set(kind, pmd.kind(page.pmd(addr)))]),
    if_(isHuge(kind), [let_(result, huge), break_]),
    if_(eq(kind, 'none'), [let_(result, none), break_]),
    call('map', pte_offset_map_lock, [page.pmd(addr)], t),
    // walk->action = ACTION_AGAIN
    if_(ne(t, 'nil'), [
      step('ptep_get', 'pte = ptep_get(ptep)', [set(pte, table.pte(t, page.slot(addr)))]),
      call('unmap', pte_unmap_unlock, [t]),
      let_(result, of(pte)),
      break_,
    ]),
  ]),
]

/** pte_none_mostly() takes every marker for an empty entry; of the markers a guard is kept apart for its check (B09). */
const residency = (entry: Expr): Expr =>
  ite(
    isOneOf(entry, ...PRESENT_PTES, 'migration'),
    literal(Result, '1'),
    ite(
      isOneOf(entry, 'none', 'uffd_wp', 'poison'),
      literal(Result, 'none'),
      ite(eq(entry, 'guard'), literal(Result, 'guard'), 'swap'),
    ),
  )

const observer = (
  name: string,
  file: string,
  gap: string,
  io: Syscall,
  body: readonly ReturnType<typeof if_>[],
  locals: readonly Local[],
): Routine =>
  routine({
    name,
    file,
    read: 'v7.0-rc6',
    params: [addr],
    locals: [v, result, ...locals],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', page.mm(addr)),
      step('find_vma', 'vma = find_vma(mm, addr)', [set(v, page.vma(addr))]),
      if_(eq(v, 'nil'), [let_(result, gap)], body),
      mmap_read_unlock('mmap_read_unlock', page.mm(addr)),
      ...io.leave(result),
    ],
  })

/** One entry of /proc/PID/pagemap: `guard` is bit 58, PM_GUARD_REGION (v6.15). */
export const pagemap_read = (_k: Build, io: Syscall): Routine =>
  observer('pagemap_read', 'fs/proc/task_mmu.c', 'none', io, walkOne('present', 'none', inWords), [kind, t, pte])

const counted = (n: Expr): Expr =>
  [0, 1, 2, 3].reduceRight<Expr>((rest, i) => ite(eq(n, i), literal(Result, String(i)), rest), literal(Result, '4'))

/** PAGEMAP_SCAN for PAGE_IS_GUARD: how many pages of the range have it, table by table. Up to four pages. */
export const do_pagemap_scan = (_k: Build, io: Syscall): Routine =>
  routine({
    name: 'do_pagemap_scan',
    file: 'fs/proc/task_mmu.c',
    read: 'v7.0-rc6: pagemap_scan_pmd_entry()',
    params: [first, last],
    locals: [p, at, found, result, kind, t, pte],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', page.mm(first)),
      let_(found, 0),
      for_(p, page.pmd(first), page.pmd(last), [
        while_(truth(true), [
          step('pmd', 'pagemap_scan_pmd_entry(pmd, start, end, walk)', [set(kind, pmd.kind(p))]),
          if_(ne(kind, 'table'), [break_]),
          call('map', pte_offset_map_lock, [p], t),
          if_(ne(t, 'nil'), [
            for_(at, clampFirst(p, first), clampLast(p, last), [
              step('ptep_get', 'pagemap_page_category(p, vma, addr, ptep_get(pte))', [
                set(pte, table.pte(t, page.slot(at))),
              ]),
              if_(eq(pte, 'guard'), [let_(found, plus(found, 1))]),
            ]),
            call('unmap', pte_unmap_unlock, [t]),
            break_,
          ]),
        ]),
      ]),
      mmap_read_unlock('mmap_read_unlock', page.mm(first)),
      let_(result, counted(found)),
      ...io.leave(result),
    ],
  })

/** Whether VmFlags of /proc/PID/smaps says `gu`: 1 or 0. */
export const show_smap_vma_flags = (_k: Build, io: Syscall): Routine =>
  observer(
    'show_smap_vma_flags',
    'fs/proc/task_mmu.c',
    '-ENOENT',
    io,
    [
      step('vm_flags', 'vma->vm_flags', [set(flags, vma.vm_flags(v))]),
      if_(hasAny(flags, 'VM_MAYBE_GUARD'), [let_(result, '1')], [let_(result, '0')]),
    ],
    [flags],
  )

/** Whether a page is in memory, as mincore() says: a marker is nothing, a gap of a file asks its page cache. */
export const sys_mincore = (_k: Build, io: Syscall): Routine =>
  observer(
    'mincore',
    'mm/mincore.c',
    '-ENOMEM',
    io,
    [
      ...walkOne('1', 'none', residency),
      check('pte_none_mostly', eq(result, 'guard'), [let_(result, 'none')]),
      // mincore_swap(): what is no swap entry is in memory, as migration entries are.
      if_(eq(result, 'guard'), [let_(result, '1')]),
      if_(eq(result, 'none'), [
        let_(result, '0'),
        if_(ne(vma.file(v), 'nil'), [
          step(
            'filemap_get_incore_folio',
            'folio = filemap_get_incore_folio(mapping, index)',
            [set(result, ite(or(folio.cached(page.folio(addr)), hugeCached(addr)), literal(Result, '1'), '0'))],
            { atomic: 'one load of one page-cache index' },
          ),
        ]),
      ]),
      if_(eq(result, 'swap'), [let_(result, '0')]),
    ],
    [kind, t, pte],
  )
