/**
 * mm/vma.c and mm/vma_init.c: VMAs made, split, and taken out of the tree, and the locks under which
 * their ranges change. Read at v6.12 and v7.0-rc6 (guard-regions facts 8.2, 9.4).
 *
 * Not modelled: map_count and its limit, memory policies, uprobes, vm_ops. A VMA's anon_vma is the one
 * of its mapping, so that two VMAs of one mapping never have different ones, and none has a chain of
 * several. Between VMAs freed and made again v6.12 waits for RCU, which is left out: a reader that finds
 * a VMA of its mapping again looks at its range in either case.
 */
import { and, bound, eq, firstThat, isEmpty, ite, le, local, ne, not, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  call,
  forEach,
  if_,
  lock,
  noteDropped,
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
import { isHuge, splitOf } from './huge_memory.ts'
import { AnonVma, file, mapping, page, pmd, PmdKind, vma } from './mm_types.ts'
import { vma_start_write, vmaReaders } from './mmap_lock.ts'

const READ = 'v6.12, v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const fresh: Local = local('new', nilable('vma'))
const at: Local = local('addr', refTo('page'))
const below: Local = local('new_below', bool)
const anon: Local = local('anon_vma', AnonVma)
const kind: Local = local('pmdval', PmdKind)
const fail: Local = local('fail', bool)
const eachPage = bound('p', 'page')

/** The lowest VMA object of a mapping that is free; it has no range. */
const freeVma = (of: Expr): Expr =>
  firstThat('vma', 'candidate', (c) => and(eq(vma.mapping(c), of), eq(vma.start(c), 'nil'), eq(vma.vm_mm(c), 'nil')))

/** Takes a VMA object of `of` and fills it; what is `filled` may name it by `into`. */
export const vm_area_take = (into: Local, of: Expr, filled: readonly Action[]): readonly Action[] => [
  set(into, freeVma(of)),
  assert('WorldLargeEnough', ne(into, 'nil')),
  when(ne(into, 'nil'), filled),
]

/** Gives a VMA object back. `locked`: the running thread still has it write-locked. */
export const vm_area_free = (label: string, of: Expr, locked: boolean): Stmt =>
  step(label, 'vm_area_free(vma)', [
    set(vma.start(of), 'nil'),
    set(vma.end(of), 'nil'),
    set(vma.vm_flags(of), ''),
    set(vma.anon_vma(of), 'NULL'),
    ...(locked ? [set(vma.write_locked(of), false)] : []),
  ])

/** vma_start_write() of a VMA that no other thread can have found yet. */
export const startWriteFresh = (of: Expr): Stmt =>
  step('vma_start_write_new', 'vma_start_write(new)', [set(vma.write_locked(of), true)])

/** An allocation that may fail where the scenario says so. */
export const mayFail = (k: Build, label: string, text: string, then: readonly Stmt[]): readonly Stmt[] =>
  k.oom ? [step(label, text, [], { choose: [fail], sleeps: true }), if_(fail, then)] : []
export const mayFailLocals = (k: Build): readonly Local[] => (k.oom ? [fail] : [])

/** vma_prepare(): the locks under which rmap walks see a range change. Leaves what it found in `found`. */
export const vma_prepare = (of: Expr, found: Local, linking: readonly Stmt[] = []): readonly Stmt[] => [
  if_(ne(vma.file(of), 'nil'), [
    lock('i_mmap_lock_write', 'i_mmap_lock_write(vp->mapping)', file.i_mmap(vma.file(of))),
    ...linking,
  ]),
  step('vp_anon_vma', 'vp->anon_vma = vma->anon_vma', [set(found, vma.anon_vma(of))]),
  if_(ne(found, 'NULL'), [
    lock('anon_vma_lock_write', 'anon_vma_lock_write(vp->anon_vma)', mapping.anon_rwsem(vma.anon_root(of))),
  ]),
]

/** vma_complete(): lets go of them. */
export const vma_complete = (of: Expr, found: Local): readonly Stmt[] => [
  if_(ne(found, 'NULL'), [
    unlock('anon_vma_unlock_write', 'anon_vma_unlock_write(vp->anon_vma)', mapping.anon_rwsem(vma.anon_root(of))),
  ]),
  if_(ne(vma.file(of), 'nil'), [
    unlock('i_mmap_unlock_write', 'i_mmap_unlock_write(vp->mapping)', file.i_mmap(vma.file(of))),
  ]),
]

/** vma_adjust_trans_huge(): a huge pmd is split where a VMA is about to begin in the middle of it. */
export const vma_adjust_trans_huge = (k: Build, boundary: Expr, found: Local): readonly Stmt[] => [
  step('vma_adjust_trans_huge', 'split_huge_pmd_if_needed(vma, address)', [set(found, pmd.kind(page.pmd(boundary)))]),
  if_(and(isHuge(found), ne(pmd.first(page.pmd(boundary)), boundary)), [
    call('split_huge', splitOf(k), [page.pmd(boundary)]),
  ]),
]

/** vma_iter_store_new(), vma_iter_store_overwrite(): the tree finds `of` for all of its range. */
export const storeInTree = (label: string, text: string, of: Expr, more: readonly Action[] = []): Stmt =>
  step(label, text, [
    forEach('page', 'p', [
      when(and(le(vma.start(of), eachPage), le(eachPage, vma.end(of))), [set(page.vma(eachPage), of)]),
    ]),
    ...more,
  ])

/** For the linter: nobody asks any more whether a detached VMA is write-locked. */
const gone: Action = noteDropped(vma.lock(v), 'write')

/** Makes a VMA unfit for lock_vma_under_rcu(), and waits for readers that are about to let go of it. */
export const vma_mark_detached = (k: Build): Routine =>
  routine({
    name: 'vma_mark_detached',
    file: k.has('vma-refcnt') ? 'mm/mmap_lock.c' : 'include/linux/mm.h',
    read: READ,
    params: [v],
    locals: [],
    body: k.has('vma-refcnt')
      ? [
          step('refcount_dec', 'refcount_dec_and_test(&vma->vm_refcnt)', [set(vma.attached(v), false), gone]),
          step('drain', 'rcuwait_wait_event(&mm->vma_writer_wait, ...)', [], {
            await: isEmpty(vmaReaders(v)),
            sleeps: true,
          }),
        ]
      : [step('detached', 'vma->detached = true', [set(vma.attached(v), false), gone])],
  })

/**
 * Splits a VMA at `addr`, the first page of its upper part; `new_below` says which part is the new VMA.
 * The flags are copied before the VMA is write-locked (facts 8.2.7). False: no memory for it.
 */
export const __split_vma = (k: Build): Routine =>
  routine({
    name: '__split_vma',
    file: 'mm/vma.c',
    read: READ,
    params: [v, at, below],
    locals: [fresh, anon, kind, ...mayFailLocals(k)],
    returns: bool,
    body: [
      ...mayFail(k, 'may_fail', 'kmem_cache_alloc(vm_area_cachep, GFP_KERNEL)', [ret(false, bool)]),
      step('vm_area_dup', 'vm_area_dup(vma): new->vm_flags = vma->vm_flags, vm_start, vm_end, anon_vma', [
        ...vm_area_take(fresh, vma.mapping(v), [
          set(vma.start(fresh), ite(below, vma.start(v), at)),
          set(vma.end(fresh), ite(below, page.prev(at), vma.end(v))),
          set(vma.vm_flags(fresh), vma.vm_flags(v)),
          set(vma.anon_vma(fresh), vma.anon_vma(v)),
        ]),
      ]),
      if_(eq(fresh, 'nil'), [ret(false, bool)]),
      call('vma_start_write', vma_start_write(k), [v]),
      startWriteFresh(fresh),
      ...vma_prepare(v, anon, [
        step('vma_link_file', '__vma_link_file(vp->insert, vp->mapping)', [set(vma.linked(fresh), true)]),
      ]),
      ...vma_adjust_trans_huge(k, at, kind),
      step('vm_end', 'new_below ? (vma->vm_start = addr) : (vma->vm_end = addr)', [
        when(below, [set(vma.start(v), at)]),
        when(not(below), [set(vma.end(v), page.prev(at))]),
      ]),
      storeInTree('vma_iter_store_new', 'vma_iter_store_new(vmi, new)', fresh, [set(vma.attached(fresh), true)]),
      ...vma_complete(v, anon),
      ret(true, bool),
    ],
  })
