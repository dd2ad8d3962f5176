/** Odd, with bits all over: 2^64 over the golden ratio. Multiplication by it can be undone modulo any power of two. */
export const GOLDEN = 0x9e3779b97f4a7c15n
