/** VMAs of a mapping in words, as the kernel tells them in smaps and as the model has them. */
import { z } from 'zod'

/** Flags that the model has, and their two letters in smaps: show_smap_vma_flags(), fs/proc/task_mmu.c, v6.18. */
const LETTERS: Readonly<Record<string, string>> = {
  VM_LOCKED: 'lo',
  VM_UFFD_MISSING: 'um',
  VM_UFFD_WP: 'uw',
  VM_MAYBE_GUARD: 'gu',
  VM_DONTCOPY: 'dc',
  VM_WIPEONFORK: 'wf',
  VM_NOHUGEPAGE: 'nh',
  VM_SEQ_READ: 'sr',
}
const KNOWN = Object.values(LETTERS)

interface Area {
  readonly first: number
  readonly last: number
  /** `r`, `w`, and letters. */
  readonly flags: readonly string[]
}

const text = (areas: readonly Area[]): string =>
  areas
    .map(({ first, last, flags }) =>
      [first === last ? String(first) : `${first}..${last}`, ...(flags.length === 0 ? ['none'] : flags)].join(' '),
    )
    .join(', ')

const list = z.array(z.tuple([z.number(), z.number(), z.string(), z.string()]))

/** What smaps said of a range of real pages from `page` on, in pages of the model; undefined where it said nothing. */
export function areasSeen(data: unknown, page: number, block: number): string | undefined {
  const found = list.safeParse(data)
  if (!found.success) return undefined
  return text(
    found.data.map(([at, n, perms, flags]) => {
      const letters = new Set(flags.split(' '))
      return {
        first: (at - page) / block,
        last: (at - page + n) / block - 1,
        flags: [
          ...(perms.startsWith('r') ? ['r'] : []),
          ...(perms[1] === 'w' ? ['w'] : []),
          ...KNOWN.filter((l) => letters.has(l)),
        ],
      }
    }),
  )
}

/** The same of the model: the VMA of each page (0 for none), and the flags of each VMA. */
export function areasOf(vmas: readonly number[], flagsOf: (vma: number) => readonly string[]): string {
  const areas: { first: number; last: number; flags: readonly string[] }[] = []
  vmas.forEach((v, i) => {
    if (v === 0) return
    const before = areas.at(-1)
    if (before?.last === i - 1 && vmas[i - 1] === v) before.last = i
    else areas.push({ first: i, last: i, flags: letters(flagsOf(v)) })
  })
  return text(areas)
}

function letters(names: readonly string[]): readonly string[] {
  const has = new Set(names)
  return [
    ...(has.has('VM_READ') ? ['r'] : []),
    ...(has.has('VM_WRITE') ? ['w'] : []),
    ...Object.entries(LETTERS).flatMap(([name, l]) => (has.has(name) ? [l] : [])),
  ]
}

/** Areas with those made one that touch and differ in VM_MAYBE_GUARD at most. */
function coarse(text_: string): string {
  const runs: { key: string; first: number; last: number }[] = []
  for (const area of text_.split(', ').filter((t) => t !== '')) {
    const [range = '', ...flags] = area.split(' ')
    const [first = 0, last = first] = range.split('..').map(Number)
    const key = flags.filter((f) => f !== 'gu' && f !== 'none').join(' ')
    const before = runs.at(-1)
    if (before?.key === key && before.last === first - 1) before.last = last
    else runs.push({ key, first, last })
  }
  return runs.map((r) => `${r.first}..${r.last} ${r.key}`).join(', ')
}

/** Whether the one text has the areas of the other, more of them, and nothing else that differs. */
export const isFiner = (kernel: string, model: string): boolean =>
  kernel.split(', ').length > model.split(', ').length && coarse(kernel) === coarse(model)
