/**
 * mm/userfaultfd.c and fs/userfaultfd.c: register and unregister, UFFDIO_COPY, _ZEROPAGE, _POISON and
 * _WRITEPROTECT. Read at v6.12 and v7.0-rc6 (guard-regions facts 3.1.6, 8.1, B18, B21). What faults make of
 * it is in handle_userfault.ts. Registration is of whole VMAs; all of them have one context.
 *
 * Not modelled yet: events, minor faults and UFFDIO_CONTINUE, UFFDIO_MOVE, UFFDIO_COPY_MODE_WP and
 * _DONTWAKE, UFFD_FEATURE_WP_UNPOPULATED, write-protected migration entries, splitting and merging of
 * VMAs by registration, mmap_changing.
 */
import {
  and,
  eq,
  hasAny,
  isOneOf,
  ite,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  truth,
  withBits,
  withoutBits,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, for_, if_, let_, ret, set, step, tryAcquire, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { isShared } from './cow.ts'
import { Result } from './errno.ts'
import { hugeCached } from './filemap_fault.ts'
import { wakes } from './handle_userfault.ts'
import { __split_huge_pmd, isHuge } from './huge_memory.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import {
  lock_vma_under_rcu,
  mmap_read_lock,
  mmap_read_unlock,
  mmap_write_lock,
  mmap_write_unlock,
  vma_end_read,
  vma_start_write,
} from './mmap_lock.ts'
import { AnonVma, file, folio, mapping, page, pmd, PmdKind, Pte, table, vma, VmFlags } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { anon_vma_prepare } from './rmap.ts'

const READ = 'v6.12, v7.0-rc6'
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const at: Local = local('addr', refTo('page'))
const addr: Local = local('dst_addr', refTo('page'))
const p: Local = local('pmd', refTo('pmd'))
const v: Local = local('vma', nilable('vma'))
const t: Local = local('table', nilable('table'))
const kind: Local = local('pmdval', PmdKind)
const pte: Local = local('pte', Pte)
const entry: Local = local('entry', Pte)
const flags: Local = local('vm_flags', VmFlags)
const anon: Local = local('anon_vma', AnonVma)
const ok: Local = local('ok', bool)
const upgrade: Local = local('writable', bool)
const added: Local = local('added', bool)
const covered: Local = local('covered', bool)
const result: Local = local('ret', Result)

/** userfaultfd_wp_use_markers(): what is not mapped of a file is protected by a marker. */
const usesMarkers = (of: Expr): Expr => ne(page.folio(of), 'nil')

/**
 * What change_pte_range() makes of an entry for MM_CP_UFFD_WP (`on`) or MM_CP_UFFD_WP_RESOLVE. `writable`:
 * what is taken back becomes writable at once.
 */
export function protectedEntry(e: Expr, of: Expr, on: boolean, writable: Expr = truth(false)): Expr {
  const to = (name: string): Expr => literal(Pte, name)
  /** What PROT_NONE has closed stays closed. */
  const closed = (kind: string, rest: Expr): Expr => {
    const [open, armed] = [`${kind}_none`, `${kind}_wp_none`]
    return ite(eq(e, on ? open : armed), to(on ? armed : open), rest)
  }
  const rest = closed('file', closed('anon', closed('zero', e)))
  if (on) {
    const other = ite(eq(e, 'zero'), to('zero_wp'), ite(eq(e, 'swap'), to('swap_wp'), rest))
    return ite(
      isOneOf(e, 'file', 'file_ro'),
      to('file_wp'),
      ite(isOneOf(e, 'anon', 'anon_ro'), to('anon_wp'), ite(and(eq(e, 'none'), usesMarkers(of)), to('uffd_wp'), other)),
    )
  }
  const other = ite(eq(e, 'zero_wp'), to('zero'), ite(eq(e, 'swap_wp'), to('swap'), rest))
  const ofFile = ite(mapping.shared(page.mapping(of)), ite(writable, to('file'), to('file_ro')), to('file'))
  return ite(
    eq(e, 'file_wp'),
    ofFile,
    ite(eq(e, 'anon_wp'), ite(writable, to('anon'), to('anon_ro')), ite(eq(e, 'uffd_wp'), to('none'), other)),
  )
}

/** change_protection() as userfaultfd calls it: one pmd at a time, entries under ptl. Guards are passed over. */
const uffd_wp_range = (k: Build, on: boolean): Routine =>
  routine({
    name: 'uffd_wp_range',
    file: 'mm/mprotect.c',
    read: `${READ}: change_pmd_range(), change_pte_range()`,
    params: [first, last],
    locals: on ? [p, kind, ok, t, at, pte] : [p, kind, t, at, pte, upgrade],
    returns: Result,
    body: [
      for_(p, page.pmd(first), page.pmd(last), [
        step('pmd', 'pmdp_get_lockless(pmd)', [set(kind, pmd.kind(p))]),
        ...(on
          ? [
              if_(and(eq(kind, 'none'), ne(pmd.chunk(p), 'nil')), [
                call('change_pmd_prepare', __pte_alloc(k), [p], ok),
                if_(not(ok), [ret('-ENOMEM', Result)]),
              ]),
            ]
          : []),
        if_(isHuge(kind), [call('split', __split_huge_pmd, [p])]),
        call('map', pte_offset_map_lock, [p], t),
        if_(ne(t, 'nil'), [
          for_(at, clampFirst(p, first), clampLast(p, last), [
            on
              ? step('pte', 'oldpte = ptep_get(pte); ptep_modify_prot_commit()', [
                  set(pte, table.pte(t, page.slot(at))),
                  set(table.pte(t, page.slot(at)), protectedEntry(pte, at, true)),
                ])
              : // MM_CP_TRY_CHANGE_WRITABLE: a page that is dirty, or nobody else's; neither is modelled here.
                step(
                  'pte',
                  'oldpte = ptep_get(pte); can_change_pte_writable(); ptep_modify_prot_commit()',
                  [
                    set(pte, table.pte(t, page.slot(at))),
                    set(upgrade, and(upgrade, hasAny(vma.vm_flags(page.vma(at)), 'VM_WRITE'), not(isShared(at)))),
                    set(table.pte(t, page.slot(at)), protectedEntry(pte, at, false, upgrade)),
                  ],
                  { choose: [upgrade] },
                ),
          ]),
          call('unmap', pte_unmap_unlock, [t]),
        ]),
      ]),
      ret('0', Result),
    ],
  })

const MODES: Readonly<Record<string, string>> = {
  missing: 'VM_UFFD_MISSING',
  wp: 'VM_UFFD_WP',
  missing_wp: 'VM_UFFD_MISSING|VM_UFFD_WP',
}
export const UFFD_MODES: readonly string[] = Object.keys(MODES)

/** vma = find_vma(); a range that is not exactly one VMA is refused, where the kernel would split it. */
const findWhole = (label: string): readonly Stmt[] => [
  step(label, 'vma = find_vma(mm, start)', [
    set(v, page.vma(first)),
    set(covered, and(ne(v, 'nil'), eq(vma.start(v), first), eq(vma.end(v), last))),
    when(covered, [set(flags, vma.vm_flags(v))]),
  ]),
]

/** userfaultfd_set_ctx(): reads and writes the flags word under the VMA write lock, plainly. */
const setFlags = (change: (now: Expr) => Expr): readonly Stmt[] => [
  step('vm_flags', 'vma->vm_flags & ~__VM_UFFD_FLAGS', [set(flags, vma.vm_flags(v))]),
  step('vm_flags_reset', 'vm_flags_reset(vma, vm_flags)', [
    set(vma.vm_flags(v), change(withoutBits(flags, 'VM_UFFD_MISSING|VM_UFFD_WP'))),
  ]),
]

const canUserfault = (of: Expr): Expr =>
  ite(ne(page.folio(of), 'nil'), file.shmem(folio.file(page.folio(of))), literal(bool, true))

/** UFFDIO_REGISTER. */
export const userfaultfd_register = (k: Build, mode: string, io: Syscall): Routine =>
  routine({
    name: 'userfaultfd_register',
    file: 'mm/userfaultfd.c',
    read: `${READ}: userfaultfd_register_range()`,
    params: [first, last],
    locals: [v, covered, flags, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      ...findWhole('find_vma'),
      let_(result, '-EINVAL'),
      // vma_can_userfault(): anonymous memory and shmem; any other only in asynchronous mode.
      if_(canUserfault(first), [], [let_(covered, false)]),
      if_(covered, [
        call('vma_start_write', vma_start_write(k), [v]),
        ...setFlags((now) => withBits(now, MODES[mode] ?? 'VM_UFFD_MISSING')),
        let_(result, '0'),
      ]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...io.leave(result),
    ],
  })

/**
 * UFFDIO_UNREGISTER: write protection is taken back before the flags go. Who waits for a missing page is
 * woken first; who waits for write protection is not, unless his VMA is registered for both.
 */
export const userfaultfd_unregister = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'userfaultfd_unregister',
    file: 'fs/userfaultfd.c',
    read: `${READ}: userfaultfd_clear_vma()`,
    params: [first, last],
    locals: [v, covered, flags, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      ...findWhole('find_vma'),
      let_(result, '-EINVAL'),
      if_(covered, [
        ...(k.uffd === 'waits'
          ? [if_(hasAny(flags, 'VM_UFFD_MISSING'), [...wakes(k, 'wake_userfault', first, last)])]
          : []),
        call('vma_start_write', vma_start_write(k), [v]),
        if_(hasAny(flags, 'VM_UFFD_WP'), [call('uffd_wp_range', uffd_wp_range(k, false), [first, last], result)]),
        ...setFlags((now) => now),
        let_(result, '0'),
      ]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...io.leave(result),
    ],
  })

/** UFFDIO_WRITEPROTECT. */
export const userfaultfd_writeprotect = (k: Build, on: boolean, io: Syscall): Routine =>
  routine({
    name: on ? 'userfaultfd_writeprotect' : 'userfaultfd_writeprotect(resolve)',
    file: 'mm/userfaultfd.c',
    read: `${READ}: mwriteprotect_range()`,
    params: [first, last],
    locals: [v, flags, result],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', page.mm(first)),
      let_(flags, ''),
      step('find_vma', 'vma = find_dst_vma(): userfaultfd_wp(dst_vma)', [
        set(v, page.vma(first)),
        when(ne(v, 'nil'), [when(le(last, vma.end(v)), [set(flags, vma.vm_flags(v))])]),
      ]),
      let_(result, '-ENOENT'),
      if_(hasAny(flags, 'VM_UFFD_WP'), [call('range', uffd_wp_range(k, on), [first, last], result)]),
      mmap_read_unlock('mmap_read_unlock', page.mm(first)),
      ...(on ? [] : wakesAfter(k, first, last)),
      ...io.leave(result),
    ],
  })

/** The ioctl's last act, unless it failed: whoever waits for its pages looks again. */
const wakesAfter = (k: Build, from: Expr, to: Expr): readonly Stmt[] =>
  k.uffd === 'waits' ? [if_(eq(result, '0'), [...wakes(k, 'wake_userfault', from, to)])] : []

/** UFFDIO_WAKE. */
export const userfaultfd_wake = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'userfaultfd_wake',
    file: 'fs/userfaultfd.c',
    read: READ,
    params: [first, last],
    locals: [],
    body: [...io.enter, ...wakes(k, 'wake_userfault', first, last), ...io.leave(literal(Result, '0'))],
  })

/** The VMA of the destination, read-locked; nil if it is not registered. */
const uffd_mfill_lock = (k: Build): Routine =>
  routine({
    name: 'uffd_mfill_lock',
    file: 'mm/userfaultfd.c',
    read: READ,
    params: [addr],
    locals: [v, anon, flags, ok],
    returns: nilable('vma'),
    body: [
      call('lock_vma', lock_vma_under_rcu(k), [addr], v),
      if_(ne(v, 'nil'), [
        step('anon_vma', '!(vma->vm_flags & VM_SHARED) && unlikely(!vma->anon_vma)', [set(anon, vma.anon_vma(v))]),
        if_(and(not(mapping.shared(page.mapping(addr))), eq(anon, 'NULL')), [
          vma_end_read('vma_end_read', v),
          let_(v, 'nil'),
        ]),
      ]),
      if_(eq(v, 'nil'), [
        mmap_read_lock('mmap_read_lock', page.mm(addr)),
        step('find_vma', 'vma = find_vma_and_prepare_anon(mm, address)', [set(v, page.vma(addr))]),
        let_(ok, ne(v, 'nil')),
        if_(and(ok, not(mapping.shared(page.mapping(addr)))), [call('prepare', anon_vma_prepare(k), [v], ok)]),
        if_(ok, [step('vma_start_read_locked', 'vma_start_read_locked(vma)', [tryAcquire(vma.lock(v), ok, 'read')])]),
        mmap_read_unlock('mmap_read_unlock', page.mm(addr)),
        if_(not(ok), [ret(literal(nilable('vma'), 'nil'))]),
      ]),
      step('ctx', 'validate_dst_vma(): dst_vma->vm_userfaultfd_ctx.ctx', [set(flags, vma.vm_flags(v))]),
      if_(not(hasAny(flags, 'VM_UFFD_MISSING|VM_UFFD_WP')), [
        unlock('vma_end_read_other', 'vma_end_read(vma)', vma.lock(v), 'read'),
        ret(literal(nilable('vma'), 'nil')),
      ]),
      ret(v),
    ],
  })

/**
 * What UFFDIO_COPY overwrites: pte_none_mostly() took every marker for nothing, guards among them, until
 * userfaultfd's own were told apart ("mm: correctly handle UFFD PTE markers", v6.19); poison is one of those.
 */
const copyMayFill = (k: Build): Expr =>
  isOneOf(pte, 'none', 'uffd_wp', 'poison', ...(k.has('uffd-own-markers') ? [] : ['guard']))

/** Locks the table and puts `entry` there if what stands in it may be replaced; `-EEXIST` otherwise. */
const mfill_install = (name: string, text: string, mayFill: Expr): Routine =>
  routine({
    name,
    file: 'mm/userfaultfd.c',
    read: READ,
    params: [addr, entry],
    locals: [t, pte],
    returns: Result,
    body: [
      call('map', pte_offset_map_lock, [page.pmd(addr)], t),
      // Up to v6.10 mfill_atomic() had BUG_ON(pmd_none(*dst_pmd)) here (B22).
      check('no_table', eq(t, 'nil'), [ret('-EAGAIN', Result)]),
      step('pte', text, [set(pte, table.pte(t, page.slot(addr)))]),
      check('exists', not(mayFill), [call('unmap_exists', pte_unmap_unlock, [t]), ret('-EEXIST', Result)]),
      step('set_pte_at', 'set_pte_at(dst_mm, dst_addr, dst_pte, _dst_pte)', [
        set(table.pte(t, page.slot(addr)), entry),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ret('0', Result),
    ],
  })

const mfill_atomic_install_pte = (k: Build): Routine =>
  mfill_install(
    'mfill_atomic_install_pte',
    k.has('uffd-own-markers')
      ? 'if (!pte_none(dst_ptep) && !pte_is_uffd_marker(dst_ptep))'
      : 'if (!pte_none_mostly(ptep_get(dst_pte)))',
    copyMayFill(k),
  )

/** Both UFFDIO_ZEROPAGE and UFFDIO_POISON ask for an entry that holds nothing at all. */
const strict = (name: string): Routine => mfill_install(name, 'if (!pte_none(ptep_get(dst_pte)))', eq(pte, 'none'))

/** UFFDIO_COPY into a shared mapping of shmem: a new folio in the page cache, then the entry. */
const shmem_mfill_atomic_pte = (k: Build): Routine =>
  routine({
    name: 'shmem_mfill_atomic_pte',
    file: 'mm/shmem.c',
    read: READ,
    params: [addr],
    locals: [added, ok, result],
    returns: Result,
    body: [
      step('i_size', 'if (unlikely(pgoff >= DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE)))', [
        set(ok, lt(page.index(addr), file.i_size(folio.file(page.folio(addr))))),
      ]),
      if_(not(ok), [ret('-EFAULT', Result)]),
      step(
        'add_to_page_cache',
        'shmem_add_to_page_cache(folio, mapping, pgoff, NULL, gfp)',
        [
          set(added, and(not(hugeCached(addr)), not(folio.cached(page.folio(addr))))),
          when(added, [tryAcquire(folio.lock(page.folio(addr)), added)]),
          when(added, [set(folio.cached(page.folio(addr)), true)]),
        ],
        { atomic: 'one store under the xarray lock; the folio is born locked' },
      ),
      if_(not(added), [ret('-EEXIST', Result)]),
      call('install', mfill_atomic_install_pte(k), [addr, literal(Pte, 'file')], result),
      if_(ne(result, '0'), [
        step('filemap_remove_folio', 'filemap_remove_folio(folio)', [set(folio.cached(page.folio(addr)), false)]),
      ]),
      unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(page.folio(addr))),
      ret(result),
    ],
  })

export type Fill = 'copy' | 'zeropage' | 'poison'

const fillOne = (k: Build, fill: Fill): readonly Stmt[] => {
  const shared = and(mapping.shared(page.mapping(addr)), ne(page.folio(addr), 'nil'))
  switch (fill) {
    case 'copy':
      return [
        if_(
          shared,
          [call('shmem', shmem_mfill_atomic_pte(k), [addr], result)],
          [call('copy', mfill_atomic_install_pte(k), [addr, literal(Pte, 'anon')], result)],
        ),
      ]
    case 'zeropage':
      return [
        if_(
          shared,
          [call('shmem', shmem_mfill_atomic_pte(k), [addr], result)],
          [call('zeropage', strict('mfill_atomic_pte_zeropage'), [addr, literal(Pte, 'zero')], result)],
        ),
      ]
    case 'poison':
      return [call('poison', strict('mfill_atomic_pte_poison'), [addr, literal(Pte, 'poison')], result)]
  }
}

/** UFFDIO_COPY, UFFDIO_ZEROPAGE or UFFDIO_POISON of one page. */
export const mfill_atomic = (k: Build, fill: Fill, io: Syscall): Routine =>
  routine({
    name: `mfill_atomic(${fill})`,
    file: 'mm/userfaultfd.c',
    read: READ,
    params: [addr],
    locals: [v, kind, ok, result],
    body: [
      ...io.enter,
      call('lock', uffd_mfill_lock(k), [addr], v),
      let_(result, '-ENOENT'),
      if_(ne(v, 'nil'), [
        step('pmd', 'dst_pmdval = pmdp_get_lockless(dst_pmd)', [set(kind, pmd.kind(page.pmd(addr)))]),
        let_(ok, true),
        if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [page.pmd(addr)], ok)]),
        step('pmd_again', 'dst_pmdval = pmdp_get_lockless(dst_pmd)', [set(kind, pmd.kind(page.pmd(addr)))]),
        let_(result, '-ENOMEM'),
        if_(ok, [if_(isHuge(kind), [let_(result, '-EFAULT')], [...fillOne(k, fill)])]),
        vma_end_read('uffd_mfill_unlock', v),
      ]),
      ...wakesAfter(k, addr, addr),
      ...io.leave(result),
    ],
  })
