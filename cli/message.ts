/** What is said on standard error: the message, then how to go on, in lines that a terminal shows whole. */
import { wrap } from '../counterexamples/text.ts'

const COLUMNS = 75

/** Words are never broken, so that a path or a name can be copied. */
const fold = (line: string, hanging: number): readonly string[] =>
  line.length <= COLUMNS ? [line] : wrap(line, { width: COLUMNS, limit: Infinity, hanging })

/** A name from elsewhere as it may stand in a message: nothing in it can move the cursor. */
export const printable = (name: string): string => name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/**
 * `mmcheck: <error>` with a line end. Later lines of the error (its help, a caret below a source line)
 * stay as they are where they fit.
 */
export function errorText(error: string): string {
  const [first = '', ...rest] = error.split('\n')
  return `${[...fold(`mmcheck: ${first}`, 4), ...rest.flatMap((l) => fold(l, 8))].join('\n')}\n`
}

/** An error and its way out, as one text for `errorText`. */
export const withHelp = (error: string, help: string): string => `${error}\n  help: ${help}`

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is no directory',
  EEXIST: 'a file is in the way',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
}

/** Why the file system refused, in words where they are known. */
export function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return REASONS[code] ?? code
}
