/**
 * What a patch touches, read from its unified diff: `git diff`, `git format-patch`, a mail with a patch in it, or
 * several of them in one text. Only names are taken from it; nothing in it is run, and no path in it is opened.
 */

/** A C function of which a patch changes at least one line. */
export interface TouchedFunction {
  /** The path in the kernel tree, without git's `a/` and `b/`. */
  readonly file: string
  readonly name: string
}

export interface PatchNames {
  /** In the order of the patch, each once. */
  readonly functions: readonly TouchedFunction[]
  /** Identifiers of changed lines that are in no function: flags, macros, declarations. Each once. */
  readonly names: readonly string[]
  /** Whether the text has a hunk at all. */
  readonly isPatch: boolean
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$/
/** The file that a patch leaves behind, or, where it takes the file away, the one that there was. */
const FILE = /^(?:---|\+\+\+) (?:[ab]\/)?([^\t]+)/
const DEV_NULL = '/dev/null'

/** SYSCALL_DEFINE3(madvise, ...) defines what the model calls madvise(). */
const SYSCALL = /^(?:COMPAT_)?SYSCALL_DEFINE\d\((\w+)/
/** A definition begins in the first column and names what comes right before its first parenthesis. */
const DEFINITION = /^(?!return\b|if\b|while\b|for\b|switch\b|else\b|typedef\b)[A-Za-z_][\w\s*]*?\b(\w+)\s*\(/
const WORD = /\b[A-Za-z_]\w{3,}\b/g

/** The function whose definition begins in a line of C; undefined where none does. A declaration ends in `;`. */
export function definedIn(line: string): string | undefined {
  const syscall = SYSCALL.exec(line)?.[1]
  if (syscall !== undefined) return syscall
  return /;\s*$/.test(line) ? undefined : DEFINITION.exec(line)?.[1]
}

/** Takes what stands in comments and in strings out of a line, as far as the line itself tells. */
const codeOf = (line: string): string =>
  /^\s*\*/.test(line) ? '' : line.replace(/"(?:[^"\\]|\\.)*"|\/\*.*?(?:\*\/|$)|\/\/.*$/g, ' ')

/**
 * Reads a patch. A changed line counts for the function that it stands in: the one that begins last before it in
 * the hunk, or else the one that git names behind `@@`.
 */
export function namesInPatch(text: string): PatchNames {
  const functions = new Map<string, TouchedFunction>()
  const names = new Set<string>()
  let file = ''
  let inside: string | undefined
  let [oldLeft, newLeft] = [0, 0]
  let isPatch = false
  for (const line of text.split(/\r?\n/)) {
    if (oldLeft <= 0 && newLeft <= 0) {
      const path = FILE.exec(line)?.[1]?.trim()
      if (path !== undefined && path !== DEV_NULL) file = path
      const hunk = HUNK.exec(line)
      if (hunk === null) continue
      const [, before = '1', after = '1', heading = ''] = hunk
      ;[oldLeft, newLeft] = [Number(before), Number(after)]
      inside = definedIn(heading)
      isPatch = true
      continue
    }
    const [sign, code] = [line[0] ?? ' ', line.slice(1)]
    if (sign === '\\') continue
    if (sign !== '+') oldLeft--
    if (sign !== '-') newLeft--
    inside = definedIn(code) ?? inside
    if (sign === '+' || sign === '-') {
      if (inside === undefined) for (const [word] of codeOf(code).matchAll(WORD)) names.add(word)
      else functions.set(`${file}\n${inside}`, { file, name: inside })
    }
    if (code.startsWith('}')) inside = undefined
  }
  return { functions: [...functions.values()], names: [...names], isPatch }
}
