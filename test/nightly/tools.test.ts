/** What goes with a nightly run: diff, config, completion, man, doctor, --update, the example workflows. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { describe, expect, test } from 'vitest'
import { changes } from '../../cli/nightly/run.ts'
import { readBaseline } from '../../cli/baseline.ts'
import { runDocument, type RunDocument } from '../../cli/document.ts'
import { ROOT } from '../frame/run.ts'
import { inDirectory } from '../cli/spawn.ts'
import { said, there } from './in_process.ts'

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

describe('diff', () => {
  const cell = (kernel: string): RunDocument['cells'][number] => ({
    scenario: 'a',
    kernel,
    without: [],
    engine: 'explicit',
    verdict: 'violated',
    properties: [{ name: 'GuardStays', verdict: 'violated', counterexample: '0123456789ab', steps: 3 }],
    search: { states: 10, transitions: 20, depth: 5, complete: true, bytes: 0, ms: 100 },
    outcomes: [],
    condition: null,
    coverage: { labels: 4, reached: 4, unreached: [] },
    scope: [],
    assumptions: [],
    counterexamples: [],
    notAsExpected: [],
  })
  const result = (cells: RunDocument['cells']): string => {
    const run = { format: 'mmcheck-result', version: { major: 1, minor: 1 }, exit: 0, cells, errors: [], kept: null }
    return JSON.stringify(runDocument.parse(run))
  }
  const [a, b, c] = [cell('v6.15'), cell('v6.18'), cell('v7.0')]
  type Row = [string, RunDocument['cells'], RunDocument['cells'], number, string]

  test.each([
    ['nothing', [a, b, c], [a, b, c], 0, ''],
    ['only times, a little', [a], [{ ...a, search: { ...a.search, ms: 900 } }], 0, ''],
    ['a new cell', [a], [a, b], 10, 'a on v6.18: new: violated, 10 states\n'],
    ['a cell that is gone', [a, b], [b], 10, 'a on v6.15: gone: was violated\n'],
    [
      'a verdict',
      [a],
      [{ ...a, verdict: 'holds', properties: [{ name: 'GuardStays', verdict: 'holds' }] }],
      10,
      'a on v6.15: verdict was violated, is holds\na on v6.15: GuardStays was violated, is holds\na on v6.15: GuardStays counterexample was 0123456789ab, is none\n',
    ],
    ['counts', [a], [{ ...a, search: { ...a.search, states: 11 } }], 10, 'a on v6.15: states was 10, is 11\n'],
    [
      'labels',
      [a],
      [{ ...a, coverage: { ...a.coverage, unreached: ['x.y'] } }],
      10,
      'a on v6.15: labels not reached was none, is x.y\n',
    ],
    ['a slow-down', [a], [{ ...a, search: { ...a.search, ms: 4100 } }], 10, 'a on v6.15: time was 0.1 s, is 4.1 s\n'],
    ['a slow-down of the cache', [a], [{ ...a, cached: true, search: { ...a.search, ms: 4100 } }], 0, ''],
  ] satisfies readonly Row[])('tells %s', async (_, before, after, code, stdout) => {
    await there(async (cwd) => {
      writeFileSync(join(cwd, 'a.json'), result([...before]))
      writeFileSync(join(cwd, 'b.json'), result(structuredClone([...after])))
      expect(await said(['diff', 'a.json', 'b.json'])).toEqual({ code, stdout, stderr: '' })
      const json = await said(['diff', 'a.json', 'b.json', '--json'])
      expect(JSON.parse(json.stdout)).toMatchObject({ exit: code })
    })
  })

  test('refuses what is no result', async () => {
    await there(async (cwd) => {
      writeFileSync(join(cwd, 'a.json'), result([a]))
      writeFileSync(join(cwd, 'b.json'), result([a]).replace('"states":10', '"states":"many"'))
      const ran = await said(['diff', 'a.json', 'b.json'])
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain('cells.0.search.states')
    })
  })
})

test('--update says what of the record changes', () => {
  const old = readBaseline()
  const [name = ''] = Object.keys(old)
  const [kernel = ''] = Object.keys(old[name] ?? {})
  const cell = old[name]?.[kernel]
  if (cell === undefined) throw new Error('the record is empty')
  expect(changes(old, { [name]: { [kernel]: cell } }).filter((l) => !l.includes('labels: now recorded'))).toEqual([])
  expect(changes(old, { [name]: { [kernel]: { ...cell, labels: undefined, states: 1 } } })).toContain(
    `${name} on ${kernel}: states: was ${cell.states}, now 1`,
  )
  expect(changes(old, { nova: { 'v7.0': cell } })).toEqual([
    `nova on v7.0: new, ${cell.verdict}, ${cell.states} states`,
  ])
})

describe('configuration', () => {
  const write = (path: string, verbs: unknown): void => {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, JSON.stringify({ format: 'mmcheck-config', version: { major: 1, minor: 0 }, verbs }))
  }

  test('flag over project over user over default, each with its origin', async () => {
    await there(async (cwd) => {
      write(join(cwd, 'mmcheck', 'config.json'), {
        check: { 'max-states': 5, color: 'never' },
        list: { kernels: true },
      })
      write(join(cwd, 'mmcheck.config.json'), {
        check: { 'max-states': '7' },
        nightly: { cache: false, reporter: ['ktap=a', 'json=b'] },
      })
      const shown = (await said(['config', '--show'])).stdout
      expect(shown).toContain(`check.max-states = "7"  (project: ${join(cwd, 'mmcheck.config.json')})\n`)
      expect(shown).toContain(`check.color = "never"  (user: ${join(cwd, 'mmcheck', 'config.json')})\n`)
      expect(shown).toContain('check.engine = "explicit"  (default)\n')
      expect(shown).toContain('nightly.cache = false  (project')
      expect(JSON.parse((await said(['config', '--json', '--all'])).stdout)).toHaveProperty('settings')
      // They are obeyed: by a verb that prints something else, and by a search that ends.
      expect((await said(['list'])).stdout).toContain('v6.18')
      const limited = await said(['check', 'install+read', '-k', 'v7.0', '--no-save'])
      expect(limited.code).toBe(20)
      expect(limited.stdout).toContain('stopped at 7 states')
      const more = await said(['check', 'install+read', '-k', 'v7.0', '--no-save', '--max-states', '9'])
      expect(more.stdout).toContain('stopped at 9 states')
    })
  })

  test.each([
    ['no JSON', '{', 'it is no JSON'],
    ['another format', '{"format":"x"}', 'is no mmcheck-config'],
    ['an unknown verb', { chek: {} }, "there is no verb 'chek'"],
    ['an unknown option', { check: { timout: '1s' } }, "did you mean 'timeout'?"],
    ['a wrong value', { check: { timeout: '1' } }, 'a duration has a unit'],
    ['a wrong kind of value', { check: { timeout: true } }, 'a text, a number or a list'],
    ['a value of a switch', { check: { strict: 'yes' } }, 'true or false'],
  ])('refuses %s', async (_, verbs, message) => {
    await there(async (cwd) => {
      const path = join(cwd, 'mmcheck.config.json')
      if (typeof verbs === 'string') writeFileSync(path, verbs)
      else write(path, verbs)
      for (const args of [
        ['check', 'install+read'],
        ['config', '--show'],
      ]) {
        const ran = await said(args)
        expect(ran).toMatchObject({ code: 2, stdout: '' })
        expect(ran.stderr.replace(/\s+/g, ' ')).toContain(message)
      }
    })
  })
})

describe('completion and manual', () => {
  const shell = (program: string, script: string, args: readonly string[], input: string): string => {
    const ran = spawnSync(program, [...args], { input: `${script}\n${input}\n`, encoding: 'utf8' })
    expect(ran.stderr).toBe('')
    return ran.stdout
  }

  test('bash', async () => {
    const { stdout } = await said(['completion', 'bash'])
    const complete = (...words: string[]): string =>
      `COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _mmcheck; echo "\${COMPREPLY[@]}"`
    const asked = [
      complete('mmcheck', 'nigh'),
      complete('mmcheck', 'nightly', '--check'),
      complete('mmcheck', 'check', 'install-inv'),
      complete('mmcheck', 'merge', '--budget'),
    ].join('\n')
    expect(shell('bash', stdout, ['--norc'], asked).split('\n').slice(0, 4)).toEqual([
      'nightly',
      '--checkpoint-interval',
      'install-invalidate+read-plain install-invalidate-large',
      '',
    ])
  })

  test.skipIf(!has('zsh'))('zsh (Debian: apt-get install zsh)', async () => {
    const { stdout } = await said(['completion', 'zsh'])
    // What _arguments is given for a verb, without a terminal to complete at.
    const asked =
      '_files() { :; }; _arguments() { print -l -- "$@"; }; words=(mmcheck nightly --x); CURRENT=3; _mmcheck'
    const told = shell('zsh', `compdef() { :; }\n${stdout}`, ['-f'], asked)
    expect(told).toContain('*--budget[end after this time')
    expect(told).toContain('*-j[how many cells at a time')
  })

  test.skipIf(!has('fish'))('fish (Debian: apt-get install fish)', async () => {
    const { stdout } = await said(['completion', 'fish'])
    const ask = "complete -C 'mmcheck nightly --bud'; complete -C 'mmcheck wor'"
    // It is longer than an argument may be, and fish reads no script from a socket.
    await inDirectory(async (cwd) => {
      const file = join(cwd, 'mmcheck.fish')
      await writeFile(file, stdout)
      const told = shell('fish', '', ['--no-config', '-c', `source ${file}\n${ask}`], '')
      expect(told).toMatch(/^--budget\t/m)
      expect(told).toMatch(/^worker\t/m)
    })
  })

  test('every option of every verb is in all of them', async () => {
    const texts: string[] = []
    for (const args of [['completion', 'bash'], ['completion', 'zsh'], ['man']]) texts.push((await said(args)).stdout)
    const [bash = '', zsh = '', man = ''] = texts
    const { settings } = z
      .looseObject({ settings: z.array(z.looseObject({ option: z.string() })) })
      .parse(JSON.parse((await said(['config', '--all', '--json'])).stdout))
    expect(settings.length).toBeGreaterThan(80)
    for (const { option } of settings) {
      for (const text of [bash, zsh]) expect(text).toMatch(new RegExp(`--(no-)?${option}\\b`))
      expect(man.replaceAll('\\-', '-')).toMatch(new RegExp(`--(no-)?${option}\\b`))
    }
  })

  test.skipIf(!has('mandoc'))(
    'mandoc finds nothing wrong with the manual (Debian: apt-get install mandoc)',
    async () => {
      const { stdout } = await said(['man'])
      const ran = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: stdout, encoding: 'utf8' })
      // The page is that of a version, not of a day.
      const found = ran.stdout
        .split('\n')
        .filter((l) => / (WARNING|ERROR|UNSUPP): /.test(l) && !l.includes('missing date'))
      expect(found).toEqual([])
    },
  )
})

test('doctor says what a fleet and reports need', async () => {
  const { code, stdout } = await said(['doctor'])
  expect(code).toBe(0)
  for (const name of ['processors', 'memory', 'record', 'bullmq', 'run directory'])
    expect(stdout).toMatch(new RegExp(`^${name} `, 'm'))
})

describe('the example workflows', () => {
  const text = (name: string): string => readFileSync(join(ROOT, 'cli', 'examples', name), 'utf8')
  /** It imports JSON in a way that bundlers understand, and Node with this hook. */
  const HOOK = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(\`export const load = (url, context, next) =>
  next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context)\`))
`
  const ASK = `import { readFileSync } from 'node:fs'
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
const { context } = parseWorkflow({ name: 'w.yml', content: readFileSync(0, 'utf8') }, new NoOperationTraceWriter())
console.log(JSON.stringify(context.errors.getErrors().map((e) => e.message)))
`
  const mistakes = (content: string): unknown => {
    const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`
    const args = ['--import', hook, '--input-type=module', '-e', ASK]
    const ran = spawnSync(process.execPath, args, { cwd: ROOT, input: content, encoding: 'utf8' })
    expect(ran.stderr).toBe('')
    return JSON.parse(ran.stdout)
  }

  test('for GitHub Actions is one, as its own parser sees it', () => {
    expect(mistakes(text('github-actions.yml'))).toEqual([])
    expect(mistakes(text('github-actions.yml').replace('runs-on:', 'runs_on:'))).not.toEqual([])
  })

  test('for GitLab CI is valid by its schema, as gitlab-ci-local sees it', async () => {
    await there(async (cwd) => {
      const lint = (content: string): number | null => {
        writeFileSync(join(cwd, '.gitlab-ci.yml'), content)
        const main = join(ROOT, 'node_modules', 'gitlab-ci-local', 'dist', 'index.js')
        // It is written for a newer Node, and needs no more of it than this.
        writeFileSync(
          join(cwd, 'newer.mjs'),
          'Set.prototype.union ??= function (o) { return new Set([...this, ...o]) }\n',
        )
        const ran = spawnSync(process.execPath, ['--import', './newer.mjs', main, '--list'], { cwd, encoding: 'utf8' })
        return ran.status
      }
      spawnSync('git', ['init', '-q', '.'], { cwd })
      expect(lint(text('gitlab-ci.yml'))).toBe(0)
      expect(lint(text('gitlab-ci.yml').replace('parallel: 4', 'parallel: often'))).toBe(1)
      await Promise.resolve()
    })
  })

  test('say nothing that the command line does not understand', async () => {
    for (const name of ['github-actions.yml', 'gitlab-ci.yml']) {
      const commands = [
        ...text(name)
          .replace(/\n\s+--/g, ' --')
          .matchAll(/npx mmcheck (\w+)([^\n]*)/g),
      ]
      expect(commands.length).toBeGreaterThan(2)
      for (const [, verb = '', rest = ''] of commands) {
        const help = (await said([verb, '--help'])).stdout
        for (const [option] of rest.matchAll(/--[a-z-]+/g)) expect(help).toContain(option)
      }
    }
  })
})
