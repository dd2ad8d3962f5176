/**
 * MAP_NOSIGBUS as it was proposed in 2021, and never merged: what each proposal does where ->fault has
 * answered VM_FAULT_SIGBUS (facts gup-cow-nosigbus, D.1; seeds/004). Ming Lin's v1 (1 June) and what he
 * showed on 2 June (`v1.5`) map ZERO_PAGE(0) by vm_insert_page(); Linus Torvalds' sketch (27 April), the
 * same for shared mappings (3 June), and v2 (4 June) call do_anonymous_page().
 *
 * vm_insert_page() was read in mm/memory.c of the v5.14 merge window and in a copy of about v6.14; v1.5
 * as seeds/004 has it, v1 in part of it; the others as D.1 tells them. The code of Ming's first tree,
 * which unmapped the zero page when the file grew, was not to be had: `nosigbus-grow-unmaps` stands for it.
 *
 * Not modelled yet: MAP_SHARED of a file that was not opened for writing (VM_MAYSHARE without VM_SHARED),
 * rss, the reference counts of the zero page beyond who takes one, architectures without pte_special(),
 * cache colours of ZERO_PAGE(). On v7.0 `vma->vm_flags |=` would not compile; it is kept as posted.
 */
import {
  and,
  eq,
  forall,
  hasAny,
  implies,
  isOneOf,
  ite,
  le,
  local,
  lt,
  ne,
  not,
  truth,
  withBits,
  bound,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  call,
  check,
  forEach,
  if_,
  let_,
  ret,
  set,
  step,
  when,
  type Action,
  type StepStmt,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { Result, VmFault } from './errno.ts'
import { ANON_PTES, file, folio, mapping, page, pmd, PmdKind, Pte, table, vma, VmFlags } from './mm_types.ts'
import { nosigbus } from './nosigbus_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v5.14 merge window; a copy of about v6.14'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const kind: Local = local('pmdval', PmdKind)
const ok: Local = local('ok', bool)
const t: Local = local('table', nilable('table'))
const now: Local = local('pte', Pte)
/** Of whoever calls: the flags as it has loaded them, what vm_insert_page() answered, whether a read failed. */
export const nosigbusFlags: Local = local('vm_flags', VmFlags)
export const inserted: Local = local('err', Result)
export const ioError: Local = local('io_error', bool)
const beyond: Local = local('beyond', bool)
const under = page.pmd(addr)

/** The mapping of an address is asked to be MAP_NOSIGBUS. Fixed by the scenario. */
export const isAsked = (at: Expr): Expr => nosigbus.asked(page.mapping(at))
const isShared = (at: Expr): Expr => mapping.shared(page.mapping(at))

/** vm_insert_page() makes an ordinary entry of the zero page: vm_normal_page() finds a page, a counted one. */
export const zeroIsNormal = (k: Pick<Build, 'has'>): boolean =>
  k.has('zero-page-normal') && k.has('nosigbus-insert-page')

/** What vma->vm_page_prot lets through: stores too in a writable shared mapping that asks nobody first. */
export const protLetsStores = (at: Expr, flags: Expr): Expr =>
  ite(isShared(at), and(file.shmem(folio.file(page.folio(at))), hasAny(flags, 'VM_WRITE')), truth(false))

/** The zero page has just been put at an address, with the protection of its VMA. */
export const newZero = (k: Build, inTable: Expr, at: Expr, flags: Expr): readonly Action[] =>
  k.has('nosigbus')
    ? [set(nosigbus.kept(at), false), set(nosigbus.writable(inTable, page.slot(at)), protLetsStores(at, flags))]
    : []

/** The zero page, and what vm_flags must say before; the caller has set VM_MIXEDMAP, so that BUG_ON() is passed by. */
const vm_insert_page = (k: Build): Routine =>
  routine({
    name: 'vm_insert_page',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr],
    locals: [kind, ok, t, now],
    returns: Result,
    body: [
      step('pmd_none', 'get_locked_pte(mm, addr, &ptl): pmd_none(*pmd)', [set(kind, pmd.kind(under))]),
      if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [under], ok), if_(not(ok), [ret('-ENOMEM', Result)])]),
      call('map', pte_offset_map_lock, [under], t),
      if_(eq(t, 'nil'), [ret('-ENOMEM', Result)]),
      step('pte_none', 'if (!pte_none(*pte))', [set(now, table.pte(t, page.slot(addr)))]),
      check('busy', ne(now, 'none'), [call('unmap_busy', pte_unmap_unlock, [t]), ret('-EBUSY', Result)]),
      step(
        'set_pte_at',
        zeroIsNormal(k)
          ? 'get_page(page); page_add_file_rmap(page, false); set_pte_at(mm, addr, pte, mk_pte(page, prot))'
          : 'set_pte_at(vma->vm_mm, addr, pte, pte_mkspecial(mk_pte(page, prot)))',
        [set(table.pte(t, page.slot(addr)), 'zero'), ...newZero(k, t, addr, vma.vm_flags(v))],
      ),
      call('unmap', pte_unmap_unlock, [t]),
      ret('0', Result),
    ],
  })

/** A plain read-modify-write of the flags, under the mmap read lock or the VMA's, and the page. */
export const insertZeroPage = (k: Build): readonly Stmt[] => [
  step('load_vm_flags', 'vma->vm_flags |= VM_MIXEDMAP: what was there', [set(nosigbusFlags, vma.vm_flags(v))]),
  step('store_vm_flags', 'vma->vm_flags |= VM_MIXEDMAP', [
    set(vma.vm_flags(v), withBits(nosigbusFlags, 'VM_MIXEDMAP')),
  ]),
  call('insert', vm_insert_page(k), [v, addr], inserted),
]

/** What Kirill Shutemov's objection comes to: what failed as I/O, within the file, is not answered by the zero page. */
const beyondEndOnly = (k: Build): readonly Stmt[] =>
  k.has('nosigbus-eof-only')
    ? [
        step('nosigbus_i_size', 'vmf->pgoff >= DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE)', [
          set(beyond, not(lt(page.index(addr), file.i_size(folio.file(page.folio(addr)))))),
        ]),
        check('within_i_size', not(beyond), [ret('VM_FAULT_SIGBUS', VmFault)]),
      ]
    : []

/** The test that all proposals but v1 make, and the zero page that is about to answer for it. */
export const testNosigbus = (k: Build): Stmt =>
  step('vm_nosigbus', 'if ((ret & VM_FAULT_SIGBUS) && (vma->vm_flags & VM_NOSIGBUS))', [
    set(nosigbusFlags, vma.vm_flags(v)),
    ...(k.io === true && !k.has('nosigbus-eof-only') ? [ioErrorReported] : []),
  ])
const ioErrorReported: Action = assert('IoErrorsReported', not(and(ioError, hasAny(nosigbusFlags, 'VM_NOSIGBUS'))))
export const isNosigbus: Expr = hasAny(nosigbusFlags, 'VM_NOSIGBUS')

/** In __do_fault(), of v1.5 and v2: ends in a return. */
export function sigbusInDoFault(
  k: Build,
  at: {
    readonly write: boolean
    readonly vmaLocked: Local
    readonly fault: Local
    readonly do_anonymous_page: Routine
  },
): readonly Stmt[] {
  const sigbus = ret('VM_FAULT_SIGBUS', VmFault)
  if (!k.has('nosigbus-in-do-fault')) return [sigbus]
  const answer = k.has('nosigbus-insert-page')
    ? [
        ...insertZeroPage(k),
        if_(eq(inserted, '0'), [ret('done', VmFault)]),
        step('do_fault_error', 'if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | ...))) return ret', [
          assert('OomIsOom', ne(inserted, '-ENOMEM')),
        ]),
      ]
    : [
        // do_anonymous_page(): "File mapping without ->vm_ops?", if (vma->vm_flags & VM_SHARED).
        if_(not(isShared(addr)), [
          call('anonymous', at.do_anonymous_page, [v, addr, truth(at.write), at.vmaLocked], at.fault),
          ret(at.fault),
        ]),
      ]
  const eofOnly = [
    ...beyondEndOnly(k),
    ...(k.io === true && k.has('nosigbus-eof-only')
      ? [step('answer', 'ret = do_anonymous_page(vmf)', [ioErrorReported])]
      : []),
  ]
  return [if_(isAsked(addr), [testNosigbus(k), if_(isNosigbus, [...eofOnly, ...answer])]), sigbus]
}

/** Locals of the routines that sigbusInDoFault() stands in. */
export const sigbusLocals = (k: Build): readonly Local[] =>
  k.has('nosigbus-in-do-fault')
    ? k.has('nosigbus-insert-page')
      ? [nosigbusFlags, inserted]
      : [nosigbusFlags, ...(k.has('nosigbus-eof-only') ? [beyond] : [])]
    : []

/** In handle_pte_fault(), of Linus Torvalds' two patches: `fault` is what do_fault() has returned. */
export function sigbusInPteFault(
  k: Build,
  at: { readonly write: Expr; readonly vmaLocked: Local; readonly fault: Local; readonly do_anonymous_page: Routine },
): readonly Stmt[] {
  if (!k.has('nosigbus-in-pte-fault')) return []
  const refused = k.has('nosigbus-anon-shared') ? truth(false) : isShared(addr)
  return [
    if_(and(isAsked(addr), eq(at.fault, 'VM_FAULT_SIGBUS')), [
      testNosigbus(k),
      if_(and(isNosigbus, not(refused)), [
        call('nosigbus', at.do_anonymous_page, [v, addr, at.write, at.vmaLocked], at.fault),
      ]),
    ]),
  ]
}

/**
 * In do_wp_page(), with the table locked: the zero page in a shared mapping is made writable like any page of
 * it, by wp_pfn_shared() where its entry is special, by wp_page_shared() where not. (v6.x warns of it in
 * wp_page_reuse(), and goes on.)
 */
export const wpSharedZero = (k: Build, locked: Local, orig: Local): readonly Stmt[] =>
  k.has('nosigbus')
    ? [
        if_(and(isAsked(addr), eq(orig, 'zero'), isShared(addr)), [
          step('wp_pfn_shared', 'wp_pfn_shared(vmf), wp_page_shared(vmf): wp_page_reuse(vmf)', [
            set(nosigbus.writable(locked, page.slot(addr)), true),
          ]),
          call('wp_unmap_zero', pte_unmap_unlock, [locked]),
          ret('done', VmFault),
        ]),
      ]
    : []

/** do_mmap(): leaves in `result` what it refuses the mapping with, or 0. It looks at its arguments alone. */
export function nosigbusArguments(k: Build, first: Expr, result: Local): readonly Stmt[] {
  const of = page.mapping(first)
  const asked = nosigbus.asked(of)
  const refuse = (code: string): readonly Stmt[] => [let_(result, code)]
  const plain = ite(asked, not(file.shmem(folio.file(page.folio(first)))), truth(false))
  return [
    let_(result, '0'),
    ...(k.has('nosigbus-mmap-shmem-read')
      ? [
          // (flags & MAP_NOSIGBUS) && ((prot & PROT_WRITE) || !shmem_file(file))
          check('nosigbus_writable', and(asked, hasAny(mapping.vm_flags(of), 'VM_WRITE')), refuse('-EINVAL')),
          check('nosigbus_not_shmem', plain, refuse('-EINVAL')),
        ]
      : []),
    ...(k.has('nosigbus-mmap-private')
      ? [
          // !(flags & MAP_PRIVATE): 0x2, which MAP_SHARED_VALIDATE, 0x3, has as well.
          check('nosigbus_not_private', and(asked, mapping.shared(of), not(nosigbus.validate(of))), refuse('-EINVAL')),
        ]
      : []),
    // case MAP_SHARED_VALIDATE: flags & ~LEGACY_MAP_MASK & ~file->f_op->mmap_supported_flags
    check('flags_mask', and(eq(result, '0'), asked, nosigbus.validate(of)), refuse('-EOPNOTSUPP')),
  ]
}

/** What Hugh Dickins and Simon Ser ask of mmap(): any file, private. */
export const nosigbusAnswered = (k: Build, first: Expr, result: Local): readonly Stmt[] =>
  k.has('nosigbus')
    ? [
        if_(and(isAsked(first), not(isShared(first))), [
          step('mapped', 'return addr', [assert('AnyFileMappable', eq(result, '0'))]),
        ]),
      ]
    : []

const each = bound('p', 'page')
const holdsZero = (p: Expr): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), 'zero', 'zero_none'))
const ofFile = (p: Expr, inode: Expr): Expr => ite(isAsked(p), eq(folio.file(page.folio(p)), inode), truth(false))

/** A step that looks at page tables which its function does not look at. */
export const noted = (k: Build, s: StepStmt): StepStmt =>
  k.has('nosigbus')
    ? { ...s, atomic: 'what stands in the page tables is noted for a property; the kernel does not look' }
    : s

/** Notes the zero pages at `first` and later (up to `last`) of a file: what is about to be cut off, or punched out. */
export const noteZeroPages = (k: Build, inode: Expr, first: Expr, last: Expr, cut: Expr): readonly Action[] => {
  if (!k.has('nosigbus')) return []
  const within = (x: Expr): Expr => and(le(first, x), le(x, last))
  const f = bound('x', 'folio')
  return [
    when(cut, [
      forEach('page', 'p', [
        when(and(ofFile(each, inode), within(page.index(each)), holdsZero(each)), [set(nosigbus.kept(each), true)]),
      ]),
      forEach('folio', 'x', [
        when(and(eq(folio.file(f), inode), within(folio.index(f))), [set(nosigbus.data(f), false)]),
      ]),
    ]),
  ]
}

/** No zero page that was noted is still mapped. */
export const zeroPagesGone = (property: string): Action =>
  assert(
    property,
    forall('page', 'p', (p) => implies(nosigbus.kept(p), not(holdsZero(p)))),
  )

/** What an access that the tables let through says of the zero page: `mapped` is whether they did. */
export function throughZero(k: Build, at: Expr, write: boolean, mapped: Expr): readonly Action[] {
  if (!k.has('nosigbus')) return []
  const entry = table.pte(pmd.table(page.pmd(at)), page.slot(at))
  const through = (...entries: readonly string[]): Expr =>
    and(mapped, eq(pmd.kind(page.pmd(at)), 'table'), isOneOf(entry, ...entries))
  const asked = isAsked(at)
  if (write)
    return [
      assert('ZeroPageUnwritten', not(and(asked, through('zero')))),
      when(and(asked, not(isShared(at)), through(...ANON_PTES)), [set(nosigbus.written(at), true)]),
      when(and(ne(page.folio(at), 'nil'), isShared(at), through('file')), [set(nosigbus.data(page.folio(at)), true)]),
    ]
  const hidden = ite(
    asked,
    and(
      nosigbus.data(page.folio(at)),
      folio.cached(page.folio(at)),
      lt(page.index(at), file.i_size(folio.file(page.folio(at)))),
    ),
    truth(false),
  )
  return [
    assert('SharedCoherent', not(and(isShared(at), through('zero'), hidden))),
    assert('PrivateCoherent', not(and(not(isShared(at)), through('zero'), hidden))),
    assert('PrivateStoreKept', not(and(asked, nosigbus.written(at), through('zero')))),
  ]
}

/** SIGBUS for a mapping that was not to have one. */
export const doSigbus = (k: Build, at: Expr): readonly Stmt[] =>
  k.has('nosigbus')
    ? [
        if_(isAsked(at), [
          step('do_sigbus', 'do_sigbus(regs, error_code, address, fault)', [
            assert(k.io === true ? 'NoSigbusAtAll' : 'NoSigbusBeyondEnd', truth(false)),
          ]),
        ]),
      ]
    : []

/** The flags that mmap() gives a mapping that is asked for MAP_NOSIGBUS. */
export const nosigbusBit = (asked: boolean, k: Pick<Build, 'has'>): readonly string[] =>
  asked && k.has('nosigbus') ? ['VM_NOSIGBUS'] : []

/** Mappings that this kernel's mmap() would refuse, so that no scenario can begin with one: the code, or nothing. */
export function refusedAtStart(
  k: Pick<Build, 'has'>,
  m: { readonly shared: boolean; readonly validate: boolean; readonly writable: boolean; readonly shmem: boolean },
): string | undefined {
  if (!k.has('nosigbus')) return m.validate ? '-EOPNOTSUPP' : undefined
  if (k.has('nosigbus-mmap-shmem-read') && (m.writable || !m.shmem)) return '-EINVAL'
  if (k.has('nosigbus-mmap-private') && m.shared && !m.validate) return '-EINVAL'
  return m.validate ? '-EOPNOTSUPP' : undefined
}
