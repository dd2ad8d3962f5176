/** A kernel line that no text stands behind, as from an option of the command line. */
import type { KernelLine, Name } from './ast.ts'

const span = { start: 0, end: 0 }
const name = (text: string): Name => ({ text, span })

export const kernelLine = (names: readonly string[], without: readonly string[] = []): KernelLine => ({
  names: names.map(name),
  without: without.map(name),
  span,
})
