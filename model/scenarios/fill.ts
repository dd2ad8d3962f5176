/** `fill a[0..1] read;`: what stands in page tables before any thread runs, as if the pages had been touched. */
import { object } from '../language/expr.ts'
import type { Patch } from '../kernels/patches.ts'
import type { Decl, FillAccess, FillDecl, FillEntry } from '../litmus/ast.ts'
import { folio, page, pmd, table, vma } from '../mm/mm_types.ts'
import { flagsOf } from './flags.ts'
import { entryFrame, frameFiller, hugeFrame, largeFiller } from './frames.ts'
import { mappingNamed, setTo, within, type Initial, type Mapping, type World } from './place.ts'
import { refuse } from './problem.ts'

type Place = Omit<World, 'init'>

/** The world as far as it is built, and the kernel that is asked what a guard install leaves behind. */
interface Context {
  readonly world: Place
  readonly has: (patch: Patch) => boolean
  /** Tables that are in use, by pmd. */
  readonly tables: Map<number, number>
  /** Hands out page frames, in worlds that have them. */
  readonly newFrame?: ReturnType<typeof frameFiller>
  /** And folios of several. */
  readonly newLarge?: ReturnType<typeof largeFiller>
}

export function fills(decls: readonly Decl[], world: Place, has: Context['has']): readonly Initial[] {
  const { frames } = world
  const newFrame =
    frames === undefined
      ? {}
      : {
          newFrame: frameFiller(frames, has),
          ...(frames.large.length === 0 ? {} : { newLarge: largeFiller(frames, has) }),
        }
  const context: Context = { world, has, tables: new Map(), ...newFrame }
  return decls
    .filter((d) => d.kind === 'fill')
    .flatMap((d) => {
      const mapping = mappingNamed(world, d.name)
      within(d.range, mapping.pages, mapping.name)
      if (mapping.unmapped) refuse('MM107', `nothing is mapped at '${mapping.name}' yet`, d.span)
      return fillOne(context, d, mapping)
    })
}

function fillOne(c: Context, d: FillDecl, m: Mapping): readonly Initial[] {
  const access = d.access ?? 'read'
  switch (access) {
    case 'pmd':
    case 'huge_zero':
      return fillHuge(c, d, m)
    case 'write':
      if (!m.writable) refuse('MM107', `'${m.name}' cannot be written`, d.span)
      return fillEntries(c, d, m, access)
    case 'read':
    case 'guard':
      return fillEntries(c, d, m, access)
    case 'file':
    case 'file_ro':
    case 'file_none':
    case 'anon':
    case 'anon_ro':
    case 'anon_none':
    case 'zero':
    case 'zero_none':
    case 'swap':
    case 'poison':
    case 'marker':
    case 'table':
      checkEntry(d, m, access)
      return fillEntries(c, d, m, access)
  }
}

/** Refuses an entry that a mapping of this kind never has. */
function checkEntry(d: FillDecl, m: Mapping, entry: FillEntry): void {
  const kind = entry.split('_')[0]
  const copies = kind === 'anon' || kind === 'swap'
  if (kind === 'file' && m.file === undefined) refuse('MM107', `'${m.name}' maps no file`, d.span)
  if (kind === 'zero' && m.file !== undefined) refuse('MM107', `'${m.name}' is no anonymous memory`, d.span)
  if (copies && m.shared) refuse('MM107', `'${m.name}' is shared, so it has no copies of pages`, d.span)
  if (entry === 'file_ro' && !m.shared)
    refuse('MM107', `'${m.name}' is private: 'file' is for reading as it is`, d.span)
  if ((entry === 'anon' || (entry === 'file' && m.shared)) && !m.writable)
    refuse('MM107', `'${m.name}' cannot be written`, d.span)
  const closed = entry.endsWith('_none')
  const present = copies ? kind === 'anon' : kind === 'file' || kind === 'zero'
  if (present && closed !== (m.decl.access === 'none'))
    refuse('MM107', `'${m.name}' ${closed ? 'is not' : 'is'} PROT_NONE`, d.span)
}

/** What an access or an install leaves in an entry. */
function entryOf(m: Mapping, access: Exclude<FillAccess, 'pmd' | 'huge_zero'>): string {
  if (access === 'guard' || access === 'marker') return 'guard'
  if (access === 'table') return 'none'
  if (access !== 'read' && access !== 'write') return access
  const write = access === 'write'
  if (m.file === undefined) return write ? 'anon' : 'zero'
  // A read of a shared mapping of a plain file leaves it to ->page_mkwrite to make the entry writable.
  const asksFirst = !m.file.shmem && !write
  if (m.shared) return m.writable && !asksFirst ? 'file' : 'file_ro'
  return write ? 'anon' : 'file'
}

function fillEntries(
  c: Context,
  d: FillDecl,
  m: Mapping,
  access: Exclude<FillAccess, 'pmd' | 'huge_zero'>,
): readonly Initial[] {
  const { world, tables } = c
  const entry = entryOf(m, access)
  const out: Initial[] = entry === 'guard' ? guardTraces(c, m) : []
  if (entry.startsWith('anon') || entry === 'swap') out.push(setTo(vma.anon_vma(object('vma', m.vma)), 'anon_vma'))
  for (let n = d.range.first; n <= d.range.last; n++) {
    const under = world.pmdOf(m.firstPage + n)
    const number = tables.get(under) ?? tables.size
    tables.set(under, number)
    const t = object('table', number)
    const index = m.decl.range.first + n
    out.push(
      setTo(pmd.kind(object('pmd', under)), 'table'),
      setTo(pmd.table(object('pmd', under)), t),
      setTo(table.state(t), 'linked'),
      setTo(table.pte(t, object('slot', index % world.ptes)), entry),
      ...(entry === 'anon' ? (c.newFrame?.(entryFrame(number, index % world.ptes)) ?? []) : []),
    )
    if (access === 'guard') out.push(setTo(page.promised(object('page', m.firstPage + n)), true))
    // A fault-around maps and a copy reads the page cache, so the folio is there in every case.
    else if (access === 'read' || access === 'write' || entry.startsWith('file')) out.push(...cache(c, m, index))
  }
  return out
}

function cache({ world }: Context, m: Mapping, index: number): readonly Initial[] {
  const inHuge = m.file !== undefined && world.huge && Math.floor(index / world.ptes) < m.file.chunks
  return m.file === undefined || inHuge ? [] : [setTo(folio.cached(object('folio', m.file.firstFolio + index)), true)]
}

/** Whether an install prepares an anon_vma, by the kernel's own rule. */
export const preparesAnonVma = (has: Context['has'], anonymous: boolean): boolean =>
  has('guard-rfc') || has('guard-any-anon-vma') || (has('guard-anon-vma-if-anonymous') && anonymous)

/** Whether it sets VM_MAYBE_GUARD. */
export const setsMaybeGuard = (has: Context['has']): boolean => has('maybe-guard-plain') || has('maybe-guard-atomic')

/** What else MADV_GUARD_INSTALL has done to the VMA. */
function guardTraces({ has }: Context, m: Mapping): Initial[] {
  const v = object('vma', m.vma)
  const bits = flagsOf(m, has, ['VM_MAYBE_GUARD'])
  return [
    ...(preparesAnonVma(has, m.file === undefined) ? [setTo(vma.anon_vma(v), 'anon_vma')] : []),
    ...(setsMaybeGuard(has) ? [setTo(vma.vm_flags(v), bits)] : []),
  ]
}

/** A huge mapping of whole PMDs: of the page cache's huge folios, or of anonymous ones. */
function fillHuge({ world, tables, newFrame, newLarge }: Context, d: FillDecl, m: Mapping): readonly Initial[] {
  if (m.file !== undefined && !world.huge)
    refuse('MM107', 'the page cache holds no huge folio', d.span, "give the setting 'huge;'")
  const under = new Map<number, number>()
  for (let n = d.range.first; n <= d.range.last; n++) {
    const at = world.pmdOf(m.firstPage + n)
    under.set(at, (under.get(at) ?? 0) + 1)
  }
  return [...under].flatMap(([at, pages]) => {
    if (pages !== world.ptes || tables.has(at))
      refuse('MM107', `a huge mapping takes ${world.ptes} pages that nothing else fills`, d.span)
    if (d.access === 'huge_zero') return hugeZero(world, d, m, at)
    const kind = m.file === undefined ? 'huge_anon' : 'huge'
    const anon = m.file === undefined ? [setTo(vma.anon_vma(object('vma', m.vma)), 'anon_vma')] : []
    const large = newLarge?.(hugeFrame(at), m.mm)
    if (newLarge !== undefined && large === undefined)
      refuse('MM107', 'there are not so many large folios', d.span, "give 'large' a higher number")
    const own = m.file === undefined ? (large ?? newFrame?.(hugeFrame(at)) ?? []) : []
    return [setTo(pmd.kind(object('pmd', at)), kind), ...anon, ...own]
  })
}

/** A huge page of zeroes, as a load of anonymous memory with MADV_HUGEPAGE maps it. */
function hugeZero(world: Place, d: FillDecl, m: Mapping, at: number): readonly Initial[] {
  const zero = world.frames?.hugeZero
  if (m.file !== undefined || zero === undefined)
    return refuse('MM107', 'the huge zero page is for anonymous memory', d.span)
  return [setTo(pmd.kind(object('pmd', at)), 'huge_zero'), setTo(hugeFrame(at), object('frame', zero))]
}
