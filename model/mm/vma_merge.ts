/**
 * mm/vma.c: merging VMAs. Read at v7.0-rc6, and the VM_MAYBE_GUARD series v1 to v4 for its sticky flags
 * (guard-regions facts 8.2, B31).
 *
 * Not modelled: merging across declared mappings (two VMAs of different mappings never touch); failure to
 * allocate, which callers ignore or which only undoes what was done; and what keeps private VMAs apart besides
 * their flags, so that the kernel may leave two where the model makes one (random sequences on a running 6.18.44
 * show each): anon_vmas that were made while flags differed, or in a child of fork (is_mergeable_anon_vma();
 * facts 8.2.10: up to v6.15 a VMA without one was not merged with a copy that has one); VM_ACCOUNT, which
 * mprotect() takes from anonymous memory that has no anon_vma yet; vm_pgoff, which mremap() changes with such
 * memory (copy_vma()).
 */
import {
  and,
  eq,
  ite,
  local,
  ne,
  not,
  onlyBits,
  or,
  unionOf,
  withoutBits,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, call, check, if_, let_, ret, set, step, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { AnonVma, page, PmdKind, vma, VmFlags } from './mm_types.ts'
import { vma_start_write } from './mmap_lock.ts'
import {
  storeInTree,
  vm_area_free,
  vma_adjust_trans_huge,
  vma_complete,
  vma_mark_detached,
  vma_prepare,
} from './vma.ts'
import { vm_flags_set_all, VM_STICKY } from './vma_flags.ts'

const READ = 'v6.12, v7.0-rc6'
const middle: Local = local('middle', refTo('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const flags: Local = local('vm_flags', VmFlags)
const prev: Local = local('prev', nilable('vma'))
const next: Local = local('next', nilable('vma'))
const prevFlags: Local = local('prev_flags', VmFlags)
const nextFlags: Local = local('next_flags', VmFlags)
const leftSide: Local = local('left_side', bool)
const rightSide: Local = local('right_side', bool)
const left: Local = local('merge_left', bool)
const right: Local = local('merge_right', bool)
const target: Local = local('target', nilable('vma'))
const sticky: Local = local('sticky_flags', VmFlags)
const anon: Local = local('anon_vma', AnonVma)
const kind: Local = local('pmdval', PmdKind)

const comparable = (word: Expr): Expr => withoutBits(word, VM_STICKY)

/** is_mergeable_vma() of what lies to one side. The neighbour's flags are read under the mmap lock alone. */
const canMerge = (
  k: Build,
  side: 'left' | 'right',
  at: Expr,
  into: { readonly neighbour: Local; readonly word: Local; readonly can: Local },
): readonly Stmt[] => [
  step(`can_vma_merge_${side}`, `can_vma_merge_${side}(vmg): (vma->vm_flags ^ vmg->vm_flags) & ~VM_IGNORE_MERGE`, [
    set(into.neighbour, page.vma(at)),
    when(ne(into.neighbour, 'nil'), [set(into.word, vma.vm_flags(into.neighbour))]),
  ]),
  if_(ne(into.neighbour, 'nil'), [
    let_(into.can, eq(into.word, flags)),
    ...(k.has('sticky-flags')
      ? [check('ignore_merge', eq(comparable(into.word), comparable(flags)), [let_(into.can, true)])]
      : []),
  ]),
]

/** Guard markers, as the flag that tells of them, never keep two VMAs apart. */
const guardsMerge = (k: Build): readonly Stmt[] =>
  k.has('sticky-flags')
    ? [
        step('merge_both', 'merge_both = merge_left && merge_right', [
          assert('GuardsMerge', or(eq(prev, 'nil'), left, ne(comparable(prevFlags), comparable(flags)))),
          assert('GuardsMerge', or(eq(next, 'nil'), right, ne(comparable(nextFlags), comparable(flags)))),
        ]),
      ]
    : []

const addSticky = (k: Build, label: string, of: Expr): readonly Stmt[] =>
  k.has('sticky-flags')
    ? [
        step(label, `sticky_flags |= ${label.replace('sticky_', '')}->vm_flags & VM_STICKY`, [
          set(sticky, unionOf(sticky, onlyBits(vma.vm_flags(of), VM_STICKY))),
        ]),
      ]
    : []

const startSticky = (k: Build): readonly Stmt[] =>
  k.has('sticky-flags') ? [let_(sticky, onlyBits(flags, VM_STICKY))] : []
/** After vma_complete() has let go of i_mmap_rwsem, and not before. */
const setSticky = (k: Build): readonly Stmt[] =>
  k.has('sticky-flags') ? [call('vm_flags_set', vm_flags_set_all(k), [target, sticky])] : []
const stickyLocals = (k: Build): readonly Local[] => (k.has('sticky-flags') ? [sticky] : [])

const dupAnonVma = (from: Expr): Stmt =>
  step('dup_anon_vma', 'dup_anon_vma(dst, src, &anon_dup)', [
    when(and(eq(vma.anon_vma(target), 'NULL'), from), [set(vma.anon_vma(target), 'anon_vma')]),
  ])
const hasAnonVma = (of: Expr): Expr => ne(vma.anon_vma(of), 'NULL')

const removeShared = (cond: Expr, label: string, of: Expr): Stmt =>
  if_(and(cond, ne(vma.file(target), 'nil')), [
    step(label, '__remove_shared_vm_struct(vp->remove, vp->mapping)', [set(vma.linked(of), false)]),
  ])
const removeVma = (k: Build, cond: Expr, name: string, of: Expr): Stmt =>
  if_(cond, [call(`detach_${name}`, vma_mark_detached(k), [of]), vm_area_free(`free_${name}`, of, true)])

/**
 * Merges the range start..end of `middle`, which is about to get `vm_flags`, with a neighbour, or both.
 * Gives back the VMA that covers the range then; nil where nothing can be merged.
 */
export const vma_merge_existing_range = (k: Build): Routine => {
  const whole = and(leftSide, rightSide)
  const both = and(left, right)
  return routine({
    name: 'vma_merge_existing_range',
    file: 'mm/vma.c',
    read: READ,
    params: [middle, first, last, flags],
    locals: [
      prev,
      next,
      prevFlags,
      nextFlags,
      leftSide,
      rightSide,
      left,
      right,
      target,
      anon,
      kind,
      ...stickyLocals(k),
    ],
    returns: nilable('vma'),
    body: [
      step('sides', 'left_side = start == middle->vm_start, right_side = end == middle->vm_end', [
        set(leftSide, eq(vma.start(middle), first)),
        set(rightSide, eq(vma.end(middle), last)),
      ]),
      if_(and(leftSide, ne(page.prev(first), 'nil')), [
        ...canMerge(k, 'left', page.prev(first), { neighbour: prev, word: prevFlags, can: left }),
      ]),
      if_(and(rightSide, ne(page.next(last), 'nil')), [
        ...canMerge(k, 'right', page.next(last), { neighbour: next, word: nextFlags, can: right }),
      ]),
      ...guardsMerge(k),
      if_(and(not(left), not(right)), [ret('nil', nilable('vma'))]),
      ...startSticky(k),
      let_(target, ite(left, prev, next)),
      call('lock_middle', vma_start_write(k), [middle]),
      if_(right, [call('lock_next', vma_start_write(k), [next]), ...addSticky(k, 'sticky_next', next)]),
      if_(left, [call('lock_prev', vma_start_write(k), [prev]), ...addSticky(k, 'sticky_prev', prev)]),
      dupAnonVma(or(hasAnonVma(middle), and(both, hasAnonVma(next)))),
      // commit_merge()
      ...vma_prepare(target, anon),
      if_(not(whole), vma_adjust_trans_huge(k, ite(left, page.next(last), first), kind)),
      step('vma_set_range', 'vma_set_range(vma, vmg->start, vmg->end, vmg->pgoff), vmg_adjust_set_range(vmg)', [
        when(both, [set(vma.end(prev), vma.end(next))]),
        when(and(left, not(right)), [set(vma.end(prev), last)]),
        when(and(right, not(left)), [set(vma.start(next), first)]),
        when(and(not(whole), left), [set(vma.start(middle), page.next(last))]),
        when(and(not(whole), not(left)), [set(vma.end(middle), page.prev(first))]),
      ]),
      storeInTree('vma_iter_store_overwrite', 'vma_iter_store_overwrite(vmg->vmi, vmg->target)', target),
      removeShared(whole, 'unlink_middle', middle),
      removeShared(both, 'unlink_next', next),
      ...vma_complete(target, anon),
      removeVma(k, whole, 'middle', middle),
      removeVma(k, both, 'next', next),
      ...setSticky(k),
      ret(target),
    ],
  })
}

const copied: Local = local('copied_from', nilable('vma'))

/**
 * Grows a neighbour, or both into one, over the empty range start..end, which is to have `vm_flags`
 * (vma_merge_new_range(), vma_expand()). mremap() names the VMA that it copies. Nil where no neighbour fits.
 */
export const vma_merge_new_range = (k: Build): Routine => {
  const both = and(left, right)
  return routine({
    name: 'vma_merge_new_range',
    file: 'mm/vma.c',
    read: READ,
    params: [first, last, flags, copied],
    locals: [prev, next, prevFlags, nextFlags, left, right, target, anon, ...stickyLocals(k)],
    returns: nilable('vma'),
    body: [
      if_(ne(page.prev(first), 'nil'), [
        ...canMerge(k, 'left', page.prev(first), { neighbour: prev, word: prevFlags, can: left }),
      ]),
      if_(ne(page.next(last), 'nil'), [
        ...canMerge(k, 'right', page.next(last), { neighbour: next, word: nextFlags, can: right }),
      ]),
      ...guardsMerge(k),
      if_(and(not(left), not(right)), [ret('nil', nilable('vma'))]),
      let_(target, ite(left, prev, next)),
      // vma_expand(): next->vm_flags are read before next is write-locked (facts 8.2.4).
      call('lock_target', vma_start_write(k), [target]),
      ...startSticky(k),
      ...addSticky(k, 'sticky_target', target),
      if_(both, addSticky(k, 'sticky_next', next)),
      // B31: of what mremap() has copied nothing was asked for a while.
      dupAnonVma(
        k.has('expand-forgets-anon-vma')
          ? and(both, hasAnonVma(next))
          : or(and(both, hasAnonVma(next)), and(ne(copied, 'nil'), hasAnonVma(copied))),
      ),
      if_(both, [call('lock_next', vma_start_write(k), [next])]),
      // commit_merge()
      ...vma_prepare(target, anon),
      step('vma_set_range', 'vma_set_range(vma, vmg->start, vmg->end, vmg->pgoff)', [
        when(both, [set(vma.end(prev), vma.end(next))]),
        when(and(left, not(right)), [set(vma.end(prev), last)]),
        when(and(right, not(left)), [set(vma.start(next), first)]),
      ]),
      storeInTree('vma_iter_store_overwrite', 'vma_iter_store_overwrite(vmg->vmi, vmg->target)', target),
      removeShared(both, 'unlink_next', next),
      ...vma_complete(target, anon),
      removeVma(k, both, 'next', next),
      ...setSticky(k),
      ret(target),
    ],
  })
}
