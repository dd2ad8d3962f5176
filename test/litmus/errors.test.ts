import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatDiagnostic } from '../../model/litmus/diagnostic.ts'
import { LITMUS_ERRORS } from '../../model/litmus/errors.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'

/** Cases of errors.golden.txt: `=== title`, the litmus file, `---`, and exactly what is printed about it. */
interface Golden {
  readonly title: string
  readonly input: string
  readonly expected: string
}

const text = readFileSync(new URL('errors.golden.txt', import.meta.url), 'utf8')
const goldens: readonly Golden[] = text
  .split(/^=== /m)
  .slice(1)
  .map((section) => {
    const [title = '', ...lines] = section.trimEnd().split('\n')
    const divider = lines.indexOf('---')
    const input = lines.slice(0, divider).map((line) => `${line}\n`)
    return { title, input: input.join(''), expected: lines.slice(divider + 1).join('\n') }
  })

describe('messages', () => {
  test.each(goldens)('$title', ({ input, expected }) => {
    const source = { name: 't.litmus', text: input }
    const result = parseLitmus(source)
    const shown = result.ok ? [] : result.diagnostics.map((diagnostic) => formatDiagnostic(source, diagnostic))
    expect(shown.join('\n')).toBe(expected)
  })

  test('there are many, and none is wider than a mail', () => {
    expect(goldens.length).toBeGreaterThanOrEqual(40)
    for (const { expected } of goldens) {
      for (const line of expected.split('\n')) expect(line.length).toBeLessThanOrEqual(75)
    }
  })

  test('every code is explained, and every explained code occurs', () => {
    const seen = new Set([...text.matchAll(/error\[(MM\d{3})\]/g)].map((match) => match[1]))
    expect([...seen].sort()).toEqual(Object.keys(LITMUS_ERRORS).sort())
  })

  test('an explanation is one paragraph of plain text', () => {
    for (const explanation of Object.values(LITMUS_ERRORS)) expect(explanation).toMatch(/^[ -~]{40,}[.]$/)
  })
})

test('at most twenty errors are reported, the first ones', () => {
  const result = parseLitmus({ name: 't', text: `MM t\nkernel v6.13\n{ }\nP0 { ${'f(; '.repeat(40)}}\n` })
  expect(result.ok ? [] : result.diagnostics.map((d) => d.span.start)).toEqual(
    Array.from({ length: 20 }, (_, i) => 'MM t\nkernel v6.13\n{ }\nP0 { f('.length + 4 * i),
  )
})
