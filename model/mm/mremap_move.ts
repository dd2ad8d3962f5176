/**
 * mm/mremap.c: moving entries and whole page tables from one place to another. Read at v6.12 and
 * v7.0-rc6 (guard-regions facts 8.1, 8.3).
 *
 * Not modelled: PUD level, realignment to PMD boundaries (try_realign_addr()), UFFD_FEATURE_EVENT_REMAP,
 * failure to make a page table half-way.
 */
import { and, eq, ite, le, literal, local, ne, not, plus, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  continue_,
  for_,
  if_,
  lock,
  release,
  ret,
  set,
  step,
  unlock,
  when,
  while_,
  type Action,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { discarded, ifFrames } from './frame.ts'
import { entry } from './frame_types.ts'
import { isHuge, splitOf } from './huge_memory.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import { AnonVma, file, mapping, page, Pte, pmd, PmdKind, table, vma } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v6.12, v7.0-rc6'
const first: Local = local('old_addr', refTo('page'))
const last: Local = local('old_end', refTo('page'))
const v: Local = local('vma', refTo('vma'))
const needed: Local = local('need_rmap_locks', bool)
const p: Local = local('old_pmd', refTo('pmd'))
const q: Local = local('new_pmd', refTo('pmd'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('old_table', nilable('table'))
const u: Local = local('new_table', nilable('table'))
const at: Local = local('addr', refTo('page'))
const pte: Local = local('pte', Pte)
const anon: Local = local('anon_vma', AnonVma)
const moved: Local = local('moved', bool)
const ok: Local = local('ok', bool)
/** The VMA is registered with a userfaultfd that does not ask for UFFD_FEATURE_EVENT_REMAP. */
const uffd: Local = local('uffd', bool)

/**
 * What an entry is at its new place, whose VMA is not registered: a marker of write protection is gone,
 * and pte_clear_uffd_wp() of the rest (0cef0bb836e3, B32). A guard moves as it is.
 */
const withoutUffdWp = (at: Local): Expr => {
  const to = (name: string): Expr => literal(Pte, name)
  const file = ite(mapping.shared(page.mapping(at)), to('file_ro'), to('file'))
  const swap = ite(eq(pte, 'swap_wp'), to('swap'), pte)
  const none = (kind: string, rest: Expr): Expr => ite(eq(pte, `${kind}_wp_none`), to(`${kind}_none`), rest)
  const away = ite(eq(pte, 'zero_wp'), to('zero'), none('zero', none('file', none('anon', swap))))
  const plain = ite(eq(pte, 'file_wp'), file, ite(eq(pte, 'anon_wp'), to('anon_ro'), away))
  return ite(eq(pte, 'uffd_wp'), to('none'), plain)
}

/** take_rmap_locks(): rmap walks see an entry in the old place or in the new one. */
const takeRmapLocks: readonly Stmt[] = [
  if_(ne(vma.file(v), 'nil'), [
    lock('i_mmap_lock_write', 'i_mmap_lock_write(vma->vm_file->f_mapping)', file.i_mmap(vma.file(v))),
  ]),
  step('rmap_anon_vma', 'take_rmap_locks(): vma->anon_vma', [set(anon, vma.anon_vma(v))]),
  if_(ne(anon, 'NULL'), [
    lock('anon_vma_lock_write', 'anon_vma_lock_write(vma->anon_vma)', mapping.anon_rwsem(vma.anon_root(v))),
  ]),
]
const dropRmapLocks: readonly Stmt[] = [
  if_(ne(anon, 'NULL'), [
    unlock('anon_vma_unlock_write', 'anon_vma_unlock_write(vma->anon_vma)', mapping.anon_rwsem(vma.anon_root(v))),
  ]),
  if_(ne(vma.file(v), 'nil'), [
    unlock('i_mmap_unlock_write', 'i_mmap_unlock_write(vma->vm_file->f_mapping)', file.i_mmap(vma.file(v))),
  ]),
]

/** move_normal_pmd() and move_huge_pmd(): what the old pmd holds, whole. False where there is nothing of the kind. */
const move_pgt_entry = (k: Build): Routine =>
  routine({
    name: 'move_pgt_entry',
    file: 'mm/mremap.c',
    read: READ,
    params: [p, q, v],
    locals: [anon, kind],
    returns: bool,
    body: [
      ...takeRmapLocks,
      lock('old_pmd_lock', 'old_ptl = pmd_lock(mm, old_pmd)', pmd.lock(p)),
      lock('new_pmd_lock', 'spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING)', pmd.lock(q)),
      step('pmd_clear', 'pmd_clear(old_pmd), pmd_populate(mm, new_pmd, pmd_pgtable(pmd))', [
        set(kind, pmd.kind(p)),
        when(ne(kind, 'none'), [
          set(pmd.kind(q), kind),
          set(pmd.table(q), pmd.table(p)),
          ...ifFrames(k, set(entry.huge(q), entry.huge(p)), set(entry.huge(p), 'nil')),
          set(pmd.kind(p), 'none'),
          set(pmd.table(p), 'nil'),
        ]),
      ]),
      unlock('new_pmd_unlock', 'spin_unlock(new_ptl)', pmd.lock(q)),
      unlock('old_pmd_unlock', 'spin_unlock(old_ptl)', pmd.lock(p)),
      ...dropRmapLocks,
      ret(ne(kind, 'none')),
    ],
  })

/** The entry's page goes with it. What was taken of the old address is owed nothing more (facts gup-cow-nosigbus, A.4). */
const moveFrame = (distance: number): readonly Action[] => {
  const place = page.slot(plus(at, distance))
  return [
    set(entry.frame(u, place), entry.frame(t, page.slot(at))),
    set(entry.swapExclusive(u, place), entry.swapExclusive(t, page.slot(at))),
    set(entry.dirty(u, place), entry.dirty(t, page.slot(at))),
    set(entry.frame(t, page.slot(at)), 'nil'),
    set(entry.swapExclusive(t, page.slot(at)), false),
    set(entry.dirty(t, page.slot(at)), false),
    discarded(at),
  ]
}

/** Moves entries one by one, markers as they are, under both tables' locks. False: a table had vanished. */
const move_ptes = (k: Build, distance: number): Routine =>
  routine({
    name: 'move_ptes',
    file: 'mm/mremap.c',
    read: READ,
    params: [p, q, first, last, v, needed, uffd],
    locals: [anon, t, u, at, pte, ok],
    returns: bool,
    body: [
      if_(needed, takeRmapLocks),
      call('old_map', pte_offset_map_lock, [p], t),
      if_(ne(t, 'nil'), [
        step('new_map', 'new_ptep = pte_offset_map_rw_nolock(mm, new_pmd, new_addr, &dummy_pmdval, &new_ptl)', [
          set(u, pmd.table(q)),
        ]),
        if_(ne(u, 'nil'), [
          lock('new_lock', 'spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING)', table.ptl(u)),
          for_(at, clampFirst(p, first), clampLast(p, last), [
            step('set_ptes', 'pte = get_and_clear_ptes(mm, old_addr, old_ptep, nr_ptes); set_ptes(mm, new_addr, ...)', [
              set(pte, table.pte(t, page.slot(at))),
              when(ne(pte, 'none'), [
                set(table.pte(t, page.slot(at)), 'none'),
                set(
                  table.pte(u, page.slot(plus(at, distance))),
                  k.has('mremap-clears-uffd-wp') ? ite(uffd, withoutUffdWp(at), pte) : pte,
                ),
                ...ifFrames(k, ...moveFrame(distance)),
              ]),
            ]),
          ]),
          step('new_unlock', 'spin_unlock(new_ptl)', [release(table.ptl(u))]),
        ]),
        call('old_unmap', pte_unmap_unlock, [t]),
      ]),
      if_(needed, dropRmapLocks),
      ret(and(ne(t, 'nil'), ne(u, 'nil'))),
    ],
  })

/** All of one pmd lies in the range. */
const extentIsPmd: Expr = and(pmd.whole(p), le(first, pmd.first(p)), le(pmd.last(p), last))

/**
 * Moves what start..end maps to pages that lie `distance` further on, in tables of their own. The VMAs of
 * both places are write-locked.
 */
export const move_page_tables = (k: Build, distance: number): Routine =>
  routine({
    name: 'move_page_tables',
    file: 'mm/mremap.c',
    read: READ,
    params: [first, last, v, needed, uffd],
    locals: [p, kind, moved, ok],
    body: [
      for_(p, page.pmd(first), page.pmd(last), [
        while_(truth(true), [
          step('get_old_pmd', 'old_pmd = get_old_pmd(mm, pmc->old_addr): pmd_none(*pmd)', [set(kind, pmd.kind(p))]),
          if_(eq(kind, 'none'), [break_]),
          if_(and(isHuge(kind), extentIsPmd), [
            call('move_huge_pmd', move_pgt_entry(k), [p, there(distance), v], moved),
            if_(moved, [break_]),
          ]),
          if_(isHuge(kind), [call('split', splitOf(k), [p])]),
          // move_normal_pmd() says that it has not moved it: each entry has to be looked at.
          if_(and(eq(kind, 'table'), extentIsPmd, ...(k.has('mremap-clears-uffd-wp') ? [not(uffd)] : [])), [
            call('move_normal_pmd', move_pgt_entry(k), [p, there(distance), v], moved),
            if_(moved, [break_]),
          ]),
          step('pmd_none', 'if (pmd_none(*old_pmd))', [set(kind, pmd.kind(p))]),
          if_(eq(kind, 'none'), [break_]),
          step('new_pmd_none', 'pte_alloc(pmc->new->vm_mm, new_pmd): pmd_none(*pmd)', [
            set(kind, pmd.kind(there(distance))),
          ]),
          if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc({ ...k, oom: false }), [there(distance)], ok)]),
          call('move_ptes', move_ptes(k, distance), [p, there(distance), first, last, v, needed, uffd], ok),
          if_(eq(ok, false), [continue_]),
          break_,
        ]),
      ]),
    ],
  })

/** The pmd that the new addresses of what lies under the old one have. */
function there(distance: number): Expr {
  return page.pmd(plus(clampFirst(p, first), distance))
}
