/**
 * mm/rmap.c: giving a VMA its anon_vma, and unmapping a page-cache folio from every page table.
 * Read at v7.0-rc6 (guard-regions facts 3.1.9 and section 6).
 *
 * Not modelled yet: walks through an anon_vma (fork and exit take its lock, and nobody else does),
 * mapcounts, TLB flushes, reclaim and migration, which walk the same way.
 */
import {
  and,
  eq,
  exists,
  firstThat,
  isOneOf,
  le,
  literal,
  local,
  lt,
  ne,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, lock, ret, set, step, unlock, when, while_ } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { AnonVma, file, folio, mapping, mm, page, Pte, pmd, table, vma } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const seen: Local = local('anon_vma', AnonVma)
const fail: Local = local('fail', bool)

/** Makes sure that a VMA has an anon_vma. Returns whether memory was there for it. */
export const anon_vma_prepare = (k: Build): Routine =>
  routine({
    name: 'anon_vma_prepare',
    file: 'mm/rmap.c',
    read: READ,
    params: [v],
    locals: k.oom ? [seen, fail] : [seen],
    returns: bool,
    body: [
      step('load', 'if (likely(vma->anon_vma))', [set(seen, vma.anon_vma(v))]),
      if_(eq(seen, 'NULL'), [
        ...(k.oom
          ? [
              step('may_fail', 'anon_vma_chain_alloc(GFP_KERNEL)', [], { choose: [fail], sleeps: true }),
              if_(fail, [ret(false, bool)]),
            ]
          : []),
        lock('page_table_lock', 'spin_lock(&mm->page_table_lock)', mm.page_table_lock(vma.mm(v))),
        step('publish', 'if (likely(!vma->anon_vma)) vma->anon_vma = anon_vma', [set(vma.anon_vma(v), 'anon_vma')]),
        unlock('page_table_unlock', 'spin_unlock(&mm->page_table_lock)', mm.page_table_lock(vma.mm(v))),
      ]),
      ret(true, bool),
    ],
  })

const dst: Local = local('vma', refTo('vma'))
const parent: Local = local('pvma', refTo('vma'))

/** Gives the child's VMA an anon_vma of its own, linked to its parent's, if the parent's VMA has one. */
export const anon_vma_fork: Routine = routine({
  name: 'anon_vma_fork',
  file: 'mm/rmap.c',
  read: 'v6.12, v7.0-rc6',
  params: [dst, parent],
  locals: [seen],
  body: [
    step('load', 'if (!pvma->anon_vma)', [set(seen, vma.anon_vma(parent))]),
    if_(eq(seen, 'NULL'), [ret()]),
    lock('anon_vma_lock', 'anon_vma_lock_write(root)', mapping.anon_rwsem(vma.anon_root(parent))),
    step('clone', 'anon_vma_clone(vma, pvma); vma->anon_vma = anon_vma', [set(vma.anon_vma(dst), 'anon_vma')]),
    unlock('anon_vma_unlock', 'anon_vma_unlock_write(root)', mapping.anon_rwsem(vma.anon_root(parent))),
  ],
})

const f: Local = local('folio', refTo('folio'))
const at: Local = local('address', nilable('page'))
const t: Local = local('table', nilable('table'))
const snapshot: Local = local('snapshot', Pte)

/** Some VMA of the interval tree covers the page. */
export const rmapCovers = (pg: Expr): Expr =>
  exists('vma', 'v', (x) =>
    and(eq(vma.mapping(x), page.mapping(pg)), vma.linked(x), le(vma.start(x), pg), le(pg, vma.end(x))),
  )
const nextMapping = (after: Expr): Expr =>
  firstThat('page', 'pg', (pg) => and(lt(after, pg), eq(page.folio(pg), f), rmapCovers(pg)))

/** Takes a locked folio out of every page table that maps it. Marker entries are not its mappings and stay. */
export const try_to_unmap: Routine = routine({
  name: 'try_to_unmap',
  file: 'mm/rmap.c',
  read: READ,
  params: [f],
  locals: [at, t, snapshot],
  body: [
    lock('i_mmap_lock', 'i_mmap_lock_read(mapping)', file.i_mmap(folio.file(f)), 'read'),
    step('first_vma', 'vma_interval_tree_foreach(vma, &mapping->i_mmap, ...)', [
      set(at, nextMapping(literal(nilable('page'), 'nil'))),
    ]),
    while_(ne(at, 'nil'), [
      step('find_pmd', 'pvmw->pmd = mm_find_pmd(mm, address)', [set(t, pmd.table(page.pmd(at)))]),
      if_(ne(t, 'nil'), [
        call('map_pte', pte_offset_map_lock, [page.pmd(at)], t),
        if_(ne(t, 'nil'), [
          step('try_to_unmap_one', 'pteval = ptep_clear_flush(vma, address, pvmw.pte)', [
            set(snapshot, table.pte(t, page.slot(at))),
            when(isOneOf(snapshot, 'file', 'file_ro', 'file_none'), [set(table.pte(t, page.slot(at)), 'none')]),
            // pte_install_uffd_wp_if_needed()
            when(isOneOf(snapshot, 'file_wp', 'file_wp_none'), [set(table.pte(t, page.slot(at)), 'uffd_wp')]),
          ]),
          call('done', pte_unmap_unlock, [t]),
        ]),
      ]),
      step('next_vma', 'vma_interval_tree_iter_next(vma, ...)', [set(at, nextMapping(at))]),
    ]),
    unlock('i_mmap_unlock', 'i_mmap_unlock_read(mapping)', file.i_mmap(folio.file(f)), 'read'),
  ],
})
