/**
 * A litmus file as written. Names stand as text: which of them mean anything is for a later stage,
 * so every node carries the span to which that stage can point. A number is covered by the span of
 * the smallest node around it.
 */
import type { Span } from './source.ts'

export interface Name {
  readonly text: string
  readonly span: Span
}

export interface LitmusFile {
  readonly name: Name
  /**
   * The texts of all comments in order, without their delimiters and outer blanks. Where they stood
   * is not kept. A text has no CR before an LF, and is either one line or has balanced `(*` and `*)`.
   */
  readonly comments: readonly string[]
  /** At least one. */
  readonly kernels: readonly KernelLine[]
  readonly decls: readonly Decl[]
  /** At least one; the thread at index i is P<i>. */
  readonly threads: readonly ThreadDecl[]
  readonly final?: Final
  readonly span: Span
}

/** `kernel NAMES [without LABELS]`: the test is run on each of the names, with these steps left out. */
export interface KernelLine {
  readonly names: readonly Name[]
  readonly without: readonly Name[]
  readonly span: Span
}

/** Pages first..last, both included; first <= last. `f[0]` and `f[0..0]` are the same. */
export interface PageRange {
  readonly first: number
  readonly last: number
  readonly span: Span
}

export type Decl = BackingDecl | MapDecl | ChildDecl | MmDecl | FillDecl | VmaDecl | CacheDecl | SettingDecl

/** `shmem NAME[PAGES] [size N];` or `file NAME[PAGES] [size N];` (or `hugetlb`): the file begins N pages long, PAGES unless given. */
export interface BackingDecl {
  readonly kind: 'backing'
  readonly type: 'shmem' | 'file' | 'hugetlb'
  readonly name: Name
  readonly pages: number
  readonly size?: number
  readonly span: Span
}

export type MapSource =
  { readonly kind: 'anon'; readonly span: Span } | { readonly kind: 'backing'; readonly name: Name }
export type Sharing = 'shared' | 'private'
export type MapAccess = 'rw' | 'r' | 'w' | 'none'

/**
 * `map NAME = SOURCE[RANGE] SHARING ACCESS [nosigbus] [validate] [in MM] [unmapped];`: with `unmapped`, a place that
 * nothing is mapped at yet; `nosigbus` is MAP_NOSIGBUS, and `validate` makes a shared mapping MAP_SHARED_VALIDATE.
 */
export interface MapDecl {
  readonly kind: 'map'
  readonly name: Name
  readonly source: MapSource
  readonly range: PageRange
  readonly sharing: Sharing
  readonly access: MapAccess
  readonly nosigbus?: true
  readonly validate?: true
  readonly mm?: Name
  readonly unmapped?: true
  readonly span: Span
}

/** `child NAME of MAPPING in MM;`: what a fork into MM makes of a mapping. */
export interface ChildDecl {
  readonly kind: 'child'
  readonly name: Name
  readonly of: Name
  readonly mm: Name
  readonly span: Span
}

/** `mm NAME;` */
export interface MmDecl {
  readonly kind: 'mm'
  readonly name: Name
  readonly span: Span
}

/** As if read, written, guarded by an install that has returned, or (a whole PMD) touched as a huge page. */
export const ACCESSES = ['read', 'write', 'guard', 'pmd', 'huge_zero'] as const
/**
 * What an entry holds, by its own name where no single access leaves it: `table` is a page table without an
 * entry there, `marker` a guard that no install has promised, `poison` the marker of a page that is lost.
 */
export const ENTRIES = ['file', 'file_ro', 'file_none', 'anon', 'anon_ro', 'anon_none', 'zero', 'zero_none'] as const
export const OTHER_ENTRIES = ['swap', 'poison', 'marker', 'table'] as const
export type FillEntry = (typeof ENTRIES)[number] | (typeof OTHER_ENTRIES)[number]
export type FillAccess = (typeof ACCESSES)[number] | FillEntry

/** `fill NAME[RANGE] [read|write|guard|pmd|ENTRY];` */
export interface FillDecl {
  readonly kind: 'fill'
  readonly name: Name
  readonly range: PageRange
  readonly access?: FillAccess
  readonly span: Span
}

/** `vma NAME WORD...;`: flags that the VMA of a mapping has beside those of mmap(), and `anon_vma`. */
export interface VmaDecl {
  readonly kind: 'vma'
  readonly name: Name
  /** At least one. */
  readonly words: readonly Name[]
  readonly span: Span
}

/** `cache FILE[RANGE];`: pages that the page cache has, mapped or not. */
export interface CacheDecl {
  readonly kind: 'cache'
  readonly name: Name
  readonly range: PageRange
  readonly span: Span
}

/** `IDENT;` or `IDENT NUMBER;` */
export interface SettingDecl {
  readonly kind: 'setting'
  readonly name: Name
  readonly value?: number
  readonly span: Span
}

/** `P<index>` */
export interface ThreadRef {
  readonly index: number
  readonly span: Span
}

export interface ThreadDecl {
  readonly thread: ThreadRef
  readonly mm?: Name
  readonly stmts: readonly Stmt[]
  readonly span: Span
}

/** `[REGISTER =] OP(ARGS);` */
export interface Stmt {
  readonly register?: Name
  readonly op: Name
  readonly args: readonly Arg[]
  readonly span: Span
}

export type Arg =
  | { readonly kind: 'name'; readonly name: Name }
  | { readonly kind: 'pages'; readonly name: Name; readonly range: PageRange; readonly span: Span }
  | { readonly kind: 'number'; readonly value: number; readonly span: Span }

export type Quantifier = 'exists' | '~exists' | 'forall'

export interface Final {
  readonly quantifier: Quantifier
  readonly cond: Cond
  readonly span: Span
}

export type Comparison = '=' | '!='

/** `and` and `or` have at least two arguments; parentheses are kept as nesting. */
export type Cond =
  | { readonly kind: 'or'; readonly args: readonly Cond[]; readonly span: Span }
  | { readonly kind: 'and'; readonly args: readonly Cond[]; readonly span: Span }
  | { readonly kind: 'not'; readonly arg: Cond; readonly span: Span }
  | RegisterAtom
  | PageAtom

/** `P0:r0 = VALUE` */
export interface RegisterAtom {
  readonly kind: 'register'
  readonly thread: ThreadRef
  readonly register: Name
  readonly comparison: Comparison
  readonly value: Value
  readonly span: Span
}

/** `NAME[PAGE] = VALUE` */
export interface PageAtom {
  readonly kind: 'page'
  readonly name: Name
  readonly page: number
  readonly comparison: Comparison
  readonly value: Value
  readonly span: Span
}

/** A symbol keeps a leading minus: `-EAGAIN`. */
export type Value =
  | { readonly kind: 'number'; readonly value: number; readonly span: Span }
  | { readonly kind: 'symbol'; readonly text: string; readonly span: Span }
