/** Native solvers, logs that any solver reads, and solvers that are killed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { newRandom } from '../../solver/random.ts'
import { boundedCheck, type BoundedResult } from '../../solver/smt/bmc.ts'
import { solverChoice, WASM, type SolverChoice } from '../../solver/smt/choice.ts'
import { logName, newLog, writeLog } from '../../solver/smt/log.ts'
import { closePool, newPool, type SolverPool } from '../../solver/smt/pool.ts'
import { check, closeSolver, run, startSolver } from '../../solver/smt/solver_process.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'

const AMPLE_MS = 240_000
const directory = mkdtempSync(join(tmpdir(), 'mmcheck-smt-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

async function withPool<T>(choice: SolverChoice, use: (pool: SolverPool) => Promise<T>): Promise<T> {
  const pool = newPool({ choice })
  try {
    return await use(pool)
  } finally {
    closePool(pool)
  }
}

/** What has to be the same whoever answers: a solver is free in which of the shortest traces it gives. */
const gist = (r: BoundedResult): unknown => ({
  incomplete: r.incomplete,
  depth: r.depth,
  violations: r.violations.map((v) => [v.property, v.moves.length]),
})

const bounded = (m: LoweredModel, maxDepth: number, solvers: SolverPool): Promise<BoundedResult> =>
  boundedCheck(m, { maxDepth, maxMs: AMPLE_MS, solvers })

const small: readonly (readonly [LoweredModel, number])[] = [
  [philosophers(3), 5],
  [peterson(), 9],
  [peterson(true), 9],
  [tokenRing(3, 2), 5],
  [counters([2, 1]), 5],
]

describe.each(['z3', 'cvc5'])('%s', (name) => {
  const found = solverChoice(name)
  const choice = found ?? WASM
  // A line that is seen where the solver is not installed.
  const asked = test.skipIf(found === undefined)

  asked('answers as the package does', async () => {
    const answers = (of: SolverChoice): Promise<readonly unknown[]> =>
      withPool(of, async (pool) => {
        const out: unknown[] = []
        for (const [m, depth] of small) out.push(gist(await bounded(m, depth, pool)))
        return out
      })
    expect(await answers(choice)).toEqual(await answers(WASM))
  })

  asked('keeps what it was told, says what is wrong, and can be killed', async () => {
    const solver = startSolver({ choice })
    try {
      const first = '(set-logic QF_UF)(declare-const a Bool)(assert a)(check-sat)'
      expect(await check(solver, first, AMPLE_MS)).toMatchObject({ kind: 'sat' })
      expect(await check(solver, '(assert (not a))(check-sat)', AMPLE_MS)).toMatchObject({ kind: 'unsat' })
      expect(await check(solver, '(assert nonsense)(check-sat)', AMPLE_MS)).toMatchObject({ kind: 'crash' })
    } finally {
      closeSolver(solver)
    }
    expect(await run(solver, '(check-sat)', AMPLE_MS)).toMatchObject({ kind: 'crash' })
  })

  asked('reads the log of a check and agrees with every answer in it', async () => {
    const log = newLog()
    await boundedCheck(peterson(true), { maxDepth: 7, maxMs: AMPLE_MS, log })
    const path = writeLog(directory, logName('peterson broken', name), log)
    const ran = spawnSync(choice.kind === 'native' ? choice.command : '', [...fileArguments(name), path], {
      encoding: 'utf8',
    })
    const said = ran.stdout.match(/^(sat|unsat|unknown|\(error.*)$/gm)
    const stated = [...readFileSync(path, 'utf8').matchAll(/:status (\w+)/g)].map(([, status]) => status)
    expect(new Set(stated)).toEqual(new Set(['sat', 'unsat']))
    expect(said).toEqual(stated)
  })
})

const fileArguments = (name: string): readonly string[] => (name === 'cvc5' ? ['--incremental', '--quiet'] : [])

describe('a cell of the catalogue', () => {
  const choice = solverChoice('z3')
  test.skipIf(choice === undefined)('has its violation at the same length with a native Z3', async () => {
    const { model } = lowerScenario(scenarioOn('install+collapse', 'maybe-guard-v2'))
    const of = (c: SolverChoice): Promise<unknown> => withPool(c, async (pool) => gist(await bounded(model, 10, pool)))
    expect(await of(choice ?? WASM)).toEqual(await of(WASM))
  })
})

test('a program that is none, and one that dies, are told apart', async () => {
  expect(solverChoice('no-such-solver')).toBeUndefined()
  const dying = join(directory, 'dying')
  writeFileSync(dying, '#!/bin/sh\necho "cannot go on" >&2\nexit 7\n', { mode: 0o755 })
  const choice = solverChoice(dying)
  expect(choice).toMatchObject({ kind: 'native', dialect: 'standard' })
  const result = await boundedCheck(philosophers(2), {
    maxDepth: 3,
    maxMs: AMPLE_MS,
    solver: { choice: choice ?? WASM },
  })
  expect(result.incomplete).toMatchObject({ kind: 'crash', reason: expect.stringContaining('cannot go on') })
})

test('a solver that grows beyond its limit is killed', async () => {
  const growing = join(directory, 'growing')
  writeFileSync(
    growing,
    `#!${process.execPath}\nconst kept = []\nsetInterval(() => kept.push(Buffer.alloc(3e7, 1)), 10)\n`,
    {
      mode: 0o755,
    },
  )
  const choice = solverChoice(growing) ?? WASM
  const solver = startSolver({ choice, memoryMb: 250 })
  expect(await check(solver, '(check-sat)', AMPLE_MS)).toEqual({ kind: 'memory', limitMb: 250 })
  closeSolver(solver)
})

describe('one process for many checks', () => {
  test('is warm for the next, which answers as a fresh one does, move by move', async () => {
    const fresh: BoundedResult[] = []
    const few = small.slice(0, 3)
    for (const [m, depth] of few) fresh.push(await withPool(WASM, (pool) => bounded(m, depth, pool)))
    await withPool(WASM, async (pool) => {
      const pids = new Set<number | undefined>()
      for (const [i, [m, depth]] of few.entries()) {
        expect(await bounded(m, depth, pool)).toEqual(fresh[i])
        expect(pool.idle).toHaveLength(1)
        pids.add(pool.idle[0]?.child?.pid)
      }
      expect(pids.size).toBe(1)
    })
  })

  test('checks at the same time do not disturb one another', async () => {
    await withPool(WASM, async (pool) => {
      const alone: unknown[] = []
      for (const [m, depth] of small) alone.push(gist(await bounded(m, depth, pool)))
      expect((await Promise.all(small.map(([m, depth]) => bounded(m, depth, pool)))).map(gist)).toEqual(alone)
    })
  })
})

/** A hundred where asked for. */
const ROUNDS = Number(process.env['MMCHECK_SOLVER_KILLS'] ?? 4)

test(`killing solvers at random moments loses no other result (${ROUNDS} rounds)`, { timeout: 900_000 }, async () => {
  const choice = solverChoice('z3') ?? WASM
  const truth: unknown[] = []
  await withPool(choice, async (pool) => {
    for (const [m, depth] of small) truth.push(gist(await bounded(m, depth, pool)))
  })
  let killed = 0
  for (let round = 0; round < ROUNDS; round++) {
    const random = newRandom(round)
    await withPool(choice, async (pool) => {
      // Each victim starts in the pool, so that its process is known; the others take their own.
      const victim = startSolver({ choice })
      pool.idle.push(victim)
      const all = small.map(([m, depth]) => bounded(m, depth, pool))
      const timer = setTimeout(() => victim.child?.kill('SIGKILL'), random.below(400))
      const results = await Promise.all(all)
      clearTimeout(timer)
      const lost = results.filter((r) => r.incomplete?.kind === 'crash')
      killed += lost.length
      expect(lost.length).toBeLessThanOrEqual(1)
      for (const [i, r] of results.entries())
        if (r.incomplete?.kind === 'crash') expect(r.incomplete.reason).toContain('SIGKILL')
        else expect(gist(r)).toEqual(truth[i])
      // What was lost is had again from the same pool.
      for (const [i, r] of results.entries()) {
        const [m, depth] = small[i] ?? [undefined, 0]
        if (r.incomplete?.kind === 'crash' && m !== undefined)
          expect(gist(await bounded(m, depth, pool))).toEqual(truth[i])
      }
    })
  }
  if (ROUNDS >= 20) expect(killed).toBeGreaterThan(0)
})
