/** What a line of mail must not be, after git's mailinfo.c: patchbreak() and is_scissors_line(). */

const DANGEROUS = /^(#|---|diff -|Index: |From |>From )/

/** git skips blanks here, so being set in does not help. */
export function isScissorsLine(line: string): boolean {
  let scissors = 0
  let gap = 0
  let perforation = 0
  let inPerforation = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i]
    if (c === ' ') {
      if (inPerforation) {
        perforation++
        gap++
      }
    } else if (c === '-') {
      inPerforation = true
      perforation++
    } else if (['>8', '8<', '>%', '%<'].includes(line.slice(i, i + 2))) {
      inPerforation = true
      perforation += 2
      scissors += 2
      i++
    } else inPerforation = false
  }
  const visible = line.trim().length
  return scissors > 0 && visible >= 8 && visible < perforation * 3 && gap * 2 < perforation
}

/** What is wrong with a text to paste; empty where nothing is. */
export function faultsOf(text: string): string[] {
  if (!text.endsWith('\n')) return ['no newline at the end']
  return text
    .slice(0, -1)
    .split('\n')
    .flatMap((line) => [
      ...(line.length > 75 ? [`${line.length} columns: ${line}`] : []),
      ...(/[^ -~]/.test(line) ? [`not ASCII, or a control character: ${line}`] : []),
      ...(line !== '' && !line.startsWith('  ') ? [`not set in: ${line}`] : []),
      ...(DANGEROUS.test(line) ? [`git acts on it: ${line}`] : []),
      ...(isScissorsLine(line) ? [`scissors: ${line}`] : []),
      ...(line.endsWith(' ') ? [`blanks at the end: '${line}'`] : []),
    ])
}
