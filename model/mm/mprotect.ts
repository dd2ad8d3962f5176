/**
 * mm/mprotect.c: mprotect(). Read at v6.12 and v7.0-rc6 (guard-regions facts 8.1, 8.3).
 *
 * Not modelled: VM_MAY* and mseal, accounting, protection keys, NUMA hints, TLB flushes, populating a
 * locked VMA that becomes writable.
 * Differs, but where folios have several frames: a huge pmd is split (for a file: cleared, and faulted in again) where change_huge_pmd()
 * would write-protect it; there is no write-protected huge pmd here.
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
  onlyBits,
  or,
  plus,
  truth,
  unionOf,
  withoutBits,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, break_, call, check, for_, if_, let_, ret, set, step, while_, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { ifFrames } from './frame.ts'
import { entry, frame } from './frame_types.ts'
import { isHuge, splitOf } from './huge_memory.ts'
import { change_huge_pmd } from './huge_memory_frames.ts'
import { clampFirst, clampLast } from './memory_zap.ts'
import { mmap_write_lock, mmap_write_unlock, vma_start_write } from './mmap_lock.ts'
import { isAsked, protLetsStores } from './nosigbus.ts'
import { nosigbus } from './nosigbus_types.ts'
import {
  ANON_PTES,
  FILE_PTES,
  page,
  pmd,
  PmdKind,
  Pte,
  table,
  UFFD_WP_PTES,
  vma,
  VmFlags,
  ZERO_PTES,
} from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { accountForSticky, vma_modify_flags } from './vma_modify.ts'
import { vm_flags_reset } from './vma_flags.ts'

const READ = 'v6.12, v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const found: Local = local('vma', nilable('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const from: Local = local('nstart', refTo('page'))
const to: Local = local('tmp', refTo('page'))
const flags: Local = local('newflags', VmFlags)
const old: Local = local('oldflags', VmFlags)
const target: Local = local('target', nilable('vma'))
const p: Local = local('pmd', refTo('pmd'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const at: Local = local('addr', refTo('page'))
const pte: Local = local('oldpte', Pte)
const exclusive: Local = local('exclusive', bool)
const anonExclusive: Local = local('anon_exclusive', bool)
const result: Local = local('error', Result)
const changed: Local = local('changed', bool)

const ACCESS = 'VM_READ|VM_WRITE'

/** pte_modify(), and making writable at once what need not fault for it. */
function modified(): Expr {
  const some = hasAny(flags, ACCESS)
  const writable = hasAny(flags, 'VM_WRITE')
  const pteOf = (name: string): Expr => literal(Pte, name)
  const filePte = ite(
    some,
    ite(or(writable, not(hasAny(flags, 'VM_SHARED'))), pteOf('file'), pteOf('file_ro')),
    pteOf('file_none'),
  )
  const anonPte = ite(some, ite(and(writable, exclusive), pteOf('anon'), pteOf('anon_ro')), pteOf('anon_none'))
  const zeroPte = ite(some, pteOf('zero'), pteOf('zero_none'))
  // The bit of userfaultfd's write protection is in _PAGE_CHG_MASK: it stays, and keeps the entry from being writable.
  const armed = (['file', 'anon', 'zero'] as const).reduceRight<Expr>(
    (rest, kind) =>
      ite(
        isOneOf(pte, `${kind}_wp`, `${kind}_wp_none`),
        ite(some, pteOf(`${kind}_wp`), pteOf(`${kind}_wp_none`)),
        rest,
      ),
    pte,
  )
  return ite(
    isOneOf(pte, ...UFFD_WP_PTES),
    armed,
    ite(
      isOneOf(pte, ...FILE_PTES),
      filePte,
      ite(isOneOf(pte, ...ANON_PTES), anonPte, ite(isOneOf(pte, ...ZERO_PTES), zeroPte, pte)),
    ),
  )
}

/**
 * can_change_pte_writable(): an exclusive page may be made writable without a fault (A.10). Where pages cannot be
 * told apart either answer may come.
 */
const canChangeWritable = (k: Build): readonly Stmt[] => {
  const text = 'maybe_change_pte_writable(vma, ptent), PageAnonExclusive(page)'
  if (k.frames !== true) return [step('can_change_writable', text, [], { choose: [exclusive] })]
  if (k.has('mprotect-never-upgrades')) return []
  return [
    step('can_change_writable', text, [set(anonExclusive, frame.exclusive(entry.frame(t, page.slot(at))))]),
    let_(exclusive, true),
    check('page_anon_exclusive', not(anonExclusive), [let_(exclusive, false)]),
  ]
}

/** Gives the entries of one table the VMA's protection; `table` where the table had vanished. Markers stay. */
const change_pte_range = (k: Build): Routine =>
  routine({
    name: 'change_pte_range',
    file: 'mm/mprotect.c',
    read: READ,
    params: [p, first, last, flags],
    locals: [t, at, pte, exclusive, ...ifFrames(k, anonExclusive)],
    returns: PmdKind,
    body: [
      call('map', pte_offset_map_lock, [p], t),
      if_(eq(t, 'nil'), [ret('table', PmdKind)]),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step('ptep_get', 'oldpte = ptep_get(pte)', [set(pte, table.pte(t, page.slot(at)))]),
        let_(exclusive, eq(pte, 'anon')),
        if_(and(hasAny(flags, 'VM_WRITE'), isOneOf(pte, 'anon_ro', 'anon_none')), canChangeWritable(k)),
        step('commit', 'modify_prot_commit_ptes(vma, addr, ptep, oldpte, ptent, nr_ptes)', [
          set(table.pte(t, page.slot(at)), modified()),
          // pte_modify() asks for no page: the zero page gets vm_page_prot as any other does (facts D.2: UNVERIFIED in
          // v5.13). Where it did not, do_wp_page() would: nosigbus-mprotect-write-plain.
          ...(k.has('nosigbus')
            ? [set(nosigbus.writable(t, page.slot(at)), and(isAsked(at), protLetsStores(at, flags)))]
            : []),
        ]),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ret('none', PmdKind),
    ],
  })

/** A huge page of several frames keeps its PMD, if the range takes in all of it and leaves some access. */
const changeHuge = (k: Build): readonly Stmt[] => [
  if_(isHuge(kind), [
    if_(
      and(le(first, pmd.first(p)), le(pmd.last(p), last), hasAny(flags, ACCESS), ne(kind, 'huge_zero')),
      [call('huge', change_huge_pmd(k), [p, flags], changed), if_(changed, [break_])],
      [call('split', splitOf(k), [p])],
    ),
  ]),
]

/** change_protection() on start..end, whose VMA has `newflags`. */
const change_protection = (k: Build): Routine =>
  routine({
    name: 'change_protection',
    file: 'mm/mprotect.c',
    read: READ,
    params: [first, last, flags],
    locals: [p, kind, ...(k.large !== undefined ? [changed] : [])],
    body: [
      for_(p, page.pmd(first), page.pmd(last), [
        while_(truth(true), [
          step('pmd', 'change_pmd_range(): pmdp_get_lockless(pmd)', [set(kind, pmd.kind(p))]),
          if_(eq(kind, 'none'), [break_]),
          ...(k.large !== undefined ? changeHuge(k) : [if_(isHuge(kind), [call('split', splitOf(k), [p])])]),
          call('ptes', change_pte_range(k), [p, first, last, flags], kind),
          // -EAGAIN: a table that vanished under the walk makes it look at this pmd again.
          if_(eq(kind, 'none'), [break_]),
        ]),
      ]),
    ],
  })

/** One VMA's part of an mprotect(): `access` is what the caller asked for. */
const mprotect_fixup = (k: Build, access: string): Routine =>
  routine({
    name: 'mprotect_fixup',
    file: 'mm/mprotect.c',
    read: READ,
    params: [v, first, last, flags],
    locals: [old, target],
    returns: Result,
    body: [
      step('oldflags', 'oldflags = READ_ONCE(vma->vm_flags)', [set(old, vma.vm_flags(v))]),
      if_(eq(flags, old), [ret('0', Result)]),
      call('vma_modify_flags', vma_modify_flags(k), [v, first, last, flags], target),
      if_(eq(target, 'nil'), [ret('-ENOMEM', Result)]),
      ...accountForSticky(k, flags, target),
      call('vma_start_write', vma_start_write(k), [target]),
      vm_flags_reset('vm_flags_reset_once', target, flags),
      step('requested', 'vma->vm_page_prot = vm_get_page_prot(vma->vm_flags)', [
        assert('FlagsAsRequested', eq(onlyBits(vma.vm_flags(target), ACCESS), literal(VmFlags, access))),
      ]),
      call('change_protection', change_protection(k), [first, last, flags]),
      ret('0', Result),
    ],
  })

/** `(newflags & ~(newflags >> 4)) & VM_ACCESS_FLAGS`: VM_MAYWRITE, which one proposal takes from its mappings. */
const mayWrite = (k: Build, access: string): readonly Stmt[] =>
  k.has('nosigbus-anon-shared') && access.includes('VM_WRITE')
    ? [check('may_write', isAsked(from), [let_(result, '-EACCES'), break_])]
    : []

/** What mprotect() may be asked for: PROT_NONE, PROT_READ, and both of PROT_READ and PROT_WRITE. */
export const PROTECTIONS: Readonly<Record<string, string>> = { none: '', r: 'VM_READ', rw: 'VM_READ|VM_WRITE' }

/** mprotect() on start..end; -ENOMEM at the first gap, with everything before it changed. */
export const sys_mprotect = (k: Build, access: string, io: Syscall): Routine =>
  routine({
    name: 'mprotect',
    file: 'mm/mprotect.c',
    read: 'v6.12, v7.0-rc6: do_mprotect_pkey()',
    params: [first, last],
    locals: [found, from, to, flags, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      let_(from, first),
      while_(truth(true), [
        step('for_each_vma_range', 'for_each_vma_range(vmi, vma, end): vma->vm_start, vma->vm_end', [
          set(found, page.vma(from)),
          set(to, ite(and(ne(found, 'nil'), lt(vma.end(found), last)), vma.end(found), last)),
        ]),
        let_(result, '-ENOMEM'),
        if_(eq(found, 'nil'), [break_]),
        step('newflags', 'newflags = calc_vm_prot_bits(prot, pkey) | (vma->vm_flags & ~mask_off_old_flags)', [
          set(flags, unionOf(withoutBits(vma.vm_flags(found), ACCESS), literal(VmFlags, access))),
        ]),
        ...mayWrite(k, access),
        call('fixup', mprotect_fixup(k, access), [found, from, to, flags], result),
        if_(ne(result, '0'), [break_]),
        if_(eq(to, last), [break_]),
        let_(from, plus(to, 1)),
      ]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...io.leave(result),
    ],
  })
