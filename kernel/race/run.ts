/** Compiles a race, runs it within a budget, and reads what it counted. */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { compile } from '../compile.ts'
import { kernelDirectory } from '../paths.ts'
import { skip, type Skip } from '../skip.ts'
import { generateC, type CFile, type RawOutcome } from './generate.ts'
import type { RaceProgram } from './program.ts'

export interface Budget {
  /** 0 for as many as fit into the time. */
  readonly rounds: number
  readonly seconds: number
  readonly seed: number
  /** Ends the run when wanted outcomes have been seen so often; 0 for never. */
  readonly enough: number
}

export interface CountedOutcome extends RawOutcome {
  readonly rounds: number
}

export interface RaceResult {
  /** By number of rounds, the most frequent first. */
  readonly outcomes: readonly CountedOutcome[]
  readonly rounds: number
  /** Rounds that ended in a wanted outcome. */
  readonly hits: number
  /** Rounds whose set-up or observation failed; they have no outcome. */
  readonly failed: number
  /** Rounds whose outcome was one more than the program can count. */
  readonly uncounted: number
  /** The kernel did not let the program end: a deadlock, or a call that takes for ever. */
  readonly hung: boolean
}

/** What a program gets beyond its time before it counts as hung, in milliseconds. */
const GRACE_MS = 15_000

/** What the threads are run for: rounds whose outcomes are counted, or calls that are to end beside some that do not. */
export type Main = 'rounds' | 'endless'

export async function raceTemplate(main: Main = 'rounds'): Promise<string> {
  const [common = '', own = ''] = await Promise.all(
    ['template', main].map(async (name) => readFile(join(kernelDirectory(), 'race', `${name}.c`), 'utf8')),
  )
  return common.replace('//@MAIN@\n', () => own)
}

interface Ended {
  readonly text: string
  readonly code: number | null
  readonly hung: boolean
}

/** Runs in a process group of its own, so that its processes end with it. */
export async function execute(path: string, args: readonly string[], limitMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'], env: {}, detached: true })
    let text = ''
    let hung = false
    const kill = (): void => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    const stop = (): void => {
      kill()
      rmSync(path, { force: true })
      process.exit(130)
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    const timer = setTimeout(() => {
      hung = true
      kill()
      // What SIGKILL does not end is stuck in the kernel, and is not waited for.
      resolve({ text, code: null, hung })
      child.unref()
      child.stdout.destroy()
    }, limitMs)
    const over = (): void => {
      clearTimeout(timer)
      kill()
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    child.on('error', (e) => {
      over()
      reject(e)
    })
    child.on('close', (code) => {
      over()
      resolve({ text, code, hung })
    })
  })
}

function numbers(words: readonly string[]): readonly number[] {
  return words.map((w) => {
    const n = Number(w)
    if (!Number.isSafeInteger(n)) throw new Error(`the race printed '${w}' where a number belongs`)
    return n
  })
}

/** Reads the lines that a race prints. Throws on others: they are ours. */
export function parseRace(text: string, program: RaceProgram, hung: boolean): RaceResult | string {
  const outcomes: CountedOutcome[] = []
  let totals = { rounds: 0, hits: 0, failed: 0, uncounted: 0 }
  for (const line of text.split('\n').filter((l) => l !== '')) {
    const [word = '', ...rest] = line.split(' ')
    if (word === 'setup') return rest.join(' ')
    if (word === 'outcome') {
      const [rounds = 0, ...values] = numbers(rest)
      const results = values.slice(0, program.results.length)
      const guards = values.slice(program.results.length, program.results.length + program.pages.length)
      if (guards.length !== program.pages.length) throw new Error(`the race printed too little: ${line}`)
      outcomes.push({ rounds, results, guards })
    } else if (word === 'rounds') {
      const [rounds = 0, hits = 0, bad = 0, uncounted = 0] = numbers(rest.filter((_, i) => i % 2 === 0))
      totals = { rounds, hits, failed: bad, uncounted }
    } else throw new Error(`the race printed '${line}'`)
  }
  return { outcomes: outcomes.sort((a, b) => b.rounds - a.rounds), ...totals, hung }
}

/** Runs a race. The skip says what the machine lacks, or why the first state cannot be brought about. */
export async function runRace(program: RaceProgram, file: CFile, budget: Budget): Promise<Result<RaceResult, Skip>> {
  if (process.platform !== 'linux') return failed(skip('platform', `this is ${process.platform}, not Linux`))
  const source = { name: 'race.c', text: generateC(await raceTemplate(), program, file) }
  // A name of its own: it is of use to this run only, and goes with it.
  const compiled = await compile(`race-${process.pid}`, [source])
  if (!compiled.ok) return compiled
  const args = [budget.rounds, budget.seconds, budget.seed, budget.enough].map(String)
  const ended = await execute(compiled.value.path, args, budget.seconds * 1000 + GRACE_MS).finally(async () =>
    rm(compiled.value.path, { force: true }),
  )
  const result = parseRace(ended.text, program, ended.hung)
  if (typeof result === 'string')
    return failed(skip('feature', `this kernel cannot be brought into the first state of the test: ${result}`))
  if (!ended.hung && result.rounds === 0 && result.outcomes.length === 0 && ended.code !== 0)
    return failed(skip('feature', `the race cannot run on this kernel (exit code ${ended.code ?? 'none'})`))
  return ok(result)
}
