/** A fleet on one machine: workers that are killed lose no cell, and none is counted twice. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SWEEP_KERNELS } from '../../model/scenarios/sweep/worlds.ts'
import { build } from '../cli/build.ts'
import { ended, inDirectory, mmcheck } from '../cli/spawn.ts'
import { hasRedis, startRedis, type Redis } from './redis.ts'
import { chance, kill9, ROUNDS, SMALL, SMALL_CELLS, startGroup, timelessFile } from './support.ts'

/** Beside the cells of SMALL: a row of the sweep, one job with a result for each kernel. */
const ROW = 'shmem.madvise_sequential'
const RESULTS = SMALL_CELLS + SWEEP_KERNELS.length
const ARGS = [
  'nightly',
  ...SMALL,
  '--sweep',
  ROW,
  '--no-cache',
  '--heartbeat',
  '0',
  '--run-dir',
  'run',
  '--reporter',
  'json=out.json',
]

beforeAll(async () => {
  await build()
})

test('a server that is not there is told of, and nothing is checked', async () => {
  await inDirectory(async (cwd) => {
    // The password stays out of it.
    const ran = await mmcheck([...ARGS, '--queue', 'redis://:secret@127.0.0.1:1'], { cwd })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('no Redis answers at redis://127.0.0.1:1')
    expect(ran.stderr).not.toContain('secret')
    const worker = await mmcheck(['worker', '--queue', 'redis://127.0.0.1:1'], { cwd })
    expect(worker).toMatchObject({ code: 2, stdout: '' })
    expect(worker.stderr).toContain('no Redis answers')
  })
})

describe.skipIf(!hasRedis)('with redis-server (Debian: apt-get install redis-server)', () => {
  let redis: Redis | undefined
  let undisturbed = ''

  beforeAll(async () => {
    redis = await startRedis()
    await inDirectory(async (cwd) => {
      expect(await mmcheck([...ARGS, '--jobs', '1'], { cwd })).toMatchObject({ code: 0, stderr: '' })
      undisturbed = timelessFile(join(cwd, 'out.json'))
    })
  })
  afterAll(async () => {
    await redis?.stop()
  })

  test.each(Array.from({ length: ROUNDS }, (_, i) => i + 1))(
    'round %i: workers are killed while they work',
    { timeout: 300_000 },
    async (round) => {
      const url = redis?.url ?? ''
      const next = chance(1000 + round)
      await inDirectory(async (cwd) => {
        const worker = (): ChildProcess =>
          startGroup(['worker', '--queue', url, '--jobs', '1', '--no-cache', '--lease', '1500ms'], cwd)
        const run = startGroup([...ARGS, '--queue', url, '--reporter', 'jsonl=out.jsonl'], cwd)
        const over = ended(run)
        const state = { over: false }
        void over.then(() => {
          state.over = true
        })
        const workers = [worker(), worker()]
        let killed = 0
        while (!state.over) {
          await sleep(300 + next() * 2000)
          if (state.over || killed >= 3) continue
          const i = Math.floor(next() * workers.length)
          const victim = workers[i]
          // Sometimes the worker alone, so that the process that searches for it is left behind.
          if (victim !== undefined) kill9(victim, next() < 0.5)
          killed++
          workers[i] = worker()
        }
        const ran = await over
        for (const w of workers) kill9(w, true)
        expect(ran, ran.stdout).toMatchObject({ code: 0, stderr: '' })
        expect(timelessFile(join(cwd, 'out.json'))).toBe(undisturbed)
        const events = readFileSync(join(cwd, 'out.jsonl'), 'utf8').trimEnd().split('\n')
        expect(events.filter((e) => e.includes('"event":"cell"'))).toHaveLength(RESULTS)
        process.stdout.write(`round ${round}: ${killed} workers killed\n`)
      })
    },
  )
})
