/**
 * FOLL_FORCE, in scenarios with page frames: a write to /proc/PID/mem of memory that may not be written, by way of
 * __access_remote_vm() of mm/memory.c (facts gup-cow-nosigbus, C6, C8, A.6), and UFFDIO_CONTINUE of mm/userfaultfd.c,
 * which puts a page of shmem into a private mapping as it is, and dirty from v5.16 on.
 *
 * Not modelled yet: the registration that UFFDIO_CONTINUE asks for, its write protection, KSM and the page lock in it.
 */
import { and, eq, literal, local, ne, or, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, call, if_, let_, set, step } from '../language/stmt.ts'
import { bool, nilable } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { isAnonFrame } from './frame.ts'
import { contentsOwn } from './frame_access.ts'
import { Content, entry, frame, hold } from './frame_types.ts'
import { addr, drop, forgetHold } from './gup_flags.ts'
import { gup_slow } from './gup_slow.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { folio, mapping, page, pmd, PmdKind, Pte, table } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const f: Local = local('page', nilable('frame'))
const result: Local = local('result', Result)
const v: Local = local('vma', nilable('vma'))
const t: Local = local('table', nilable('table'))
const kind: Local = local('pmdval', PmdKind)
const now: Local = local('pte', Pte)
const ok: Local = local('ok', bool)
const cached: Local = local('cached', bool)

export const mem_write = (k: Build, value: number, io: Syscall): Routine =>
  routine({
    name: '__access_remote_vm',
    file: 'mm/memory.c',
    read: 'v5.14 merge window, about v6.14; v4.8 by the facts',
    params: [addr],
    locals: [f, result],
    body: [
      ...io.enter,
      let_(result, '0'),
      call('gup', gup_slow(k, { pin: false, write: true, longterm: false, force: true }), [addr], result),
      if_(eq(result, '0'), [
        step('page', 'page = get_user_page_vma_remote(mm, addr, gup_flags, &vma)', [set(f, hold.frame(addr))]),
        step('copy_to_user_page', 'copy_to_user_page(vma, page, addr, maddr + offset, buf, bytes)', [
          assert('ForcedWriteOwn', or(mapping.shared(page.mapping(addr)), isAnonFrame(f))),
          assert('ContentsOwn', contentsOwn(k, f, page.mm(addr))),
          set(frame.content(f), literal(Content, value)),
        ]),
        step('put_page', 'put_page(page)', [...drop(k, false, f), ...forgetHold]),
        let_(result, 'ok'),
      ]),
      ...io.leave(result),
    ],
  })

export const uffd_continue = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'mfill_atomic_pte_continue',
    file: 'mm/userfaultfd.c',
    read: 'v5.18 and v6.1 by the facts (C8)',
    params: [addr],
    locals: [v, t, kind, now, ok, cached, result],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', page.mm(addr)),
      let_(result, '-EFAULT'),
      step('find_dst_vma', 'dst_vma = find_dst_vma(dst_mm, dst_start, len)', [set(v, page.vma(addr))]),
      step('shmem_get_folio', 'shmem_get_folio(inode, pgoff, &folio, SGP_NOALLOC)', [
        set(cached, folio.cached(page.folio(addr))),
      ]),
      if_(and(ne(v, 'nil'), cached), [
        step('pmd_none', 'if (unlikely(pmd_none(dst_pmdval)) && __pte_alloc(dst_mm, dst_pmd))', [
          set(kind, pmd.kind(page.pmd(addr))),
        ]),
        if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [page.pmd(addr)], ok)]),
        call('map', pte_offset_map_lock, [page.pmd(addr)], t),
        if_(ne(t, 'nil'), [
          step('pte_none', 'if (!pte_none(ptep_get(dst_pte)))', [set(now, table.pte(t, page.slot(addr)))]),
          let_(result, '-EEXIST'),
          if_(eq(now, 'none'), [
            step(
              'set_pte_at',
              '_dst_pte = pte_mkdirty(mk_pte(page, prot)); set_pte_at(dst_mm, dst_addr, dst_pte, _dst_pte)',
              [
                set(table.pte(t, page.slot(addr)), 'file'),
                ...(k.has('force-by-foll-cow') ? [set(entry.dirty(t, page.slot(addr)), !k.has('continue-clean'))] : []),
              ],
            ),
            let_(result, '0'),
          ]),
          call('unmap', pte_unmap_unlock, [t]),
        ]),
      ]),
      mmap_read_unlock('mmap_read_unlock', page.mm(addr)),
      ...io.leave(result),
    ],
  })
