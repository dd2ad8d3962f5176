/** The core list: what is claimed of the kernel, and which model each claim is about. */
import { and, bound, eq, hasAny, implies, ne, object, old, type Expr, type Field } from '../../model/language/expr.ts'
import type { Kernel } from '../../model/kernels/kernel.ts'
import type { LockClass } from '../../model/language/lock.ts'
import { AnonVma, page, pmd, table, vma } from '../../model/mm/mm_types.ts'
import type { Core } from './core.ts'
import { copiedAtUnlock, forkGuesses, type LeftOut } from './fork_claims.ts'
import { promisedInChild, promiseGuesses, PROMISES } from './fork_promises.ts'
import { exclusions } from './held.ts'
import { readsOf, type Lemma } from './lemma.ts'
import { atLive } from './own.ts'
import { mapExpr } from './rename.ts'
import type { CoreName, ProvedProperty } from './names.ts'
import type { System } from './system.ts'
import { keyOf } from './vocabulary.ts'
import { vmaGuesses } from './vma_claims.ts'

/** One thing claimed: it is proved where all its lemmas are. */
export interface Claim {
  readonly name: string
  readonly lemmas: readonly Lemma[]
  /** Labels that it is about, where its lemmas do not name them. */
  readonly about?: ReadonlySet<number>
}

/** Claims of one model, and guesses that may help to show them. */
export interface Claims {
  readonly claims: readonly Claim[]
  readonly support: readonly Lemma[]
}

/** A group of claims about one model. */
export interface Item {
  readonly property: ProvedProperty
  /** One sentence. */
  readonly statement: string
  readonly core: Omit<Core, 'without' | 'name'> & { readonly name: CoreName }
  readonly claimsOf: (system: System, kernel: Kernel) => Claims
  /** Guesses about what never changes are left out: they are many, and not needed. */
  readonly lean?: true
  /** The name of a model of the same property that is searched first: what is lost there is not guessed here. */
  readonly extends?: CoreName
}

const p = bound('p', 'page')
const t = bound('t', 'table')
const PAGE = { name: 'p', set: 'page' }
const TABLE = { name: 't', set: 'table' }
const MAYBE_GUARD = 'VM_MAYBE_GUARD'

/** What a walk of the page tables finds at a page. */
const guarded = (of: Expr): Expr =>
  and(
    eq(pmd.kind(page.pmd(of)), 'table'),
    ne(pmd.table(page.pmd(of)), 'nil'),
    eq(table.pte(pmd.table(page.pmd(of)), page.slot(of)), 'guard'),
  )

/** Steps below some routine leave every marker where a walk of the page tables finds it. */
function keepsGuards(name: string, system: System, below: (frames: readonly string[]) => boolean): Claim {
  const labels = new Set(system.labels.flatMap((l, i) => (below(l.frames) ? [i] : [])))
  const body = implies(old(guarded(p)), guarded(p))
  const lemma: Lemma = { name: keyOf(body), vars: [PAGE], labels, body, ofSteps: true }
  return { name, lemmas: labels.size === 0 ? [] : [lemma] }
}

const FILE_CALLS: readonly string[] = ['guard_install', 'ftruncate', 'punch_hole', 'madvise_remove']
const UNMAP = 'unmap_mapping_pages'
const FOLIO = 'unmap_mapping_folio'

/** Before v6.15 files have no guards: an install is refused before it comes to a walk, so that no table holds a marker. */
const hasGuards = (world: Core['world'], kernel: Kernel): boolean => world === 'anon' || kernel.has('guard-file-backed')

/**
 * A claim about guards where there are some. Elsewhere it would be true of nothing, and is not made: so says the table,
 * and no solver is asked.
 */
const ofGuards = (item: Item): Item => ({
  ...item,
  claimsOf: (system, kernel) =>
    hasGuards(item.core.world, kernel)
      ? item.claimsOf(system, kernel)
      : { claims: item.claimsOf(system, kernel).claims.map((c) => ({ name: c.name, lemmas: [] })), support: [] },
})

const ZAP: Pick<Item, 'lean' | 'property' | 'statement'> = {
  lean: true,
  property: 'ZapKeepsGuards',
  statement: 'a zap with the details of truncation or of a hole punch takes no guard marker away.',
}

const zap = (world: 'shmem' | 'plain'): Item => ({
  ...ZAP,
  core: { name: `files on ${world}`, world, operations: FILE_CALLS },
  claimsOf: (system) => ({
    claims: [
      keepsGuards(
        'truncation (even_cows)',
        system,
        (f) => f.includes('ftruncate') && f.includes(UNMAP) && !f.includes(FOLIO),
      ),
      keepsGuards('hole punch', system, (f) => !f.includes('ftruncate') && f.includes(UNMAP) && !f.includes(FOLIO)),
    ],
    support: [],
  }),
})

/** A folio is unmapped alone where it is mapped again, by a fault: without one no run comes there. */
const zapOfFolio = (world: 'shmem' | 'plain'): Item => ({
  ...ZAP,
  core: { name: `${world} and faults`, world, operations: [...FILE_CALLS, 'read'] },
  claimsOf: (system) => ({
    claims: [keepsGuards('unmap_mapping_folio()', system, (f) => f.includes(FOLIO))],
    support: [],
  }),
})

/** Locks of page tables, files and folios; and those of mms and VMAs, for which some call has to write. */
const TABLE_CALLS: readonly string[] = ['guard_install', 'guard_remove', 'dontneed', 'collapse']
const VMA_CALLS: readonly string[] = ['guard_install', 'madvise_dontfork']
const FORK_CALLS: readonly string[] = ['guard_install', 'guard_remove']
/**
 * Both, since MADV_DONTFORK alone stores nothing that a later fork goes by: it leaves the VMA out from then on. Not
 * mlock(), which populates what it locks: with its faults the model has half as many labels again.
 */
const FLAG_CALLS: readonly string[] = [...FORK_CALLS, 'madvise_dontfork', 'madvise_dofork']
const setsDontCopy = (operations: readonly string[]): boolean => operations.includes('madvise_dontfork')
/** Faults take the per-VMA lock in all kernels; a guard install does since v6.19 alone. */
const FAULT_CALLS: readonly string[] = ['read', 'madvise_dontfork']
const VMA_LOCKS: readonly string[] = ['mm.mmap_lock', 'vma.lock']
/** Taken where an anon_vma is made. */
const ANON_VMA_LOCKS: readonly string[] = ['mm.page_table_lock']
const ANON_CALLS: readonly string[] = ['guard_install', 'write']
/** Taken by the dozen, and kept on a list. */
const FOLIO_LOCKS: readonly string[] = ['folio.lock']
const FOLIO_CALLS: readonly string[] = ['collapse', 'ftruncate', 'punch_hole']

const locks = (
  name: CoreName,
  operations: readonly string[],
  wanted: (lock: string) => boolean,
  { world = 'shmem', ...how }: Pick<Item, 'lean'> & { readonly world?: Core['world'] } = {},
): Item => ({
  ...how,
  property: 'LockExclusion',
  statement:
    'who stands between taking a lock and letting go of it is its owner, or among its readers; no lock has a writer and another holder.',
  core: { name, world, operations },
  claimsOf: (system) => {
    const { classes, support, counters } = exclusions(system)
    const some = classes.filter((c) => wanted(c.lock.name))
    return {
      claims: some.map((c) => ({ name: c.lock.name, lemmas: c.lemmas })),
      support: [
        ...(how.lean === true ? [] : classes.filter((c) => !some.includes(c)).flatMap((c) => c.lemmas)),
        ...(how.lean === true ? support.filter((l) => aboutLocks(l) || counters.includes(l)) : support),
      ],
    }
  },
})

/** Speaks of a lock, or of a list. */
function aboutLocks(l: Lemma): boolean {
  let found = false
  mapExpr(l.body, (x) => {
    if (x.kind === 'field' && (x.field.role === 'lock' || x.field.type.kind === 'subset')) found = true
    return undefined
  })
  return found
}

const theVma = object('vma', 0)
const flagged: Expr = hasAny(vma.vm_flags(theVma), MAYBE_GUARD)
const prepared: Expr = ne(vma.anon_vma(theVma), 'NULL')
const ifGuarded = (body: Expr): Lemma => {
  const whole = implies(eq(table.pte(t, page.slot(p)), 'guard'), body)
  return { name: keyOf(whole), vars: [TABLE, PAGE], body: whole }
}

/** Where threads stand who have seen to it that the VMA tells of guards: of all labels those are kept that can be. */
const toldAt = (system: System, told: Expr): Lemma => ({
  name: keyOf(told),
  vars: [],
  labels: new Set(system.labels.keys()),
  body: told,
})

/** What tells of guards in a kernel: a flag, or before there was one, the anon_vma. */
const byFlagIn = (kernel: Kernel): boolean => kernel.has('maybe-guard-plain') || kernel.has('maybe-guard-atomic')

/** Locks, and what threads have read of the flags that tell of guards. */
function guesses(system: System, kernel: Kernel, ...relevant: readonly Field[]): readonly Lemma[] {
  const { classes, support } = exclusions(system, new Set(relevant.map((f) => f.name)))
  return [
    ...(byFlagIn(kernel) ? [] : [toldAt(system, prepared)]),
    ...classes.flatMap((c) => c.lemmas),
    ...support,
    ...copiesOfFlags(system),
    ifGuarded(flagged),
    ifGuarded(prepared),
  ]
}

/** A copy of the flags that a thread is about to store has the flag where the VMA has it. */
const copiesOfFlags = (system: System): readonly Lemma[] =>
  atLive(system, (f) => f.type.kind === 'flags').map(([of, labels]) => {
    const body = implies(flagged, hasAny(of, MAYBE_GUARD))
    return { name: keyOf(body), vars: [], labels, body }
  })

/** The table that a thread has in hand holds no marker; or none where it has just read that no anon_vma tells of any. */
function emptyTables(system: System, kernel: Kernel, below: (frames: readonly string[]) => boolean): readonly Lemma[] {
  const copies = byFlagIn(kernel) ? [] : atLive(system, (f) => f.type.kind === 'enum' && f.type.name === AnonVma.name)
  return atLive(system, (f) => f.type.kind === 'ref' && f.type.set === 'table').flatMap(([of, live]) => {
    const labels = new Set([...live].filter((l) => below(system.labels[l]?.frames ?? [])))
    const empty = (labels: ReadonlySet<number>, ...given: readonly Expr[]): readonly Lemma[] => {
      const body = implies(and(ne(of, 0), ...given), ne(table.pte(of, page.slot(p)), 'guard'))
      return labels.size === 0 ? [] : [{ name: keyOf(body), vars: [PAGE], labels, body }]
    }
    return [
      ...empty(labels),
      ...copies.flatMap(([copy, read]) => empty(new Set([...labels].filter((l) => read.has(l))), eq(copy, 'NULL'))),
    ]
  })
}

const flagSound = (name: CoreName, operations: readonly string[], world: Core['world'] = 'shmem'): Item => ({
  property: 'FlagSound',
  statement:
    'wherever a table holds a guard marker, the VMA has VM_MAYBE_GUARD; before there was that flag, an anon_vma.',
  core: { name, world, operations },
  claimsOf: (system, kernel) => {
    const byFlag = byFlagIn(kernel)
    const labels = system.labels.flatMap((l, i) => (l.frames.includes('madvise_guard_install') ? [i] : []))
    const goal = ifGuarded(byFlag ? flagged : prepared)
    return {
      claims: [{ name: byFlag ? 'VM_MAYBE_GUARD' : 'anon_vma', lemmas: [goal], about: new Set(labels) }],
      support: guesses(system, kernel, vma.vm_flags.decl, vma.anon_vma.decl).filter((l) => l.name !== goal.name),
    }
  },
})

const RETRACT = 'retract_page_tables'
const retraction: Item = {
  property: 'RetractionKeepsGuards',
  statement: 'no step of a retraction takes a page table away that holds a guard marker.',
  core: { name: 'collapse', world: 'shmem', operations: ['guard_install', 'collapse'] },
  claimsOf: (system, kernel) => {
    const below = (f: readonly string[]): boolean => f.includes(RETRACT)
    return {
      claims: [keepsGuards(`${RETRACT}()`, system, below)],
      support: [
        ...guesses(system, kernel, vma.vm_flags.decl, vma.anon_vma.decl, pmd.table.decl, pmd.kind.decl),
        ...emptyTables(system, kernel, below),
      ],
    }
  },
}

/** The same where VMAs are split and merged beside it: before VM_MAYBE_GUARD, when a merge handed the anon_vma on in time. */
const retractionAndMerges: Item = {
  property: 'RetractionKeepsGuards',
  statement: retraction.statement,
  core: { name: 'VMAs merged', world: 'shmem', operations: ['guard_install', 'madvise_dontfork', 'collapse'], vmas: 3 },
  claimsOf: (system, kernel) => {
    const below = (f: readonly string[]): boolean => f.includes(RETRACT)
    const claims = [keepsGuards(`${RETRACT}()`, system, below)]
    const about = [vma.anon_vma, vma.start, vma.end, vma.linked, page.vma, pmd.table, pmd.kind].map((f) => f.decl.name)
    const locks = exclusions(system, new Set(about))
    return {
      claims,
      support: [
        ...vmaGuesses(system, locks),
        ...locks.classes.flatMap((c) => c.lemmas),
        ...locks.support,
        ...emptyTables(system, kernel, below),
      ],
    }
  },
}

const MADV_COLLAPSE = 'try_collapse_pte_mapped_thp'
const madviseCollapse: Item = {
  lean: true,
  property: 'RetractionKeepsGuards',
  statement: retraction.statement,
  core: { name: 'MADV_COLLAPSE', world: 'shmem', operations: ['guard_install', 'madvise_collapse'] },
  claimsOf: (system) => ({
    claims: [keepsGuards(`${MADV_COLLAPSE}()`, system, (f) => f.includes(MADV_COLLAPSE))],
    support: [],
  }),
}

/** Of the lock classes, those that keep fork and the calls apart. */
const forkItem = (
  name: CoreName,
  world: Core['world'],
  operations: readonly string[],
  how: Pick<Item, 'extends'> = {},
): Item => ({
  ...how,
  property: 'ForkKept',
  statement: `when fork lets go of its parent, the child has a guard marker wherever the parent has one${setsDontCopy(operations) ? ', but in memory that MADV_DONTFORK keeps from it' : ''}.`,
  core: { name, world, operations, forks: { books: [] } },
  claimsOf: (system, kernel) => {
    const unless: readonly LeftOut[] = setsDontCopy(operations) ? ['VM_DONTCOPY'] : []
    const goals = copiedAtUnlock(system, unless)
    const names = new Set(goals.map((l) => l.name))
    const about = [vma.vm_flags, vma.anon_vma, vma.start, vma.end, pmd.table, pmd.kind, page.vma].map((f) => f.decl)
    const { classes, support } = exclusions(system, new Set(about.map((f) => f.name)))
    const apart = new Set(classes.flatMap((c) => (VMA_LOCKS.includes(c.lock.name) ? [] : lockNames(c.lock))))
    return {
      claims: [{ name: "the child has its parent's guards", lemmas: goals }],
      support: [
        ...classes.filter((c) => VMA_LOCKS.includes(c.lock.name)).flatMap((c) => c.lemmas),
        ...support.filter((l) => ![...readsOf(l)].some((n) => apart.has(n))),
        ...(byFlagIn(kernel) && world !== 'anon' ? [] : [toldAt(system, prepared)]),
        ...copiesOfFlags(system),
        ifGuarded(flagged),
        ifGuarded(prepared),
        ...forkGuesses(system, unless).map((l) => (names.has(l.name) ? { ...l, name: `${l.name} elsewhere` } : l)),
      ],
    }
  },
})

/** The same of promises: what a call has promised when fork begins, and no removal has begun to take back since. */
const promisedItem = (name: CoreName, of: CoreName, world: Core['world'], operations: readonly string[]): Item => ({
  property: 'ForkKept',
  extends: of,
  statement: 'a child begins with a guard wherever its parent had been promised one before fork began.',
  core: { name, world, operations, forks: { books: PROMISES } },
  claimsOf: (system, kernel) => {
    const goals = promisedInChild(system)
    const names = new Set(goals.map((l) => l.name))
    const { claims, support } = forkItem(name, world, operations).claimsOf(system, kernel)
    return {
      claims: [{ name: 'what was promised is in the child', lemmas: goals }],
      support: [...claims.flatMap((c) => c.lemmas), ...support, ...promiseGuesses(system)].map((l) =>
        names.has(l.name) ? { ...l, name: `${l.name} elsewhere` } : l,
      ),
    }
  },
})

const lockNames = ({ owner, readers }: LockClass): readonly string[] => [
  owner.decl.name,
  ...(readers === undefined ? [] : [readers.decl.name]),
]

const GUARDS: readonly Item[] = [
  zap('shmem'),
  zap('plain'),
  zapOfFolio('shmem'),
  zapOfFolio('plain'),
  flagSound('flags stored', VMA_CALLS),
  flagSound('no flags stored', ['guard_install', 'collapse']),
  flagSound('anonymous memory', ANON_CALLS, 'anon'),
  retraction,
  retractionAndMerges,
  madviseCollapse,
  forkItem('fork of shmem', 'shmem', FORK_CALLS),
  forkItem('fork', 'shmem', FLAG_CALLS, { extends: 'fork of shmem' }),
  forkItem('fork of anonymous memory', 'anon', FLAG_CALLS),
  promisedItem('fork and promises', 'fork of shmem', 'shmem', FORK_CALLS),
]
const LOCKS: readonly Item[] = [
  locks('tables', TABLE_CALLS, (l) => ![...VMA_LOCKS, ...ANON_VMA_LOCKS, ...FOLIO_LOCKS].includes(l), { lean: true }),
  locks('folios', FOLIO_CALLS, (l) => FOLIO_LOCKS.includes(l), { lean: true }),
  locks('VMAs', VMA_CALLS, (l) => VMA_LOCKS.includes(l)),
  locks('VMAs and faults', FAULT_CALLS, (l) => VMA_LOCKS.includes(l), { world: 'anon' }),
  locks('anonymous memory', ANON_CALLS, (l) => ANON_VMA_LOCKS.includes(l), { lean: true, world: 'anon' }),
]

export const ITEMS: readonly Item[] = [...GUARDS.map(ofGuards), ...LOCKS]
