/** `mmcheck doctor`: what mmcheck runs on, and what is skipped for want of something. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { toAscii } from '../../counterexamples/text.ts'
import { NATIVE_SOLVERS, WASM, solverChoice, type SolverChoice } from '../../solver/smt/choice.ts'
import { closeSolver, failureText, run, startSolver } from '../../solver/smt/solver_process.ts'
import { readBaseline } from '../baseline.ts'
import { EXIT } from '../exit.ts'
import { loadBull } from '../nightly/queue.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

export interface DoctorOptions {
  readonly json: boolean
  /** Of mmcheck itself. */
  readonly version: string
  readonly out: (text: string) => void
}

interface Tool {
  readonly name: string
  /** What makes it print its version. */
  readonly flag: string
  /** What does not happen where it is missing. */
  readonly without: string
}

const TOOLS: readonly Tool[] = [
  { name: 'redis-server', flag: '--version', without: 'a run with --queue needs a server elsewhere' },
  { name: 'spin', flag: '-V', without: 'state counts are not compared with those of SPIN' },
  { name: 'cc', flag: '--version', without: 'reproducers for a running kernel are not compiled' },
]

/** A part of the installation: its version, or what is lost without it. */
interface Part {
  readonly name: string
  readonly version?: string
  readonly without?: string
}

/** Far more than any of them needs to print a line, or Z3 to start. */
const TOOL_MS = 10_000
const SOLVER_MS = 60_000

function toolPart({ name, flag, without }: Tool): Part {
  const ran = spawnSync(name, [flag], { encoding: 'utf8', timeout: TOOL_MS, stdio: ['ignore', 'pipe', 'pipe'] })
  if (ran.error !== undefined) return { name, without }
  const [line = ''] = `${ran.stdout}\n${ran.stderr}`.trim().split('\n')
  return { name, version: toAscii(line) || 'found, but tells no version' }
}

/**
 * Asks the solver itself, in the child process that checks would use: one that cannot start is none.
 * `without` is what is lost then.
 */
async function solverPart(name: string, choice: SolverChoice | undefined, without: string): Promise<Part> {
  if (choice === undefined) return { name, without }
  const solver = startSolver({ choice })
  try {
    const reply = await run(solver, '(get-info :name)(get-info :version)', SOLVER_MS)
    if (reply.kind !== 'output') return { name, without: `${without} (${toAscii(failureText(reply))})` }
    const words = [...reply.text.matchAll(/"([^"]+)"/g)].map(([, word = '']) => word)
    const where = choice.kind === 'native' ? `, ${choice.command}` : ''
    return { name, version: `${toAscii(words.join(' ') || reply.text.trim())}${where}` }
  } finally {
    closeSolver(solver)
  }
}

const solverParts = async (): Promise<readonly Part[]> => [
  await solverPart('z3-solver', WASM, "'--engine smt' needs --solver, or answers unknown"),
  ...(await Promise.all(
    NATIVE_SOLVERS.map((name) => solverPart(name, solverChoice(name), `'--solver ${name}' finds none`)),
  )),
]

const GIGA = 1024 ** 3

/** What a run of many cells works with. */
async function runParts(): Promise<readonly Part[]> {
  const bull = await loadBull()
  const parts: Part[] = [
    { name: 'processors', version: String(availableParallelism()) },
    { name: 'memory', version: `${(freemem() / GIGA).toFixed(1)} of ${(totalmem() / GIGA).toFixed(1)} GB free` },
    bull.ok ? { name: 'bullmq', version: 'installed' } : { name: 'bullmq', without: '--queue and worker do not work' },
  ]
  try {
    const cells = Object.values(readBaseline()).reduce((n, kernels) => n + Object.keys(kernels).length, 0)
    parts.push({ name: 'record', version: `${cells} cells` })
  } catch (e) {
    const why = e instanceof Error ? (e.message.split('\n')[0] ?? '') : String(e)
    parts.push({ name: 'record', without: `nothing can be held against it (${toAscii(why)})` })
  }
  try {
    accessSync('.', constants.W_OK)
    parts.push({ name: 'run directory', version: '.mmcheck here, which can be written' })
  } catch {
    parts.push({ name: 'run directory', without: 'this directory cannot be written, so a killed run cannot go on' })
  }
  return parts
}

/** Returns the exit code, which is 0: nothing that may be missing is needed by every check. */
export async function doctor({ json, version, out }: DoctorOptions): Promise<number> {
  const parts: readonly Part[] = [
    { name: 'mmcheck', version },
    { name: 'node', version: process.versions.node },
    ...(await solverParts()),
    ...(await runParts()),
    ...TOOLS.map(toolPart),
  ]
  if (json) {
    const found = parts.map((p) => ({ name: p.name, version: p.version ?? null, without: p.without ?? null }))
    out(`${JSON.stringify({ ...RESULT_FORMAT, parts: found }, null, 2)}\n`)
    return EXIT.ok.code
  }
  const width = Math.max(...parts.map((p) => p.name.length)) + 2
  for (const p of parts) {
    const text = p.version ?? `not found: ${p.without ?? ''}`
    out(`${p.name.padEnd(width)}${wrapped(text, ' '.repeat(width)).trimStart()}\n`)
  }
  return EXIT.ok.code
}
