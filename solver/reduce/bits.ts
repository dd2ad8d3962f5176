/** Small sets of small numbers, 32 to a word. Mutable: they are joined for every state of a search. */
export type Bits = Int32Array

export const newBits = (count: number): Bits => new Int32Array(Math.max(1, Math.ceil(count / 32)))

export function addBit(set: Bits, bit: number): void {
  set[bit >> 5] = (set[bit >> 5] ?? 0) | (1 << (bit & 31))
}

export const hasBit = (set: Bits, bit: number): boolean => (((set[bit >> 5] ?? 0) >>> (bit & 31)) & 1) === 1

/** Adds all of `from` to `into`. */
export function join(into: Bits, from: Bits): void {
  for (let w = 0; w < into.length; w++) into[w] = (into[w] ?? 0) | (from[w] ?? 0)
}

/** Takes all of `what` out of `from`; says whether that changed it. */
export function remove(from: Bits, what: Bits): boolean {
  let changed = false
  for (let w = 0; w < from.length; w++) {
    const before = from[w] ?? 0
    const after = before & ~(what[w] ?? 0)
    if (after !== before) changed = true
    from[w] = after
  }
  return changed
}

export function meet(a: Bits, b: Bits): boolean {
  for (let w = 0; w < a.length; w++) if (((a[w] ?? 0) & (b[w] ?? 0)) !== 0) return true
  return false
}

/** The members, ascending. */
export function members(set: Bits): readonly number[] {
  const found: number[] = []
  for (let bit = 0; bit < set.length * 32; bit++) if (hasBit(set, bit)) found.push(bit)
  return found
}
