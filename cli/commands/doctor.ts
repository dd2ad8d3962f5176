/** `mmcheck doctor`: what mmcheck runs on, and what is skipped for want of something. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { toAscii } from '../../counterexamples/text.ts'
import { closeSolver, run, startSolver } from '../../solver/smt/solver_process.ts'
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
  { name: 'z3', flag: '--version', without: 'answers are not compared with a native Z3' },
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

/** Asks Z3 itself, in the child process that checks would use: a package that cannot start is none. */
async function solverPart(): Promise<Part> {
  const solver = startSolver()
  try {
    const reply = await run(solver, '(get-info :version)', SOLVER_MS)
    if (reply.kind === 'output') {
      const version = /"([^"]+)"/.exec(reply.text)?.[1] ?? reply.text.trim()
      return { name: 'z3-solver', version: `Z3 ${toAscii(version)}` }
    }
    const why = reply.kind === 'timeout' ? `no answer in ${reply.limitMs / 1000} s` : reply.reason
    return { name: 'z3-solver', without: `'--engine smt' answers unknown (${toAscii(why)})` }
  } finally {
    closeSolver(solver)
  }
}

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
    await solverPart(),
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
