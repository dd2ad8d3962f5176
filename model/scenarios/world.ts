/** From the declarations of a litmus file to the objects of the model and their geometry. */
import { object } from '../language/expr.ts'
import type { Patch } from '../kernels/patches.ts'
import type { SetSizes } from '../language/types.ts'
import type { BackingDecl, ChildDecl, Decl, MapDecl } from '../litmus/ast.ts'
import type { Span } from '../litmus/source.ts'
import { chunk, file, FILE_PAGES_MAX, folio, mapping, mm, page, pmd, vma } from '../mm/mm_types.ts'
import { refusedAtStart } from '../mm/nosigbus.ts'
import { nosigbus } from '../mm/nosigbus_types.ts'
import { fills } from './fill.ts'
import { flagsOf } from './flags.ts'
import { frameGeometry, placeFrames } from './frames.ts'
import { mappingNamed, setTo, within, type Backing, type Initial, type Mapping, type World } from './place.ts'
import { hint, refuse } from './problem.ts'
import { startState } from './start_state.ts'

const PTES_MAX = 8
const PAGES_MAX = 16

function setting(decls: readonly Decl[], name: string, fallback: number, max: number, min = 1): number {
  for (const d of decls)
    if (d.kind === 'setting' && d.name.text === name) {
      if (d.value === undefined || d.value < min || d.value > max)
        refuse('MM107', `'${name}' needs a number from 1 to ${max}`, d.span)
      return d.value
    }
  return fallback
}

/**
 * `huge`: the page cache holds every whole chunk as one huge folio already. `thp`: first touches of anonymous
 * memory get huge pages. `uffd_waits`: faults that userfaultfd is to resolve wait, instead of raising SIGBUS.
 * `frames`: entries map page frames, of which so many are for anonymous memory. `large`: so many folios more, each of
 * as many frames as a PMD covers.
 */
const SETTINGS = ['ptes', 'tables', 'oom', 'io', 'huge', 'thp', 'vmas', 'uffd_waits', 'frames', 'large'] as const
const VMAS_MAX = 8

export interface WorldOptions {
  /** Names of the user threads; the RCU callback thread is added. */
  readonly threads: readonly string[]
  /** How many tables may be unlinked and how many threads may make one, at most. */
  readonly retired: number
  readonly makers: number
  /** How many VMAs operations may need in a mapping beyond the one that is there, at most, by its name. */
  readonly vmas: ReadonlyMap<string, number>
  /** What the kernel carries. */
  readonly has: (patch: Patch) => boolean
}

/** Builds the world. Refuses what is not modelled. */
export function buildWorld(decls: readonly Decl[], options: WorldOptions, whole: Span): World {
  for (const d of decls)
    if (d.kind === 'setting' && !SETTINGS.some((s) => s === d.name.text))
      refuse('MM107', `unknown setting '${d.name.text}'`, d.name.span, hint(d.name.text, SETTINGS))
  const maps = decls.filter((d) => d.kind === 'map')
  const longest = Math.max(1, ...maps.map((m) => m.range.last - m.range.first + 1))
  const ptes = setting(decls, 'ptes', Math.min(longest, 2), PTES_MAX)
  const backings = placeBackings(
    decls.filter((d) => d.kind === 'backing'),
    ptes,
  )
  const declared = decls.filter((d) => d.kind === 'mm').map((d) => d.name.text)
  const mms = declared.length === 0 || maps.some((m) => m.mm === undefined) ? ['mm', ...declared] : declared
  const children = decls.filter((d) => d.kind === 'child')
  const extra = setting(decls, 'vmas', 0, VMAS_MAX, 0)
  const mappings = placeChildren(
    children,
    placeMappings(maps, backings, mms, (name) => (extra > 0 ? extra - 1 : (options.vmas.get(name) ?? 0))),
    mms,
    (name) => (extra > 0 ? 0 : (options.vmas.get(name) ?? 0)),
  )
  const forked = new Set(children.map((d) => mms.indexOf(d.mm.text)))
  for (const m of mappings) checkStart(m, options.has)
  if (mappings.length === 0)
    refuse('MM106', 'a world without a mapping is not modelled', whole, "map something: 'map a = anon[0] private rw;'")
  const pageTotal = mappings.reduce((n, m) => n + m.pages, 0)
  if (pageTotal > PAGES_MAX) refuse('MM110', `at most ${PAGES_MAX} mapped pages in all, not ${pageTotal}`, whole)

  const pmds = layPmds(mappings, ptes)
  const frames = placeFrames(decls, backings, ptes)
  const tables = setting(decls, 'tables', pmds.length * (1 + options.retired) + Math.max(0, options.makers - 1), 12)
  const small = backings.flatMap((b) => Array.from({ length: b.pages }, (_, i) => `${b.name}[${i}]`))
  const chunks = backings.flatMap((b) => Array.from({ length: b.chunks }, (_, i) => ({ backing: b, index: i })))
  const pmdOf = (pg: number): number => pmds.findIndex((p) => p.pages.includes(pg))
  const names = {
    thread: [...options.threads, 'rcu'],
    mm: mms,
    mapping: mappings.map((m) => m.name),
    vma: mappings.flatMap((m) => Array.from({ length: m.vmas }, (_, i) => (i === 0 ? m.name : `${m.name}.${i}`))),
    page: mappings.flatMap((m) => Array.from({ length: m.pages }, (_, i) => `${m.name}[${i}]`)),
    pmd: pmds.map((p) =>
      pmds.filter((q) => q.mapping === p.mapping).length === 1
        ? `pmd(${p.mapping.name})`
        : `pmd(${p.mapping.name},${p.index})`,
    ),
    table: Array.from({ length: tables }, (_, i) => `table${i}`),
    slot: Array.from({ length: ptes }, (_, i) => String(i)),
    file: backings.map((b) => b.name),
    folio: [...small, ...chunks.map((c) => `${c.backing.name}.huge${c.backing.chunks === 1 ? '' : c.index}`)],
    chunk: chunks.map((c) => `${c.backing.name}.chunk${c.index}`),
    ...(frames === undefined ? {} : { frame: frames.names }),
  }
  const sizes: SetSizes = Object.fromEntries(Object.entries(names).map(([set, list]) => [set, list.length]))
  const init: Initial[] = [
    ...mms.map((_, i) => setTo(mm.live(object('mm', i)), !forked.has(i))),
    ...mappings.flatMap((m) => mappingGeometry(m, mappings, options.has)),
    ...mappings.flatMap((m) => vmaGeometry(m, options.has)),
    ...pmds.flatMap((p, i) => pmdGeometry(p, i, ptes)),
    ...backings.flatMap((b) => fileGeometry(b, ptes, small.length)),
    ...mappings.flatMap((m) => pageGeometry(m, pmdOf, ptes, small.length)),
    ...(frames === undefined ? [] : frameGeometry(frames, backings, mappings)),
  ]
  const isSet = (name: string): boolean => decls.some((d) => d.kind === 'setting' && d.name.text === name)
  const world: World = {
    mappings,
    backings,
    mms,
    oom: isSet('oom'),
    io: isSet('io'),
    huge: isSet('huge'),
    thp: isSet('thp'),
    ptes,
    ...(frames === undefined ? {} : { frames }),
    names,
    sizes,
    init,
    pmdOf,
  }
  const cached = world.huge ? chunks.map((_, i) => setTo(folio.cached(object('folio', small.length + i)), true)) : []
  return {
    ...world,
    init: [...init, ...cached, ...fills(decls, world, options.has), ...startState(decls, world, options.has)],
  }
}

function placeBackings(decls: readonly BackingDecl[], ptes: number): readonly Backing[] {
  let firstChunk = 0
  let firstFolio = 0
  return decls.map((d, file) => {
    if (d.pages < 1) refuse('MM103', 'a file has at least one page', d.span)
    if (d.pages > FILE_PAGES_MAX) refuse('MM110', `a file has at most ${FILE_PAGES_MAX} pages`, d.span)
    const chunks = Math.floor(d.pages / ptes)
    const place = { firstFolio, firstChunk }
    firstChunk += chunks
    firstFolio += d.pages
    const size = d.size ?? d.pages
    if (size > d.pages) refuse('MM103', `'${d.name.text}' has places for ${d.pages} pages, fewer than ${size}`, d.span)
    return { name: d.name.text, file, pages: d.pages, chunks, size, ...typeOf(d), ...place }
  })
}

/** hugetlbfs asks nobody before a page is written, as tmpfs does not. */
const typeOf = (d: BackingDecl): Pick<Backing, 'shmem' | 'hugetlb'> => ({
  shmem: d.type !== 'file',
  ...(d.type === 'hugetlb' ? { hugetlb: true } : {}),
})

function placeMappings(
  maps: readonly MapDecl[],
  backings: readonly Backing[],
  mms: readonly string[],
  vmasFor: (name: string) => number,
): readonly Mapping[] {
  let firstPage = 0
  let firstVma = 0
  return maps.map((decl, index) => {
    const pages = decl.range.last - decl.range.first + 1
    const mm = decl.mm === undefined ? 0 : mms.indexOf(decl.mm.text)
    if (mm < 0 && decl.mm !== undefined)
      refuse('MM102', `no mm named '${decl.mm.text}'`, decl.mm.span, hint(decl.mm.text, mms))
    const source = decl.source
    const file = source.kind === 'anon' ? undefined : backings.find((b) => b.name === source.name.text)
    if (source.kind === 'backing') {
      if (file === undefined)
        refuse(
          'MM102',
          `no file named '${source.name.text}'`,
          source.name.span,
          hint(
            source.name.text,
            backings.map((b) => b.name),
          ),
        )
      within(decl.range, file.pages, file.name)
    } else if (decl.sharing === 'shared')
      refuse('MM106', 'shared anonymous memory is shmem', decl.span, "declare 'shmem f[N];' and map that")
    if (decl.nosigbus === true && source.kind === 'anon')
      refuse('MM106', 'MAP_NOSIGBUS is for files: anonymous memory raises no SIGBUS', decl.span)
    if (decl.validate === true && decl.sharing === 'private')
      refuse('MM106', 'MAP_SHARED_VALIDATE is a shared mapping', decl.span)
    if (decl.access === 'w') refuse('MM106', 'what can be written can be read', decl.span, 'use rw')
    firstPage += pages
    const vmas = 1 + vmasFor(decl.name.text)
    firstVma += vmas
    const common = {
      name: decl.name.text,
      decl,
      number: index,
      vma: firstVma - vmas,
      vmas,
      mm,
      unmapped: decl.unmapped === true,
      firstPage: firstPage - pages,
      pages,
      shared: decl.sharing === 'shared',
      writable: decl.access === 'rw',
      nosigbus: decl.nosigbus === true,
      validate: decl.validate === true,
    }
    return file === undefined ? common : { ...common, file }
  })
}

/** The mappings with what a fork makes of some of them: as many pages as their parents have, and at least as many VMAs. */
function placeChildren(
  children: readonly ChildDecl[],
  parents: readonly Mapping[],
  mms: readonly string[],
  vmasFor: (name: string) => number,
): readonly Mapping[] {
  const out = [...parents]
  for (const d of children) {
    const parent = mappingNamed({ mappings: parents }, d.of)
    const mm = mms.indexOf(d.mm.text)
    if (mm < 0) refuse('MM102', `no mm named '${d.mm.text}'`, d.mm.span, hint(d.mm.text, mms))
    if (mm === parent.mm) refuse('MM102', `'${d.of.text}' is a mapping of '${d.mm.text}' itself`, d.mm.span)
    const last = out[out.length - 1] ?? parent
    out.push({
      ...parent,
      name: d.name.text,
      number: out.length,
      vma: last.vma + last.vmas,
      vmas: parent.vmas + vmasFor(d.name.text),
      mm,
      unmapped: true,
      parent: parent.number,
      firstPage: last.firstPage + last.pages,
    })
  }
  return out
}

interface PmdPlace {
  readonly mapping: Mapping
  readonly index: number
  readonly pages: readonly number[]
}

/** Where in its table page n of a mapping stands: as the kernel does it, in step with the file. */
const offsetOf = (m: Mapping, n: number): number => m.decl.range.first + n

function layPmds(mappings: readonly Mapping[], ptes: number): readonly PmdPlace[] {
  return mappings.flatMap((mapping) => {
    const out: { mapping: Mapping; index: number; pages: number[]; block: number }[] = []
    for (let n = 0; n < mapping.pages; n++) {
      const block = Math.floor(offsetOf(mapping, n) / ptes)
      const current = out[out.length - 1]
      if (current?.block === block) current.pages.push(mapping.firstPage + n)
      else out.push({ mapping, index: out.length, pages: [mapping.firstPage + n], block })
    }
    return out
  })
}

/** Refuses a mapping that stands at the start though this kernel's mmap() would not have made it. */
function checkStart(m: Mapping, has: (patch: Patch) => boolean): void {
  if (!m.nosigbus || m.unmapped) return
  const code = refusedAtStart({ has }, { ...m, shmem: m.file?.shmem === true })
  if (code !== undefined)
    refuse(
      'MM107',
      `mmap() of '${m.name}' gives ${code} on this kernel`,
      m.decl.span,
      "declare it 'unmapped' and let a thread map it",
    )
}

function mappingGeometry(m: Mapping, all: readonly Mapping[], has: (patch: Patch) => boolean): readonly Initial[] {
  const at = object('mapping', m.number)
  const child = all.find((other) => other.parent === m.number)
  return [
    setTo(mapping.first(at), object('page', m.firstPage)),
    setTo(mapping.last(at), object('page', m.firstPage + m.pages - 1)),
    setTo(mapping.shared(at), m.shared),
    setTo(mapping.vm_flags(at), flagsOf(m, has)),
    setTo(nosigbus.asked(at), m.nosigbus),
    setTo(nosigbus.validate(at), m.validate),
    setTo(mapping.child(at), child === undefined ? 'nil' : object('mapping', child.number)),
    ...(child === undefined
      ? []
      : Array.from({ length: m.pages }, (_, n) =>
          setTo(page.child(object('page', m.firstPage + n)), object('page', child.firstPage + n)),
        )),
  ]
}

function vmaGeometry(m: Mapping, has: (patch: Patch) => boolean): readonly Initial[] {
  const fixed = Array.from({ length: m.vmas }, (_, i) => object('vma', m.vma + i)).flatMap((v) => [
    setTo(vma.mm(v), object('mm', m.mm)),
    setTo(vma.file(v), m.file === undefined ? 'nil' : object('file', m.file.file)),
    setTo(vma.mapping(v), object('mapping', m.number)),
    setTo(vma.anon_root(v), object('mapping', m.parent ?? m.number)),
  ])
  if (m.unmapped) return fixed
  const v = object('vma', m.vma)
  return [
    ...fixed,
    setTo(vma.start(v), object('page', m.firstPage)),
    setTo(vma.end(v), object('page', m.firstPage + m.pages - 1)),
    setTo(vma.attached(v), true),
    setTo(vma.linked(v), m.file !== undefined),
    setTo(vma.vm_flags(v), flagsOf(m, has)),
  ]
}

function pmdGeometry(p: PmdPlace, i: number, ptes: number): readonly Initial[] {
  const at = object('pmd', i)
  const first = p.pages[0] ?? 0
  const last = p.pages[p.pages.length - 1] ?? 0
  const block = Math.floor(offsetOf(p.mapping, first - p.mapping.firstPage) / ptes)
  const file = p.mapping.file
  const mappable = file !== undefined && p.pages.length === ptes && block < file.chunks
  return [
    setTo(pmd.mm(at), object('mm', p.mapping.mm)),
    setTo(pmd.first(at), object('page', first)),
    setTo(pmd.last(at), object('page', last)),
    setTo(pmd.whole(at), p.pages.length === ptes),
    setTo(pmd.chunk(at), mappable ? object('chunk', file.firstChunk + block) : 'nil'),
  ]
}

/** Order-0 folios come first, file by file; then one PMD-sized folio per chunk. */
function fileGeometry(b: Backing, ptes: number, small: number): readonly Initial[] {
  const base = b.firstFolio
  const members = Array.from({ length: b.pages }, (_, j) => object('folio', base + j))
  const own = object('file', b.file)
  return [
    setTo(file.i_size(own), b.size),
    setTo(file.shmem(own), b.shmem),
    ...members.flatMap((f, j) => [setTo(folio.file(f), own), setTo(folio.index(f), j), setTo(folio.last(f), j)]),
    ...chunkGeometry(b, ptes, small),
  ]
}

function chunkGeometry(b: Backing, ptes: number, small: number): readonly Initial[] {
  const base = b.firstFolio
  return Array.from({ length: b.chunks }, (_, i) => i).flatMap((i) => {
    const c = object('chunk', b.firstChunk + i)
    const members = Array.from({ length: ptes }, (_, j) => base + i * ptes + j)
    const huge = small + b.firstChunk + i
    return [
      setTo(chunk.file(c), object('file', b.file)),
      setTo(chunk.huge(c), object('folio', huge)),
      setTo(chunk.first(c), object('folio', members[0] ?? 0)),
      setTo(chunk.last(c), object('folio', members[ptes - 1] ?? 0)),
      setTo(folio.file(object('folio', huge)), object('file', b.file)),
      setTo(folio.index(object('folio', huge)), i * ptes),
      setTo(folio.last(object('folio', huge)), i * ptes + ptes - 1),
      ...[...members, huge].map((f) => setTo(folio.chunk(object('folio', f)), c)),
    ]
  })
}

function pageGeometry(m: Mapping, pmdOf: (pg: number) => number, ptes: number, small: number): readonly Initial[] {
  return Array.from({ length: m.pages }, (_, n) => n).flatMap((n) => {
    const pg = object('page', m.firstPage + n)
    const index = offsetOf(m, n)
    const inChunk = m.file !== undefined && Math.floor(index / ptes) < m.file.chunks
    return [
      ...(m.unmapped ? [] : [setTo(page.vma(pg), object('vma', m.vma))]),
      setTo(page.mapping(pg), object('mapping', m.number)),
      setTo(page.mm(pg), object('mm', m.mm)),
      setTo(page.index(pg), index),
      setTo(page.prev(pg), n === 0 ? 'nil' : object('page', m.firstPage + n - 1)),
      setTo(page.next(pg), n === m.pages - 1 ? 'nil' : object('page', m.firstPage + n + 1)),
      setTo(page.pmd(pg), object('pmd', pmdOf(m.firstPage + n))),
      setTo(page.slot(pg), object('slot', index % ptes)),
      setTo(page.folio(pg), m.file === undefined ? 'nil' : object('folio', m.file.firstFolio + index)),
      setTo(
        page.huge(pg),
        m.file !== undefined && inChunk ? object('folio', small + m.file.firstChunk + Math.floor(index / ptes)) : 'nil',
      ),
    ]
  })
}
