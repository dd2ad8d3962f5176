/**
 * mm/filemap.c: fault-around. Maps what the page cache already holds around a read fault, without
 * waiting for anything. Read at v7.0-rc6 (guard-regions facts 3.1.10-11).
 *
 * Not modelled yet: the window of fault_around_bytes (here: all of the table that the VMA covers),
 * readahead (seeds/000 argues why it cannot matter to guards), folios of several pages
 * other than PMD-sized ones.
 */
import { and, eq, hasAny, ite, le, literal, local, lt, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, for_, if_, let_, ret, set, step, tryAcquire, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, int, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { hugeCached } from './filemap_fault.ts'
import { do_set_pmd } from './memory_pmd.ts'
import { FILE_PAGES_MAX, file, folio, mapping, page, pmd, PmdKind, Pte, table, vma } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const addr: Local = local('address', refTo('page'))
const v: Local = local('vma', nilable('vma'))
const from: Local = local('from_pte', nilable('page'))
const to: Local = local('to_pte', nilable('page'))
const inFile: Local = local('in_file', bool)
const end: Local = local('file_end', int(0, FILE_PAGES_MAX))
const at: Local = local('addr', refTo('page'))
const t: Local = local('table', nilable('table'))
const pte: Local = local('pte', Pte)
const gotHuge: Local = local('got_huge', bool)
const got: Local = local('got', bool)
const ok: Local = local('ok', bool)
const mapped: Local = local('mapped', bool)
const kind: Local = local('pmdval', PmdKind)

const under = page.pmd(addr)
const huge = page.huge(addr)

const nextFolio = (label: string, of: Expr, cached: Expr, into: Local): Stmt =>
  step(
    label,
    'folio = next_uptodate_folio(xas, mapping, end_pgoff)',
    [set(into, cached), when(into, [tryAcquire(folio.lock(of), into)])],
    { atomic: 'a folio leaves the page cache only under its lock' },
  )
/**
 * vma->vm_page_prot, as the entry of a page-cache page: a shared mapping without VM_WRITE maps it
 * read-only, and so do (vma_wants_writenotify()) one that userfaultfd write-protects and one of a file with
 * ->page_mkwrite, until it is written.
 */
export const fileEntry = (k: Build, v: Expr, of: Expr, write = false): Expr => {
  const unwritable = not(hasAny(vma.vm_flags(v), 'VM_WRITE'))
  const notified = not(file.shmem(folio.file(page.folio(of))))
  const protect = k.uffd === undefined ? [] : [hasAny(vma.vm_flags(v), 'VM_UFFD_WP')]
  const asksFirst = write ? unwritable : or(unwritable, notified, ...protect)
  return ite(and(mapping.shared(page.mapping(of)), asksFirst), literal(Pte, 'file_ro'), 'file')
}

const setPte = (k: Build, label: string): readonly Stmt[] => [
  step(label, 'if (pte_none(ptep_get(vmf->pte))) set_pte_range(vmf, folio, ...)', [
    set(pte, table.pte(t, page.slot(at))),
    when(eq(pte, 'none'), [set(table.pte(t, page.slot(at)), fileEntry(k, v, at))]),
  ]),
  if_(and(eq(at, addr), eq(pte, 'none')), [let_(mapped, true)]),
]
const unlockHuge = (label: string): Stmt => if_(gotHuge, [unlock(label, 'folio_unlock(folio)', folio.lock(huge))])

/** Returns whether the faulting address got mapped. */
export const filemap_map_pages = (k: Build): Routine =>
  routine({
    name: 'filemap_map_pages',
    file: 'mm/filemap.c',
    read: 'v7.0-rc6',
    params: [v, addr],
    locals: [from, to, at, t, pte, gotHuge, got, inFile, end, ok, mapped, kind],
    returns: bool,
    body: [
      step(
        'do_fault_around',
        'do_fault_around(): from_pte, to_pte within vma->vm_start and vma->vm_end',
        [
          set(from, ite(lt(pmd.first(under), vma.start(v)), vma.start(v), pmd.first(under))),
          set(to, ite(lt(vma.end(v), pmd.last(under)), vma.end(v), pmd.last(under))),
        ],
        { atomic: 'the VMA is locked, so its range stands still' },
      ),
      nextFolio('next_folio_huge', huge, hugeCached(addr), gotHuge),
      if_(gotHuge, [
        step('file_end', 'file_end = DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE)', [
          set(end, file.i_size(folio.file(huge))),
        ]),
        if_(le(end, page.index(from)), [unlockHuge('unlock_beyond'), ret(false, bool)]),
      ]),
      step('pmd_none', 'filemap_map_pmd(): pmd_trans_huge(*vmf->pmd), pmd_none(*vmf->pmd)', [
        set(kind, pmd.kind(under)),
      ]),
      if_(
        and(
          gotHuge,
          eq(kind, 'none'),
          ne(pmd.chunk(under), 'nil'),
          ...(k.has('map-within-i_size') ? [or(file.shmem(folio.file(huge)), lt(folio.last(huge), end))] : []),
          eq(from, pmd.first(under)),
          eq(to, pmd.last(under)),
        ),
        [
          call('do_set_pmd', do_set_pmd, [under], mapped),
          if_(mapped, [unlock('unlock_mapped', 'folio_unlock(folio)', folio.lock(huge)), ret(true, bool)]),
        ],
      ),
      if_(eq(kind, 'huge'), [unlockHuge('unlock_raced'), ret(true, bool)]),
      if_(eq(kind, 'none'), [
        call('pmd_install', __pte_alloc(k), [under], ok),
        if_(not(ok), [unlockHuge('unlock_oom'), ret(false, bool)]),
      ]),
      call('map', pte_offset_map_lock, [under], t),
      if_(eq(t, 'nil'), [unlockHuge('unlock_no_table'), ret(false, bool)]),
      for_(at, from, to, [
        if_(
          gotHuge,
          [if_(lt(page.index(at), end), setPte(k, 'set_pte_huge'))],
          [
            nextFolio('next_folio', page.folio(at), folio.cached(page.folio(at)), got),
            if_(got, [
              step('max_idx', 'max_idx = DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE)', [
                set(inFile, lt(page.index(at), file.i_size(folio.file(page.folio(at))))),
              ]),
              if_(inFile, setPte(k, 'set_pte')),
              unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(page.folio(at))),
            ]),
          ],
        ),
      ]),
      unlockHuge('unlock_huge'),
      call('unmap', pte_unmap_unlock, [t]),
      ret(mapped),
    ],
  })
