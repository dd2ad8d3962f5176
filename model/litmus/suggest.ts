/** 'Did you mean' for names of every kind. */

const MAX_DISTANCE = 2

/**
 * The candidate nearest to `name`, or undefined where none is near enough: at most two edits away
 * (insert, delete, replace, swap of neighbours), and with at least one character kept, as otherwise
 * every one-letter name would suggest every other. Equal but for case comes first; among equals the
 * earlier candidate wins.
 */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = MAX_DISTANCE + 1
  for (const candidate of candidates) {
    if (candidate === name) continue
    const sameButCase = candidate.toLowerCase() === name.toLowerCase()
    const distance = sameButCase ? 0 : editDistance(name, candidate)
    const kept = Math.max(name.length, candidate.length) - distance
    if (kept > 0 && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Edits from `a` to `b` with swaps of neighbours counted as one; anything above the limit counts as limit + 1. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1
  let older: number[] = []
  let old = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          at(old, j) + 1,
          at(row, j - 1) + 1,
          at(old, j - 1) + (same ? 0 : 1),
          swapped ? at(older, j - 2) + 1 : Infinity,
        ),
      )
    }
    older = old
    old = row
  }
  return at(old, b.length)
}

const at = (row: readonly number[], i: number): number => row[i] ?? Infinity
