import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { check, closeSolver, run, startSolver } from '../../solver/smt/solver_process.ts'
import type { SolverOptions, SolverProcess } from '../../solver/smt/solver_process.ts'

const AMPLE_MS = 240_000

async function withSolver<T>(options: SolverOptions, use: (solver: SolverProcess) => Promise<T>): Promise<T> {
  const solver = startSolver(options)
  try {
    return await use(solver)
  } finally {
    closeSolver(solver)
  }
}

/** n + 1 pigeons in n holes: no solver that only resolves ends on this for large n. */
function pigeons(n: number): string {
  const holes = Array.from({ length: n }, (_, j) => j)
  const lines = ['(set-logic QF_FD)']
  for (let i = 0; i <= n; i++) {
    for (const j of holes) lines.push(`(declare-const p${i}.${j} Bool)`)
    lines.push(`(assert (or ${holes.map((j) => `p${i}.${j}`).join(' ')}))`)
    for (let k = 0; k < i; k++) for (const j of holes) lines.push(`(assert (or (not p${i}.${j}) (not p${k}.${j})))`)
  }
  return `${lines.join('\n')}\n(check-sat)\n`
}

describe('a solver in a child process', () => {
  test('answers, remembers, and gives values', () =>
    withSolver({}, async (solver) => {
      const first = '(declare-const a Bool)(declare-const b Bool)(assert (xor a b))(check-sat)'
      expect(await check(solver, first, AMPLE_MS)).toMatchObject({ kind: 'sat' })
      expect(await check(solver, '(assert a)(check-sat)', AMPLE_MS)).toMatchObject({ kind: 'sat' })
      const values = await run(solver, '(get-value (a b))', AMPLE_MS)
      expect(values.kind === 'output' && values.text.replace(/\s+/g, ' ').trim()).toBe('((a true) (b false))')
      expect(await check(solver, '(assert b)(check-sat)', AMPLE_MS)).toMatchObject({ kind: 'unsat' })
    }))

  test('long texts and quick successions of them arrive whole', () =>
    withSolver({}, async (solver) => {
      for (let round = 0; round < 20; round++) {
        const names = Array.from({ length: 500 }, (_, i) => `long.name.${round}.${i}`)
        const text = names.map((name) => `(declare-const ${name} Bool)(assert (or ${name} (not ${name})))\n`).join('')
        expect(await check(solver, `${text}(check-sat)`, AMPLE_MS)).toMatchObject({ kind: 'sat' })
      }
    }))

  test('a hard query ends at its time limit, and the solver with it', () =>
    withSolver({}, async (solver) => {
      await check(solver, '(check-sat)', AMPLE_MS)
      expect(await check(solver, pigeons(14), 300)).toEqual({ kind: 'timeout', limitMs: 300 })
      expect(await check(solver, '(check-sat)', AMPLE_MS)).toEqual({ kind: 'timeout', limitMs: 300 })
      if (solver.child?.signalCode === null) await once(solver.child, 'exit')
      expect(solver.child?.signalCode).toBe('SIGKILL')
    }))

  test('a child that dies is a crash, before a request and during it', () =>
    withSolver({}, async (solver) => {
      const answer = check(solver, pigeons(14), AMPLE_MS)
      solver.child?.kill('SIGKILL')
      expect(await answer).toEqual({ kind: 'crash', reason: 'signal SIGKILL' })
      expect(await check(solver, '(check-sat)', AMPLE_MS)).toEqual({ kind: 'crash', reason: 'signal SIGKILL' })
    }))

  test('an error of the solver is a crash with its words', () =>
    withSolver({}, async (solver) => {
      expect(await check(solver, '(assert nonsense)(check-sat)', AMPLE_MS)).toMatchObject({
        kind: 'crash',
        reason: expect.stringContaining('unknown constant nonsense'),
      })
    }))

  test('the memory limit holds', () =>
    withSolver({ memoryMb: 40 }, async (solver) => {
      expect(await check(solver, pigeons(60), AMPLE_MS)).toEqual({ kind: 'memory', limitMb: 40 })
    }))

  test('no package is `missing`', () =>
    withSolver({ packagePath: '/nonexistent/z3-solver' }, async (solver) => {
      expect(await check(solver, '(check-sat)', AMPLE_MS)).toMatchObject({ kind: 'missing' })
    }))

  test('what is closed says so', async () => {
    const solver = startSolver()
    closeSolver(solver)
    closeSolver(solver)
    expect(await check(solver, '(check-sat)', AMPLE_MS)).toEqual({ kind: 'crash', reason: 'closed' })
  })
})
