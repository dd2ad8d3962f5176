/** Solvers that are killed at random moments: what is lost is the question at hand, and no other result. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { describe, expect, test } from 'vitest'
import { nativeZ3 } from '../../cli/proofs.ts'
import { ask, closeSession, openSession, tell, type Said } from '../../solver/prove/session.ts'
import { newRandom } from '../../solver/random.ts'
import { said } from '../nightly/in_process.ts'

/** A hundred where asked for. */
const ROUNDS = Number(process.env['MMCHECK_SOLVER_KILLS'] ?? 1)

/** Solvers that this process has started: by their parent, and by what they were started with. */
const solvers = (): readonly number[] =>
  readdirSync('/proc')
    .filter((f) => /^\d+$/.test(f))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return parent === process.pid && /z3-solver|z3\0-in/.test(words) ? [Number(pid)] : []
      } catch {
        // It has ended meanwhile.
        return []
      }
    })

interface Killer {
  readonly kills: () => number
  /** Kills one now, whatever chance says. */
  readonly now: () => void
  readonly stop: () => Promise<void>
}

/** Kills a solver after each pause, `most` times at most. */
function killer(seed: number, pauseMs: number, most: number): Killer {
  const random = newRandom(seed)
  let kills = 0
  let going = true
  const now = (): void => {
    const [victim] = solvers()
    if (victim === undefined) return
    try {
      process.kill(victim, 'SIGKILL')
      kills++
    } catch {
      // It has ended meanwhile.
    }
  }
  const run = async (): Promise<void> => {
    while (going && kills < most) {
      await sleep(random.below(pauseMs))
      if (going) now()
    }
  }
  const over = run()
  return {
    kills: () => kills,
    now,
    stop: () => {
      going = false
      return over
    },
  }
}

const native = nativeZ3()
const seeds = Array.from({ length: ROUNDS }, (_, i) => i + 1)

/** Asks while solvers are killed: nothing is answered wrongly, and it takes two kills to lose a question. */
async function asked(seed: number, program: string | undefined): Promise<void> {
  const session = openSession(60_000, program)
  const killing = killer(seed, program === undefined ? 1200 : 30, 4)
  try {
    const n = 60
    const wrong: Said[] = []
    let lost = 0
    await tell(session, '(set-option :produce-unsat-cores true)')
    for (let i = 0; i < n; i++) {
      if (i === n / 2) killing.now()
      // Each is true because of all that was told before it.
      await tell(session, `(declare-const x${i} Int)(assert (= x${i} ${i === 0 ? '1' : `(+ x${i - 1} 1)`}))`)
      const [unsat, sat] = await ask(session, [[`(not (= x${i} ${i + 1}))`], [`(= x${i} ${i + 1})`]], [])
      for (const [a, kind] of [[unsat, 'unsat'] as const, [sat, 'sat'] as const])
        if (a?.kind === 'unknown' && a.failure !== undefined) lost++
        else if (a?.kind !== kind && a !== undefined) wrong.push(a)
    }
    expect(wrong).toEqual([])
    expect(killing.kills()).toBeGreaterThan(0)
    expect(2 * lost).toBeLessThanOrEqual(killing.kills())
    expect(session.queries.count).toBe(2 * n)
  } finally {
    await killing.stop()
    closeSession(session)
  }
}

describe.skipIf(process.platform !== 'linux')('killed at random moments', () => {
  test('the package z3-solver is told all over what stays, and answers the rest', async () => {
    for (const seed of seeds) await asked(seed, undefined)
  }, 300_000)

  // A line that is seen where there is no native Z3.
  test.skipIf(native === undefined)(
    'so is z3',
    async () => {
      for (const seed of seeds) await asked(seed, native)
    },
    300_000,
  )

  test('prove keeps the results of all other claims', async () => {
    const schema = z.object({
      proofs: z.array(
        z.object({
          kernel: z.string(),
          origin: z.string(),
          claims: z.array(z.object({ claim: z.string(), verdict: z.string(), why: z.string().optional() })),
        }),
      ),
    })
    const args = [
      'prove',
      '--property',
      'LockExclusion',
      '--core',
      'anonymous memory',
      '--kernel',
      'v6.13,v7.0',
      '--solver',
      native ?? 'wasm',
      '--json',
    ]
    for (const seed of seeds) {
      const killing = killer(seed, native === undefined ? 1500 : 300, 3)
      const ran = await said(args)
      await killing.stop()
      const { proofs } = schema.parse(JSON.parse(ran.stdout))
      expect(proofs.map((p) => p.kernel)).toEqual(['v6.13', 'v7.0'])
      const claims = proofs.flatMap((p) => p.claims)
      expect(claims).toHaveLength(2)
      const lost = claims.filter((c) => c.verdict !== 'proved')
      expect(2 * lost.length).toBeLessThanOrEqual(killing.kills())
      for (const c of lost) expect(c).toMatchObject({ verdict: 'unknown', why: expect.stringContaining('SIGKILL') })
      expect(ran.code).toBe(lost.length === 0 ? 0 : 21)
    }
  }, 300_000)
})
