import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pieces, toAscii, wrap } from '../../counterexamples/text.ts'
import { SEED } from '../support/seed.ts'

test('ASCII only, on one line', () => {
  expect(toAscii('a\t b\r\n c\u0000\u001b[31m')).toBe('a b c [31m')
  expect(toAscii('pte \u2192 guard \u2014 \u201cnow\u201d \u2026 \u00fc \u{1f600}')).toBe(
    'pte -> guard -- "now" ... ? ?',
  )
  expect(toAscii('x >8 y 8< z')).toBe('x > 8 y 8 < z')
})

test('words are broken after punctuation only', () => {
  expect(pieces('file_backed(vma,addr)')).toEqual(['file_backed(', 'vma,', 'addr)'])
  expect(pieces('&vma->vm_flags')).toEqual(['&vma->', 'vm_flags'])
  expect(pieces('-EINVAL')).toEqual(['-EINVAL'])
})

test('wrapping', () => {
  expect(wrap('', { width: 10 })).toEqual([])
  expect(wrap('one two three', { width: 9 })).toEqual(['one two', '  three'])
  expect(wrap('one two three', { width: 9, hanging: 0 })).toEqual(['one two', 'three'])
  expect(wrap('pmd_lock(mm, pmd)', { width: 12 })).toEqual(['pmd_lock(mm,', '  pmd)'])
  expect(wrap('x vma->vm_mm->pgd', { width: 12 })).toEqual(['x vma->', '  vm_mm->pgd'])
  expect(wrap('x vma->vm_mm->pgd', { width: 12, limit: 20 })).toEqual(['x', '  vma->vm_mm->pgd'])
  expect(wrap('abcdefghij', { width: 6 })).toEqual(['abcdef', '  ghij'])
})

test('wrapping loses nothing and keeps to its limits', () => {
  const word = fc.stringMatching(/^[a-z_(),>-]{1,30}$/)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 4, max: 40 }), fc.nat(20), (words, width, more) => {
      const lines = wrap(words.join(' '), { width, limit: width + more })
      expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''))
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width + more)
    }),
    { seed: SEED },
  )
})
