/** From the declarations of a litmus file to the objects of the model and their geometry. */
import { object } from '../language/expr.ts'
import type { SetSizes } from '../language/types.ts'
import type { BackingDecl, Decl, MapDecl } from '../litmus/ast.ts'
import type { Span } from '../litmus/source.ts'
import { chunk, folio, page, pmd, vma } from '../mm/mm_types.ts'
import { fills } from './fill.ts'
import { setTo, within, type Backing, type Initial, type Mapping, type World } from './place.ts'
import { hint, refuse } from './problem.ts'

const PTES_MAX = 8
const PAGES_MAX = 16

function setting(decls: readonly Decl[], name: string, fallback: number, max: number): number {
  for (const d of decls)
    if (d.kind === 'setting' && d.name.text === name) {
      if (d.value === undefined || d.value < 1 || d.value > max)
        refuse('MM107', `'${name}' needs a number from 1 to ${max}`, d.span)
      return d.value
    }
  return fallback
}

/** `huge`: the page cache holds every whole chunk as one huge folio already. */
const SETTINGS = ['ptes', 'tables', 'oom', 'huge'] as const

export interface WorldOptions {
  /** Names of the user threads; the RCU callback thread is added. */
  readonly threads: readonly string[]
  /** How many tables may be unlinked and how many threads may make one, at most. */
  readonly retired: number
  readonly makers: number
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
  const mappings = placeMappings(maps, backings, mms)
  if (mappings.length === 0)
    refuse('MM106', 'a world without a mapping is not modelled', whole, "map something: 'map a = anon[0] private rw;'")
  const pageTotal = mappings.reduce((n, m) => n + m.pages, 0)
  if (pageTotal > PAGES_MAX) refuse('MM110', `at most ${PAGES_MAX} mapped pages in all, not ${pageTotal}`, whole)

  const pmds = layPmds(mappings, ptes)
  const tables = setting(decls, 'tables', pmds.length * (1 + options.retired) + Math.max(0, options.makers - 1), 12)
  const small = backings.flatMap((b) => Array.from({ length: b.pages }, (_, i) => `${b.name}[${i}]`))
  const chunks = backings.flatMap((b) => Array.from({ length: b.chunks }, (_, i) => ({ backing: b, index: i })))
  const pmdOf = (pg: number): number => pmds.findIndex((p) => p.pages.includes(pg))
  const names = {
    thread: [...options.threads, 'rcu'],
    mm: mms,
    vma: mappings.map((m) => m.name),
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
  }
  const sizes: SetSizes = Object.fromEntries(Object.entries(names).map(([set, list]) => [set, list.length]))
  const init: Initial[] = [
    ...mappings.flatMap((m) => vmaGeometry(m)),
    ...pmds.flatMap((p, i) => pmdGeometry(p, i, ptes)),
    ...backings.flatMap((b) => fileGeometry(b, ptes, small.length)),
    ...mappings.flatMap((m) => pageGeometry(m, pmdOf, ptes, small.length)),
  ]
  const isSet = (name: string): boolean => decls.some((d) => d.kind === 'setting' && d.name.text === name)
  const world: World = {
    mappings,
    backings,
    mms,
    oom: isSet('oom'),
    huge: isSet('huge'),
    ptes,
    names,
    sizes,
    init,
    pmdOf,
  }
  const cached = world.huge ? chunks.map((_, i) => setTo(folio.cached(object('folio', small.length + i)), true)) : []
  return { ...world, init: [...init, ...cached, ...fills(decls, world)] }
}

function placeBackings(decls: readonly BackingDecl[], ptes: number): readonly Backing[] {
  let firstChunk = 0
  let firstFolio = 0
  return decls.map((d, file) => {
    if (d.type === 'file') refuse('MM106', 'files other than shmem are not modelled yet', d.span, 'declare it as shmem')
    if (d.pages < 1) refuse('MM103', 'a file has at least one page', d.span)
    const chunks = Math.floor(d.pages / ptes)
    const place = { firstFolio, firstChunk }
    firstChunk += chunks
    firstFolio += d.pages
    return { name: d.name.text, file, pages: d.pages, chunks, ...place }
  })
}

function placeMappings(
  maps: readonly MapDecl[],
  backings: readonly Backing[],
  mms: readonly string[],
): readonly Mapping[] {
  let firstPage = 0
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
    if (decl.access === 'none' || decl.access === 'w')
      refuse('MM106', 'mappings that cannot be read are not modelled yet', decl.span, 'use r or rw')
    firstPage += pages
    const common = {
      name: decl.name.text,
      decl,
      vma: index,
      mm,
      firstPage: firstPage - pages,
      pages,
      shared: decl.sharing === 'shared',
      writable: decl.access === 'rw',
    }
    return file === undefined ? common : { ...common, file }
  })
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

function vmaGeometry(m: Mapping): readonly Initial[] {
  const v = object('vma', m.vma)
  const flags = [...(m.writable ? ['VM_WRITE'] : []), ...(m.shared ? ['VM_SHARED'] : [])].join('|')
  return [
    setTo(vma.mm(v), object('mm', m.mm)),
    setTo(vma.file(v), m.file === undefined ? 'nil' : object('file', m.file.file)),
    setTo(vma.vm_flags(v), flags),
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
    setTo(pmd.vma(at), object('vma', p.mapping.vma)),
    setTo(pmd.first(at), object('page', first)),
    setTo(pmd.last(at), object('page', last)),
    setTo(pmd.whole(at), p.pages.length === ptes),
    setTo(pmd.chunk(at), mappable ? object('chunk', file.firstChunk + block) : 'nil'),
  ]
}

/** Order-0 folios come first, file by file; then one PMD-sized folio per chunk. */
function fileGeometry(b: Backing, ptes: number, small: number): readonly Initial[] {
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
      setTo(page.vma(pg), object('vma', m.vma)),
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
