/**
 * Z3 in a child process. A solver can hang, run out of memory or die inside its WebAssembly, and the
 * only limit that always works is to kill it; so nothing here throws for what a solver does, and
 * every way to fail is a value.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { EXIT_MISSING, Z3_CHILD_SOURCE } from './z3_child.ts'

export type SolverFailure =
  | { readonly kind: 'timeout'; readonly limitMs: number }
  | { readonly kind: 'crash'; readonly reason: string }
  | { readonly kind: 'missing'; readonly reason: string }

/** What a `check-sat` said; `output` is all that the commands printed, for `get-value` after it. */
export type Answer =
  | { readonly kind: 'sat'; readonly output: string }
  | { readonly kind: 'unsat'; readonly output: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  | SolverFailure

export type Reply = { readonly kind: 'output'; readonly text: string } | SolverFailure

export interface SolverOptions {
  /** Z3's own limit and that of the child's JavaScript heap, in megabytes. */
  readonly memoryMb?: number
  /** Where the z3-solver package is; found by Node's resolution where absent. */
  readonly packagePath?: string
}

interface Pending {
  readonly settle: (reply: Reply) => void
}

/** Mutable: one child, and the one request that it is working on. */
export interface SolverProcess {
  readonly child: ChildProcess | undefined
  readonly pending: Map<number, Pending>
  readonly ready: Promise<void>
  nextId: number
  /** Set once nothing more can be asked. */
  dead: SolverFailure | undefined
  stderr: string
}

/** The WebAssembly of z3-solver 5.2.0 has 2 GiB and cannot grow: Z3 should notice first. */
const DEFAULT_MEMORY_MB = 1800
const STDERR_KEPT = 2000

function findPackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('z3-solver')
  } catch {
    return undefined
  }
}

function die(solver: SolverProcess, failure: SolverFailure): void {
  solver.dead ??= failure
  const waiting = [...solver.pending.values()]
  solver.pending.clear()
  for (const { settle } of waiting) settle(solver.dead)
}

interface Message {
  readonly ready?: unknown
  readonly id?: unknown
  readonly output?: unknown
  readonly error?: unknown
}

function receive(solver: SolverProcess, message: Message): void {
  if (typeof message.id !== 'number') return
  const waiting = solver.pending.get(message.id)
  solver.pending.delete(message.id)
  if (typeof message.output === 'string') waiting?.settle({ kind: 'output', text: message.output })
  else waiting?.settle({ kind: 'crash', reason: String(message.error) })
}

const isMessage = (value: unknown): value is Message => typeof value === 'object' && value !== null

/** Starts the child; returns at once. Where z3-solver is not installed, every request gives `missing`. */
export function startSolver(options: SolverOptions = {}): SolverProcess {
  const packagePath = options.packagePath ?? findPackage()
  if (packagePath === undefined) {
    const dead: SolverFailure = { kind: 'missing', reason: 'the package z3-solver is not installed' }
    return { child: undefined, pending: new Map(), ready: Promise.resolve(), nextId: 0, dead, stderr: '' }
  }
  const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB
  // Options meant for this process (an inspector's port, say) would stop the child from starting.
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${memoryMb}`, '-e', Z3_CHILD_SOURCE, '--', packagePath, String(memoryMb)],
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env },
  )
  let markReady: () => void = () => undefined
  const ready = new Promise<void>((resolve) => {
    markReady = resolve
  })
  const solver: SolverProcess = { child, pending: new Map(), ready, nextId: 0, dead: undefined, stderr: '' }
  child.stderr?.on('data', (chunk: Buffer) => {
    solver.stderr = (solver.stderr + chunk.toString()).slice(-STDERR_KEPT)
  })
  child.on('message', (message) => {
    if (isMessage(message) && message.ready === true) markReady()
    else if (isMessage(message)) receive(solver, message)
  })
  child.on('error', (error) => {
    die(solver, { kind: 'crash', reason: error.message })
    markReady()
  })
  child.on('close', (code, signal) => {
    const how = signal === null ? `exit code ${code ?? 'none'}` : `signal ${signal}`
    const missing = code === EXIT_MISSING
    const said = solver.stderr === '' ? '' : `: ${solver.stderr.trim()}`
    die(
      solver,
      missing ? { kind: 'missing', reason: `no z3-solver at ${packagePath}` } : { kind: 'crash', reason: how + said },
    )
    markReady()
  })
  return solver
}

/** Runs SMT-LIB 2 commands after those before them. After a timeout the solver is gone for good. */
export async function run(solver: SolverProcess, text: string, limitMs: number): Promise<Reply> {
  const { child } = solver
  if (solver.dead !== undefined || child === undefined) return solver.dead ?? { kind: 'crash', reason: 'closed' }
  const id = solver.nextId++
  return new Promise<Reply>((resolve) => {
    const timer = setTimeout(() => {
      die(solver, { kind: 'timeout', limitMs })
      child.kill('SIGKILL')
    }, limitMs)
    const settle = (reply: Reply): void => {
      clearTimeout(timer)
      resolve(reply)
    }
    solver.pending.set(id, { settle })
    // Commands sent before the child listens would be lost.
    void solver.ready.then(() => {
      if (solver.dead === undefined)
        child.send({ id, text }, (error) => {
          if (error !== null) die(solver, { kind: 'crash', reason: error.message })
        })
    })
  })
}

const firstWord = /^(sat|unsat|unknown)\b/m

/**
 * As `run`, for commands that end in one `check-sat`. An error message of the solver is a crash
 * whatever the answer beside it: a command that it refused may have been an assertion.
 */
export async function check(solver: SolverProcess, text: string, limitMs: number): Promise<Answer> {
  const reply = await run(solver, text, limitMs)
  if (reply.kind !== 'output') return reply
  const word = firstWord.exec(reply.text)?.[1]
  const error = /\(error "([^"]*)"\)/.exec(reply.text)?.[1]
  if (error !== undefined) return { kind: 'crash', reason: error }
  if (word === 'sat' || word === 'unsat') return { kind: word, output: reply.text }
  if (word === 'unknown') {
    const why = await run(solver, '(get-info :reason-unknown)', limitMs)
    return why.kind === 'output' ? { kind: 'unknown', reason: why.text.trim() } : why
  }
  // Z3 prints nothing at all where it runs into its memory limit.
  return { kind: 'crash', reason: 'no answer: out of memory' }
}

/** Ends the child. Safe to call at any time, and more than once. */
export function closeSolver(solver: SolverProcess): void {
  die(solver, { kind: 'crash', reason: 'closed' })
  solver.child?.kill('SIGKILL')
}
