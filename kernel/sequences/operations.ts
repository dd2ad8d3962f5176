/** Statements of litmus files in numbers: what the sequences of a world are drawn from. */

export interface SequenceOp {
  /** As in a litmus file, without its register. */
  readonly text: string
  /** The mm that it runs in, where the world names its processes. */
  readonly mm?: string
  /** Whether the model gives it a result: khugepaged and exit() return nothing to anybody. */
  readonly result: boolean
}

/** Ranges of the pages 0..n - 1, as they stand in brackets. */
const allRanges = (n: number): readonly string[] =>
  Array.from({ length: n }, (_, i) => i).flatMap((i) =>
    Array.from({ length: n - i }, (_, j) => (j === 0 ? String(i) : `${i}..${i + j}`)),
  )
const eachPage = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => String(i))

/** A mapping of a world, for its vocabulary. */
export interface Place {
  readonly name: string
  readonly pages: number
  readonly mm?: string
}

const made = (text: string, { mm }: Pick<Place, 'mm'>, result = true): SequenceOp =>
  mm === undefined ? { text, result } : { text, mm, result }

/** Each operation on every range of a mapping; `mprotect r` puts a word after it. */
export const onRanges = (place: Place, names: readonly string[]): readonly SequenceOp[] =>
  names.flatMap((n) => {
    const [name = '', word] = n.split(' ')
    return allRanges(place.pages).map((r) =>
      made(`${name}(${place.name}[${r}]${word === undefined ? '' : `, ${word}`})`, place),
    )
  })

/** Each operation on every single page. */
export const onPages = (place: Place, names: readonly string[]): readonly SequenceOp[] =>
  names.flatMap((name) => eachPage(place.pages).map((p) => made(`${name}(${place.name}[${p}])`, place)))

/** Each operation on every range that does not begin the mapping. */
export const behind = (place: Place, names: readonly string[]): readonly SequenceOp[] =>
  names.flatMap((name) =>
    allRanges(place.pages)
      .filter((r) => !r.startsWith('0'))
      .map((r) => made(`${name}(${place.name}[${r}])`, place)),
  )

/** Each operation on the whole mapping; a word may follow. */
export const onWhole = (place: Place, names: readonly string[]): readonly SequenceOp[] =>
  names.map((n) => {
    const [name = '', word] = n.split(' ')
    return made(`${name}(${place.name}${word === undefined ? '' : `, ${word}`})`, place)
  })

/** Moves of every range from one place to the other. */
export const moves = (from: Place, to: Place, names: readonly string[]): readonly SequenceOp[] =>
  names.flatMap((name) => allRanges(from.pages).map((r) => made(`${name}(${from.name}[${r}], ${to.name}[${r}])`, from)))

/** Statements as they are. */
export const statements = (texts: readonly string[], mm?: string): readonly SequenceOp[] =>
  texts.map((text) => made(text, mm === undefined ? {} : { mm }))
export const silent = (text: string, mm?: string): SequenceOp => made(text, mm === undefined ? {} : { mm }, false)
