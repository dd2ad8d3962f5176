/** A solver that is a program of its own, spoken to in SMT-LIB over its standard input, until it is killed. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Reply } from '../smt/solver_process.ts'

/** Mutable: one child, and what it has said since the last question. */
export interface NativeSolver {
  readonly child: ChildProcess
  said: string
  waiting: ((reply: Reply) => void) | undefined
  gone: string | undefined
}

/** Printed by the solver once it has carried out everything before. */
const END = 'mmcheck-end'

/** Arguments that make a known solver read SMT-LIB from its standard input; for another, none. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = { z3: ['-in', '-smt2'] }

/** Starts a program by its name; a name that is none gives answers that say so. */
export function startNative(command: string): NativeSolver {
  const child = spawn(command, ARGUMENTS[command] ?? [], { stdio: ['pipe', 'pipe', 'ignore'] })
  const solver: NativeSolver = { child, said: '', waiting: undefined, gone: undefined }
  const settle = (reply: Reply): void => {
    const { waiting } = solver
    solver.waiting = undefined
    waiting?.(reply)
  }
  child.stdout?.on('data', (chunk: Buffer) => {
    solver.said += chunk.toString()
    const end = solver.said.lastIndexOf(END)
    if (end < 0) return
    const text = solver.said.slice(0, end).replace(/"$/, '')
    solver.said = ''
    settle({ kind: 'output', text })
  })
  const leave = (reason: string): void => {
    solver.gone ??= reason
    settle({ kind: 'crash', reason })
  }
  child.on('error', (e) => {
    leave(e.message)
  })
  child.on('close', () => {
    leave(`${command} has ended`)
  })
  child.stdin?.on('error', () => undefined)
  return solver
}

/** As `run` of solver/smt/solver_process.ts. */
export function runNative(solver: NativeSolver, text: string, limitMs: number): Promise<Reply> {
  if (solver.gone !== undefined) return Promise.resolve({ kind: 'crash', reason: solver.gone })
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      solver.gone = 'killed'
      solver.waiting = undefined
      solver.child.kill('SIGKILL')
      resolve({ kind: 'timeout', limitMs })
    }, limitMs)
    solver.waiting = (reply) => {
      clearTimeout(timer)
      resolve(reply)
    }
    solver.child.stdin?.write(`${text}\n(echo "${END}")\n`)
  })
}

export function closeNative(solver: NativeSolver): void {
  solver.gone ??= 'closed'
  solver.child.kill('SIGKILL')
}
