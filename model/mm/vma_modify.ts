/**
 * mm/vma.c: vma_modify_flags(), which merges or splits a VMA before its flags change. The change itself
 * is the caller's. Read at v7.0-rc6; the VM_MAYBE_GUARD series v3, its fix-up of 17 Nov 2025, and v4,
 * 3/9, "mm: update vma_modify_flags() to handle residual flags, document" (guard-regions facts 8.2.6, B07).
 */
import { eq, local, lt, ne, not, truth, unionOf, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, ret, set, step, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { page, vma, VmFlags } from './mm_types.ts'
import { __split_vma } from './vma.ts'
import { vma_merge_existing_range } from './vma_merge.ts'

const v: Local = local('vma', refTo('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const flags: Local = local('vm_flags', VmFlags)
const merged: Local = local('merged', nilable('vma'))
const splitStart: Local = local('split_start', bool)
const splitEnd: Local = local('split_end', bool)
const ok: Local = local('ok', bool)
const nil = (): Stmt => ret('nil', nilable('vma'))

/** Gives back a VMA of exactly the range, or the one that it was merged into; nil without memory. */
export const vma_modify_flags = (k: Build): Routine =>
  routine({
    name: 'vma_modify_flags',
    file: 'mm/vma.c',
    read: 'v6.12, v7.0-rc6',
    params: [v, first, last, flags],
    locals: [merged, splitStart, splitEnd, ok],
    returns: nilable('vma'),
    body: [
      call('merge', vma_merge_existing_range(k), [v, first, last, flags], merged),
      if_(ne(merged, 'nil'), [
        ...(k.has('modify-flags-pointer')
          ? [step('vm_flags_ptr', '*vm_flags_ptr = ret->vm_flags', [set(flags, vma.vm_flags(merged))])]
          : []),
        ret(merged),
      ]),
      step('range', 'vma->vm_start < start, vma->vm_end > end', [
        set(splitStart, lt(vma.start(v), first)),
        set(splitEnd, lt(last, vma.end(v))),
      ]),
      if_(splitStart, [call('split_start', __split_vma(k), [v, first, truth(true)], ok), if_(not(ok), [nil()])]),
      if_(splitEnd, [
        call('split_end', __split_vma(k), [v, page.next(last), truth(false)], ok),
        if_(eq(ok, false), [nil()]),
      ]),
      ret(v),
    ],
  })

/** The fix-up of 17 Nov 2025, in every caller: keeps the flags that a merge has left, and all others too (B07). */
export const accountForSticky = (k: Build, newFlags: Local, of: Local): readonly Stmt[] =>
  k.has('modify-or-flags')
    ? [step('account_for_sticky', 'newflags |= vma->vm_flags', [set(newFlags, unionOf(newFlags, vma.vm_flags(of)))])]
    : []
