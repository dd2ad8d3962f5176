/**
 * What Markdown cannot say: ids that only a run knows, colours, broken files, signals, pipes. Processes of the
 * compiled command where it is the process that matters, else commands in this one.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { build } from './build.ts'
import { here } from './in_process.ts'
import { LONG } from './long.ts'
import { ended, environment, inDirectory, mmcheck, start } from './spawn.ts'

beforeAll(build)

const RACE = `MM race
kernel maybe-guard-v2
{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = guard_install(a[0]); }
P1 { collapse(f); }
`

const STORE = join('.mmcheck', 'counterexamples')

/** Checks RACE in a new directory, then goes on with the counterexamples that were kept there. */
async function withKept(use: (cwd: string, ids: readonly string[]) => Promise<void>): Promise<void> {
  await inDirectory(async (cwd) => {
    writeFileSync(join(cwd, 'race.litmus'), RACE)
    expect((await here(['race.litmus'], { cwd })).code).toBe(10)
    const ids = readdirSync(join(cwd, STORE)).map((f) => f.replace('.json', ''))
    expect(ids.length).toBeGreaterThan(0)
    await use(cwd, ids)
  })
}

describe('a counterexample just kept', () => {
  test('replays by the start of its id, by file and from standard input, to the race that was printed', () =>
    withKept(async (cwd, ids) => {
      const printed = (await mmcheck(['race.litmus'], { cwd })).stdout
      const id = ids.find((i) => printed.includes(`replay ${i}`)) ?? ''
      const file = join(STORE, `${id}.json`)
      const byId = await here(['replay', id.slice(0, 6)], { cwd })
      expect(byId).toMatchObject({ code: 10, stderr: '' })
      expect(byId.stdout).toContain(`cex ${id}`)
      // All but the clause on shorter traces: a replay looks for none.
      const [race = '', counts] = byId.stdout.split('; as recorded.')
      expect(counts).toBeDefined()
      expect(printed).toContain(race)
      expect(await here(['replay', file], { cwd })).toEqual(byId)
      expect(await mmcheck(['replay', '-'], { cwd, stdin: readFileSync(join(cwd, file), 'utf8') })).toEqual(byId)
    }))

  test('is the same when found again, and is printed as the file that is kept', () =>
    withKept(async (cwd, ids) => {
      await here(['race.litmus'], { cwd })
      expect(readdirSync(join(cwd, STORE)).map((f) => f.replace('.json', ''))).toEqual(ids)
      for (const id of ids) {
        const { stdout } = await here(['replay', id, '--json'], { cwd })
        expect(stdout).toBe(readFileSync(join(cwd, STORE, `${id}.json`), 'utf8'))
      }
    }))

  test('is explained, with the same verdict for its own kernel', () =>
    withKept(async (cwd, [id = '']) => {
      const ran = await here(['explain', id], { cwd })
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      expect(ran.stdout).toMatch(new RegExp(`^cex ${id} `))
      expect(ran.stdout).toMatch(/^ {2}maybe-guard-v2 +violated \(\d+ steps\)$/m)
      expect(ran.stdout).toMatch(/^ {2}v7\.0 +holds$/m)
    }))
})

const Kept = z.looseObject({ id: z.string(), version: z.object({ major: z.number(), minor: z.number() }) })
const Traced = z.looseObject({ trace: z.array(z.looseObject({ label: z.string() })) })

describe('a counterexample that was tampered with', () => {
  const cases: Readonly<Record<string, readonly [change: (text: string) => string, message: string]>> = {
    'cut short': [(t) => t.slice(0, t.length / 2), 'not JSON'],
    empty: [() => '', 'not JSON'],
    'of another format': [() => '{}', 'format: '],
    'of another major version': [
      (t) => JSON.stringify({ ...Kept.parse(JSON.parse(t)), version: { major: 2, minor: 0 } }),
      'format version 2.0: this mmcheck reads version 1.x; a newer mmcheck is needed',
    ],
    'under another id': [
      (t) => JSON.stringify({ ...Kept.parse(JSON.parse(t)), id: '0123456789ab' }),
      'the file says 0123456789ab, but this trace has the id ',
    ],
    'with its steps turned round': [
      (t) => {
        const c = Traced.parse(JSON.parse(t))
        return JSON.stringify({ ...c, trace: c.trace.toReversed() })
      },
      'move 1 cannot be replayed',
    ],
    'without its last step': [
      (t) => {
        const c = Traced.parse(JSON.parse(t))
        return JSON.stringify({ ...c, trace: c.trace.slice(0, -1) })
      },
      'holds at its end',
    ],
    'with an unknown step': [
      (t) => t.replace(/"label": "[^"]*"/, '"label": "zork"'),
      "step 1, 'zork' of P0, is not in the model",
    ],
  }

  test('is refused by replay and explain, with a reason', () =>
    withKept(async (cwd, [id = '']) => {
      const text = readFileSync(join(cwd, STORE, `${id}.json`), 'utf8')
      for (const [name, [change, message]] of Object.entries(cases)) {
        writeFileSync(join(cwd, 'changed.json'), change(text))
        // Both verbs read and replay by the same code.
        const verb = name.startsWith('with') ? 'explain' : 'replay'
        const ran = await here([verb, 'changed.json'], { cwd })
        expect(ran, name).toMatchObject({ code: 2, stdout: '' })
        expect(ran.stderr.replace(/\s+/g, ' '), name).toContain(message)
      }
      writeFileSync(join(cwd, STORE, `${id}.json`), text.slice(0, 1000))
      const ran = await here(['replay', id], { cwd })
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain('not JSON')
    }))
})

describe('--json', () => {
  const Envelope = z.looseObject({
    format: z.enum(['mmcheck-result', 'mmcheck-counterexample']),
    version: z.object({ major: z.literal(1), minor: z.number() }),
  })

  test('prints one object and nothing else, whatever the verb', () =>
    withKept(async (cwd, [id = '']) => {
      const good = [
        ['race.litmus'],
        ['check', 'race.litmus', '--kernel', 'v7.0', '--full', '--color', 'always'],
        ['replay', id],
        ['explain', id],
        ['explain', 'GuardStays'],
        ['list'],
        ['list', 'retract_page_tables'],
        ['doctor'],
      ]
      for (const [i, args] of good.entries()) {
        const ran = await (i === 0 ? mmcheck : here)([...args, '--json'], { cwd })
        expect(ran.stderr, args.join(' ')).toBe('')
        Envelope.parse(JSON.parse(ran.stdout))
      }
      const bad = [
        ['check', 'none.litmus'],
        ['check', '--depth', '3'],
        ['replay', 'ffff'],
        ['explain', 'zork'],
        ['list', 'zork'],
        ['zork'],
      ]
      for (const [i, args] of bad.entries()) {
        const ran = await (i === 0 ? mmcheck : here)([...args, '--json'], { cwd })
        expect(ran.stderr, args.join(' ')).not.toBe('')
        const { exit, errors } = z
          .looseObject({ exit: z.number(), errors: z.array(z.string()) })
          .parse(Envelope.parse(JSON.parse(ran.stdout)))
        expect(exit, args.join(' ')).toBe(ran.code)
        expect(errors.map((e) => `${e}\n`).join('')).toBe(ran.stderr)
      }
    }))
})

describe('colour', () => {
  const ESC = '\u001b['
  const QUIET = 'MM quiet\nkernel v6.13\n{ map a = anon[0..0] private rw; }\nP0 { r0 = read(a[0]); }\n'

  test.each<[string, Record<string, string>, readonly string[], boolean]>([
    ['none where the output is no terminal', {}, [], false],
    ['FORCE_COLOR', { FORCE_COLOR: '1' }, [], true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, [], false],
    ['NO_COLOR', { NO_COLOR: '1' }, [], false],
    ['NO_COLOR over FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, [], false],
    ['an empty NO_COLOR is none', { NO_COLOR: '', FORCE_COLOR: '1' }, [], true],
    ['--color over NO_COLOR', { NO_COLOR: '1' }, ['--color', 'always'], true],
    ['--color over FORCE_COLOR', { FORCE_COLOR: '1' }, ['--color', 'never'], false],
  ])('%s', async (_, extra, args, expected) => {
    await inDirectory(async (cwd) => {
      writeFileSync(join(cwd, 'quiet.litmus'), QUIET)
      const ran = await here(['quiet.litmus', ...args], { cwd, env: environment(extra) })
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      expect(ran.stdout.includes(ESC)).toBe(expected)
      // Without the colours, the words are the same.

      expect(ran.stdout.replace(/\u001b\[\d+m/g, '')).toContain('  v6.13: holds; ')
    })
  })

  test('none in a process whose output is no terminal, unless it is asked for', async () => {
    await inDirectory(async (cwd) => {
      const plain = await mmcheck(['-'], { cwd, stdin: QUIET, env: environment({}) })
      expect(plain.stdout).toContain('  v6.13: holds; ')
      expect(plain.stdout).not.toContain(ESC)
      const forced = await mmcheck(['-'], { cwd, stdin: QUIET, env: environment({ FORCE_COLOR: '1' }) })
      expect(forced.stdout).toContain(ESC)
    })
  })
})

describe('operands', () => {
  const refused: Readonly<Record<string, readonly [make: (path: string) => void, message: string]>> = {
    'a directory': [(path) => mkdirSync(path), 'it is a directory'],
    'an empty file': [(path) => writeFileSync(path, ''), 'error[MM001]'],
    'a file of 2 MB': [(path) => writeFileSync(path, 'x'.repeat(2e6)), 'it has more than 1048576 bytes'],
    'a text that is no test': [(path) => writeFileSync(path, 'Dear list,\n'), 'error[MM002]'],
    'a file for herd7': [(path) => writeFileSync(path, 'C mp\n{}\n'), 'error[MM002]'],
    'a file of every byte': [
      (path) => writeFileSync(path, Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 256))),
      'error[MM',
    ],
    'a file of zeros': [(path) => writeFileSync(path, Buffer.alloc(4096)), 'error[MM'],
    'one very long line': [(path) => writeFileSync(path, `MM x\n${'('.repeat(500_000)}`), 'error[MM'],
  }

  test.each(Object.entries(refused))('%s is refused', async (_, [make, message]) => {
    await inDirectory(async (cwd) => {
      make(join(cwd, 'x y.litmus'))
      const ran = await here(['x y.litmus'], { cwd })
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain(message)
      expect(ran.stderr).not.toMatch(/ at .*\.[jt]s:\d+/)
      for (const line of ran.stderr.split('\n')) expect(line).toMatch(/^\P{C}*$/u)
    })
  })

  test('standard input is limited as well, and may start with a byte order mark', async () => {
    await inDirectory(async (cwd) => {
      const large = await mmcheck(['-'], { cwd, stdin: 'x'.repeat(2e6) })
      expect(large).toMatchObject({ code: 2, stdout: '' })
      expect(large.stderr).toContain('cannot read standard input: it has more than')
      const marked = await mmcheck(['-', '--kernel', 'v7.0'], { cwd, stdin: `\uFEFF${RACE.replaceAll('\n', '\r\n')}` })
      expect(marked).toMatchObject({ code: 0, stderr: '' })
    })
  })

  test('a name with blanks, and one that would move the cursor', async () => {
    await inDirectory(async (cwd) => {
      for (const name of ['a race.litmus', '\u001b[2Jrace.litmus']) {
        writeFileSync(join(cwd, name), RACE)
        expect(await here([name, '--kernel', 'v7.0'], { cwd })).toMatchObject({ code: 0, stderr: '' })
      }
      const wrong = await mmcheck(['\u001b[2Jnone'], { cwd })
      expect(wrong.stderr).toContain("cannot read '?[2Jnone'")
    })
  })
})

test('where nothing can be kept, the check warns once and goes on', async () => {
  await inDirectory(async (cwd) => {
    writeFileSync(join(cwd, 'race.litmus'), RACE.replace('kernel', 'kernel maybe-guard-v1,'))
    // A file in the way stops root as well.
    writeFileSync(join(cwd, '.mmcheck'), '')
    const ran = await here(['race.litmus'], { cwd })
    expect(ran.code).toBe(10)
    expect(ran.stderr.match(/warning: counterexamples are not kept/g)).toHaveLength(1)
    expect(ran.stdout).toContain('2 cells')
    expect(ran.stdout).not.toContain('Kept in')
  })
})

describe('a reader that goes away', () => {
  test.each([
    ['--help'],
    ['list', '--operations'],
    ['install+install'],
    ['install+install', '--json'],
    ['explain', 'GuardStays'],
  ])('%s %s', async (...args) => {
    await inDirectory(async (cwd) => {
      const child = start(args, { cwd })
      child.stdout?.destroy()
      const ran = await ended(child)
      expect(ran).toMatchObject({ code: 141, signal: null, stderr: '' })
    })
  })
})

describe('Ctrl-C', () => {
  test.each(['explicit', 'reference', 'smt'])('ends a long search of the %s engine at once', async (engine) => {
    await inDirectory(async (cwd) => {
      writeFileSync(join(cwd, 'long.litmus'), LONG)
      const child = start(['long.litmus', '--engine', engine], { cwd })
      child.stdin?.end()
      // The name of the test is printed before its search begins.
      child.stdout?.once('data', () => child.kill('SIGINT'))
      const ran = await ended(child)
      // A shell makes 130 of it.
      expect(ran).toMatchObject({ signal: 'SIGINT', stderr: '' })
      expect(ran.stdout).not.toContain('done verdict=')
    })
  })
})

test('a search that is watched by nobody says nothing about its progress', async () => {
  await inDirectory(async (cwd) => {
    const args = ['-', '--max-states', '30000']
    const ran = await mmcheck(args, { cwd, stdin: LONG })
    expect(ran).toMatchObject({ code: 20, stderr: '' })
  })
})
