import { expect, test } from 'vitest'
import { closest } from '../../model/litmus/suggest.ts'

test('finds names at most two edits away', () => {
  const names = ['guard_install', 'guard_remove', 'collapse']
  expect(closest('gaurd_install', names)).toBe('guard_install')
  expect(closest('guard_instal', names)).toBe('guard_install')
  expect(closest('colapsee', names)).toBe('collapse')
  expect(closest('collap', names)).toBe('collapse')
  expect(closest('colla', names)).toBeUndefined()
  expect(closest('guard', names)).toBeUndefined()
})

test('takes the nearest, then the first; case alone is nearest of all', () => {
  expect(closest('reed', ['read', 'reeds', 'need'])).toBe('read')
  expect(closest('v6.1', ['v6.12', 'v6.1x', 'v6.2'])).toBe('v6.12')
  expect(closest('RW', ['r', 'rw'])).toBe('rw')
})

test('a name that shares nothing is no suggestion, nor is the name itself', () => {
  expect(closest('x', ['a', 'b'])).toBeUndefined()
  expect(closest('wr', ['rw', 'r'])).toBe('rw')
  expect(closest('ab', ['cd'])).toBeUndefined()
  expect(closest('a', ['a'])).toBeUndefined()
  expect(closest('', ['a', ''])).toBeUndefined()
  expect(closest('a', [])).toBeUndefined()
})
