/** Lines of a listing, and how they are set: labels on the left, then the code, folded at the width. */

export interface Line {
  /** The label of a step or call, or the name of a check. */
  readonly label?: string
  /** Levels of nesting. */
  readonly depth: number
  /** `effect` is what the model does for the C text above it. */
  readonly kind: 'code' | 'effect'
  /** May begin with spaces, to nest one effect in another. */
  readonly text: string
}

const INDENT = 4
/** Narrower than this, folding would leave one word a line. */
const ROOM_MIN = 24
const EFFECT = '| '

/** Where to fold `text` so that the first part is at most `room` characters: after an operator if one stands late enough. */
function foldAt(text: string, room: number): number {
  let last = -1
  let nice = -1
  for (let i = 0; i <= room && i < text.length; i++) {
    if (text[i] !== ' ') continue
    last = i
    if (/(&&|\|\||[,:])$/.test(text.slice(0, i))) nice = i
  }
  return nice > room / 3 ? nice : last
}

/** `text` in pieces of at most `room` characters; a single word that is longer stays whole. */
export function fold(text: string, room: number): readonly string[] {
  if (text.length <= room) return [text]
  const at = foldAt(text, room)
  const end = at > 0 ? at : text.indexOf(' ', room)
  return end < 0 ? [text] : [text.slice(0, end), ...fold(text.slice(end + 1), room)]
}

/** Sets lines in two columns, each at most `width` characters where words allow it. */
export function setLines(lines: readonly Line[], width: number): string {
  const labels = Math.max(0, ...lines.map((l) => l.label?.length ?? 0))
  const out = lines.flatMap((l) => {
    const lead = `  ${(l.label ?? '').padEnd(labels)}  ${' '.repeat(l.depth * INDENT)}`
    const mark = l.kind === 'effect' ? EFFECT : ''
    const text = l.text.trimStart()
    const own = ' '.repeat(l.text.length - text.length)
    const hang = `${own}${' '.repeat(2 * INDENT)}`
    const room = Math.max(ROOM_MIN, width - lead.length - mark.length - hang.length)
    return fold(text, room).map((piece, i) =>
      i === 0 ? `${lead}${mark}${own}${piece}` : `${' '.repeat(lead.length)}${mark}${hang}${piece}`,
    )
  })
  return out.map((l) => `${l.trimEnd()}\n`).join('')
}
