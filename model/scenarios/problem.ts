/** Mistakes in what a litmus file says, found after it has parsed. Codes MM1xx; texts stand beside their use. */
import type { Diagnostic, DiagnosticCode } from '../litmus/diagnostic.ts'
import type { Span } from '../litmus/source.ts'
import { closest } from '../litmus/suggest.ts'

export class Problem extends Error {
  readonly diagnostic: Diagnostic
  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message)
    this.diagnostic = diagnostic
  }
}

/** Gives up elaborating with a diagnostic; `elaborate()` turns it into a value. */
export function refuse(code: DiagnosticCode, message: string, span: Span, help?: string): never {
  throw new Problem({ code, message, span, ...(help === undefined ? {} : { help }) })
}

/** "did you mean 'x'?", or the list of what there is. */
export function hint(name: string, candidates: readonly string[]): string {
  const near = closest(name, candidates)
  if (near !== undefined) return `did you mean '${near}'?`
  return candidates.length === 0 ? 'there are none here' : `known: ${candidates.join(', ')}`
}

/** What `mmcheck explain MM1xx` says. */
export const ELABORATION_ERRORS: Readonly<Record<string, string>> = {
  MM101: 'A kernel that mmcheck does not know. `mmcheck list --kernels` prints the ones it does.',
  MM102: 'A mapping, file or mm that the initial state does not declare.',
  MM103: 'A page outside its mapping or file. Pages count from 0.',
  MM104: 'An operation that mmcheck does not know. `mmcheck list --operations` prints them with their arguments.',
  MM105: 'An operation was given the wrong kind or number of arguments.',
  MM106: 'Something that the model does not cover yet. It is refused rather than approximated.',
  MM107: 'A setting that mmcheck does not know, or a value that it cannot take.',
  MM108: 'The final condition names a thread, a register or a value that does not exist.',
  MM109: 'A label after `without` that no step or check of this scenario has.',
  MM110: 'The world is larger than the state encoding allows.',
}
