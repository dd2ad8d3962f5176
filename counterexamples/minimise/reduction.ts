import type { LitmusFile } from '../../model/litmus/ast.ts'

/** A scenario with one thing less. */
export interface Reduction {
  readonly file: LitmusFile
  /** What is gone, in the names of the file that it was taken from. */
  readonly what: string
}
