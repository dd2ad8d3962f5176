/**
 * A solver in a child process. A solver can hang, run out of memory or die, and the only limit that
 * always works is to kill it; so nothing here throws for what a solver does, and every way to fail is
 * a value.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { WASM } from './choice.ts'
import type { SolverChoice } from './choice.ts'
import { watchMemory } from './memory.ts'
import { EXIT_MISSING, Z3_CHILD_SOURCE } from './z3_child.ts'

export type SolverFailure =
  | { readonly kind: 'timeout'; readonly limitMs: number }
  | { readonly kind: 'memory'; readonly limitMb: number }
  | { readonly kind: 'crash'; readonly reason: string }
  | { readonly kind: 'missing'; readonly reason: string }

/** What a `check-sat` said; `output` is all that the commands printed, for `get-value` after it. */
export type Answer =
  | { readonly kind: 'sat'; readonly output: string }
  | { readonly kind: 'unsat'; readonly output: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  | SolverFailure

/** Why there is no answer, for people. */
export function failureText(failure: SolverFailure): string {
  switch (failure.kind) {
    case 'timeout':
      return `no answer in ${failure.limitMs / 1000} s`
    case 'memory':
      return `more than ${failure.limitMb} MB of memory`
    case 'crash':
    case 'missing':
      return failure.reason
  }
}

export type Reply = { readonly kind: 'output'; readonly text: string } | SolverFailure

export interface SolverOptions {
  /** What the solver may take, in megabytes; beside it the child's own JavaScript, where it has some. */
  readonly memoryMb?: number
  /** Where the z3-solver package is; found by Node's resolution where absent. */
  readonly packagePath?: string
  /** The z3-solver package where absent. */
  readonly choice?: SolverChoice
}

interface Pending {
  readonly settle: (reply: Reply) => void
}

/** Mutable: one child, and the requests that it is working on. */
export interface SolverProcess {
  readonly choice: SolverChoice
  readonly child: ChildProcess | undefined
  readonly pending: Map<number, Pending>
  readonly ready: Promise<void>
  readonly memoryMb: number
  nextId: number
  /** Set once nothing more can be asked. */
  dead: SolverFailure | undefined
  stderr: string
  /** Of a native solver: what it printed since its last complete answer. */
  stdout: string
}

/** The WebAssembly of z3-solver 5.2.0 has 2 GiB and cannot grow: Z3 should notice first. */
const DEFAULT_MEMORY_MB = 1800
/** What Node and the compiled WebAssembly take beside what Z3 allocates. */
const CHILD_OVERHEAD_MB = 500
const OUTPUT_KEPT = 2000

function findPackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('z3-solver')
  } catch {
    return undefined
  }
}

/** Whether the package z3-solver is installed. */
export const hasPackage = (): boolean => findPackage() !== undefined

function die(solver: SolverProcess, failure: SolverFailure): void {
  solver.dead ??= failure
  const waiting = [...solver.pending.values()]
  solver.pending.clear()
  for (const { settle } of waiting) settle(solver.dead)
}

function kill(solver: SolverProcess, failure: SolverFailure): void {
  die(solver, failure)
  solver.child?.kill('SIGKILL')
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

/** What a native solver is made to print after the answer to a request; some put it in quotes. */
const endMark = (id: number): string => `mmcheck-end-${id}`
const END = /^"?mmcheck-end-(\d+)"?\r?\n/m

function receiveText(solver: SolverProcess, text: string): void {
  solver.stdout += text
  for (let m = END.exec(solver.stdout); m !== null; m = END.exec(solver.stdout)) {
    const output = solver.stdout.slice(0, m.index)
    solver.stdout = solver.stdout.slice(m.index + m[0].length)
    receive(solver, { id: Number(m[1]), output })
  }
}

const none = (choice: SolverChoice, memoryMb: number, dead: SolverFailure): SolverProcess => ({
  choice,
  memoryMb,
  child: undefined,
  pending: new Map(),
  ready: Promise.resolve(),
  nextId: 0,
  dead,
  stderr: '',
  stdout: '',
})

/** Starts the child; returns at once. Where the solver is not installed, every request gives `missing`. */
export function startSolver(options: SolverOptions = {}): SolverProcess {
  const choice = options.choice ?? WASM
  const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB
  // Options meant for this process (an inspector's port, say) would stop the child from starting.
  const { NODE_OPTIONS: _, ...env } = process.env
  if (choice.kind === 'native') {
    const child = spawn(choice.command, choice.args, { stdio: ['pipe', 'pipe', 'pipe'], env })
    // Writing to a child that is gone is no error of this process; its end is told by `close`.
    child.stdin.on('error', () => undefined)
    const solver = attend(
      { ...none(choice, memoryMb, { kind: 'crash', reason: '' }), child, dead: undefined },
      memoryMb,
    )
    child.stdout.on('data', (chunk: Buffer) => {
      receiveText(solver, chunk.toString())
    })
    return solver
  }
  const packagePath = options.packagePath ?? findPackage()
  if (packagePath === undefined)
    return none(choice, memoryMb, { kind: 'missing', reason: 'the package z3-solver is not installed' })
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${memoryMb}`, '-e', Z3_CHILD_SOURCE, '--', packagePath, String(memoryMb)],
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env },
  )
  let markReady: () => void = () => undefined
  const ready = new Promise<void>((resolve) => {
    markReady = resolve
  })
  const alive = { ...none(choice, memoryMb, { kind: 'crash', reason: '' }), child, ready, dead: undefined }
  const solver = attend(alive, memoryMb + CHILD_OVERHEAD_MB)
  child.on('message', (message) => {
    if (isMessage(message) && message.ready === true) markReady()
    else if (isMessage(message)) receive(solver, message)
  })
  child.on('error', markReady)
  child.on('close', markReady)
  return solver
}

/** Hears of the child's end, and limits its memory. */
function attend(solver: SolverProcess, limitMb: number): SolverProcess {
  const { child, choice, memoryMb } = solver
  if (child === undefined) return solver
  child.stderr?.on('data', (chunk: Buffer) => {
    solver.stderr = (solver.stderr + chunk.toString()).slice(-OUTPUT_KEPT)
  })
  const stop = watchMemory(child, limitMb, () => {
    kill(solver, { kind: 'memory', limitMb: memoryMb })
  })
  child.on('error', (error: NodeJS.ErrnoException) => {
    stop()
    die(solver, { kind: error.code === 'ENOENT' ? 'missing' : 'crash', reason: error.message })
  })
  child.on('close', (code, signal) => {
    stop()
    const how = signal === null ? `exit code ${code ?? 'none'}` : `signal ${signal}`
    const said = `${solver.stdout.slice(-OUTPUT_KEPT)}\n${solver.stderr}`.trim()
    if (code === EXIT_MISSING && choice.kind === 'wasm') die(solver, { kind: 'missing', reason: 'no z3-solver there' })
    else if (outOfMemory.test(said)) die(solver, { kind: 'memory', limitMb: memoryMb })
    else die(solver, { kind: 'crash', reason: said === '' ? how : `${how}: ${said}` })
  })
  return solver
}

const outOfMemory = /out of memory|std::bad_alloc/

/** Hands over a request; the answer comes to the pending one of that number. */
function send(solver: SolverProcess, id: number, text: string): void {
  const { child, choice } = solver
  if (choice.kind === 'native') {
    child?.stdin?.write(`${text}\n(echo "${endMark(id)}")\n`)
    return
  }
  // Commands sent before the child listens would be lost.
  void solver.ready.then(() => {
    if (solver.dead === undefined)
      child?.send({ id, text }, (error) => {
        if (error !== null) die(solver, { kind: 'crash', reason: error.message })
      })
  })
}

/** Runs SMT-LIB 2 commands after those before them. After a timeout the solver is gone for good. */
export async function run(solver: SolverProcess, text: string, limitMs: number): Promise<Reply> {
  if (solver.dead !== undefined) return solver.dead
  const id = solver.nextId++
  return new Promise<Reply>((resolve) => {
    const timer = setTimeout(() => {
      kill(solver, { kind: 'timeout', limitMs })
    }, limitMs)
    const settle = (reply: Reply): void => {
      clearTimeout(timer)
      resolve(reply)
    }
    solver.pending.set(id, { settle })
    send(solver, id, text)
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
  if (error !== undefined && outOfMemory.test(error)) return { kind: 'memory', limitMb: solver.memoryMb }
  if (error !== undefined) return { kind: 'crash', reason: error }
  if (word === 'sat' || word === 'unsat') return { kind: word, output: reply.text }
  if (word === 'unknown') {
    const why = await run(solver, '(get-info :reason-unknown)', limitMs)
    if (why.kind !== 'output') return why
    return outOfMemory.test(why.text)
      ? { kind: 'memory', limitMb: solver.memoryMb }
      : { kind: 'unknown', reason: why.text.trim() }
  }
  // Z3 prints nothing at all where it runs into its memory limit.
  return { kind: 'memory', limitMb: solver.memoryMb }
}

/** Makes a live solver forget all that it was told, so that it can be asked anew; false where it cannot. */
export function renewSolver(solver: SolverProcess): boolean {
  const { child, choice } = solver
  // A native one starts in a few milliseconds, and then owes nothing to what it was asked before.
  if (choice.kind === 'native' || child === undefined || solver.dead !== undefined || solver.pending.size > 0)
    return false
  void solver.ready.then(() => {
    if (solver.dead === undefined) child.send({ renew: true }, () => undefined)
  })
  return true
}

/** Ends the child. Safe to call at any time, and more than once. */
export function closeSolver(solver: SolverProcess): void {
  kill(solver, { kind: 'crash', reason: 'closed' })
}
