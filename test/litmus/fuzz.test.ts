import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDiagnostic } from '../../model/litmus/diagnostic.ts'
import { lex } from '../../model/litmus/lexer.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printLitmus } from '../../model/litmus/printer.ts'
import { SEED } from '../support/seed.ts'
import { litmusFile } from './tree.ts'

/** The tokens that carry meaning: `[0..0]` is `[0]`, parentheses may be redundant, and `-0` is 0. */
const meaning = (text: string): string =>
  lex({ name: 'x', text })
    .tokens.map((token) => token.text)
    .filter((token) => token !== '(' && token !== ')')
    .join(' ')
    .replace(/\[ (\d+) \.\. \1 \]/g, '[ $1 ]')
    .replace(/- 0(?= |$)/g, '0')

/** What must hold for any text at all. */
function check(text: string): void {
  const source = { name: 'x.litmus', text }
  const result = parseLitmus(source)
  if (result.ok) {
    // Nothing of what was read may be lost without an error.
    expect(meaning(printLitmus(result.file))).toBe(meaning(text))
    return
  }
  expect(result.diagnostics.length).toBeGreaterThan(0)
  expect(result.diagnostics.length).toBeLessThanOrEqual(20)
  let before = 0
  for (const diagnostic of result.diagnostics) {
    const { start, end } = diagnostic.span
    expect(start).toBeGreaterThanOrEqual(before)
    expect(end).toBeGreaterThanOrEqual(start)
    expect(end).toBeLessThanOrEqual(text.length)
    before = start
    const shown = formatDiagnostic(source, diagnostic)
    expect(shown.split('\n').length).toBeGreaterThanOrEqual(3)
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(75 + 8)
  }
}

/** Random text would rarely get past the first word, so most inputs are made of what the format is made of. */
const piece = fc.constantFrom(
  ...'MM kernel without v6.13 shmem file map mm fill anon shared private rw in read P0 P1 r0 a f exists forall'.split(
    ' ',
  ),
  ...'{ } [ ] ( ) ; , : = != .. /\\ \\/ ~ - && || ! == (* *) // 0 1 2 70000 0x1 "'.split(' '),
  '\n',
)
const pieces = fc
  .array(fc.tuple(piece, fc.constantFrom(' ', '', '\n')), { maxLength: 40 })
  .map((all) => all.flat().join(''))

test('never throws on random text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), check), { numRuns: 500, seed: SEED })
})

test('never throws on random tokens', () => {
  fc.assert(fc.property(pieces, check), { numRuns: 500, seed: SEED })
  fc.assert(
    fc.property(pieces, (body) => check(`MM t\nkernel v6.13\n${body}`)),
    { numRuns: 500, seed: SEED },
  )
  fc.assert(
    fc.property(pieces, (body) => check(`MM t\nkernel v6.13\n{ ${body} }\nP0 { }\n`)),
    { numRuns: 500, seed: SEED },
  )
  fc.assert(
    fc.property(pieces, (body) => check(`MM t\nkernel v6.13\n{ }\nP0 { }\nexists (${body})\n`)),
    { numRuns: 500, seed: SEED },
  )
})

test('a valid file with one place changed is refused, or read to the last token', () => {
  const mutation = fc.record({
    file: litmusFile,
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 0, max: 6 }),
    insert: fc.oneof(fc.constant(''), piece, fc.string({ unit: 'binary', maxLength: 3 })),
  })
  fc.assert(
    fc.property(mutation, ({ file, at, length, insert }) => {
      const text = printLitmus(file)
      const start = Math.floor(at * text.length)
      check(text.slice(0, start) + insert + text.slice(start + length))
    }),
    { numRuns: 1500, seed: SEED },
  )
})

test('hostile sizes neither exhaust the stack nor the diagnostics', () => {
  const head = 'MM t\nkernel v6.13\n{ }\nP0 { }\nexists '
  const many = 20_000
  check(head + '('.repeat(many))
  check(`${head}(${'~'.repeat(many)}`)
  check('(*'.repeat(many))
  check(`MM t\nkernel v6.13\n{ ${'oom; '.repeat(many)} }\nP0 { }\n`)
  check(`MM t\nkernel v6.13\n{ }\nP0 { ${'r0 = read(a); '.repeat(many)} }\n`)
  check(`MM t\nkernel v6.13\n{ ${'{'.repeat(many)}`)
  check(`MM t\nkernel v6.13\n{ }\n${'P0 { }\n'.repeat(many)}`)
  check(`MM ${'x'.repeat(many)} y`)
  check(`${head}(${'P0:r0 = 1 /\\ '.repeat(many)}P0:r0 = 1)\n`)
})
