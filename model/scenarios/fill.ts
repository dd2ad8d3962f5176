/** `fill a[0..1] read;`: pages that are mapped before any thread runs, as if they had been touched. */
import { object } from '../language/expr.ts'
import type { Decl, FillDecl } from '../litmus/ast.ts'
import { folio, pmd, table, vma } from '../mm/mm_types.ts'
import { mappingNamed, setTo, within, type Initial, type Mapping, type World } from './place.ts'
import { refuse } from './problem.ts'

export function fills(decls: readonly Decl[], world: Omit<World, 'init'>): readonly Initial[] {
  const tables = new Map<number, number>()
  return decls
    .filter((d) => d.kind === 'fill')
    .flatMap((d) => {
      const mapping = mappingNamed(world, d.name)
      within(d.range, mapping.pages, mapping.name)
      if (d.access === 'write' && !mapping.writable) refuse('MM107', `'${mapping.name}' cannot be written`, d.span)
      return fillOne(d, mapping, world, tables)
    })
}

function fillOne(d: FillDecl, m: Mapping, world: Omit<World, 'init'>, tables: Map<number, number>): readonly Initial[] {
  const write = d.access === 'write'
  // A read of a shared mapping of a plain file leaves it to ->page_mkwrite to make the entry writable.
  const asksFirst = m.file?.shmem === false && m.shared && !write
  const unwritable = m.shared && !m.writable
  const ofFile = asksFirst || unwritable ? 'file_ro' : 'file'
  const entry = m.file !== undefined && (m.shared || !write) ? ofFile : write ? 'anon' : 'zero'
  const out: Initial[] = entry === 'anon' ? [setTo(vma.anon_vma(object('vma', m.vma)), 'anon_vma')] : []
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
    )
    // A fault-around maps and a copy reads the page cache, so the folio is there in every case.
    const inHuge = m.file !== undefined && world.huge && Math.floor(index / world.ptes) < m.file.chunks
    if (m.file !== undefined && !inHuge) out.push(setTo(folio.cached(object('folio', m.file.firstFolio + index)), true))
  }
  return out
}
