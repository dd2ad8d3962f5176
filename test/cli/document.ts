/**
 * Markdown as a test. Fences become files and commands, in the order in which they stand:
 *
 * - ```litmus and ```text: a file of the name beside the word, or for a litmus test without one,
 *   `NAME.litmus` after its `MM NAME`. The last of them is what `-` reads.
 * - ```console: `$ mmcheck ARGS` (or `$ npx mmcheck ARGS`; a line that ends in `\` goes on), then what
 *   it prints. `! ` stands before a line of standard error, `[exit 10]` is the exit code where it is
 *   not 0. A line `...` stands for any lines; `...` within a line, for any text.
 *
 * Nothing but words and simple quotes is understood, and `< NAME` for standard input.
 */
export interface FileStep {
  readonly kind: 'file'
  readonly name: string | undefined
  readonly text: string
}

export interface CommandStep {
  readonly kind: 'command'
  /** Of the Markdown file, from 1. */
  readonly line: number
  readonly text: string
  readonly args: readonly string[]
  readonly stdin: string | undefined
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  readonly exit: number
}

export type DocumentStep = FileStep | CommandStep

interface Fence {
  readonly language: string
  readonly name: string | undefined
  /** Of its first line within, from 1. */
  readonly line: number
  readonly lines: readonly string[]
}

function fencesOf(text: string): readonly Fence[] {
  const out: Fence[] = []
  let open: { marks: string; language: string; name: string | undefined; line: number; lines: string[] } | undefined
  for (const [i, line] of text.split('\n').entries()) {
    const found = /^(`{3,})(\w*)[ \t]*(\S*)/.exec(line)
    if (open === undefined) {
      if (found === null) continue
      const [, marks = '', language = '', name = ''] = found
      open = { marks, language, name: name === '' ? undefined : name, line: i + 2, lines: [] }
    } else if (line.trim() === open.marks) {
      out.push(open)
      open = undefined
    } else open.lines.push(line)
  }
  if (open !== undefined) throw new Error(`the fence before line ${open.line} is not closed`)
  return out
}

/** Words, as a shell splits them where nothing but quotes is special. */
export function words(text: string): readonly string[] {
  const found = text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []
  return found.map((word) => {
    if (/[|&;>$*`\\]/.test(word.replace(/'[^']*'|"[^"]*"/g, ''))) throw new Error(`there is no shell for ${text}`)
    return word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? '')
  })
}

function command(text: string, line: number, output: readonly string[]): CommandStep {
  const all = words(text)
  const [first, second] = all
  const args = first === 'npx' && second === 'mmcheck' ? all.slice(2) : first === 'mmcheck' ? all.slice(1) : undefined
  if (args === undefined) throw new Error(`line ${line}: only mmcheck is run in a console block, not '${text}'`)
  const from = args.indexOf('<')
  const last = output.at(-1)
  const exit = /^\[exit (\d+)\]$/.exec(last ?? '')?.[1]
  const printed = exit === undefined ? output : output.slice(0, -1)
  return {
    kind: 'command',
    line,
    text,
    args: from < 0 ? args : [...args.slice(0, from), ...args.slice(from + 2)],
    stdin: from < 0 ? undefined : args[from + 1],
    stdout: printed.filter((l) => !l.startsWith('! ')),
    stderr: printed.filter((l) => l.startsWith('! ')).map((l) => l.slice(2)),
    exit: Number(exit ?? 0),
  }
}

function commandsOf({ line: first, lines }: Fence): readonly CommandStep[] {
  const out: { text: string; line: number; output: string[] }[] = []
  let more = false
  for (const [i, line] of lines.entries()) {
    const last = out.at(-1)
    if (more && last !== undefined) last.text += line
    else if (line.startsWith('$ ')) out.push({ text: line.slice(2), line: first + i, output: [] })
    else if (last !== undefined) last.output.push(line)
    else throw new Error(`line ${first + i}: output without a command`)
    const now = out.at(-1)
    more = now !== undefined && now.output.length === 0 && now.text.endsWith('\\')
    if (more && now !== undefined) now.text = now.text.slice(0, -1)
  }
  return out.map((c) => {
    // A blank line between two commands is for the eye.
    const output = [...c.output]
    while (out.at(-1) !== c && output.at(-1) === '') output.pop()
    return command(c.text, c.line, output)
  })
}

/** The steps of a document. Throws where a block is not as described above. */
export function parseDocument(text: string): readonly DocumentStep[] {
  return fencesOf(text).flatMap((fence): readonly DocumentStep[] => {
    const content = `${fence.lines.join('\n')}\n`
    switch (fence.language) {
      case 'litmus': {
        const title = /^MM[ \t]+(\S+)/m.exec(content)?.[1]
        const name = fence.name ?? (title === undefined ? undefined : `${title}.litmus`)
        return [{ kind: 'file', name, text: content }]
      }
      case 'text':
        return [{ kind: 'file', name: fence.name, text: content }]
      case 'console':
        return commandsOf(fence)
      default:
        return []
    }
  })
}
