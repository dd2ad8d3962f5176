/**
 * How far a search keeps to the one memory that it begins in, and in what measures it goes beyond. The defaults are
 * what WebAssembly allows and what was measured; tests choose smaller ones.
 */
export interface Limits {
  /** Pages of the first memory. */
  readonly pages: number
  /** Logarithm of the most buckets of the table in it; -1 for no table at all. */
  readonly buckets: number
  /** Logarithm of the buckets of the table that are filled, and moved into a larger one, by themselves. */
  readonly section: number
  /** Logarithm of the buckets of a table that becomes larger all at once. */
  readonly small: number
  /** Buckets of a larger one that move for each new state. */
  readonly pace: number
  /** Logarithm of the states of a chunk, at least 3. */
  readonly chunk: number
  /** Logarithm of the chunks that the generated code can have the addresses of at once. */
  readonly ring: number
  /** Logarithm of the buckets of each part of the table beyond. */
  readonly part: number
  /** Successors that are gathered there before they are looked up. */
  readonly batch: number
  /** Pieces of parts that are left, each of as many states as are gathered at most, that are handed on after each batch. */
  readonly leaving: number
}

/** A WebAssembly memory of 32-bit addresses ends at 4 GiB. */
export const MEMORY_PAGES: number = 2 ** 16

/**
 * A table takes at most a quarter of the first memory: the one that it takes the place of, and the states, are there as
 * well. A section has 16 KiB: some 3000 states, of which the number varies by so little that no section is full before
 * the others are, and which move within 0.1 ms. A table of 4 MiB moves within 15 ms: to compile what looks for states
 * in two tables takes as long. A larger one is left when it is full by some four fifths, so with 12.8 states to a bucket
 * or 5.8: by the time that it has moved there are 1 or 2 of a hundred more. Until then each state costs more, as it may
 * be in two tables. A part has 256 MiB; what is handed on
 * of one at a time takes 2 ms.
 */
export const LIMITS: Limits = {
  pages: MEMORY_PAGES,
  buckets: 24,
  section: 8,
  small: 16,
  pace: 8,
  chunk: 14,
  ring: 14,
  part: 22,
  batch: 2 ** 15,
  leaving: 2,
}
