/** The orders in which threads can take their turns, one operation at a time. */

/** One for each operation: the thread whose turn it is. `mayRun` says whether a thread may have its next one. */
export function orders(
  lengths: readonly number[],
  mayRun: (thread: number, done: readonly number[]) => boolean,
): readonly (readonly number[])[] {
  const out: (readonly number[])[] = []
  const go = (order: readonly number[], done: readonly number[]): void => {
    const next = lengths.flatMap((n, t) => ((done[t] ?? 0) < n && mayRun(t, done) ? [t] : []))
    if (next.length === 0) out.push(order)
    for (const t of next)
      go(
        [...order, t],
        done.map((d, i) => (i === t ? d + 1 : d)),
      )
  }
  go(
    [],
    lengths.map(() => 0),
  )
  return out
}
