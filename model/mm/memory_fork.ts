/**
 * The fork half of mm/memory.c: which page tables fork copies, and what becomes of each entry. Read in
 * a copy of v6.14 and at v7.0-rc6 (guard-regions facts 7.1.3-5).
 *
 * Both ptls are held for the whole of a table here; the kernel may drop both every 32 units of work,
 * under the mmap locks all the same. A huge pmd of a file is left to the child's faults; an anonymous
 * one is split first, as the kernel does when it may be pinned, but in scenarios with `thp` (copy_huge_pmd()).
 *
 * Not modelled yet: write_protect_seq and GUP, pinned pages (which the kernel copies at once), rss,
 * device-private and device-exclusive entries, hugetlb, VM_PFNMAP; VM_MIXEDMAP but where MAP_NOSIGBUS sets it.
 */
import { eq, hasAny, isOneOf, ite, literal, local, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, for_, if_, let_, lock, ret, set, step, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { shareAnonPage } from './cow.ts'
import { ifFrames } from './frame.ts'
import { splitOf } from './huge_memory.ts'
import { copy_huge_pmd } from './huge_memory_cow.ts'
import { copy_huge_pmd_frames } from './huge_memory_frames.ts'
import { copyPresentFrame, copySwapFrame, FORK_FRAME_LOCALS, protectSeq } from './memory_fork_frames.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import {
  ANON_PTES,
  AnonVma,
  HUGE_ANON,
  page,
  Pte,
  pmd,
  PmdKind,
  PRESENT_PTES,
  table,
  vma,
  VmFlags,
} from './mm_types.ts'
import { nosigbus } from './nosigbus_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const dst: Local = local('dst_vma', refTo('vma'))
const src: Local = local('src_vma', refTo('vma'))
const dstFlags: Local = local('dst_flags', VmFlags)
const flags: Local = local('vm_flags', VmFlags)
const anon: Local = local('anon_vma', AnonVma)
const first: Local = local('addr', nilable('page'))
const last: Local = local('end', nilable('page'))
const p: Local = local('src_pmd', refTo('pmd'))
const dp: Local = local('dst_pmd', refTo('pmd'))
const kind: Local = local('pmdval', PmdKind)
const dt: Local = local('dst_table', nilable('table'))
const t: Local = local('src_table', nilable('table'))
const at: Local = local('address', refTo('page'))
const pte: Local = local('ptent', Pte)
const uffdWp: Local = local('uffd_wp', bool)
const needed: Local = local('needs_copy', bool)
const ok: Local = local('ok', bool)

const readFlags = (label: string, of: Local): Stmt =>
  step(label, `${of.name}->vm_flags`, [set(flags, vma.vm_flags(of))])

/** The tests of vma_needs_copy() before that of anon_vma, as each kernel has them. */
function flagTests(k: Build): readonly Stmt[] {
  const either = (of: Local, bits: string): readonly Stmt[] => [
    readFlags(`${of === dst ? 'dst' : 'src'}_flags`, of),
    if_(hasAny(flags, k.has('nosigbus-insert-page') ? `${bits}|VM_MIXEDMAP` : bits), [ret(true, bool)]),
  ]
  // VM_COPY_ON_FORK; in series v1 and v2, VM_MAYBE_GUARD alone.
  if (k.has('fork-copy-on-fork-dst')) return either(dst, 'VM_UFFD_WP|VM_MAYBE_GUARD')
  if (k.has('fork-copy-on-fork')) return either(src, 'VM_UFFD_WP|VM_MAYBE_GUARD')
  const uffd = either(dst, 'VM_UFFD_WP')
  return k.has('fork-copies-maybe-guard') ? [...uffd, ...either(src, 'VM_MAYBE_GUARD')] : uffd
}

/** Whether faults of the child could not make up for tables that are left out. */
const vma_needs_copy = (k: Build): Routine =>
  routine({
    name: 'vma_needs_copy',
    file: 'mm/memory.c',
    read: 'v6.12, v6.14, v7.0-rc6; the series from its mails',
    params: [dst, src],
    locals: [flags, anon],
    returns: bool,
    body: [
      ...flagTests(k),
      step('anon_vma', 'if (src_vma->anon_vma)', [set(anon, vma.anon_vma(src))]),
      ret(ne(anon, 'NULL')),
    ],
  })

/** copy_pte_marker(), copy_nonpresent_pte() and __copy_present_ptes(): the child's entry. */
function copied(of: Expr, wp: Expr): Expr {
  const none = literal(Pte, 'none')
  const readOnly = ite(eq(of, 'anon'), literal(Pte, 'anon_ro'), of)
  const swap = ite(eq(of, 'swap_wp'), literal(Pte, 'swap'), readOnly)
  const closed = (kind: string, rest: Expr): Expr => ite(eq(of, `${kind}_wp_none`), literal(Pte, `${kind}_none`), rest)
  const other = ite(eq(of, 'zero_wp'), literal(Pte, 'zero'), closed('zero', closed('file', closed('anon', swap))))
  const unprotected = ite(
    eq(of, 'uffd_wp'),
    none,
    ite(eq(of, 'file_wp'), literal(Pte, 'file_ro'), ite(eq(of, 'anon_wp'), literal(Pte, 'anon_ro'), other)),
  )
  return ite(wp, readOnly, unprotected)
}

const readOnly = (of: Expr): Expr => copied(of, uffdWp)
const childOf = (of: Expr): Expr => page.child(of)

/** The present half: write-protected on both sides where it is private, with the TLB flush left to the end of fork. */
const copyPresent = (k: Build): readonly Stmt[] => [
  if_(eq(pte, 'anon'), [
    step('wrprotect_ptes', 'wrprotect_ptes(src_mm, addr, src_pte, nr)', [
      set(table.pte(t, page.slot(at)), 'anon_ro'),
      set(page.tlb_stale(at), true),
    ]),
  ]),
  step('set_ptes', 'set_ptes(dst_vma->vm_mm, addr, dst_pte, pte, nr)', [
    set(table.pte(dt, page.slot(childOf(at))), copied(pte, uffdWp)),
    when(isOneOf(pte, ...ANON_PTES), [shareAnonPage(at)]),
    ...(k.has('nosigbus')
      ? [set(nosigbus.writable(dt, page.slot(childOf(at))), nosigbus.writable(t, page.slot(at)))]
      : []),
  ]),
]

/** Copies the entries of one table. False where there is no memory for the child's. */
const copy_pte_range = (k: Build): Routine =>
  routine({
    name: 'copy_pte_range',
    file: 'mm/memory.c',
    read: 'v6.14, v7.0-rc6',
    params: [p, first, last, uffdWp],
    locals: [dp, dt, t, at, pte, kind, ok, ...ifFrames(k, ...FORK_FRAME_LOCALS)],
    returns: bool,
    body: [
      let_(dp, page.pmd(childOf(pmd.first(p)))),
      step('pmd_none', 'pte_alloc_map_lock(dst_mm, dst_pmd, addr, &dst_ptl): pmd_none(*dst_pmd)', [
        set(kind, pmd.kind(dp)),
      ]),
      if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [dp], ok), if_(eq(ok, false), [ret(false, bool)])]),
      call('dst_map', pte_offset_map_lock, [dp], dt),
      if_(eq(dt, 'nil'), [ret(false, bool)]),
      // No pmd_same() once the lock is held: the kernel's comment trusts retract_page_tables() to keep out of
      // every VMA that is copied. The RCU read section is that of the child's table.
      step('src_map', 'src_pte = pte_offset_map_rw_nolock(src_mm, src_pmd, addr, &dummy_pmdval, &src_ptl)', [
        set(t, pmd.table(p)),
      ]),
      if_(eq(t, 'nil'), [call('dst_unmap_none', pte_unmap_unlock, [dt]), ret(true, bool)]),
      lock('src_lock', 'spin_lock_nested(src_ptl, SINGLE_DEPTH_NESTING)', table.ptl(t)),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step('ptep_get', 'ptent = ptep_get(src_pte)', [set(pte, table.pte(t, page.slot(at)))]),
        if_(ne(pte, 'none'), [
          if_(isOneOf(pte, ...PRESENT_PTES), k.frames === true ? copyPresentFrame(k, readOnly) : copyPresent(k), [
            k.frames === true
              ? copySwapFrame(copied(pte, uffdWp))
              : step('copy_nonpresent_pte', 'set_pte_at(dst_mm, addr, dst_pte, pte)', [
                  set(table.pte(dt, page.slot(childOf(at))), copied(pte, uffdWp)),
                ]),
          ]),
        ]),
      ]),
      unlock('src_unlock', 'pte_unmap_unlock(orig_src_pte, src_ptl)', table.ptl(t)),
      call('dst_unmap', pte_unmap_unlock, [dt]),
      ret(true, bool),
    ],
  })

/** What is split before it is copied. */
const splitsHuge = (k: Build): Expr =>
  k.frames === true ? isOneOf(kind, 'huge_anon', 'huge_zero') : eq(kind, 'huge_anon')

/** A huge page of several frames is shared whole, but where it may be pinned. A huge zero page is split, for want of a copy. */
const copyLarge = (k: Build): readonly Stmt[] => [
  if_(isOneOf(kind, ...HUGE_ANON), [
    call('huge', copy_huge_pmd_frames(k), [page.pmd(childOf(pmd.first(p))), p], ok),
    if_(not(ok), [let_(kind, 'table')]),
  ]),
  if_(eq(kind, 'huge_zero'), [call('split', splitOf(k), [p]), let_(kind, 'table')]),
]

/** Copies the page tables of one VMA into the child's copy of it. False where it ran out of memory. */
export const copy_page_range = (k: Build): Routine =>
  routine({
    name: 'copy_page_range',
    file: 'mm/memory.c',
    read: 'v6.14, v7.0-rc6',
    params: [dst, src],
    locals: [needed, dstFlags, first, last, p, kind, ok],
    returns: bool,
    body: [
      call('vma_needs_copy', vma_needs_copy(k), [dst, src], needed),
      if_(eq(needed, false), [ret(true, bool)]),
      step('range', 'addr = src_vma->vm_start, end = src_vma->vm_end, userfaultfd_wp(dst_vma)', [
        set(first, vma.start(src)),
        set(last, vma.end(src)),
        set(dstFlags, vma.vm_flags(dst)),
      ]),
      ...ifFrames(k, ...protectSeq('begin', vma.mapping(src), vma.mm(src))),
      for_(p, page.pmd(first), page.pmd(last), [
        step('pmd', 'copy_pmd_range(): *src_pmd', [set(kind, pmd.kind(p))]),
        ...(k.thp === true
          ? [
              if_(isOneOf(kind, ...HUGE_ANON), [
                call('huge', copy_huge_pmd(k), [page.pmd(childOf(pmd.first(p))), p], ok),
                if_(eq(ok, false), [ret(false, bool)]),
              ]),
            ]
          : k.large !== undefined
            ? copyLarge(k)
            : [if_(splitsHuge(k), [call('split', splitOf(k), [p])])]),
        if_(k.thp === true || k.large !== undefined ? eq(kind, 'table') : or(eq(kind, 'table'), splitsHuge(k)), [
          call('ptes', copy_pte_range(k), [p, first, last, hasAny(dstFlags, 'VM_UFFD_WP')], ok),
          if_(eq(ok, false), [ret(false, bool)]),
        ]),
      ]),
      ...ifFrames(k, ...protectSeq('end', vma.mapping(src), vma.mm(src))),
      ret(true, bool),
    ],
  })
