/** What a Markdown document cannot show of `minimise`, `simulate` and `graph`: signals, JSON, files kept. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { build } from './build.ts'
import { here } from './in_process.ts'
import { ended, inDirectory, mmcheck, start } from './spawn.ts'

const STORE = join('.mmcheck', 'counterexamples')

/** Large enough that nobody waits for its end. */
const BIG = `MM big
kernel maybe-guard-v2
{
  shmem f[4]; shmem g[2];
  map a = f[0..3] shared rw; map b = f[0..1] shared rw; map c = g[0..1] shared rw; map d = anon[0..1] private rw;
  ptes 2; oom; fill b[0]; fill c[0..1] write; fill d[1];
}
P0 { r0 = guard_install(a[0..1]); r1 = read(a[2]); r2 = write(d[0]); }
P1 { r0 = madvise_collapse(b); r1 = write(b[1]); }
P2 { collapse(g); collapse(f); }
P3 { r0 = guard_install(d); r1 = dontneed(c); r2 = read(a[0]); }
exists (P0:r0 = 0 /\\ P0:r1 = ok)
`

beforeAll(build)

const simulateBig = async (cwd: string): Promise<string> => {
  writeFileSync(join(cwd, 'big.litmus'), BIG)
  const ran = await here(['simulate', 'big.litmus', '--stay', '40', '--seed', '3'], { cwd })
  expect(ran).toMatchObject({ code: 10, stderr: '' })
  const [file = ''] = readdirSync(join(cwd, STORE))
  expect(ran.stdout).toContain(`$ npx mmcheck minimise ${file.slice(0, 12)}`)
  return file.slice(0, 12)
}

describe('a long walk through a large world', () => {
  test('is kept as one, replays, and gives the same id for the same seed', async () => {
    await inDirectory(async (cwd) => {
      const id = await simulateBig(cwd)
      const text = readFileSync(join(cwd, STORE, `${id}.json`), 'utf8')
      const { origin, version } = z
        .looseObject({ origin: z.string(), version: z.object({ major: z.number(), minor: z.number() }) })
        .parse(JSON.parse(text))
      expect({ origin, version }).toEqual({ origin: 'simulation', version: { major: 1, minor: 1 } })
      const replayed = await here(['replay', id], { cwd })
      expect(replayed.code).toBe(10)
      expect(replayed.stdout.replace(/\s+/g, ' ')).toContain('found by a random walk, so a shorter trace may exist.')
      expect((await here(['replay', id, '--json'], { cwd })).stdout).toBe(text)
      const clashes = [
        [['--kernel', 'v7.0'], 'a counterexample is of its own kernel'],
        [['--property', 'NoDeadlock'], `counterexample ${id} is one of GuardStays, not of NoDeadlock`],
      ] as const
      for (const [options, message] of clashes) {
        const refused = await here(['minimise', id, ...options], { cwd })
        expect(refused).toMatchObject({ code: 1, stdout: '' })
        expect(refused.stderr.replace(/\s+/g, ' ')).toContain(message)
      }
      await inDirectory(async (elsewhere) => expect(await simulateBig(elsewhere)).toBe(id))
    })
  })

  test('ends with the best so far on Ctrl-C, and that is a counterexample as well', async () => {
    await inDirectory(async (cwd) => {
      const id = await simulateBig(cwd)
      const child = start(['minimise', id, '--progress', '--json'], { cwd })
      child.stdin?.end()
      // Progress is shown from the first scenario on; by then the signal is waited for.
      child.stderr?.once('data', () => child.kill('SIGINT'))
      const ran = await ended(child)
      expect(ran).toMatchObject({ code: 130, signal: null })
      const { minimised } = z
        .looseObject({
          minimised: z.looseObject({ ended: z.string(), counterexample: z.string(), litmus: z.string() }),
        })
        .parse(JSON.parse(ran.stdout))
      expect(minimised.ended).toBe('interrupted')
      expect(readdirSync(join(cwd, STORE))).toContain(`${minimised.counterexample}.json`)
      const replayed = await here(['replay', minimised.counterexample], { cwd })
      expect(replayed).toMatchObject({ code: 10, stderr: '' })
    })
  })
})

describe('--json', () => {
  const Envelope = z.looseObject({ format: z.literal('mmcheck-result'), version: z.object({ major: z.literal(1) }) })
  test.each([
    [['minimise', 'install-collapse-read', '--kernel', 'maybe-guard-v2', '--no-prove', '--no-save'], 10],
    [['simulate', 'install+install', '--kernel', 'v7.0', '--runs', '5'], 20],
    [['graph', 'install-oom', '--kernel', 'v7.0'], 0],
  ])('%j prints one object and nothing else', async (args, code) => {
    await inDirectory(async (cwd) => {
      const ran = await here([...args, '--json'], { cwd })
      expect(ran).toMatchObject({ code, stderr: '' })
      Envelope.parse(JSON.parse(ran.stdout))
    })
  })

  test.each([
    [['minimise', 'nosuch.litmus']],
    [['minimise', 'install+collapse', '--without', 'x.y']],
    [['minimise', 'ffff']],
    [['simulate', 'nosuch.litmus']],
    [['graph', 'install+install']],
    [['graph', 'install+install', '--kernel', 'v7.0']],
  ])('%j says in it what is wrong', async (args) => {
    await inDirectory(async (cwd) => {
      const ran = await here([...args, '--json'], { cwd })
      const { exit, errors } = z
        .looseObject({ exit: z.number(), errors: z.array(z.string()) })
        .parse(Envelope.parse(JSON.parse(ran.stdout)))
      expect(exit).toBe(ran.code)
      expect(errors.map((e) => `${e}\n`).join('')).toBe(ran.stderr)
    })
  })
})

test('what is read from a file as a counterexample is no more trusted than one of the store', async () => {
  await inDirectory(async (cwd) => {
    writeFileSync(join(cwd, 'bad.json'), '{"format": "mmcheck-counterexample"}')
    const ran = await here(['minimise', 'bad.json'], { cwd })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('bad.json: version')
    const piped = await mmcheck(['minimise', '-'], { cwd, stdin: '{' })
    expect(piped).toMatchObject({ code: 2, stdout: '' })
    expect(piped.stderr).toContain('not JSON')
  })
})
