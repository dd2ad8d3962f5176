/** Runs of many cells: the same result however they are split, honest ends, and directories that can be trusted. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { beforeAll, describe, expect, test } from 'vitest'
import { runDocument, type RunDocument } from '../../cli/document.ts'
import { EXIT } from '../../cli/exit.ts'
import { sealed, unsealed } from '../../cli/nightly/atomic.ts'
import { costOf, selectJobs, type Job } from '../../cli/nightly/job.ts'
import { byCost, cellsOf } from '../../cli/nightly/shard.ts'
import { estimate } from '../../cli/nightly/progress.ts'
import { readBaseline } from '../../cli/baseline.ts'
import { build } from '../cli/build.ts'
import { LONG } from '../cli/long.ts'
import { ended, inDirectory, mmcheck } from '../cli/spawn.ts'
import { said, there, ticking } from './in_process.ts'
import { begun, kill9, killPid, startGroup, timelessFile, withOtherDigit } from './support.ts'

const SCENARIO = 'install-punch+write'
/** Two rows of the sweep, of three cells together. */
const ROWS = 'shmem.madvise_normal,anon.madvise_sequential'

beforeAll(async () => {
  await build()
})

const json = (cwd: string, name: string): RunDocument =>
  runDocument.parse(JSON.parse(readFileSync(join(cwd, name), 'utf8')))

describe('one input', () => {
  test('gives the same JSON with one worker and two, sharded and not, and from the cache', async () => {
    await there(async (cwd) => {
      const run = async (name: string, ...args: string[]): Promise<void> => {
        const words = ['nightly', SCENARIO, '--sweep', ROWS, ...args, '--reporter', `json=${name}`]
        // Workers are processes of the compiled command; without them all is done in this one.
        const ran = args.includes('--jobs') ? await mmcheck(words, { cwd }) : await said(words)
        expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' })
      }
      await run('w1.json', '--jobs', '1', '--no-cache')
      await run('w2.json', '--jobs', '2', '--no-cache')
      expect(existsSync(join(cwd, '.mmcheck', 'cache'))).toBe(false)
      expect(timelessFile(join(cwd, 'w2.json'))).toBe(timelessFile(join(cwd, 'w1.json')))
      await run('one.json')
      // The program text of this process is another one than that of the compiled command: so is its digest.
      const cellsOnly = (name: string): unknown =>
        z.looseObject({ cells: z.array(z.unknown()) }).parse(JSON.parse(timelessFile(join(cwd, name)))).cells
      expect(cellsOnly('w1.json')).toEqual(cellsOnly('one.json'))
      await run('s1.json', '--shard', '1/2', '--no-cache')
      await run('s2.json', '--shard', '2/2', '--no-cache')
      const merged = await said(['merge', 's2.json', 's1.json', '--reporter', 'json=merged.json'])
      expect(merged).toMatchObject({ code: 0, stdout: '', stderr: '' })
      expect(timelessFile(join(cwd, 'merged.json'))).toBe(timelessFile(join(cwd, 'one.json')))
      expect(json(cwd, 's1.json').cells.length).toBeGreaterThan(0)

      for (const [files, message] of [
        [['s1.json'], 'shard 2 of 2 is missing'],
        [['s1.json', 's1.json'], 'shard 1 of 2 is there twice'],
        [['s1.json', 'one.json'], 'of different runs'],
      ] as const) {
        const refused = await said(['merge', ...files])
        expect(refused).toMatchObject({ code: 2, stdout: '' })
        expect(refused.stderr).toContain(message)
      }

      // From the cache, where one entry is damaged and so found anew.
      const entries = readdirSync(join(cwd, '.mmcheck', 'cache'))
      expect(entries).toHaveLength(json(cwd, 'one.json').cells.length)
      const paths = entries.map((e) => join(cwd, '.mmcheck', 'cache', e))
      const damaged = paths.find((p) => readFileSync(p, 'utf8').includes(`"scenario":"${SCENARIO}"`)) ?? ''
      writeFileSync(damaged, readFileSync(damaged, 'utf8').replace('"states":', '"states":1'))
      await run('cached.json')
      const cached = json(cwd, 'cached.json')
      expect(cached.cells.filter((c) => c.cached === true)).toHaveLength(entries.length - 1)
      writeFileSync(
        join(cwd, 'unmarked.json'),
        JSON.stringify({ ...cached, cells: cached.cells.map((c) => ({ ...c, cached: false })) }),
      )
      expect(timelessFile(join(cwd, 'unmarked.json'))).toBe(timelessFile(join(cwd, 'one.json')))
    })
  })

  test('is split so that every cell is in one shard, and shards cost about the same', () => {
    const { jobs: all, errors } = selectJobs({ operands: [], tier: 'nightly', sweep: [] }, readBaseline())
    expect(errors).toEqual([])
    // In the end there are more shards than cells.
    const plans: readonly (readonly [of: number, jobs: readonly Job[]])[] = [
      ...[1, 2, 3, 8, 40].map((of) => [of, all] as const),
      [150, all.slice(0, 100)],
    ]
    for (const [of, jobs] of plans) {
      const shards = Array.from({ length: of }, (_, i) => cellsOf(jobs, { index: i + 1, of }))
      expect(
        shards
          .flat()
          .map((j) => j.key)
          .sort(),
      ).toEqual(jobs.map((j) => j.key).sort())
      const loads = shards.map((s) => s.reduce((n, j) => n + j.cost, 0))
      const largest = Math.max(...jobs.map((j) => j.cost))
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(largest)
    }
    const keys = (some: readonly Job[]): readonly string[] => some.map((j) => j.key)
    expect(keys(byCost([...all].reverse()))).toEqual(keys(byCost(all)))
    const push = selectJobs({ operands: [], tier: 'push', sweep: [] }, readBaseline()).jobs
    expect(push.length).toBeGreaterThan(all.length / 3)
    expect(Math.max(...push.map((j) => j.cost))).toBeLessThan(costOf(undefined))
  })

  test('has an estimate of what is left once something is known', () => {
    expect(estimate(0, 0, 100)).toBeUndefined()
    expect(estimate(10_000, 0, 100)).toBeUndefined()
    expect(estimate(10_000, 50, 100)).toBe(20_000)
  })
})

describe('a limit', () => {
  const ARGS = ['nightly', SCENARIO, '--no-cache', '--jobs', '1', '--run-dir', 'run', '--reporter', 'json=out.json']

  test.each([
    ['--timeout', '1ms', 'timeout', 'time'],
    ['--memory', '40k', 'unknown', 'memory'],
    ['--max-states', '100', 'unknown', 'states'],
    ['--budget', '1ms', 'timeout', 'budget'],
  ])('%s %s is told, and nothing holds', async (option, value, verdict, stopped) => {
    await there(async (cwd) => {
      const ran = await ticking(() => said([...ARGS, option, value]))
      expect(ran).toMatchObject({ code: EXIT.incomplete.code, stdout: '', stderr: '' })
      const { cells } = json(cwd, 'out.json')
      expect(cells).toHaveLength(2)
      for (const c of cells) {
        expect(c).toMatchObject({ verdict, search: { complete: false, stopped } })
        expect(c.properties.filter((p) => p.verdict === 'holds')).toEqual([])
      }
    })
  })

  test('of the run is no limit for the run that goes on; another run is refused, and so is damage', async () => {
    await there(async (cwd) => {
      expect(await said([...ARGS, '--max-states', '100000'])).toMatchObject({ code: 0 })
      const whole = timelessFile(join(cwd, 'out.json'))
      const args = [...ARGS, '--max-states', '100000', '--resume']
      expect(await ticking(() => said([...args, '--timeout', '1ms']))).toMatchObject({ code: 20 })
      // Its searches stand at their first chunk.
      const heads = readdirSync(join(cwd, 'run', 'cells')).map((c) => join(cwd, 'run', 'cells', c, 'head.json'))
      expect(heads).toHaveLength(2)

      const refused = async (more: readonly string[], message: string): Promise<void> => {
        const ran = await said([...args, ...more])
        expect(ran).toMatchObject({ code: EXIT.input.code, stdout: '' })
        expect(ran.stderr.replace(/\s+/g, ' ')).toContain(message)
        expect(ran.stderr).toContain('help: ')
      }
      await refused(['install+read'], 'of other scenarios, another model or other options')
      const path = join(cwd, 'run', 'run.json')
      const kept = readFileSync(path, 'utf8')
      const other = (unsealed(kept) ?? '').replace(/"version":"[^"]*"/, '"version":"0.0.1"')
      writeFileSync(path, sealed(JSON.parse(other)))
      await refused([], 'of another version of mmcheck (0.0.1)')
      writeFileSync(path, kept.replace('mmcheck-run', 'mmcheck-rum'))
      await refused([], 'is damaged')
      writeFileSync(path, kept)

      const [head = ''] = heads
      const good = readFileSync(head, 'utf8')
      writeFileSync(head, withOtherDigit(good, 'transitions'))
      await refused([], 'is damaged: its checksum is wrong')
      const foreign = (unsealed(good) ?? '').replace(/"model":"[0-9a-f]{64}"/, `"model":"${'0'.repeat(64)}"`)
      writeFileSync(head, sealed(JSON.parse(foreign)))
      await refused([], 'of another model')
      writeFileSync(head, good)

      expect(await said(args)).toMatchObject({ code: 0, stderr: '' })
      expect(timelessFile(join(cwd, 'out.json'))).toBe(whole)
    })
  })
})

test('two runs do not share a directory', async () => {
  await inDirectory(async (cwd) => {
    writeFileSync(join(cwd, 'long.litmus'), LONG)
    const args = ['nightly', 'long.litmus', '--no-cache', '--jobs', '1', '--run-dir', 'run']
    const first = startGroup(args, cwd)
    const over = ended(first)
    await begun(cwd, first)
    const second = await mmcheck(args, { cwd })
    expect(second).toMatchObject({ code: 2 })
    expect(second.stderr).toContain(`another run (process ${first.pid ?? 0}) works in run`)
    kill9(first, true)
    expect(await over).toMatchObject({ signal: 'SIGKILL' })
  })
})

test.skipIf(process.platform !== 'linux')(
  'a worker that dies is replaced, and a cell that kills two is an error',
  async () => {
    await inDirectory(async (cwd) => {
      const first = startGroup(
        ['nightly', 'install-remove-read+read', '--no-cache', '--jobs', '1', '--reporter', 'json=out.json'],
        cwd,
      )
      const over = ended(first)
      const state = { over: false }
      void over.then(() => {
        state.over = true
      })
      const pid = first.pid ?? 0
      const killed = new Set<string>()
      while (killed.size < 2 && !state.over) {
        const path = `/proc/${pid}/task/${pid}/children`
        const children = existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ') : []
        for (const child of children.filter((c) => c !== '' && !killed.has(c))) {
          killed.add(child)
          killPid(Number(child))
        }
        await sleep(10)
      }
      const ran = await over
      expect(ran.code).toBe(EXIT.internal.code)
      const [dead, other] = json(cwd, 'out.json').cells
      const verdicts = [dead?.verdict, other?.verdict].sort()
      expect(verdicts).toEqual(['error', 'holds'])
      const lost = [dead, other].find((c) => c?.verdict === 'error')
      expect(lost?.problem).toContain('a worker process died on it, twice: ')
    })
  },
)

describe('exit codes', () => {
  const CELL = {
    scenario: 'a',
    kernel: 'v7.0',
    without: [],
    engine: 'explicit',
    verdict: 'holds',
    properties: [],
    search: { states: 1, transitions: 0, depth: 0, complete: true, bytes: 0, ms: 0 },
    outcomes: [],
    condition: null,
    coverage: { labels: 0, reached: 0, unreached: [] },
    scope: [],
    assumptions: [],
    counterexamples: [],
    notAsExpected: [],
  }
  // Two shards, so that merge judges the cells anew.
  const shard = (index: number, outcome: string): string =>
    JSON.stringify({
      format: 'mmcheck-result',
      version: { major: 1, minor: 1 },
      run: { engine: 'explicit', tier: 'chosen', plan: 'p', planned: 2, shard: { index, of: 2 }, whole: false },
      exit: 0,
      cells: [{ ...CELL, kernel: `v${index}`, outcome, place: index }],
      errors: [],
      kept: null,
    })

  test('of results: the worst of all cells wins, in the order of the help', async () => {
    const order = [
      'internal',
      'disagree',
      'usage',
      'input',
      'violated',
      'deadlock',
      'incomplete',
      'unknown',
      'vacuous',
      'ok',
    ] as const
    const help = (await said(['--help'])).stdout
    const listed = [...help.matchAll(/^ {2} *(\d+) {2}\S/gm)].map((m) => Number(m[1]))
    expect(listed.filter((c) => c !== EXIT.skipped.code)).toEqual(order.map((o) => EXIT[o].code))
    await there(async (cwd) => {
      writeFileSync(join(cwd, '2.json'), shard(2, 'ok'))
      for (const outcome of order) {
        writeFileSync(join(cwd, '1.json'), shard(1, outcome))
        const ran = await said(['merge', '1.json', '2.json', '--reporter', 'json=out.json'])
        expect([outcome, ran.code]).toEqual([outcome, EXIT[outcome].code])
      }
    })
  })

  test.each([
    ['ok', ['list']],
    ['usage', ['nightly', '--shard', '9/8']],
    ['usage', ['nightly', '--shard', '1/8', '--update']],
    ['usage', ['nightly', '--reporter', 'ktap', '--reporter', 'junit']],
    ['usage', ['nightly', '--reporter', 'kttap=x']],
    ['usage', ['nightly', '-', '--queue', 'redis://localhost']],
    ['input', ['nightly', 'nosuch.litmus']],
    ['input', ['diff', 'nosuch.json', 'nosuch.json']],
  ] as const)('%s: mmcheck %j', async (outcome, args) => {
    await there(async () => {
      const ran = await said(args)
      expect(ran.code).toBe(EXIT[outcome].code)
      if (outcome !== 'ok') expect(ran.stderr).toMatch(/^mmcheck: /)
    })
  })
})
