/** `kill -9` at any moment: the run that goes on ends with exactly what an undisturbed one gives. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { build } from '../cli/build.ts'
import { ended, inDirectory } from '../cli/spawn.ts'
import { begun, chance, kill9, KILLED, ROUNDS, startGroup, timelessFile } from './support.ts'

/** With a checkpoint between any two chunks, so that there is always one to be caught in the middle of. */
const ARGS = ['nightly', ...KILLED, '--no-cache', '--checkpoint-interval', '0', '--heartbeat', '0', '--run-dir', 'run']
const ARGS_JSON = [...ARGS, '--reporter', 'json=out.json']

/** Those that keep checkpoints. */
const ENGINES = ['explicit', 'wasm'] as const
type Engine = (typeof ENGINES)[number]

/** After so many a round comes to its end. */
const KILLS_MAX = 2

/** Whether a killed run has left a search in the middle. */
const hasCheckpoint = (cwd: string): boolean => {
  const cells = join(cwd, 'run', 'cells')
  return (
    existsSync(cells) &&
    readdirSync(cells).some((c) => ['head.json', 'image.json'].some((f) => existsSync(join(cells, c, f))))
  )
}

interface Undisturbed {
  readonly json: string
  /** From when its directory is there to the end of the run. */
  workMs: number
}

/** By engine, once it was needed. */
const known = new Map<Engine, Undisturbed>()

/** What a run gives that nothing disturbs. */
async function undisturbedBy(engine: Engine): Promise<Undisturbed> {
  const before = known.get(engine)
  if (before !== undefined) return before
  return inDirectory(async (cwd) => {
    const child = startGroup([...ARGS_JSON, '--engine', engine, '--jobs', '1'], cwd)
    const over = ended(child)
    await begun(cwd, child)
    const start = performance.now()
    expect(await over).toMatchObject({ code: 0, stderr: '' })
    const made = { json: timelessFile(join(cwd, 'out.json')), workMs: performance.now() - start }
    known.set(engine, made)
    return made
  })
}

beforeAll(async () => {
  await build()
})

describe('killed and resumed', () => {
  test.each(Array.from({ length: ROUNDS }, (_, i) => i + 1))('round %i', { timeout: 300_000 }, async (round) => {
    const next = chance(round)
    const engine = ENGINES[Math.floor(round / 2) % 2] ?? 'explicit'
    const undisturbed = await undisturbedBy(engine)
    await inDirectory(async (cwd) => {
      let kills = 0
      let goneOn = 0
      let searches = 0
      for (;;) {
        const resumed = existsSync(join(cwd, 'run', 'run.json'))
        const child = startGroup([...ARGS_JSON, '--engine', engine, '--jobs', String(1 + (round % 2)), '--resume'], cwd)
        const over = ended(child)
        await begun(cwd, child)
        const start = performance.now()
        const victim = next() < 0.5
        if (kills < KILLS_MAX) {
          await Promise.race([over, sleep(next() * undisturbed.workMs)])
          kill9(child, victim)
        }
        const ran = await over
        if (resumed) goneOn++
        if (ran.signal !== null) {
          kills++
          if (hasCheckpoint(cwd)) searches++
          continue
        }
        expect(ran).toMatchObject({ code: 0, stderr: '' })
        if (kills > 0) break
        // A round without a kill would show nothing: it begins anew, with less time.
        undisturbed.workMs = Math.min(undisturbed.workMs * 0.8, performance.now() - start)
      }
      expect(timelessFile(join(cwd, 'out.json'))).toBe(undisturbed.json)
      // Nothing is left of a run that is done.
      expect(existsSync(join(cwd, 'run'))).toBe(false)
      process.stdout.write(
        `round ${round}, ${engine}: killed ${kills} times, gone on ${goneOn} times, ${searches} in a search\n`,
      )
    })
  })
})
