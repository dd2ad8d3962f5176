import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../model/litmus/diagnostic.ts'
import { formatDiagnostic } from '../../model/litmus/diagnostic.ts'
import { lineSpan, positionOf } from '../../model/litmus/source.ts'

/** Formats an error over the first place where `marked` stands. */
function show(text: string, marked: string, more: Partial<Diagnostic> = {}): readonly string[] {
  const start = text.indexOf(marked)
  const span = { start, end: start + marked.length }
  return formatDiagnostic({ name: 'x', text }, { code: 'MM020', message: 'wrong', span, ...more }).split('\n')
}

describe('formatDiagnostic', () => {
  test('header, source line, caret, help and notes', () => {
    expect(show('one\ntwo three\n', 'three', { help: 'write four', notes: ['first', 'second'] })).toEqual([
      'x:2:5: error[MM020]: wrong',
      '  two three',
      '      ^^^^^',
      '  help: write four',
      '  note: first',
      '  note: second',
    ])
  })

  test('tabs become blanks up to the next multiple of eight', () => {
    expect(show('\tab\tX;\n', 'X').slice(0, 3)).toEqual([
      'x:1:5: error[MM020]: wrong',
      '          ab      X;',
      '                  ^',
    ])
    expect(show('a\tb\n', '\t').slice(1)).toEqual(['  a       b', '   ^^^^^^^'])
  })

  test('a span that goes on to the next line is clipped to its first', () => {
    expect(show('abc def\nghi\n', 'def\nghi').slice(1)).toEqual(['  abc def', '      ^^^'])
    expect(show('abc def\r\nghi\r\n', 'def\r\nghi').slice(1)).toEqual(['  abc def', '      ^^^'])
  })

  test('an empty span, or one at a line end, has one caret', () => {
    const at = (text: string, offset: number): readonly string[] =>
      show(text, '', { span: { start: offset, end: offset } })
    expect(at('abc\n', 3)).toEqual(['x:1:4: error[MM020]: wrong', '  abc', '     ^'])
    expect(at('abc\n', 4)).toEqual(['x:2:1: error[MM020]: wrong', '', '  ^'])
    expect(at('', 0)).toEqual(['x:1:1: error[MM020]: wrong', '', '  ^'])
    expect(at('abc', 99)).toEqual(['x:1:4: error[MM020]: wrong', '  abc', '     ^'])
  })

  test('a long line is cut around the caret', () => {
    const long = `${'a'.repeat(100)} XYZ ${'b'.repeat(100)}`
    const right = `XYZ ${'b'.repeat(100)}`
    const left = `${'a'.repeat(100)} XYZ`
    expect(show(long, 'XYZ').slice(1)).toEqual([
      `  ...${'a'.repeat(16)} XYZ ${'b'.repeat(46)}...`,
      `  ${' '.repeat(20)}^^^`,
    ])
    expect(show(right, 'XYZ').slice(1)).toEqual([`  XYZ ${'b'.repeat(66)}...`, '  ^^^'])
    expect(show(left, 'XYZ').slice(1)).toEqual([`  ...${'a'.repeat(66)} XYZ`, `  ${' '.repeat(70)}^^^`])
    for (const line of [...show(long, 'XYZ'), ...show(long, long)]) expect(line.length).toBeLessThanOrEqual(75)
  })

  test('a line that just fits is not cut', () => {
    const fits = `${'a'.repeat(70)}XYZ`
    expect(show(fits, 'XYZ').slice(1)).toEqual([`  ${fits}`, `  ${' '.repeat(70)}^^^`])
    expect(show(`${fits}b`, 'XYZ')[1]).toMatch(/^ {2}\.\.\.a+XYZb$/)
  })

  test('the caret stays in place after wide and combining characters', () => {
    expect(show('\u6f22\u5b57 X', 'X').slice(1)).toEqual(['  \u6f22\u5b57 X', '       ^'])
    expect(show('e\u0301 X', 'X').slice(1)).toEqual(['  e\u0301 X', '    ^'])
  })

  test('characters that move the cursor are replaced', () => {
    expect(show('a\u001b[31m\u202e\ud800 X', 'X')[1]).toBe('  a?[31m?? X')
  })

  test('long messages and helps are broken at 75 columns', () => {
    const words = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ')
    const lines = show('abc', 'abc', { message: words, help: words })
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(75)
    const all = lines.join(' ').replace(/ +/g, ' ')
    expect(all.split(words).length).toBe(3)
  })
})

describe('places', () => {
  const source = { name: 'x', text: 'ab\r\n\u{1f600}c\n' }
  test('lines and columns count from one, a column is a character', () => {
    expect(positionOf(source, 0)).toEqual({ line: 1, column: 1 })
    expect(positionOf(source, 4)).toEqual({ line: 2, column: 1 })
    expect(positionOf(source, 6)).toEqual({ line: 2, column: 2 })
    expect(positionOf(source, 8)).toEqual({ line: 3, column: 1 })
    expect(positionOf(source, 99)).toEqual({ line: 3, column: 1 })
    expect(positionOf(source, -1)).toEqual({ line: 1, column: 1 })
  })
  test('a line goes without its end', () => {
    expect(lineSpan(source, 1)).toEqual({ start: 0, end: 2 })
    expect(lineSpan(source, 3)).toEqual({ start: 0, end: 2 })
    expect(lineSpan(source, 5)).toEqual({ start: 4, end: 7 })
    expect(lineSpan(source, 8)).toEqual({ start: 8, end: 8 })
  })
})
