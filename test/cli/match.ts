/** Holding output against a pattern of lines. */

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

const lineMatches = (pattern: string, line: string): boolean =>
  new RegExp(`^${pattern.split('...').map(escape).join('.*')}$`, 'u').test(line)

/** Lines of a text that ends in a line end, as output does; one that does not is shown by its last line. */
export function linesOf(text: string): readonly string[] {
  if (text === '') return []
  return text.endsWith('\n') ? text.slice(0, -1).split('\n') : [...text.split('\n'), '(no line end)']
}

/**
 * Undefined where the lines are what the pattern says, else the first pattern line that could not be
 * matched, as its index; the number of pattern lines where there is more output than that.
 */
export function mismatch(pattern: readonly string[], lines: readonly string[]): number | undefined {
  let p = 0
  let i = 0
  let star: { p: number; i: number } | undefined
  let furthest = 0
  while (i < lines.length || p < pattern.length) {
    const wanted = pattern[p]
    const line = lines[i]
    furthest = Math.max(furthest, p)
    if (wanted === '...') {
      star = { p, i }
      p++
    } else if (wanted !== undefined && line !== undefined && lineMatches(wanted, line)) {
      p++
      i++
    } else if (star !== undefined && star.i < lines.length) {
      star = { p: star.p, i: star.i + 1 }
      p = star.p + 1
      i = star.i
    } else return furthest
  }
  return undefined
}
