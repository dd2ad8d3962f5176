/** What was found out about a set of nodes and shut conditions, remembered: a hash table, open addressing. Mutable. */
export interface Decisions {
  /** The entry of the key that `key` holds, a new one if there is none. */
  readonly find: () => number
  /** To be filled in before `find`. */
  readonly key: Int32Array
  /** Of an entry: the words that are the caller's, 0 in a new one. */
  readonly get: (entry: number, word: number) => number
  readonly set: (entry: number, word: number, value: number) => void
}

const FIRST = 2 ** 10
/** Entries beyond which the table is emptied: it only saves time. */
const ENTRIES_MAX = 2 ** 20

/** With keys of `keyLength` words, and `words` to each entry. */
export function newDecisions(keyLength: number, words: number): Decisions {
  const taken = keyLength + words
  const width = taken + 1
  const key = new Int32Array(keyLength)
  /** To each entry its key, the caller's words, and 1 where it is taken. */
  let entries = new Int32Array(FIRST * width)
  let capacity = FIRST
  let count = 0

  const place = (table: Int32Array, from: Int32Array, offset: number): number => {
    let h = 0
    for (let i = 0; i < keyLength; i++) {
      h = Math.imul(h ^ (from[offset + i] ?? 0), 0x9e3779b1)
      h ^= h >>> 15
    }
    const mask = table.length / width - 1
    for (let q = h & mask; ; q = (q + 1) & mask) {
      const at = q * width
      if (table[at + taken] === 0) return at
      let i = 0
      while (i < keyLength && table[at + i] === from[offset + i]) i++
      if (i === keyLength) return at
    }
  }

  const grow = (): void => {
    const old = entries
    const empties = capacity * 2 > ENTRIES_MAX
    if (!empties) capacity *= 2
    entries = new Int32Array(capacity * width)
    count = 0
    if (empties) return
    for (let at = 0; at < old.length; at += width) {
      if (old[at + taken] === 0) continue
      entries.set(old.subarray(at, at + width), place(entries, old, at))
      count++
    }
  }

  return {
    key,
    find() {
      if (count * 2 >= capacity) grow()
      const at = place(entries, key, 0)
      if (entries[at + taken] === 0) {
        entries.set(key, at)
        entries[at + taken] = 1
        count++
      }
      return at
    },
    get: (entry, word) => entries[entry + keyLength + word] ?? 0,
    set(entry, word, value) {
      entries[entry + keyLength + word] = value
    },
  }
}
