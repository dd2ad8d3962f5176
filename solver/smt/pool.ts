/**
 * Solver processes for many checks. One that has answered is kept warm for the next check; one that
 * died is replaced, so that what befalls one check is lost to no other.
 */
import { closeSolver, renewSolver, startSolver } from './solver_process.ts'
import type { SolverOptions, SolverProcess } from './solver_process.ts'

/** Mutable: the processes that nobody uses now. */
export interface SolverPool {
  readonly options: SolverOptions
  readonly idle: SolverProcess[]
  closed: boolean
}

export function newPool(options: SolverOptions = {}): SolverPool {
  return { options, idle: [], closed: false }
}

/** A process that knows nothing yet. Give it back, or close it. */
export function takeSolver(pool: SolverPool): SolverProcess {
  for (let solver = pool.idle.pop(); solver !== undefined; solver = pool.idle.pop())
    if (solver.dead === undefined) return solver
  return startSolver(pool.options)
}

export function giveSolver(pool: SolverPool, solver: SolverProcess): void {
  if (!pool.closed && renewSolver(solver)) pool.idle.push(solver)
  else closeSolver(solver)
}

/** Ends the processes that nobody uses, and each other one when it is given back. */
export function closePool(pool: SolverPool): void {
  pool.closed = true
  pool.idle.splice(0).forEach(closeSolver)
}
