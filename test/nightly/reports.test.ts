/** What the reporters write, read by programs of other people. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Parser } from 'tap-parser'
import { validateXML } from 'xmllint-wasm'
import { z } from 'zod'
import { beforeAll, describe, expect, test } from 'vitest'
import { runDocument, schemas, type RunDocument } from '../../cli/document.ts'
import { html } from '../../cli/reporters/html.ts'
import { junit } from '../../cli/reporters/junit.ts'
import { ktap } from '../../cli/reporters/ktap.ts'
import { markdown } from '../../cli/reporters/markdown.ts'
import { summaryLines } from '../../cli/reporters/terminal.ts'
import { build } from '../cli/build.ts'
import { inDirectory, mmcheck } from '../cli/spawn.ts'
import { ROOT } from '../frame/run.ts'
import { CHROMIUM, LACK, launch, PATIENCE_MS } from '../render/browser.ts'

/** A violated file, a text that is none, a bound, and cells of the catalogue that hold or are violated as recorded. */
const RACE = `MM race
kernel maybe-guard-v1, v7.0
{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = guard_install(a[0]); r1 = read(a[0]); }
P1 { collapse(f); }
exists (P0:r0 = 0 /\\ ~(P0:r1 = SEGV))
`
const REPORTS = ['ktap', 'junit', 'json', 'jsonl', 'markdown', 'html'] as const

const text: Record<string, string> = {}
let run: RunDocument = {
  format: 'mmcheck-result',
  version: { major: 1, minor: 1 },
  exit: 0,
  cells: [],
  errors: [],
  kept: null,
}

beforeAll(async () => {
  await build()
  await inDirectory(async (cwd) => {
    writeFileSync(join(cwd, 'race.litmus'), RACE)
    writeFileSync(join(cwd, 'wrong.litmus'), 'MM <wrong> & "#1"\nkernel v0\n')
    const args = [
      'nightly',
      'race.litmus',
      'wrong.litmus',
      'install+write-restart',
      '--jobs',
      '2',
      '--max-states',
      '2400',
    ]
    const sent = REPORTS.flatMap((r) => ['--reporter', `${r}=out/${r}`])
    const ran = await mmcheck([...args, ...sent, '--reporter', 'default'], { cwd })
    expect(ran.code).toBe(2)
    for (const r of REPORTS) text[r] = readFileSync(join(cwd, 'out', r), 'utf8')
    text['default'] = ran.stdout
    run = runDocument.parse(JSON.parse(text['json'] ?? ''))
  })
})

/** Of a level of KTAP, its own lines without the blanks, and the levels inside of it. */
function levels(lines: readonly string[], depth: number): readonly string[] {
  const indent = '  '.repeat(depth)
  const found: string[] = []
  let own: string[] = []
  const end = (): void => {
    if (own.length > 0) found.push(`${own.join('\n')}\n`)
    own = []
  }
  for (const line of lines) {
    if (!line.startsWith(indent)) end()
    else if (line.startsWith(`${indent}KTAP`)) {
      end()
      own.push(line.slice(indent.length))
    } else if (line.charAt(indent.length) !== ' ') own.push(line.slice(indent.length))
  }
  end()
  return found
}

describe('KTAP', () => {
  test('has the levels, plans and results of the run', () => {
    const lines = (text['ktap'] ?? '').split('\n')
    expect(lines[0]).toBe('KTAP version 1')
    const [top = '', ...none] = levels(lines, 0)
    expect(none).toEqual([])
    for (const depth of [0, 1, 2]) {
      for (const level of levels(lines, depth)) {
        // tap-parser knows levels of four blanks only, so each is given to it by itself.
        const read = Parser.parse(level)
        const asserts = read.filter(([kind]) => kind === 'assert')
        const complete = read.find(([kind]) => kind === 'complete')
        expect(asserts.length).toBeGreaterThan(0)
        expect(complete?.[1]).toMatchObject({ count: asserts.length, plan: { start: 1, end: asserts.length } })
      }
    }
    expect(top).toContain('not ok 1 race')
    expect(top).toContain('not ok 2 install+write-restart')
    expect(top).toContain('not ok 3 input-1 # ERROR')
    expect(text['ktap']).toContain('ok 1 guard-v3 # XFAIL')
    expect(text['ktap']).toContain('# ERROR stopped at the limit of states')
  })

  const kunit = process.env['KUNIT_PARSER'] ?? ''
  test.skipIf(!existsSync(join(kunit, 'kunit_parser.py')))(
    "is read by the kernel's own parser (KUNIT_PARSER names tools/testing/kunit of a source tree)",
    () => {
      const script = [
        'import sys',
        `sys.path.insert(0, ${JSON.stringify(kunit)})`,
        'import kunit_parser',
        'lines = sys.stdin.read().split("\\n")',
        // Newer trees want to be told where to print.
        'try: test = kunit_parser.parse_run_tests(lines)',
        'except TypeError:',
        ' from kunit_printer import Printer',
        ' test = kunit_parser.parse_run_tests(lines, Printer())',
        'c = test.counts',
        'print("COUNTS", c.passed, c.failed, c.crashed, c.skipped, c.errors)',
      ].join('\n')
      const ran = spawnSync('python3', ['-c', script], { input: text['ktap'], encoding: 'utf8' })
      expect(ran.stderr).toBe('')
      const [, passed, failed, crashed, , errors] = /COUNTS (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(ran.stdout) ?? []
      // Errors are what it could not make sense of.
      expect({ crashed, errors }).toEqual({ crashed: '0', errors: '0' })
      expect(Number(passed)).toBeGreaterThan(10)
      expect(Number(failed)).toBeGreaterThan(0)
    },
  )
})

/** The schema of the JUnit reports of Ant, as the package junit-xml has it in its tests. */
function antSchema(): string {
  const source = readFileSync(join(ROOT, 'node_modules', 'junit-xml', 'src', 'index.test.ts'), 'utf8')
  const found = /antJunitSchema = '(<[^]*?)'(?:;|\n)/.exec(source)?.[1]
  if (found === undefined) throw new Error('junit-xml has no schema any longer')
  return found.replaceAll("\\'", "'").replaceAll('\\n', '\n')
}

describe('JUnit', () => {
  test('is valid', async () => {
    const valid = await validateXML({
      xml: { fileName: 'out.xml', contents: text['junit'] ?? '' },
      schema: antSchema(),
    })
    expect(valid.errors).toEqual([])
    const broken = (text['junit'] ?? '').replace(' classname=', ' klassname=')
    expect((await validateXML({ xml: { fileName: 'out.xml', contents: broken }, schema: antSchema() })).valid).toBe(
      false,
    )
  })

  test('tells failures, errors and expected failures apart', () => {
    const xml = text['junit'] ?? ''
    expect(xml).toContain('<failure message="')
    expect(xml).toContain('<error message="stopped at the limit of states" type="unknown">')
    expect(xml).toMatch(/<testcase name="guard-v3: as-recorded"[^>]*\/>/)
  })
})

describe('JSON', () => {
  const ajv = new Ajv2020({ strict: true })
  const published = (name: string): object =>
    z.looseObject({}).parse(JSON.parse(readFileSync(join(ROOT, 'cli', 'schema', name), 'utf8')))

  test('schemas are those of the program (MMCHECK_WRITE_SCHEMAS=1 writes them)', () => {
    for (const [name, schema] of Object.entries(schemas())) {
      const path = join(ROOT, 'cli', 'schema', name)
      const made = `${JSON.stringify(schema, null, 2)}\n`
      if (process.env['MMCHECK_WRITE_SCHEMAS'] === '1') writeFileSync(path, made)
      expect(readFileSync(path, 'utf8')).toBe(made)
    }
  })

  test('results and events are valid', async () => {
    const result = ajv.compile(published('result-1.json'))
    expect(result(JSON.parse(text['json'] ?? '')) ? [] : result.errors).toEqual([])
    expect(result({ ...run, exit: 'none' })).toBe(false)
    const event = ajv.compile(published('events-1.json'))
    const lines = (text['jsonl'] ?? '').trimEnd().split('\n')
    expect(lines).toHaveLength(run.cells.length + run.errors.length + 2)
    for (const line of lines) expect(event(JSON.parse(line)) ? [] : [line, event.errors]).toEqual([])
    await inDirectory(async (cwd) => {
      const ran = await mmcheck(['install+write-restart', '--json'], { cwd })
      expect(result(JSON.parse(ran.stdout)) ? [] : result.errors).toEqual([])
    })
  })
})

describe('Markdown', () => {
  test('has tables of one width, and the race of what is red', () => {
    const lines = (text['markdown'] ?? '').split('\n')
    const bars = (l: string): number => l.replace(/\\./g, '').split('|').length
    lines.forEach((l, i) => {
      if (l.startsWith('|') && lines[i - 1]?.startsWith('|') === true) expect(bars(l)).toBe(bars(lines[i - 1] ?? ''))
    })
    expect(text['markdown']).toContain('not as it should be')
    expect(text['markdown']).toContain('CPU0')
  })
})

describe('the terminal', () => {
  test('gets a summary that fits one screen, whatever the run', () => {
    const many = Array.from({ length: 60 }, () => run.cells).flat()
    for (const cells of [run.cells, many, []]) {
      const lines = summaryLines({ ...run, cells })
      expect(lines.length).toBeLessThanOrEqual(24)
      for (const l of lines) expect(l.length).toBeLessThanOrEqual(79)
    }
    expect(text['default']).toMatch(/^done exit=2 cells=4 fail=\d+ incomplete=\d+ errors=\d+ sec=[\d.]+$/m)
  })
})

test('names from elsewhere break no report', async () => {
  const evil = '<b>&"\'|`#\n\u0000\u001b[2J]]>-->'
  const [cell] = run.cells
  if (cell === undefined) throw new Error('no cell')
  const bad: RunDocument = {
    ...run,
    errors: [evil],
    cells: [
      {
        ...cell,
        scenario: evil,
        kernel: evil,
        notAsExpected: [evil],
        problem: evil,
        properties: [...cell.properties, { name: evil, verdict: 'vacuous', unreached: [evil] }],
      },
    ],
  }
  const checked = await validateXML({ xml: { fileName: 'out.xml', contents: junit(bad) }, schema: antSchema() })
  expect(checked.errors).toEqual([])
  for (const line of ktap(bad).split('\n'))
    expect(line).toMatch(/^ *(?:KTAP version 1|1\.\.\d+|(?:not )?ok \d+ [^#]*(?: # [A-Z]+.*)?|# .*|)$/)
  expect(html(bad)).not.toContain('<b>&')
  expect(markdown(bad)).not.toContain('<b>')
})

describe.skipIf(CHROMIUM === undefined)(`HTML in Chromium${LACK}`, () => {
  test('is one file: a matrix whose cells lead to scenarios, and those to traces', async () => {
    const browser = await launch()
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(PATIENCE_MS)
      const asked: string[] = []
      const said: string[] = []
      page.on('request', (r) => asked.push(r.url()))
      page.on('console', (m) => said.push(m.text()))
      await inDirectory(async (cwd) => {
        const path = join(cwd, 'out.html')
        writeFileSync(path, text['html'] ?? '')
        await page.goto(`file://${path}`)
        expect(await page.locator('#matrix tbody tr').count()).toBe(2)
        expect(await page.locator('main.overview').isVisible()).toBe(true)
        await page.locator('#matrix td.fail a').first().click()
        const scenario = page.locator('section.page:target')
        expect(await scenario.locator('h2').textContent()).toBe('race')
        expect(await page.locator('main.overview').isVisible()).toBe(false)
        await scenario.locator('td.fail a').first().click()
        const trace = page.locator('section.page:target')
        expect(await trace.locator('pre').textContent()).toContain('CPU0')
        expect(await trace.locator('tbody tr').count()).toBeGreaterThan(10)
        await trace.locator('a').first().click()
        expect(await page.locator('main.overview').isVisible()).toBe(true)
        // Every link leads somewhere.
        const dead = await page.evaluate(
          `[...document.querySelectorAll('a')].map(a => a.getAttribute('href')).filter(h => h !== '#' && document.getElementById(h.slice(1)) === null)`,
        )
        expect(dead).toEqual([])
        expect(asked.every((u) => u.startsWith('file:'))).toBe(true)
        expect(said).toEqual([])
      })
    } finally {
      await browser.close()
    }
  })
})
