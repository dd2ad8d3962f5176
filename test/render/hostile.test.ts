/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Text from elsewhere, in a page, a drawing and a mail: it is shown, or left out, and never does anything. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subjectOf } from '../../cli/commands/replay.ts'
import { buildCounterexample, type Found } from '../../counterexamples/build.ts'
import { render } from '../../counterexamples/render/render.ts'
import type { Subject } from '../../counterexamples/render/subject.ts'
import { findProperty } from '../../properties/all.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { faultsOf } from '../counterexamples/mail_rules.ts'
import { corpusIds, recorded, replayed } from '../support/corpus.ts'
import { lowerScenario, scenariosOf } from '../support/scenarios.ts'
import { SEED } from '../support/seed.ts'
import { elements } from '../support/xml.ts'
import { CHROMIUM, LACK, launch, PATIENCE_MS } from './browser.ts'

const CALL = 'window.pwned=1;alert(1)'
/** What has broken out of pages, drawings, attributes, comments, CDATA and JSON before. */
const ATTACKS = [
  `<script>${CALL}</script>`,
  `</script><script>${CALL}</script>`,
  `</style></title></textarea></pre><img src=x onerror="${CALL}">`,
  `"><svg onload="${CALL}">`,
  `' onmouseover='${CALL}' x='`,
  `--><script>${CALL}</script><!--`,
  `]]><script>${CALL}</script>`,
  `<a href="javascript:${CALL}">x</a>`,
  `javascript:${CALL}`,
  `<iframe srcdoc="<script>${CALL}</script>">`,
  `<base href="https://mmcheck.invalid/">`,
  `<meta http-equiv="refresh" content="0;url=https://mmcheck.invalid/">`,
  `<link rel=stylesheet href=https://mmcheck.invalid/x.css>`,
  `\u003cscript\u003e${CALL}`,
  `&lt;script&gt;&#60;script&#62;`,
  `{{constructor.constructor('${CALL}')()}}`,
  `\${${CALL}}`,
  `\u202e\u2066gnp.exe\u0000\u001b[2J`,
  `</title><foreignObject><body onload="${CALL}"/></foreignObject>`,
  `<?xml-stylesheet href="https://mmcheck.invalid/x.xsl"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;`,
  `From x\n---\ndiff -u a b\n-- >8 --\n# x`,
] as const

/** A counterexample in which every text that can come from a file is this one. */
function hostile(subject: Subject, text: string): Subject {
  const { found, scenario } = subject
  const { counterexample, trace } = found
  const name = { ...scenario.file.name, text }
  const changed: Found = {
    ...found,
    minimality: text,
    counterexample: {
      ...counterexample,
      title: text,
      scenario: { name: text, kernel: text, litmus: `${text}\n${counterexample.scenario.litmus}` },
      property: { ...counterexample.property, statement: text, source: [text, text] },
      scope: [text],
      assumptions: [text],
    },
    trace: {
      ...trace,
      steps: trace.steps.map((s, i) =>
        i % 7 === 0
          ? {
              ...s,
              thread: { ...s.thread, name: text },
              step: { ...s.step, text, frames: s.step.frames.map((f) => ({ ...f, fn: text, file: text })) },
              changes: s.changes.map((c) => ({ ...c, name: text, shownTo: text })),
            }
          : s,
      ),
    },
  }
  return {
    ...subject,
    bang: text,
    found: changed,
    scenario: { ...scenario, name: text, file: { ...scenario.file, name, comments: [text] } },
  }
}

/** The recorded counterexample with the fewest steps: a page of it is as open to attack as any other. */
function shortest(): Subject {
  const [first] = corpusIds().toSorted((a, b) => recorded(a).trace.length - recorded(b).trace.length)
  return subjectOf(replayed(first ?? ''))
}

const attack = fc.oneof(
  fc.constantFrom(...ATTACKS),
  fc.tuple(fc.constantFrom(...ATTACKS), fc.constantFrom(...ATTACKS)).map((two) => two.join('')),
  fc.tuple(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom(...ATTACKS)).map((two) => two.join('')),
)

describe('without a browser', () => {
  const subject = shortest()

  test('a drawing stays well-formed, with the elements that it has anyway', () => {
    const names = (svg: string): ReadonlySet<string> =>
      new Set(elements(svg.replace(/<style>[^<]*<\/style>/, '')).map((e) => e.name))
    const usual = names(render(subject, 'svg', true))
    fc.assert(
      fc.property(attack, (text) => {
        for (const name of names(render(hostile(subject, text), 'svg', true))) expect(usual).toContain(name)
      }),
      { numRuns: 60, seed: SEED },
    )
  })

  test('a mail of it has no line that mail or git would harm', () => {
    fc.assert(
      fc.property(attack, (text) => {
        // The whole way: as the comment of a file that somebody sends, where one can stand.
        const comment = text.replace(/\(\*|\*\)/g, '')
        const [scenario] = scenariosOf(
          `MM x\n(* ${comment} *)\nkernel maybe-guard-v2\n{ shmem f[1]; map a = f[0] shared rw; fill a[0]; }\nP0 { guard_install(a[0]); collapse(f); }\n`,
        )
        if (scenario === undefined) throw new Error('no scenario')
        const { model } = lowerScenario(scenario)
        const [violation] = searchExplicit(model).violations
        if (violation === undefined) throw new Error('no violation')
        const built = buildCounterexample(scenario, model, violation)
        if (!built.ok) throw new Error(built.error)
        const found = built.value
        expect(faultsOf(found.mail(true))).toEqual([])
        const own: Subject = { found, scenario, model, bang: findProperty('GuardStays')?.bang ?? '' }
        expect(faultsOf(render(hostile(own, text), 'table', true))).toEqual([])
      }),
      { numRuns: 20, seed: SEED },
    )
  })
})

describe.skipIf(CHROMIUM === undefined)(`in a real browser${LACK}`, () => {
  let browser: Browser
  let page: Page
  const noticed: string[] = []
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-hostile-'))
  const subject = shortest()

  beforeAll(async () => {
    browser = await launch()
    page = await browser.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('dialog', (d) => {
      noticed.push(`dialog: ${d.message()}`)
      void d.dismiss()
    })
    page.on('pageerror', (e) => noticed.push(`error: ${e.message}`))
    page.on('console', (m) => noticed.push(`console: ${m.text()}`))
    page.on('request', (r) => {
      if (!r.url().startsWith(pathToFileURL(directory).href)) noticed.push(`request: ${r.url()}`)
    })
  })
  afterAll(async () => {
    await browser.close()
    rmSync(directory, { recursive: true })
  })

  async function open(format: 'html' | 'svg', text: string): Promise<void> {
    const file = join(directory, `x.${format}`)
    writeFileSync(file, render(hostile(subject, text), format, true))
    await page.goto(pathToFileURL(file).href)
  }

  test('the watch sees a page that runs something', async () => {
    writeFileSync(join(directory, 'x.html'), `<script>${CALL}</script>`)
    await page.goto(pathToFileURL(join(directory, 'x.html')).href)
    expect(noticed).toEqual(['dialog: 1'])
    noticed.length = 0
  })

  test('a page shows the text, has no element of it, and runs nothing but its own script', async () => {
    const samples = [...ATTACKS, ...fc.sample(attack, { numRuns: 5, seed: 3 })]
    for (const text of samples) {
      await open('html', text)
      for (const key of ['End', 'Home', 'ArrowRight']) await page.keyboard.press(key)
      await page.hover('h1')
      const seen = await page.evaluate(() => ({
        pwned: 'pwned' in window,
        ready: document.documentElement.dataset['ready'],
        scripts: document.scripts.length,
        strange: document.querySelectorAll('img, iframe, object, embed, base, link, svg, form, textarea, foreignObject')
          .length,
        handlers: [...document.querySelectorAll('*')].flatMap((e) =>
          e.getAttributeNames().filter((a) => a.startsWith('on') || a === 'style' || a === 'src'),
        ),
        hrefs: [...document.querySelectorAll('[href]')]
          .map((e) => e.getAttribute('href') ?? '')
          .filter((h) => !/^(#\d+$|https:\/\/elixir\.bootlin\.com\/linux\/v[\d.]+\/)/.test(h)),
        title: document.querySelector('h1')?.textContent ?? '',
      }))
      expect({ text, ...seen }).toEqual({
        text,
        pwned: false,
        ready: 'true',
        scripts: 2,
        strange: 0,
        handlers: [],
        hrefs: [],
        title: text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' '),
      })
    }
    expect(noticed).toEqual([])
  })

  test('a drawing is XML to the browser too, and runs nothing', async () => {
    for (const text of ATTACKS) {
      await open('svg', text)
      const seen = await page.evaluate(() => ({
        pwned: 'pwned' in window,
        root: document.documentElement.tagName,
        errors: document.getElementsByTagName('parsererror').length,
        strange: document.querySelectorAll('script, image, a, foreignObject, use, animate, set').length,
      }))
      expect({ text, ...seen }).toEqual({ text, pwned: false, root: 'svg', errors: 0, strange: 0 })
    }
    expect(noticed).toEqual([])
  })
})
