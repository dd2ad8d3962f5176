/** Runs SPIN and its verifier on exported text. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const works = (program: string, flag: string): boolean => spawnSync(program, [flag]).error === undefined

const missing = [...(works('spin', '-V') ? [] : ['spin']), ...(works('gcc', '--version') ? [] : ['gcc'])]

/** Why SPIN cannot be run here; undefined where it can. */
export const spinLack: string | undefined = missing.length === 0 ? undefined : `no ${missing.join(' and no ')} here`

/** For the title of what is skipped without SPIN, so that the reason is seen. */
export const withSpin = (title: string): string => (spinLack === undefined ? title : `${title} [skipped: ${spinLack}]`)

export interface PanResult {
  readonly states: number
  readonly transitions: number
  /** Everything said of errors, each text once: `assertion violated X`, `invalid end state`. */
  readonly errors: readonly string[]
}

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', timeout: 240_000, stdio: ['ignore', 'pipe', 'pipe'] })
}

function figures(output: string): PanResult {
  const figure = (what: RegExp): number => {
    const found = what.exec(output)?.[1]
    if (found === undefined) throw new Error(`pan says nothing of ${String(what)}:\n${output}`)
    return Number(found)
  }
  if (/max search depth too small|out of memory|Search not completed/.test(output))
    throw new Error(`pan did not see every state:\n${output}`)
  const errors = [...output.matchAll(/^pan:\d+: (.*) \(at depth \d+\)$/gm)].map((m) => m[1] ?? '')
  return {
    states: figure(/^ *(\d+) states, stored/m),
    transitions: figure(/^ *(\d+) transitions \(/m),
    errors: [...new Set(errors)].sort(),
  }
}

/** Verifies Promela text with each list of arguments to `pan`. Every run goes on to the last state. */
export function verify(promela: string, runs: readonly (readonly string[])[]): readonly PanResult[] {
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-spin-'))
  try {
    writeFileSync(join(directory, 'model.pml'), promela)
    run('spin', ['-a', '-o2', 'model.pml'], directory)
    // -O0 compiles in a fraction of the time, and these models are small.
    run('gcc', ['-O0', '-w', '-DSAFETY', '-DNOREDUCE', '-DVECTORSZ=4096', '-o', 'pan', 'pan.c'], directory)
    return runs.map((args) => figures(run('./pan', [...args, '-m200000', '-w16'], directory)))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
