/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The HTML page in a real browser: what it shows of each state is held against the reference interpreter. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subjectOf, type Replayed } from '../../cli/commands/replay.ts'
import { renderHtml } from '../../counterexamples/render/html.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { replay } from '../../solver/reference/replay.ts'
import { find, movesOf } from '../support/corpus.ts'
import { artefact, CHROMIUM, LACK, launch, PATIENCE_MS } from './browser.ts'

const KERNEL = 'v7.0 without retract_page_tables.recheck'

interface Opened {
  readonly page: Page
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

describe.skipIf(CHROMIUM === undefined)(`the page of Jann Horn's race${LACK}`, () => {
  let browser: Browser
  let replayed: Replayed
  let model: LoweredModel
  let states: readonly (readonly number[])[]
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-page-'))
  const file = join(directory, 'race.html')
  const url = pathToFileURL(file).href

  beforeAll(async () => {
    replayed = find('install+collapse', KERNEL, 'GuardStays')
    model = replayed.lowered.model
    const ran = replay(model, movesOf(replayed))
    states = ran.states
    writeFileSync(file, renderHtml(subjectOf(replayed)))
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    rmSync(directory, { recursive: true })
  })

  async function open(hash = '', options: { readonly dark?: boolean; readonly width?: number } = {}): Promise<Opened> {
    const { dark = false, width = 1500 } = options
    const page = await browser.newPage({
      viewport: { width, height: 1000 },
      colorScheme: dark ? 'dark' : 'light',
    })
    page.setDefaultTimeout(PATIENCE_MS)
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (r) => requests.push(r.url()))
    page.on('pageerror', (e) => complaints.push(e.message))
    page.on('console', (m) => complaints.push(m.text()))
    page.on('dialog', (d) => {
      complaints.push(d.message())
      void d.dismiss()
    })
    await page.goto(url + hash)
    return { page, requests, complaints }
  }
  const place = async (page: Page): Promise<string | null> => page.textContent('#place')
  const current = async (page: Page): Promise<string | null> =>
    page.evaluate(() => document.querySelector('tr[aria-current]')?.id ?? null)

  /** The entries of all page tables that are not free, in a state of the reference interpreter. */
  function entriesIn(state: readonly number[]): readonly string[] {
    const value = (name: string): string => {
      const slot = model.slots.findIndex((s) => s.name === name)
      const type = model.slots[slot]?.type
      return type?.kind === 'enum' ? (type.values[state[slot] ?? 0] ?? '') : ''
    }
    const { names, ptes } = { names: replayed.scenario.world.names, ptes: replayed.scenario.world.ptes }
    return (names['table'] ?? [])
      .filter((t) => value(`${t}.state`) !== 'free')
      .flatMap((t) => Array.from({ length: ptes }, (_, i) => `a[${i}]: ${value(`${t}.pte[${i}]`)}`))
  }

  test('shows the states of the reference interpreter, the label that runs, and who holds what', async () => {
    const { page, requests, complaints } = await open('#1')
    await page.keyboard.press('Home')
    const { trace } = replayed.found
    for (let k = 0; k <= trace.steps.length; k++) {
      const step = trace.steps[k - 1]?.step
      const shown = await page.evaluate(() => ({
        entries: [...document.querySelectorAll('#tables .entry')].map((e) => e.textContent),
        label: document.querySelector('.line.lit .label')?.textContent ?? '',
        title: document.querySelector('.listing:not([hidden]) .where a')?.textContent ?? '',
        held: [...document.querySelectorAll('tr[aria-current] td.lock i')].map((e) => e.getAttribute('aria-label')),
      }))
      expect(shown.entries, `entries after step ${k}`).toEqual(entriesIn(states[k] ?? []))
      expect(shown.label).toBe(step?.local ?? '')
      if (step !== undefined) expect(shown.title.split('(')[0]).toBe(step.routine.split('.')[0])
      const spinlocks = model.slots.flatMap((s, i) => {
        const holder = states[k]?.[i] ?? 0
        return s.kind === 'lock' && s.name.endsWith('.ptl') && holder > 0 ? [`${s.name}: held by CPU${holder - 1}`] : []
      })
      expect(k === 0 ? [] : shown.held.filter((h) => h?.includes('.ptl:'))).toEqual(k === 0 ? [] : spinlocks)
      await page.keyboard.press('ArrowRight')
    }
    expect(await place(page)).toBe(`step ${trace.steps.length} of ${trace.steps.length}`)
    expect(await page.textContent('#now')).toContain('BANG: guard marker lost')
    await page.screenshot({ path: artefact('page-end.png') })
    expect(requests).toEqual([url])
    expect(complaints).toEqual([])
    await page.close()
  })

  test('steps by buttons, keys, rows and links, forward and back', async () => {
    const { page } = await open()
    expect(await place(page)).toBe('start, of 45 steps')
    expect(await page.isDisabled('#back')).toBe(true)
    await page.click('#forward')
    const first = await current(page)
    expect(first).not.toBe('step-1')
    await page.keyboard.press('ArrowRight')
    const second = await current(page)
    expect(second).not.toBe(first)
    await page.keyboard.press('ArrowLeft')
    expect(await current(page)).toBe(first)
    await page.keyboard.press('End')
    expect(await current(page)).toBe('step-45')
    expect(await page.isDisabled('#forward')).toBe(true)
    await page.keyboard.press('[')
    expect(await current(page)).toBe('step-39')
    await page.keyboard.press(']')
    expect(await current(page)).toBe('step-45')
    await page.keyboard.press('Home')
    expect(await current(page)).toBeNull()
    await page.click('#step-20 .step')
    expect(await current(page)).toBe('step-20')
    expect(new URL(page.url()).hash).toBe('#20')
    await page.focus('#slider')
    await page.keyboard.press('j')
    expect(await current(page)).toBe('step-28')
    await page.close()
  })

  test('folds quiet steps as the mail does, and shows one that is pointed to', async () => {
    const { page } = await open()
    const visible = async (): Promise<number> => page.locator('tr.step:visible').count()
    const mail = replayed.found.mail(true)
    const folded = await visible()
    // Each step that the mail shows with its C text: the mail has that many lines fewer than with all of them.
    expect(folded).toBeLessThan(20)
    for (const text of await page.locator('tr.step:visible .step').allTextContents())
      expect(mail.replace(/\s+/g, '')).toContain(text.replace(/\s+/g, ''))
    await page.keyboard.press('f')
    expect(await visible()).toBe(45)
    await page.keyboard.press('f')
    expect(await visible()).toBe(folded)
    await page.close()
    const { page: other } = await open('#2')
    expect(await other.locator('#step-2').isVisible()).toBe(true)
    expect(await current(other)).toBe('step-2')
    await other.close()
  })

  test('is dark where the reader wants it dark, and on request', async () => {
    const background = async (page: Page): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const { page: light } = await open()
    const { page: dark } = await open('#36', { dark: true })
    const [a, b] = [await background(light), await background(dark)]
    expect(a).not.toBe(b)
    await dark.screenshot({ path: artefact('page-dark.png') })
    await light.keyboard.press('d')
    expect(await background(light)).toBe(b)
    await light.click('#theme')
    expect(await background(light)).toBe(a)
    await light.close()
    await dark.close()
  })

  test('fits a narrow window', async () => {
    const { page } = await open('#29', { width: 420 })
    const { inner, scroll } = await page.evaluate(() => ({
      inner: innerWidth,
      scroll: document.documentElement.scrollWidth,
    }))
    expect(scroll).toBeLessThanOrEqual(inner)
    await page.screenshot({ path: artefact('page-narrow.png') })
    await page.close()
  })

  test('may load nothing, and links to the kernel alone', async () => {
    const { page, requests } = await open()
    expect(requests).toEqual([url])
    const failures: string[] = []
    page.on('requestfailed', (r) => failures.push(`${r.url()} ${r.failure()?.errorText ?? ''}`))
    page.on('response', (r) => failures.push(`${r.url()} came`))
    const tried = await page.evaluate(async () => {
      const blocked: string[] = []
      document.addEventListener('securitypolicyviolation', (e) => blocked.push(e.effectiveDirective))
      const image = new Image()
      image.src = 'https://mmcheck.invalid/x.png'
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.body.append(image, script)
      await fetch('https://mmcheck.invalid/').catch(() => undefined)
      // Told one by one, when the browser comes to it; a fourth would come soon after.
      for (let i = 0; i < 600 && blocked.length < 3; i++) await new Promise((resolve) => void setTimeout(resolve, 50))
      await new Promise((resolve) => void setTimeout(resolve, 50))
      return { blocked: blocked.sort(), ran: 'ran' in window }
    })
    expect(tried).toEqual({ blocked: ['connect-src', 'img-src', 'script-src-elem'], ran: false })
    for (const failure of failures) expect(failure).toMatch(/^https:\/\/mmcheck\.invalid\/\S* csp$/)
    const { links, own } = await page.evaluate(() => ({
      links: [...document.querySelectorAll('a[target]')].map((a) => a.getAttribute('href') ?? ''),
      own: [...document.querySelectorAll('a:not([target])')].map((a) => a.getAttribute('href') ?? ''),
    }))
    expect(links.length).toBeGreaterThan(10)
    for (const href of links)
      expect(href).toMatch(/^https:\/\/elixir\.bootlin\.com\/linux\/v7\.0\/(source|C\/ident)\/[\w/.-]+$/)
    for (const href of own) expect(href).toMatch(/^#\d+$/)
    // Every function of the call stacks is linked by its name and its file.
    const files = new Set(replayed.found.trace.steps.flatMap((s) => s.step.frames.map((f) => f.file)))
    for (const one of files) expect(links).toContain(`https://elixir.bootlin.com/linux/v7.0/source/${one}`)
    await page.close()
  })
})
