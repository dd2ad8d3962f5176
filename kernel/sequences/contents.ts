/**
 * What a load gives: the bytes that stores left, followed through the entries that the model has. The model
 * knows of a page whether it is the file's, a private copy, or the zero page; this keeps the byte of each.
 */
import type { SequenceOp } from './operations.ts'

/** An entry of the model, or `none`; a huge page is the entry of each of its pages. */
export type EntryOf = (page: string) => string

export interface ContentPlace {
  /** Names of its pages, in order: `a[0]`. */
  readonly pages: readonly string[]
  readonly shared: boolean
  /** The number of its first page in the file; absent in anonymous memory. */
  readonly offset?: number
  /** The mapping whose pages a fork copies. */
  readonly parent?: string
}

export interface Contents {
  /** Called with every operation in turn. `read` is what a load is to give; undefined where that is open. */
  readonly take: (o: SequenceOp, worked: boolean, value: number, before: EntryOf, after: EntryOf) => number | undefined
}

/** The byte of UFFDIO_COPY in the probe. */
const COPIED = 'u'.charCodeAt(0)

const isCopy = (entry: string): boolean => entry.startsWith('anon') || entry.startsWith('swap')

interface Parsed {
  readonly name: string
  readonly args: readonly { readonly name: string; readonly first: number; readonly last: number }[]
  readonly size: number
}

function parse(text: string): Parsed {
  const [, name = '', inside = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? []
  const args = inside.split(', ').flatMap((a) => {
    const m = /^(\w+)(?:\[(\d+)(?:\.\.(\d+))?\])?$/.exec(a)
    return m?.[1] === undefined
      ? []
      : [{ name: m[1], first: Number(m[2] ?? 0), last: Number(m[3] ?? m[2] ?? Number.MAX_SAFE_INTEGER) }]
  })
  return { name, args, size: Number(/, (\d+)$/.exec(inside)?.[1] ?? 0) }
}

const inRange = (i: number, r: { readonly first: number; readonly last: number }): boolean =>
  i >= r.first && i <= r.last

/** Contents of a world at its start: zeroes. `places` are its mappings by name. */
export function newContents(places: ReadonlyMap<string, ContentPlace>): Contents {
  const file = new Map<number, number>()
  const copies = new Map<string, number | undefined>()
  const cached = (p: ContentPlace, i: number): number => (p.offset === undefined ? 0 : (file.get(p.offset + i) ?? 0))
  const drop = (from: number, to: number): void => {
    for (let i = from; i <= to; i++) file.delete(i)
  }
  const store = (name: string, i: number, value: number): void => {
    const p = places.get(name)
    if (p === undefined) return
    if (p.shared && p.offset !== undefined) file.set(p.offset + i, value)
    else copies.set(p.pages[i] ?? '', value)
  }
  const take: Contents['take'] = (o, worked, value, before, after) => {
    const { name, args, size } = parse(o.text)
    const [first, second] = args
    const moved = new Map<string, number | undefined>()
    if (worked && name.startsWith('mremap') && first !== undefined && second !== undefined) {
      const [from, to] = [places.get(first.name), places.get(second.name)]
      from?.pages.forEach((page, i) => {
        const there = to?.pages[i - first.first + second.first]
        if (inRange(i, first) && there !== undefined && copies.has(page)) moved.set(there, copies.get(page))
      })
    }
    // Whoever gets a private copy without having stored to it has a copy of what was there.
    for (const p of places.values())
      p.pages.forEach((page, i) => {
        const is = isCopy(after(page))
        if (!is) copies.delete(page)
        else if (moved.has(page)) copies.set(page, moved.get(page))
        else if (!isCopy(before(page)) || !copies.has(page)) {
          const from = name === 'fork' && p.parent !== undefined ? places.get(p.parent)?.pages[i] : undefined
          copies.set(page, from === undefined ? cached(p, i) : copies.get(from))
        }
      })
    if (!worked || first === undefined) return undefined
    switch (name) {
      case 'write':
        store(first.name, first.first, value)
        return undefined
      case 'uffd_copy':
        store(first.name, first.first, COPIED)
        return undefined
      case 'uffd_zeropage':
        store(first.name, first.first, 0)
        return undefined
      case 'free': {
        // Reclaim may take it at any time; until the next store it holds what it held, or zeroes.
        places.get(first.name)?.pages.forEach((page, i) => {
          if (inRange(i, first) && copies.has(page)) copies.set(page, undefined)
        })
        return undefined
      }
      case 'punch_hole':
        drop(first.first, Math.min(first.last, 64))
        return undefined
      case 'ftruncate':
        drop(size, 64)
        return undefined
      case 'madvise_remove': {
        const at = places.get(first.name)?.offset ?? 0
        drop(at + first.first, at + Math.min(first.last, 64))
        return undefined
      }
      case 'read': {
        const p = places.get(first.name)
        const page = p?.pages[first.first] ?? ''
        const entry = after(page)
        if (isCopy(entry)) return copies.get(page)
        if (entry.startsWith('zero')) return 0
        return entry.startsWith('file') && p !== undefined ? cached(p, first.first) : undefined
      }
      default:
        return undefined
    }
  }
  return { take }
}
