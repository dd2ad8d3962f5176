/** `kill -9` at any moment: the run that goes on ends with exactly what an undisturbed one gives. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { build } from '../cli/build.ts'
import { inDirectory, mmcheck } from '../cli/spawn.ts'
import { chance, killedAfter, KILLED, ROUNDS, startGroup, timelessFile } from './support.ts'

/** With a checkpoint between any two chunks, so that there is always one to be caught in the middle of. */
const ARGS = ['nightly', ...KILLED, '--no-cache', '--checkpoint-interval', '0', '--run-dir', 'run']
const ARGS_JSON = [...ARGS, '--reporter', 'json=out.json']

/** After so many a round comes to its end. */
const KILLS_MAX = 3

/** Whether a killed run has left a search in the middle. */
const hasCheckpoint = (cwd: string): boolean => {
  const cells = join(cwd, 'run', 'cells')
  return existsSync(cells) && readdirSync(cells).some((c) => existsSync(join(cells, c, 'head.json')))
}

let undisturbed = ''
let undisturbedMs = 0

beforeAll(async () => {
  await build()
  await inDirectory(async (cwd) => {
    const start = performance.now()
    const ran = await mmcheck([...ARGS_JSON, '--jobs', '1'], { cwd })
    undisturbedMs = performance.now() - start
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    undisturbed = timelessFile(join(cwd, 'out.json'))
  })
})

describe('killed and resumed', () => {
  test.each(Array.from({ length: ROUNDS }, (_, i) => i + 1))('round %i', { timeout: 300_000 }, async (round) => {
    const next = chance(round)
    await inDirectory(async (cwd) => {
      let kills = 0
      let goneOn = 0
      let searches = 0
      for (;;) {
        // A round without a kill would show nothing: it begins anew, with less time.
        const ms = kills === KILLS_MAX ? 200_000 : undisturbedMs * (0.1 + next() * 0.9)
        const alone = next() < 0.5
        const resumed = existsSync(join(cwd, 'run', 'run.json'))
        const start = performance.now()
        const ran = await killedAfter(
          startGroup([...ARGS_JSON, '--jobs', String(1 + (round % 2)), '--resume'], cwd),
          ms,
          !alone,
        )
        if (ran.signal === null && kills === 0) {
          undisturbedMs = Math.min(undisturbedMs * 0.8, performance.now() - start)
          continue
        }
        if (ran.signal === null) {
          expect(ran).toMatchObject({ code: 0, stderr: '' })
          if (resumed) goneOn++
          break
        }
        kills++
        if (resumed) goneOn++
        if (hasCheckpoint(cwd)) searches++
      }
      expect(timelessFile(join(cwd, 'out.json'))).toBe(undisturbed)
      // Nothing is left of a run that is done.
      expect(existsSync(join(cwd, 'run'))).toBe(false)
      process.stdout.write(`round ${round}: killed ${kills} times, gone on ${goneOn} times, ${searches} in a search\n`)
    })
  })
})
