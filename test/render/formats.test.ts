/** Every recorded counterexample in every form, and each form read back by something other than what wrote it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { rerun, subjectOf } from '../../cli/commands/replay.ts'
import { parseCounterexample } from '../../counterexamples/json.ts'
import { counterexampleOfItf, itfDifference, looksLikeItf, parseItf } from '../../counterexamples/render/itf.ts'
import { fileLink, functionLink, releaseOf } from '../../counterexamples/render/links.ts'
import { listingsOf } from '../../counterexamples/render/listings.ts'
import { FORMATS } from '../../counterexamples/render/formats.ts'
import { render } from '../../counterexamples/render/render.ts'
import { clocks } from '../../counterexamples/render/shiviz.ts'
import { KERNELS } from '../../model/kernels/kernels.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printBody } from '../../model/litmus/printer.ts'
import { replay } from '../../solver/reference/replay.ts'
import { faultsOf } from '../counterexamples/mail_rules.ts'
import { corpusIds, lassoIds, movesOf, recorded, replayed } from '../support/corpus.ts'
import { SEED } from '../support/seed.ts'
import { elements } from '../support/xml.ts'

/**
 * The expression that ShiViz begins with (js/shiviz.js, 009ba377fc17), with the flags that it gives it; and the
 * two lines before the log that a file for it begins with. What it refuses is read from js/model/parser.js,
 * vectorTimestamp.js and modelGraph.js.
 */
const SHIVIZ = /(?<event>.*)\n(?<host>\S*) (?<clock>{.*})/gm
const HEAD = '(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})\n\n'

const ClockText = z.record(z.string(), z.number())
type Clock = z.infer<typeof ClockText>
const upTo = (a: Clock, b: Clock): boolean => Object.entries(a).every(([host, n]) => n <= (b[host] ?? 0))

/** Made once: it is read for its steps, and for its links. */
const pages = new Map<string, string>()
function pageOf(id: string): string {
  const page = pages.get(id) ?? render(subjectOf(replayed(id)), 'html', true)
  pages.set(id, page)
  return page
}

describe.each(corpusIds())('%s', (id) => {
  const r = replayed(id)
  const subject = subjectOf(r)
  const steps = r.found.trace.steps

  test('is written in every form, the same each time', () => {
    for (const format of FORMATS) {
      const text = render(subject, format, true)
      expect(text.endsWith('\n'), format).toBe(true)
      if (id === corpusIds()[0]) expect(render(subjectOf(replayed(id)), format, true), format).toBe(text)
    }
    for (const fold of [true, false]) expect(faultsOf(render(subject, 'mail', fold))).toEqual([])
    expect(faultsOf(render(subject, 'table', true))).toEqual([])
  })

  test('as JSON is what is recorded', () => {
    expect(parseCounterexample(render(subject, 'json', true))).toEqual({ ok: true, value: recorded(id) })
  })

  test('as ITF replays to the same states, and a state that was changed is found out', () => {
    const text = render(subject, 'itf', true)
    expect(looksLikeItf(text)).toBe(true)
    expect(looksLikeItf(render(subject, 'json', true))).toBe(false)
    const itf = parseItf(text)
    if (!itf.ok) throw new Error(itf.error)
    const again = rerun(counterexampleOfItf(itf.value))
    if (!again.ok) throw new Error(again.error)
    expect(again.value.found.counterexample.id).toBe(id)
    expect(again.value.found.trace).toEqual(r.found.trace)
    expect(itfDifference(itf.value, subjectOf(again.value))).toBeUndefined()
    expect(render(subjectOf(again.value), 'itf', true)).toBe(text)
    const at = Math.floor(steps.length / 2)
    const [first = ''] = itf.value.vars
    const states = itf.value.states.map((s, i) => (i === at ? { ...s, values: { ...s.values, [first]: 'x' } } : s))
    expect(itfDifference({ ...itf.value, states }, subject)).toBe(
      `step ${at}, '${steps[at - 1]?.step.label ?? ''}', does not leave ${first} so`,
    )
  })

  test('as litmus is the same scenario', () => {
    const parsed = parseLitmus({ name: 'rendered', text: render(subject, 'litmus', true) })
    if (!parsed.ok) throw new Error(parsed.diagnostics.map((d) => d.message).join('; '))
    expect(printBody(parsed.file)).toBe(printBody({ ...r.scenario.file, kernels: parsed.file.kernels }))
    expect(parsed.file.comments[0]).toContain(id)
  })

  test('as SVG is well-formed, refers to nothing, and has each step that is shown', () => {
    const svg = render(subject, 'svg', false)
    const seen = elements(svg.replace(/<style>[^<]*<\/style>/, ''))
    expect(seen.filter((e) => e.name === 'script' || e.name === 'a' || e.name === 'image')).toEqual([])
    for (const e of seen) expect(Object.keys(e.attributes).filter((k) => /^on|href/i.test(k))).toEqual([])
    expect(svg).not.toMatch(/url\((?!#to\))|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg")/)
    for (let i = 1; i <= steps.length; i++) expect(svg).toMatch(new RegExp(`class="faint">\\s*${i}</text>`))
  })

  test('as a page has a row for each step, and a line of a listing for each of its labels', () => {
    const html = pageOf(id)
    expect(html.match(/<tr class="step[^"]*" id="step-\d+">/g)).toHaveLength(steps.length)
    const { listings, places } = listingsOf(r.scenario, r.found.trace)
    places.forEach((p, i) => {
      const line = p === undefined ? undefined : listings[p.listing]?.lines[p.line]
      expect(line?.label, `step ${i + 1}`).toBe(steps[i]?.step.local)
    })
  })

  test('as a log for ShiViz has clocks that say what depends on what', () => {
    const text = render(subject, 'shiviz', true)
    expect(text.startsWith(HEAD)).toBe(true)
    const events = [...text.matchAll(SHIVIZ)].map((m) => ({
      host: m.groups?.['host'] ?? '',
      clock: ClockText.parse(JSON.parse(m.groups?.['clock'] ?? '{}')),
    }))
    expect(events).toHaveLength(steps.length)
    const byHost = new Map<string, readonly Clock[]>()
    for (const { host, clock } of events) byHost.set(host, [...(byHost.get(host) ?? []), clock])
    for (const { clock } of events)
      for (const [host, n] of Object.entries(clock)) {
        // It refuses a host without an event, and an event that is not there; what came before that came before.
        const known = byHost.get(host)?.[n - 1]
        if (known === undefined) throw new Error(`no event ${n} of ${host}`)
        expect(upTo(known, clock)).toBe(true)
      }
    const last = new Map<string, Clock>()
    for (const { host, clock } of events) {
      const before = last.get(host) ?? {}
      // ShiViz asks for a clock that counts the events of its host, and never runs backwards.
      expect(clock[host]).toBe((before[host] ?? 0) + 1)
      expect(upTo(before, clock)).toBe(true)
      last.set(host, clock)
    }
  })

  test('runs to the same end in every order that its clocks allow', () => {
    const of = clocks(subject)
    const moves = movesOf(r)
    const precedes = (a: number, b: number): boolean => {
      const thread = steps[a]?.thread.number ?? -1
      return (of[a]?.get(thread) ?? 0) <= (of[b]?.get(thread) ?? 0)
    }
    // The last step ends the trace: what it breaks is the property's to look at, wherever it looks.
    const before = moves.length - 1
    const all = Array.from({ length: before }, (_, i) => i)
    const earlier = all.map((b) => all.slice(0, b).filter((a) => precedes(a, b)))
    const later = all.map((a) => all.filter((b) => a < b && precedes(a, b)))
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: before, maxLength: before }),
        (wishes) => {
          const left = new Set(all)
          // Of each, how many that come before it are left.
          const waits = earlier.map((of) => of.length)
          const order: number[] = []
          while (left.size > 0) {
            const free = [...left].filter((b) => waits[b] === 0)
            const next = free.reduce((x, y) => ((wishes[y] ?? 0) < (wishes[x] ?? 0) ? y : x))
            order.push(next)
            left.delete(next)
            for (const b of later[next] ?? []) waits[b] = (waits[b] ?? 0) - 1
          }
          const ran = replay(
            r.lowered.model,
            [...order, before].flatMap((i) => moves[i] ?? []),
          )
          expect(ran.kind === 'ran' ? ran.violated : ran.reason).toContain(r.property)
        },
      ),
      { numRuns: 3, seed: 7 },
    )
  })
})

describe.each(lassoIds())('%s, which never ends', (id) => {
  const subject = subjectOf(replayed(id))

  test('is written in every form, with where its loop begins', () => {
    const { loopStart } = recorded(id)
    for (const format of FORMATS) expect(render(subject, format, true).endsWith('\n'), format).toBe(true)
    for (const format of ['mail', 'table'] as const) expect(faultsOf(render(subject, format, true)), format).toEqual([])
    expect(render(subject, 'mail', true)).toContain('LOOP')
    expect(parseCounterexample(render(subject, 'json', true))).toEqual({ ok: true, value: recorded(id) })
    const itf = parseItf(render(subject, 'itf', true))
    if (!itf.ok) throw new Error(itf.error)
    const again = rerun(counterexampleOfItf(itf.value))
    if (!again.ok) throw new Error(again.error)
    expect(again.value.found.counterexample.id).toBe(id)
    expect(render(subjectOf(again.value), 'itf', true)).toBe(render(subject, 'itf', true))
    const { loop } = z.looseObject({ loop: z.number() }).parse(JSON.parse(render(subject, 'itf', true)))
    expect(loop).toBe(loopStart)
  })
})

test('links are of the form that Elixir has for kernels that are out', () => {
  // Pages that are known to be there; v7.0 and its stable releases have no other form.
  expect(fileLink('v6.0.4', 'mm/madvise.c')).toBe('https://elixir.bootlin.com/linux/v6.0.4/source/mm/madvise.c')
  expect(functionLink('v5.12.10', 'do_madvise')).toBe('https://elixir.bootlin.com/linux/v5.12.10/C/ident/do_madvise')
  // Every kernel of the model is a release, was taken by one, or never went anywhere.
  const without = KERNELS.map((k) => k.name).filter((name) => releaseOf(name) === undefined)
  expect(without.filter((name) => !name.startsWith('nosigbus-'))).toEqual([])
  for (const { name } of KERNELS) expect(releaseOf(name) ?? 'v0.0').toMatch(/^v\d+\.\d+(\.\d+)?$/)
})

/** Files that the model cites and that older releases do not have: the first that does, 612 for v6.12. */
const FIRST: Readonly<Record<string, number>> = {
  'include/linux/mmap_lock.h': 508,
  'mm/mmap_lock.c': 511,
  'mm/gup_test.c': 511,
  'mm/vma.c': 612,
  'mm/pt_reclaim.c': 614,
}
const LINK = /^https:\/\/elixir\.bootlin\.com\/linux\/(v\d+\.\d+(?:\.\d+)?)\/(?:source\/(.+)|C\/ident\/(.+))$/

describe.each([...corpusIds(), ...lassoIds()])('the links of %s', (id) => {
  test('are to functions and files of the kernel that it is of', () => {
    const html = pageOf(id)
    const [kernel = ''] = recorded(id).scenario.kernel.split(' ')
    const release = releaseOf(kernel)
    const links = [...html.matchAll(/<a\b[^>]*?href="(https?:[^"]*)"/g)].map((m) => m[1] ?? '')
    // Proposals that no release took have no source to be read there.
    if (release === undefined) expect(links).toEqual([])
    else expect(links.length).toBeGreaterThan(3)
    const [, major = 0, minor = 0] = /^v(\d+)\.(\d+)/.exec(release ?? '')?.map(Number) ?? []
    for (const href of links) {
      const [, of, file, name] = LINK.exec(href) ?? []
      expect(`${href} ${of ?? 'is no link of ours'}`).toBe(`${href} ${release ?? ''}`)
      if (file !== undefined) {
        expect(file).toMatch(/^(?:[a-z0-9_]+\/)+[a-z0-9_-]+\.[ch]$/)
        expect(`${href} ${major * 100 + minor >= (FIRST[file] ?? 0) ? 'is there' : 'is not'}`).toBe(`${href} is there`)
      } else expect(name).toMatch(/^[A-Za-z_]\w*$/)
    }
  })
})

test('a file that is no ITF of ours is refused with a reason', () => {
  const [id = ''] = corpusIds()
  const text = render(subjectOf(replayed(id)), 'itf', true)
  for (const bad of [
    '{ "#meta"',
    '{ "#meta": {} }',
    text.replace('"ITF"', '"XTF"'),
    text.replace(/"vars": \[/, '"vars": [1,'),
  ]) {
    const parsed = parseItf(bad)
    expect(parsed.ok).toBe(false)
    if (!parsed.ok) expect(parsed.error).not.toContain('\n')
  }
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 2 }), (at, put) => {
      expect(typeof parseItf(text.slice(0, at) + put + text.slice(at + 1)).ok).toBe('boolean')
    }),
    { numRuns: 30, seed: SEED },
  )
})
