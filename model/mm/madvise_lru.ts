/**
 * mm/madvise.c: MADV_FREE, MADV_COLD, MADV_PAGEOUT and MADV_WILLNEED. Read at v6.12 and v7.0-rc6
 * (guard-regions facts 4.1, 8.1; B04 for the first two versions of the guard series).
 *
 * Not modelled yet: lazily freed pages (MADV_FREE leaves its pages as they are, since dropping them is
 * reclaim's affair), folio lists and their isolation, huge pages (left alone here; the kernel splits a
 * partial one), read-ahead, which seeds/000 argues cannot matter to guards.
 */
import { eq, hasAny, isOneOf, local, ne, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, for_, if_, ret, set, step, when } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { isHuge } from './huge_memory.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import { sys_madvise } from './madvise.ts'
import { page, pmd, PmdKind, Pte, SWAP_PTES, table, vma, VmFlags } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { reclaim_pte } from './vmscan.ts'

const READ = 'v6.12, v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const p: Local = local('pmd', refTo('pmd'))
const at: Local = local('addr', refTo('page'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const pte: Local = local('ptent', Pte)
const flags: Local = local('vm_flags', VmFlags)

const madvise_free_pte_range = (k: Build): Routine =>
  routine({
    name: 'madvise_free_pte_range',
    file: 'mm/madvise.c',
    read: READ,
    params: [p, first, last],
    locals: [kind, t, at, pte],
    body: [
      step('pmd', 'if (pmd_trans_huge(*pmd))', [set(kind, pmd.kind(p))]),
      if_(isHuge(kind), [ret()]),
      call('map', pte_offset_map_lock, [p], t),
      if_(eq(t, 'nil'), [ret()]),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step('pte', 'ptent = ptep_get(pte); pte_clear_not_present_full() of swap and poison', [
          set(pte, table.pte(t, page.slot(at))),
          when(isOneOf(pte, ...SWAP_PTES, 'poison', ...(k.has('guard-freed') ? ['guard'] : [])), [
            set(table.pte(t, page.slot(at)), 'none'),
          ]),
        ]),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
    ],
  })

const freeVma = (k: Build): Routine =>
  routine({
    name: 'madvise_free_single_vma',
    file: 'mm/madvise.c',
    read: READ,
    params: [v, first, last],
    locals: [flags, p],
    returns: Result,
    body: [
      step('can_madv_lru_vma', 'madvise_dontneed_free_valid_vma(): vma->vm_flags', [set(flags, vma.vm_flags(v))]),
      if_(hasAny(flags, 'VM_LOCKED'), [ret('-EINVAL', Result)]),
      if_(ne(vma.file(v), 'nil'), [ret('-EINVAL', Result)]),
      for_(p, page.pmd(first), page.pmd(last), [call('ptes', madvise_free_pte_range(k), [p, first, last])]),
      ret('0', Result),
    ],
  })

/** Looks at each entry under ptl; what is not present is passed over. With `pageout`, reclaims what is. */
const coldOrPageout = (pageout: boolean): Routine =>
  routine({
    name: 'madvise_cold_or_pageout_pte_range',
    file: 'mm/madvise.c',
    read: READ,
    params: [p, first, last],
    locals: [kind, t, at, pte],
    body: [
      step('pmd', 'if (pmd_trans_huge(*pmd))', [set(kind, pmd.kind(p))]),
      if_(isHuge(kind), [ret()]),
      call('map', pte_offset_map_lock, [p], t),
      if_(eq(t, 'nil'), [ret()]),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step('pte', 'if (!pte_present(ptep_get(pte))) continue', [set(pte, table.pte(t, page.slot(at)))]),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ...(pageout
        ? [for_(at, clampFirst(p, first), clampLast(p, last), [call('reclaim_pages', reclaim_pte, [at])])]
        : []),
    ],
  })

const coldVma = (pageout: boolean): Routine =>
  routine({
    name: pageout ? 'madvise_pageout' : 'madvise_cold',
    file: 'mm/madvise.c',
    read: READ,
    params: [v, first, last],
    locals: [flags, p],
    returns: Result,
    body: [
      step('can_madv_lru_vma', 'if (!can_madv_lru_vma(vma))', [set(flags, vma.vm_flags(v))]),
      if_(hasAny(flags, 'VM_LOCKED'), [ret('-EINVAL', Result)]),
      for_(p, page.pmd(first), page.pmd(last), [call('ptes', coldOrPageout(pageout), [p, first, last])]),
      ret('0', Result),
    ],
  })

export const sys_madvise_free = (k: Build, io: Syscall): Routine =>
  sys_madvise(
    k,
    {
      name: 'MADV_FREE',
      visit: freeVma(k),
      mode: k.has('dontneed-vma-lock') ? 'vma read' : 'mmap read',
      install: false,
    },
    io,
  )
export const sys_madvise_cold = (k: Build, pageout: boolean, io: Syscall): Routine =>
  sys_madvise(
    k,
    { name: pageout ? 'MADV_PAGEOUT' : 'MADV_COLD', visit: coldVma(pageout), mode: 'mmap read', install: false },
    io,
  )
