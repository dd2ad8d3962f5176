/**
 * Runs the commands of a Markdown document, exactly as they stand there: the first, and those that read standard
 * input, as processes of the compiled command; the others in this process, which spares each of them half a
 * second of loading.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument, type CommandStep } from './document.ts'
import { here } from './in_process.ts'
import { linesOf, mismatch } from './match.ts'
import { inDirectory, mmcheck } from './spawn.ts'

function compare(what: string, pattern: readonly string[], text: string): readonly string[] {
  const lines = linesOf(text)
  const at = mismatch(pattern, lines)
  if (at === undefined) return []
  const wanted = pattern[at]
  const said = wanted === undefined ? `more on ${what} than expected` : `${what} lacks, or has elsewhere: ${wanted}`
  return [`${said}\n${what} was:\n${lines.map((l) => `  | ${l}`).join('\n')}`]
}

interface Around {
  readonly cwd: string
  /** What `-` reads. */
  readonly last: string | undefined
  readonly first: boolean
}

async function runCommand(step: CommandStep, { cwd, last, first }: Around): Promise<readonly string[]> {
  const piped = step.stdin === undefined ? undefined : await readFile(join(cwd, step.stdin), 'utf8')
  const stdin = piped ?? (step.args.includes('-') ? last : undefined)
  const ran =
    first || stdin !== undefined
      ? await mmcheck(step.args, { cwd, ...(stdin === undefined ? {} : { stdin }) })
      : await here(step.args, { cwd })
  return [
    ...(ran.code === step.exit ? [] : [`exit code ${ran.code ?? ran.signal ?? 'none'}, expected ${step.exit}`]),
    ...compare('stdout', step.stdout, ran.stdout),
    ...compare('stderr', step.stderr, ran.stderr),
  ]
}

export interface DocumentResult {
  readonly commands: number
  /** `name:line: $ command: what is wrong`. */
  readonly problems: readonly string[]
}

/** Runs a document in a directory of its own. Throws where it is not well formed. */
export async function runDocument(name: string, text: string): Promise<DocumentResult> {
  const steps = parseDocument(text)
  return inDirectory(async (cwd) => {
    const problems: string[] = []
    let last: string | undefined
    let first = true
    for (const step of steps) {
      if (step.kind === 'file') {
        last = step.text
        if (step.name !== undefined) await writeFile(join(cwd, step.name), step.text)
      } else {
        const found = await runCommand(step, { cwd, last, first })
        first = false
        problems.push(...found.map((p) => `${name}:${step.line}: $ ${step.text}: ${p}`))
      }
    }
    return { commands: steps.filter((s) => s.kind === 'command').length, problems }
  })
}
