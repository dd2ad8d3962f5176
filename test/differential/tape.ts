/**
 * Decisions read off a list of numbers. 0, also what an exhausted tape gives, is always the simplest
 * decision, so that fast-check makes programs simpler by making tapes shorter and their numbers smaller.
 */
export interface Tape {
  /** A number below n. */
  readonly below: (n: number) => number
  readonly pick: <T>(first: T, ...others: readonly T[]) => T
  /** One of a list; undefined where it is empty. */
  readonly oneOf: <T>(list: readonly T[]) => T | undefined
  /** True about once in n times. */
  readonly rarely: (n: number) => boolean
}

export function tapeOf(numbers: readonly number[]): Tape {
  let next = 0
  const below = (n: number): number => (numbers[next++] ?? 0) % n
  return {
    below,
    pick: (first, ...others) => [first, ...others][below(others.length + 1)] ?? first,
    oneOf: (list) => list[below(Math.max(1, list.length))],
    rarely: (n) => below(n) === n - 1,
  }
}
