/** Text of a model as it may stand in an exported file: names become identifiers, comments cannot end early. */

/** Gives each thing an identifier that nothing else has. */
export type TakeName = (wanted: string) => string

/**
 * The identifier nearest to a text: `table0.pte[1]` is `table0_pte_1`. It begins with a letter, and does
 * not end in two underscores and a number, which is how names that are made up on the way end.
 */
export function identifier(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_|_$/g, '')
    .replace(/_+(?=\d+$)/, '_')
  return /^[A-Za-z]/.test(plain) ? plain : `v_${plain}`
}

/** Hands out identifiers near the texts wanted, each once, and none of those that are reserved. */
export function newNames(reserved: Iterable<string>): TakeName {
  const taken = new Set(reserved)
  return (wanted) => {
    const base = identifier(wanted)
    let name = base
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`
    taken.add(name)
    return name
  }
}

/**
 * A text for a comment: one line of printable ASCII in which no comment of C begins or ends, and which no
 * preprocessor continues on the next line. In TLA+ a comment from `\\*` to the line's end takes any line.
 */
export function commentText(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, '?')
    .replace(/\*(?=\/)|\/(?=\*)/g, '$& ')
    .replace(/\\+$/, '')
    .trimEnd()
}

/** Words joined by `, ` and broken into lines of at most `width` columns. */
export function wrapList(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = []
  words.forEach((word, i) => {
    const text = i === words.length - 1 ? word : `${word},`
    const last = lines[lines.length - 1]
    if (last === undefined || last.length + 1 + text.length > width) lines.push(text)
    else lines[lines.length - 1] = `${last} ${text}`
  })
  return lines
}
