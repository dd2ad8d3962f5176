/**
 * exit_mmap() of mm/mmap.c, and free_pgtables() of mm/memory.c as it is used there: the end of an
 * address space, when nobody is left who runs in it. What may still come by is rmap, through i_mmap.
 * Read in a copy between v6.17 and v7.0 and in one after v7.0: both have the same steps. The empty address
 * space is torn down under the mmap write lock there, which nobody could tell.
 *
 * Not modelled yet: khugepaged's own wait for an mm that it works on, the OOM reaper, mmu notifiers.
 * Each VMA's tables are freed after it alone has left i_mmap, where the kernel takes several at a time.
 */
import { and, bound, eq, firstThat, literal, local, lt, ne, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, for_, forEach, if_, lock, ret, set, step, unlock, when, while_, type Stmt } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { framesOf, zap_page_range_single } from './memory_zap.ts'
import { mmap_read_lock, mmap_read_unlock, mmap_write_lock, mmap_write_unlock, vma_start_write } from './mmap_lock.ts'
import { file, mapping, page, pmd, table, vma } from './mm_types.ts'
import { pte_free_defer } from './pgtable_generic.ts'

const READ = 'a copy between v6.17 and v7.0, one after v7.0'
const m: Local = local('mm', refTo('mm'))
const at: Local = local('vmi', nilable('page'))
const v: Local = local('vma', nilable('vma'))
const first: Local = local('start', nilable('page'))
const last: Local = local('end', nilable('page'))
const p: Local = local('pmd', refTo('pmd'))
const t: Local = local('table', nilable('table'))

const nextVma = (label: string, after: Expr): Stmt =>
  step(label, 'vma = vma_next(&vmi)', [
    set(
      at,
      firstThat('page', 'p', (x) => and(lt(after, x), eq(page.mm(x), m), ne(page.vma(x), 'nil'))),
    ),
    when(ne(at, 'nil'), [set(v, page.vma(at)), set(first, vma.start(v)), set(last, vma.end(v))]),
  ])
const nil = literal(nilable('page'), 'nil')

/** Frees the tables under start..end, which no VMA in i_mmap covers any more. */
const free_pgd_range: Routine = routine({
  name: 'free_pgd_range',
  file: 'mm/memory.c',
  read: READ,
  params: [first, last],
  locals: [p, t],
  body: [
    for_(p, page.pmd(first), page.pmd(last), [
      step('pmd', 'free_pmd_range(): pmd_none_or_clear_bad(pmd)', [set(t, pmd.table(p))]),
      if_(ne(t, 'nil'), [
        step('pmd_clear', 'free_pte_range(): pmd_clear(pmd)', [
          set(pmd.kind(p), 'none'),
          set(pmd.table(p), 'nil'),
          set(table.state(t), 'unlinked'),
        ]),
        call('pte_free_tlb', pte_free_defer, [t]),
      ]),
    ]),
  ],
})

const each = bound('p', 'page')
const eachVma = bound('v', 'vma')

export const exit_mmap = (k: Build): Routine =>
  routine({
    name: 'exit_mmap',
    file: 'mm/mmap.c',
    read: READ,
    params: [m],
    locals: [at, v, first, last],
    body: [
      mmap_read_lock('mmap_read_lock', m),
      nextVma('first_vma', nil),
      // Can happen where dup_mmap() ran out of memory at once.
      if_(eq(at, 'nil'), [mmap_read_unlock('mmap_read_unlock_empty', m), ret()]),
      // unmap_vmas(), with ZAP_FLAG_DROP_MARKER.
      while_(ne(at, 'nil'), [
        call('unmap', zap_page_range_single({ evenCows: true, dropMarkers: true, reclaimPt: false, ...framesOf(k) }), [
          first,
          last,
        ]),
        nextVma('next_vma', last),
      ]),
      mmap_read_unlock('mmap_read_unlock', m),
      mmap_write_lock('mmap_write_lock', m),
      nextVma('free_pgtables', nil),
      while_(ne(at, 'nil'), [
        call('lock_vma', vma_start_write(k), [v]),
        lock('anon_vma_lock', 'unlink_anon_vmas(vma): anon_vma_lock_write(root)', mapping.anon_rwsem(vma.anon_root(v))),
        unlock('anon_vma_unlock', 'anon_vma_unlock_write(root)', mapping.anon_rwsem(vma.anon_root(v))),
        if_(ne(vma.file(v), 'nil'), [
          lock('i_mmap_lock', 'unlink_file_vma(vma): i_mmap_lock_write(mapping)', file.i_mmap(vma.file(v))),
          step('i_mmap_remove', 'vma_interval_tree_remove(vma, &mapping->i_mmap)', [set(vma.linked(v), false)]),
          unlock('i_mmap_unlock', 'i_mmap_unlock_write(mapping)', file.i_mmap(vma.file(v))),
        ]),
        call('free', free_pgd_range, [first, last]),
        nextVma('free_next', last),
      ]),
      step('remove_vma', 'remove_vma(vma), for each; __mt_destroy(&mm->mm_mt)', [
        forEach('vma', 'v', [
          when(eq(vma.mm(eachVma), m), [
            set(vma.start(eachVma), 'nil'),
            set(vma.end(eachVma), 'nil'),
            set(vma.attached(eachVma), false),
            set(vma.anon_vma(eachVma), 'NULL'),
          ]),
        ]),
        forEach('page', 'p', [when(eq(page.mm(each), m), [set(page.vma(each), 'nil')])]),
      ]),
      call('mmap_write_unlock', mmap_write_unlock, [m]),
    ],
  })

/** The last thread of a process ends, and its address space with it. */
export const do_exit = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'do_exit',
    file: 'kernel/exit.c',
    read: 'v7.0-rc6: exit_mm(), mmput()',
    params: [m],
    locals: [],
    body: [...io.enter, call('mmput', exit_mmap(k), [m])],
  })
