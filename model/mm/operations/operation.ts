/** What an operation of a litmus file is, and what it is applied to. */
import type { Expr, FieldExpr } from '../../language/expr.ts'
import type { Stmt } from '../../language/stmt.ts'
import type { Build } from '../build.ts'

/** The forms of arguments; `operand()` of model/scenarios reads them. */
export type OperandKind =
  /** A mapping, or pages of it. */
  | 'pages'
  /** One page of a mapping. */
  | 'page'
  /** A mapping that one PMD covers. */
  | 'mapping'
  /** One page of a mapping, and a number that is stored there. */
  | 'page_value'
  /** One page of a mapping, and one of the operation's words. */
  | 'page_word'
  /** Several ranges of pages, each an argument. */
  | 'ranges'
  /** Pages of a mapping, and one of the operation's words. */
  | 'pages_word'
  /** Pages of one mapping, and pages of another (or the same). */
  | 'pages_pages'
  /** A PMD-sized chunk of a file. */
  | 'file'
  /** Pages of a file. */
  | 'file_pages'
  /** A file and a number of pages. */
  | 'file_size'
  /** An mm that a fork makes. */
  | 'mm'
  /** Any mm, with no other thread in it. */
  | 'own_mm'

/** Pages of one mapping, in ascending order. */
export interface Pages {
  readonly pages: readonly Expr[]
  readonly first: Expr
  readonly last: Expr
  readonly mapping: Expr
  readonly mm: Expr
  /** No file is behind them. */
  readonly anonymous: boolean
  /** The pmd of the first page. */
  readonly pmd: Expr
}

/** Pages of a file: their numbers, both included; expressions where a proof leaves them open. */
export interface FilePages {
  readonly file: Expr
  readonly first: number | Expr
  readonly last: number | Expr
}

export type Argument =
  | { readonly kind: 'pages'; readonly at: Pages; readonly to?: Pages; readonly word?: string; readonly value?: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly Pages[] }
  | { readonly kind: 'chunk'; readonly chunk: Expr }
  | { readonly kind: 'file'; readonly at: FilePages }
  /** The pages of the mappings that a fork copies, each with its copy. */
  | { readonly kind: 'mm'; readonly mm: Expr; readonly parent: Expr }

/** What an operation is applied to, and what the scenario wants of it. */
export interface Operand {
  readonly argument: Argument
  /** Where the result goes, if the scenario wants it. */
  readonly register?: FieldExpr
  /** What the kernel documents as results. */
  readonly results: readonly string[]
  /** Some thread of the scenario removes guards, so promises can be taken back. */
  readonly guardsAreRemoved: boolean
  /** No other thread of the scenario loads, stores or pins. */
  readonly untouched: boolean
}

export interface Operation {
  readonly name: string
  readonly operand: OperandKind
  /** What `pages_word` may be followed by. */
  readonly words?: readonly string[]
  /** The only kind of file that it is for. */
  readonly files?: 'plain' | 'shmem'
  /** For `--help` and errors. */
  readonly summary: string
  /** What the kernel documents as results, in the order of Result. */
  readonly results: (k: Build) => readonly string[]
  /** How many page tables it may unlink, at most: tables that come back only after a grace period. */
  readonly unlinks?: number
  /** How many pages it takes at most; without, any number. */
  readonly pagesMax?: number
  /** It is about files: anonymous memory refuses it. */
  readonly fileOnly?: true
  /** Its pages lie behind others of their mapping. */
  readonly behind?: true
  /** It is about anonymous memory alone. */
  readonly anonymousOnly?: true
  /** It never makes a page table. */
  readonly makesNoTable?: true
  /** How many VMAs it may need at most beyond those that are there, in the mapping that it names (last). */
  readonly vmas?: number
  /** Its two ranges are as long, of one mm, one file and one offset, and the second is declared after the first. */
  readonly samePlaces?: true
  /** It goes on until something else stops it. Where a thread does so, it is asked whether the others end. */
  readonly endless?: true
  /** It is for scenarios that were made for it: the sweep leaves it out. */
  readonly apart?: true
  /** It makes another process's VMA of one that was freed. */
  readonly reusesVma?: true
  /** For worlds with page frames alone; or for both kinds. Others are for worlds without. */
  readonly frames?: 'only' | 'too'
  /** It can take a guard away by right: promises about the pages it names are withdrawn. */
  readonly takesGuards?: true
  /** `label` tells two operations of one thread apart. */
  readonly build: (k: Build, on: Operand, label: string) => readonly Stmt[]
}

/** The pages of an operand; throws where the operation does not take pages, which is a bug of its declaration. */
export function pagesOf(on: Operand): Pages {
  if (on.argument.kind !== 'pages') throw new Error(`pages were expected, not ${on.argument.kind}`)
  return on.argument.at
}
