/**
 * What is true of memory between system calls, when nobody holds a lock and no operation is under way:
 * the states that an operation may find when it begins. Bounded checking from any start assumes these
 * conditions and nothing else of the state; the tests ask the explicit engine whether they hold wherever
 * the catalogue comes to rest.
 *
 * Sources: read off the model, which cites the kernel for each of them; mm/debug_vm_pgtable.c and the
 * VM_BUG_ONs of the functions that are modelled say the same of a kernel.
 */
import {
  and,
  bound,
  eq,
  exists,
  forall,
  hasAny,
  implies,
  isOneOf,
  le,
  lt,
  ne,
  not,
  or,
  truth,
  type Expr,
  type Field,
} from '../language/expr.ts'
import type { Patch } from '../kernels/patches.ts'
import { ANON_PTES, chunk, file, FILE_PTES, folio, HUGE_ANON, mapping, mm, MM_FIELDS, page, pmd } from './mm_types.ts'
import { PRESENT_PTES, SWAP_PTES, table, UFFD_WP_PTES, vma, ZERO_PTES } from './mm_types.ts'

export interface Condition {
  /** A noun phrase for messages. */
  readonly name: string
  readonly expr: Expr
}

/** What a condition may ask of the kernel. */
export type Has = (patch: Patch) => boolean

/** The entry of a page, in the table under its pmd; false where there is no table. */
const entry = (p: Expr, ...values: readonly string[]): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), ...values))

const everyPage = (body: (p: Expr) => Expr): Expr => forall('page', 'p', body)
const mapped = (p: Expr): Expr => ne(page.vma(p), 'nil')
const flagged = (p: Expr, bits: string): Expr => hasAny(vma.vm_flags(page.vma(p)), bits)
const hugeAnon = (p: Expr): Expr => isOneOf(pmd.kind(page.pmd(p)), ...HUGE_ANON)
const ofFile = (p: Expr): Expr => ne(page.folio(p), 'nil')
const inHuge = (p: Expr): Expr => ne(page.huge(p), 'nil')

/** All objects of the sets of a field, as its indices. */
function everywhere(f: Field, body: (target: Expr) => Expr): Expr {
  const names = f.sets.map((set, i) => ({ set, name: `${set}${i}` }))
  const target: Expr = { kind: 'field', type: f.type, field: f, index: names.map(({ set, name }) => bound(name, set)) }
  return names.reduceRight((inner, { set, name }) => forall(set, name, () => inner), body(target))
}

const IDLE_GHOSTS: readonly string[] = [
  'table.grace',
  'rcu.readers',
  'page.installers',
  'page.tlb_stale',
  'page.uffd_waiters',
  'pmd.collapsing',
]

/** Locks are free, nobody is in a read section or waits, and no operation has begun. */
const idle = (): readonly Condition[] =>
  MM_FIELDS.map((f) => f.decl)
    .filter((f) => f.role === 'lock' || IDLE_GHOSTS.includes(f.name))
    .map((f) => ({ name: `${f.name} is free`, expr: everywhere(f, (target) => eq(target, 0)) }))

/** Of a process that has ended nothing is mapped, and its removal is left under way: see exit() in operations/fork.ts. */
const removals = (): readonly Condition[] => [
  {
    name: 'page.removers is free, but of a process that has ended',
    expr: everyPage((p) =>
      or(
        eq(page.removers(p), 0),
        forall('page', 'q', (q) => implies(eq(page.mm(q), page.mm(p)), not(mapped(q)))),
      ),
    ),
  },
]

const tables = (): readonly Condition[] => [
  {
    name: 'a pmd has a table just where it says so',
    expr: forall('pmd', 'd', (d) =>
      and(
        implies(eq(pmd.kind(d), 'table'), ne(pmd.table(d), 'nil')),
        implies(ne(pmd.kind(d), 'table'), eq(pmd.table(d), 'nil')),
      ),
    ),
  },
  // One that is not linked may still be waiting for RCU, or be deposited under a huge page.
  {
    name: 'a table is linked just where one pmd leads to it',
    expr: and(
      forall('table', 't', (t) =>
        implies(
          eq(table.state(t), 'linked'),
          exists('pmd', 'd', (d) => eq(pmd.table(d), t)),
        ),
      ),
      forall('pmd', 'd', (d) =>
        and(
          implies(ne(pmd.table(d), 'nil'), eq(table.state(pmd.table(d)), 'linked')),
          forall('pmd', 'e', (e) => or(eq(d, e), eq(pmd.table(d), 'nil'), ne(pmd.table(d), pmd.table(e)))),
        ),
      ),
    ),
  },
  {
    name: 'a free table is empty',
    expr: forall('table', 't', (t) =>
      implies(
        eq(table.state(t), 'free'),
        forall('slot', 's', (s) => eq(table.pte(t, s), 'none')),
      ),
    ),
  },
  {
    name: 'what maps no page is empty',
    expr: forall('pmd', 'd', (d) =>
      forall('slot', 's', (s) =>
        or(
          ne(pmd.kind(d), 'table'),
          eq(table.pte(pmd.table(d), s), 'none'),
          exists('page', 'p', (p) => and(eq(page.pmd(p), d), eq(page.slot(p), s))),
        ),
      ),
    ),
  },
]

const vmas = (): readonly Condition[] => [
  {
    name: 'the VMA tree and the VMAs agree',
    expr: and(
      everyPage((p) =>
        implies(
          mapped(p),
          and(
            vma.attached(page.vma(p)),
            le(vma.start(page.vma(p)), p),
            le(p, vma.end(page.vma(p))),
            eq(vma.mapping(page.vma(p)), page.mapping(p)),
            mm.live(page.mm(p)),
          ),
        ),
      ),
      forall('vma', 'v', (v) =>
        implies(
          vma.attached(v),
          and(
            ne(vma.start(v), 'nil'),
            everyPage((p) => implies(and(le(vma.start(v), p), le(p, vma.end(v))), eq(page.vma(p), v))),
          ),
        ),
      ),
    ),
  },
  {
    name: 'a VMA of a file is in its interval tree',
    expr: forall('vma', 'v', (v) =>
      implies(
        vma.attached(v),
        or(and(ne(vma.file(v), 'nil'), vma.linked(v)), and(eq(vma.file(v), 'nil'), not(vma.linked(v)))),
      ),
    ),
  },
  {
    name: 'VM_SHARED is set just in shared mappings',
    expr: forall('vma', 'v', (v) =>
      implies(
        vma.attached(v),
        or(
          and(mapping.shared(vma.mapping(v)), hasAny(vma.vm_flags(v), 'VM_SHARED')),
          and(not(mapping.shared(vma.mapping(v))), not(hasAny(vma.vm_flags(v), 'VM_SHARED'))),
        ),
      ),
    ),
  },
  {
    name: 'VM_WIPEONFORK is set in private anonymous memory alone',
    expr: forall('vma', 'v', (v) =>
      implies(and(vma.attached(v), hasAny(vma.vm_flags(v), 'VM_WIPEONFORK')), eq(vma.file(v), 'nil')),
    ),
  },
]

const entries = (has: Has): readonly Condition[] => [
  { name: 'no migration is under way', expr: everyPage((p) => not(entry(p, 'migration'))) },
  {
    name: 'nothing stands where nothing is mapped',
    expr: everyPage((p) => implies(not(mapped(p)), and(or(entry(p, 'none'), eq(pmd.kind(page.pmd(p)), 'none'))))),
  },
  {
    name: 'an entry of a file maps what the page cache has',
    expr: everyPage((p) =>
      implies(
        entry(p, ...FILE_PTES),
        and(ofFile(p), or(folio.cached(page.folio(p)), and(inHuge(p), folio.cached(page.huge(p))))),
      ),
    ),
  },
  {
    name: 'only private memory has copies',
    expr: everyPage((p) => implies(entry(p, ...ANON_PTES, ...SWAP_PTES), not(mapping.shared(page.mapping(p))))),
  },
  {
    name: 'anonymous pages have an anon_vma',
    expr: everyPage((p) =>
      implies(or(entry(p, ...ANON_PTES, ...SWAP_PTES), hugeAnon(p)), ne(vma.anon_vma(page.vma(p)), 'NULL')),
    ),
  },
  {
    name: 'the zero page is mapped in anonymous memory, or for VM_NOSIGBUS',
    expr: everyPage((p) => implies(entry(p, ...ZERO_PTES), or(not(ofFile(p)), flagged(p, 'VM_NOSIGBUS')))),
  },
  {
    name: 'what can be written is in a VMA that can',
    expr: everyPage((p) =>
      implies(
        or(entry(p, 'anon'), eq(pmd.kind(page.pmd(p)), 'huge_anon'), and(entry(p, 'file'), flagged(p, 'VM_SHARED'))),
        flagged(p, 'VM_WRITE'),
      ),
    ),
  },
  {
    name: 'private memory maps the page cache for reading as it is',
    expr: everyPage((p) => implies(entry(p, 'file_ro'), flagged(p, 'VM_SHARED'))),
  },
  {
    name: 'entries follow PROT_NONE',
    expr: everyPage((p) =>
      and(
        implies(entry(p, ...PRESENT_PTES.filter((e) => e.endsWith('_none'))), not(flagged(p, 'VM_READ'))),
        implies(entry(p, ...PRESENT_PTES.filter((e) => !e.endsWith('_none'))), flagged(p, 'VM_READ')),
      ),
    ),
  },
  {
    name: 'what userfaultfd protects is registered with it',
    // Before v6.13 mremap() takes it along to where nobody has registered (0cef0bb836e3).
    expr: has('mremap-clears-uffd-wp')
      ? everyPage((p) => implies(entry(p, ...UFFD_WP_PTES, 'swap_wp', 'uffd_wp'), flagged(p, 'VM_UFFD_WP')))
      : truth(true),
  },
  {
    name: 'no copy lies beyond the end of its file',
    expr: everyPage((p) =>
      implies(
        and(ofFile(p), not(flagged(p, 'VM_NOSIGBUS')), entry(p, ...ANON_PTES, ...SWAP_PTES)),
        lt(page.index(p), file.i_size(vma.file(page.vma(p)))),
      ),
    ),
  },
]

const huge = (): readonly Condition[] => [
  {
    name: 'a huge mapping of a file maps what the page cache has',
    expr: forall('pmd', 'd', (d) =>
      implies(
        eq(pmd.kind(d), 'huge'),
        and(
          ne(pmd.chunk(d), 'nil'),
          folio.cached(chunk.huge(pmd.chunk(d))),
          everyPage((p) => implies(eq(page.pmd(p), d), mapped(p))),
        ),
      ),
    ),
  },
  {
    name: 'a huge anonymous page lies in one VMA of anonymous memory',
    expr: forall('pmd', 'd', (d) =>
      implies(
        isOneOf(pmd.kind(d), ...HUGE_ANON),
        and(
          pmd.whole(d),
          everyPage((p) =>
            implies(
              eq(page.pmd(p), d),
              and(mapped(p), eq(page.vma(p), page.vma(pmd.first(d))), not(ofFile(p)), flagged(p, 'VM_READ')),
            ),
          ),
        ),
      ),
    ),
  },
]

const pageCache = (): readonly Condition[] => [
  // Beyond it the page cache may have more: filemap_fault() looks at i_size again, and leaves the folio there.
  {
    name: 'no page of a file is mapped beyond its end',
    expr: everyPage((p) =>
      implies(
        or(entry(p, ...FILE_PTES), eq(pmd.kind(page.pmd(p)), 'huge')),
        lt(page.index(p), file.i_size(vma.file(page.vma(p)))),
      ),
    ),
  },
  {
    name: 'a page of a file is cached once',
    expr: forall('chunk', 'c', (c) =>
      implies(
        folio.cached(chunk.huge(c)),
        forall('folio', 'f', (f) => implies(and(eq(folio.chunk(f), c), ne(f, chunk.huge(c))), not(folio.cached(f)))),
      ),
    ),
  },
  {
    name: 'no hole is being punched',
    expr: forall('file', 'f', (f) => eq(file.falloc_next(f), 0)),
  },
]

/** What the kernel keeps with a guard marker, so that others see from the VMA that there may be one. */
function guardsTold(has: Has): (p: Expr) => Expr {
  if (has('maybe-guard-plain') || has('maybe-guard-atomic')) return (p) => flagged(p, 'VM_MAYBE_GUARD')
  if (has('guard-any-anon-vma')) return (p) => ne(vma.anon_vma(page.vma(p)), 'NULL')
  return () => truth(true)
}

const guards = (has: Has): readonly Condition[] => [
  { name: 'a VMA tells of its guards', expr: everyPage((p) => implies(entry(p, 'guard'), guardsTold(has)(p))) },
  {
    name: 'a promised guard is there',
    expr: everyPage((p) => implies(and(page.promised(p), mm.live(page.mm(p))), and(mapped(p), entry(p, 'guard')))),
  },
  {
    name: 'a page that two processes share is writable in neither',
    expr: everyPage((p) =>
      forall('page', 'c', (c) => {
        const shared = (q: Expr): Expr => or(entry(q, ...ANON_PTES), hugeAnon(q))
        const writable = (q: Expr): Expr => or(entry(q, 'anon'), eq(pmd.kind(page.pmd(q)), 'huge_anon'))
        return implies(
          and(eq(page.child(p), c), page.cow_shared(c), shared(p), shared(c)),
          not(or(writable(p), writable(c))),
        )
      }),
    ),
  },
]

/** Every condition; all of them hold wherever the model comes to rest without having broken a property. */
export const wellFormed = (has: Has): readonly Condition[] => [
  ...idle(),
  ...removals(),
  ...tables(),
  ...vmas(),
  ...entries(has),
  ...huge(),
  ...pageCache(),
  ...guards(has),
]
