/** Statements of a litmus file as calls of the probe, and what comes back in the words of the model's results. */
import type { Arg, Stmt } from '../../model/litmus/ast.ts'
import type { Mapping, World } from '../../model/scenarios/place.ts'
import { operationOf } from '../../model/scenarios/threads.ts'
import { ADVICE, MAP, MREMAP, PAGE_IS, PIDFD_SELF_THREAD, PROT, UFFD, type Advice } from '../probe/constants.ts'
import { fork, madvise, mincore, mmap, op, pagemap, PAGEMAP_BIT, read, scan, vmas, write } from '../probe/operations.ts'
import type { ProbeOp } from '../probe/operations.ts'
import type { OpResult } from '../probe/protocol.ts'

/** Where pages of the model lie in the probe's address space, in real pages. */
export interface Geometry {
  readonly world: World
  /** Real pages that stand for one page of the model. */
  readonly block: number
}

export interface Call {
  readonly op: ProbeOp
  /** The result of a call that succeeded; `undefined` where none of the model's is like it. */
  readonly value: (r: OpResult & { readonly kind: 'ok' }) => string | undefined
}

/** Far enough apart that no two mappings merge, and each begins where a page table does. */
const APART = 16 * 512
const PAGE_BYTES = 4096

export const mappingOf = ({ world }: Geometry, arg: Arg | undefined): Mapping | undefined =>
  arg === undefined || arg.kind === 'number' ? undefined : world.mappings.find((m) => m.name === arg.name.text)

/** The real page of page `n` of a mapping; a child has the addresses of what it was forked from. */
export const pageAt = ({ block }: Geometry, m: Mapping, n: number): number =>
  (m.parent ?? m.number) * APART + (m.decl.range.first + n) * block

interface Range {
  readonly mapping: Mapping
  readonly first: number
  readonly count: number
  /** The same in real pages. */
  readonly page: number
  readonly n: number
}

function rangeOf(g: Geometry, arg: Arg | undefined): Range | undefined {
  const mapping = mappingOf(g, arg)
  if (mapping === undefined || arg === undefined || arg.kind === 'number') return undefined
  const { first, last } = arg.kind === 'pages' ? arg.range : { first: 0, last: mapping.pages - 1 }
  const count = last - first + 1
  return { mapping, first, count, page: pageAt(g, mapping, first), n: count * g.block }
}

const zero = (): string => '0'
const done = (o: ProbeOp): Call => ({ op: o, value: zero })
const access = (o: ProbeOp): Call => ({ op: o, value: () => 'ok' })

/** Operations that are one madvise() of their pages. */
const ADVISED: Readonly<Record<string, Advice>> = {
  guard_install: 'guard_install',
  guard_remove: 'guard_remove',
  dontneed: 'dontneed',
  free: 'free',
  cold: 'cold',
  pageout: 'pageout',
  populate_read: 'populate_read',
  populate_write: 'populate_write',
  madvise_remove: 'remove',
  madvise_collapse: 'collapse',
  madvise_dontfork: 'dontfork',
  madvise_dofork: 'dofork',
  madvise_wipeonfork: 'wipeonfork',
  madvise_keeponfork: 'keeponfork',
  madvise_nohugepage: 'nohugepage',
  madvise_hugepage: 'hugepage',
  madvise_sequential: 'sequential',
  madvise_normal: 'normal',
}

const numbersOf = (r: OpResult & { readonly kind: 'ok' }): readonly number[] =>
  Array.isArray(r.data) ? r.data.filter((x): x is number => typeof x === 'number') : []

function entryName(bits: number | undefined): string | undefined {
  if (bits === undefined) return undefined
  if (bits & PAGEMAP_BIT.guard) return 'guard'
  return bits & PAGEMAP_BIT.present ? 'present' : bits & PAGEMAP_BIT.swapped ? 'swap' : 'none'
}

/** How a mapping is mapped. */
export const mapCall = (g: Geometry, m: Mapping, first: number, count: number): ProbeOp => {
  const flags = (m.shared ? MAP.shared : MAP.private) | (m.file === undefined ? MAP.anonymous : 0)
  const offset = (m.decl.range.first + first) * g.block
  const access_ = m.decl.access === 'none' ? 'none' : m.writable ? 'rw' : 'r'
  return mmap(
    pageAt(g, m, first),
    count * g.block,
    access_,
    flags,
    m.file?.file ?? -1,
    m.file === undefined ? 0 : offset,
  )
}

const UFFD_MODE: Readonly<Record<string, number>> = {
  missing: UFFD.register.missing,
  wp: UFFD.register.wp,
  missing_wp: UFFD.register.missing | UFFD.register.wp,
}
const wordOf = (arg: Arg | undefined): string => (arg?.kind === 'name' ? arg.name.text : '')

/** Whether userfaultfd is asked for anything by it. */
export const isUffd = (s: Stmt): boolean => s.op.text.startsWith('uffd_')

/** Of `process_guard_install` and `process_guard_remove`: how many pages of the model, not bytes. */
function processCall(g: Geometry, advice: Advice, args: readonly Arg[]): Call | undefined {
  const ranges = args.flatMap((a) => rangeOf(g, a) ?? [])
  if (ranges.length !== args.length) return undefined
  return {
    op: op('process_madvise', PIDFD_SELF_THREAD, ADVICE[advice], ...ranges.flatMap((r) => [r.page, r.n])),
    value: (r) => String(r.value / PAGE_BYTES / g.block),
  }
}

function fileCall(g: Geometry, name: string, args: readonly Arg[]): Call | undefined {
  const [first, second] = args
  const backing = g.world.backings.find(
    (b) => first !== undefined && first.kind !== 'number' && b.name === first.name.text,
  )
  if (backing === undefined) return undefined
  if (name === 'ftruncate')
    return second?.kind === 'number' ? done(op('ftruncate', backing.file, second.value * g.block)) : undefined
  const range = first?.kind === 'pages' ? first.range : { first: 0, last: backing.pages - 1 }
  return done(op('punch', backing.file, range.first * g.block, (range.last - range.first + 1) * g.block))
}

function mremapCall(name: string, from: Range, to: Range | undefined): Call | undefined {
  const { page, n } = from
  const both = MREMAP.maymove | MREMAP.fixed
  switch (name) {
    case 'mremap':
      return to === undefined ? undefined : done(op('mremap', page, n, n, both, to.page))
    case 'mremap_dontunmap':
      return to === undefined ? undefined : done(op('mremap', page, n, n, both | MREMAP.dontunmap, to.page))
    case 'mremap_shrink':
      return done(op('mremap', page - 1, n + 1, 1, 0, 0))
    case 'mremap_grow':
      return done(op('mremap', page - 1, 1, n + 1, 0, 0))
    default:
      return undefined
  }
}

/** What asks the kernel for a statement; undefined where nothing does. */
export function callOf(g: Geometry, s: Stmt): Call | undefined {
  const { name } = operationOf(s)
  const [first, second] = s.args
  if (name === 'fork') {
    const child = first?.kind === 'name' ? g.world.mms.indexOf(first.name.text) : -1
    return child > 0 ? done(fork(child)) : undefined
  }
  if (name === 'exit') return done(op('exit'))
  if (name === 'ftruncate' || name === 'punch_hole') return fileCall(g, name, s.args)
  if (name === 'process_guard_install') return processCall(g, 'guard_install', s.args)
  if (name === 'process_guard_remove') return processCall(g, 'guard_remove', s.args)
  const range = rangeOf(g, first)
  if (range === undefined) return undefined
  const { mapping, page, n } = range
  const advice = ADVISED[name]
  if (advice !== undefined) return done(madvise(page, n, advice))
  if (name.startsWith('mremap')) return mremapCall(name, range, rangeOf(g, second))
  switch (name) {
    case 'read':
      return access(read(page))
    case 'write':
      return access(write(page, 1))
    case 'munmap':
    case 'mlock':
    case 'munlock':
      return done(op(name, page, n))
    case 'mmap':
      return done(mapCall(g, mapping, range.first, range.count))
    case 'mprotect': {
      const word = wordOf(second)
      return done(op('mprotect', page, n, word === 'none' ? PROT.none : word === 'r' ? PROT.r : PROT.rw))
    }
    case 'vm_readv':
      return range.count === 1 ? done(op('vm_readv', page)) : undefined
    case 'pagemap':
      return { op: pagemap(page, 1), value: (r) => entryName(numbersOf(r)[0]) }
    case 'pagemap_scan':
      return { op: scan(page, n, PAGE_IS.guard), value: (r) => String(scanned(r) / g.block) }
    case 'smaps_gu':
      return { op: vmas(page, 1), value: flagShown }
    case 'mincore':
      return { op: mincore(page, 1), value: (r) => String(numbersOf(r)[0] ?? '') }
    case 'uffd_register':
      return done(op('uffd_register', page, n, UFFD_MODE[wordOf(second)] ?? 0))
    case 'uffd_unregister':
    case 'uffd_copy':
    case 'uffd_zeropage':
    case 'uffd_poison':
      return done(op(name, page, n, 0))
    case 'uffd_protect':
    case 'uffd_unprotect':
      return done(op('uffd_writeprotect', page, n, name === 'uffd_protect' ? 1 : 0))
    default:
      return undefined
  }
}

/** The length of what PAGEMAP_SCAN found, in real pages. */
function scanned(r: OpResult & { readonly kind: 'ok' }): number {
  const found: readonly unknown[] = Array.isArray(r.data) ? r.data : []
  return found.reduce<number>((sum, x) => sum + (Array.isArray(x) && typeof x[1] === 'number' ? x[1] : 0), 0)
}

function flagShown(r: OpResult & { readonly kind: 'ok' }): string {
  const found: readonly unknown[] = Array.isArray(r.data) ? r.data : []
  const [area] = found
  if (!Array.isArray(area)) return '-ENOENT'
  return typeof area[3] === 'string' && /\bgu\b/.test(area[3]) ? '1' : '0'
}

/** BUS_MCEERR_AR: what a poisoned page gives. */
const MCE_CODE = 4

/** A result in the words of the model, or what no result of the model is called. */
export function resultOf(call: Call, r: OpResult | undefined): string {
  if (r === undefined) return 'not-run'
  switch (r.kind) {
    case 'ok':
      return call.value(r) ?? 'unreadable'
    case 'error':
      return `-${r.errno}`
    case 'signal':
      if (r.signal === 'SIGBUS') return r.code === MCE_CODE ? 'HWPOISON' : 'BUS'
      return r.signal === 'SIGSEGV' ? 'SEGV' : r.signal
    case 'unfinished':
    case 'no-process':
    case 'not-run':
      return r.kind
  }
}
