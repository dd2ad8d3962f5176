/** A solver that is a program of its own, spoken to in SMT-LIB over its standard input, until it is killed. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import { solverChoice } from '../smt/choice.ts'
import type { Reply, SolverFailure } from '../smt/solver_process.ts'

/** Mutable: one child, and what it has said since the last question. */
export interface NativeSolver {
  /** Absent where there is no such program. */
  readonly child: ChildProcess | undefined
  said: string
  waiting: ((reply: Reply) => void) | undefined
  gone: SolverFailure | undefined
}

/** Printed by the solver once it has carried out everything before. */
const END = 'mmcheck-end'

/**
 * cvc5 instantiates by what it has met alone, and gives up where Z3 does not; with enumeration it does as well, but never
 * gives up, so that each question has an end of its own before that of the message. It is counted in cvc5's units of
 * work, some 85000 a second, and not in time, so that a busy machine gives the same answers.
 */
const argumentsFor = (command: string): readonly string[] =>
  basename(command).startsWith('cvc5') ? ['--enum-inst', `--rlimit-per=${CVC5_UNITS}`] : []
const CVC5_UNITS = 200_000

/** Starts a program by its name or path; a name that is none gives answers that say so. */
export function startNative(command: string): NativeSolver {
  const choice = solverChoice(command)
  if (choice?.kind !== 'native') {
    const gone = { kind: 'missing', reason: `there is no program '${command}'` } as const
    return { child: undefined, said: '', waiting: undefined, gone }
  }
  const child = spawn(choice.command, [...choice.args, ...argumentsFor(choice.command)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const solver: NativeSolver = { child, said: '', waiting: undefined, gone: undefined }
  const settle = (reply: Reply): void => {
    const { waiting } = solver
    solver.waiting = undefined
    waiting?.(reply)
  }
  child.stdout.on('data', (chunk: Buffer) => {
    solver.said += chunk.toString()
    const end = solver.said.lastIndexOf(END)
    if (end < 0) return
    const text = solver.said.slice(0, end).replace(/"$/, '')
    solver.said = ''
    settle({ kind: 'output', text })
  })
  const leave = (why: SolverFailure): void => {
    solver.gone ??= why
    settle(why)
  }
  child.on('error', (e: NodeJS.ErrnoException) => {
    leave({ kind: e.code === 'ENOENT' ? 'missing' : 'crash', reason: e.message })
  })
  child.on('close', (_, signal) => {
    leave({ kind: 'crash', reason: signal === null ? `${command} has ended` : `signal ${signal}` })
  })
  child.stdin.on('error', () => undefined)
  return solver
}

/** As `run` of solver/smt/solver_process.ts. */
export function runNative(solver: NativeSolver, text: string, limitMs: number): Promise<Reply> {
  if (solver.gone !== undefined) return Promise.resolve(solver.gone)
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      solver.gone = { kind: 'timeout', limitMs }
      solver.waiting = undefined
      solver.child?.kill('SIGKILL')
      resolve(solver.gone)
    }, limitMs)
    solver.waiting = (reply) => {
      clearTimeout(timer)
      resolve(reply)
    }
    solver.child?.stdin?.write(`${text}\n(echo "${END}")\n`)
  })
}

export function closeNative(solver: NativeSolver): void {
  solver.gone ??= { kind: 'crash', reason: 'closed' }
  solver.child?.kill('SIGKILL')
}
