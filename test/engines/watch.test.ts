import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Progress } from '../../solver/engine.ts'
import { startWatch } from '../../solver/watch.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const after = (states: number): Progress => ({ depth: 1, states, frontier: 1, bytes: 8 })

test('progress is reported every 250 ms, not more often', () => {
  const seen: number[] = []
  const watch = startWatch({ onProgress: ({ states }) => seen.push(states) })
  for (let states = 1; states <= 10; states++) {
    vi.advanceTimersByTime(100)
    watch(after(states))
  }
  expect(seen).toEqual([3, 6, 9])
})

test('states and time run out beyond their limits, not at them', () => {
  const watch = startWatch({ maxStates: 5, maxMs: 100 })
  vi.advanceTimersByTime(100)
  expect(watch(after(5))).toBeUndefined()
  expect(watch(after(6))).toEqual({ kind: 'states', limit: 5 })
  vi.advanceTimersByTime(1)
  expect(watch(after(5))).toEqual({ kind: 'time', limitMs: 100 })
})
