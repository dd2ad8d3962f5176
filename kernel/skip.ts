/** Something that a real kernel is needed for, and what stands in the way: never an error, always said. */

export interface Skip {
  readonly kind: 'skip'
  readonly missing: 'platform' | 'compiler' | 'feature' | 'privilege'
  /** One clause that names what is missing. */
  readonly message: string
}

export const skip = (missing: Skip['missing'], message: string): Skip => ({ kind: 'skip', missing, message })
