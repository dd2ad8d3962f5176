/**
 * hugetlbfs, which the model of mm does not have: what the kernel documents of it, as a table. Guard regions
 * are refused there (is_valid_guard_vma(), mm/madvise.c, v6.18: VM_HUGETLB is not allowed).
 */
import { MAP, PROT } from '../probe/constants.ts'
import { madvise, mmap, op, open, pagemap, read, vmas, write, type ProbeOp } from '../probe/operations.ts'
import type { Call } from '../sequential/statements.ts'
import { areasOf } from './areas.ts'
import type { ModelRun } from './expected.ts'
import { onPages, onRanges, statements, type Place, type SequenceOp } from './operations.ts'
import type { Stage } from './stage.ts'
import type { SequenceWorld } from './world.ts'

/** Pages of 4 KiB in a huge one, and the huge ones that are mapped. */
const HUGE = 512
const PAGES = 2
const a: Place = { name: 'a', pages: PAGES }

/** What madvise() gives for a range of whole huge pages; each of the functions that decide is of v6.18. */
const ADVISED = {
  guard_install: -1, // madvise_guard_install(): is_valid_guard_vma()
  guard_remove: -1, // madvise_guard_remove(): the same
  free: -1, // madvise_free_single_vma(): vma_is_anonymous()
  cold: -1, // can_madv_lru_vma()
  dontneed: 0, // madvise_dontneed_free_valid_vma(): ranges of whole huge pages
  populate_read: 0,
  populate_write: 0,
} as const
type Advised = keyof typeof ADVISED
const ADVICES: readonly Advised[] = [
  'guard_install',
  'guard_remove',
  'free',
  'cold',
  'dontneed',
  'populate_read',
  'populate_write',
]

export const HUGETLB: SequenceWorld = {
  name: 'hugetlb',
  backing: 'hugetlb',
  declarations: '',
  vocabulary: [
    ...onRanges(a, [...ADVICES, 'mprotect none', 'mprotect r', 'mprotect rw', 'mlock']),
    ...onPages(a, ['read', 'write']),
    ...statements(['punch_hole(f[0])', 'punch_hole(f[1])']),
  ],
  needs: ['file-guards', 'hugetlb'],
}
export const isHugetlb = (w: SequenceWorld): boolean => w.backing === 'hugetlb'

interface Parsed {
  readonly name: string
  readonly first: number
  readonly last: number
  readonly word: 'none' | 'r' | 'rw'
}

function parse({ text }: SequenceOp): Parsed {
  const [, name = '', from = '0', to = from, word = ''] =
    /^(\w+)\(\w\[(\d)(?:\.\.(\d))?\](?:, (\w+))?\)$/.exec(text) ?? []
  return { name, first: Number(from), last: Number(to), word: word === 'r' || word === 'rw' ? word : 'none' }
}

function call(o: SequenceOp): ProbeOp {
  const { name, first, last, word } = parse(o)
  const [page, n] = [first * HUGE, (last - first + 1) * HUGE]
  const advice = ADVICES.find((x) => x === name)
  if (advice !== undefined) return madvise(page, n, advice)
  switch (name) {
    case 'read':
      return read(page)
    case 'write':
      return write(page, 1)
    case 'mprotect':
      return op('mprotect', page, n, PROT[word])
    case 'mlock':
      return op('mlock', page, n)
    case 'punch_hole':
      return op('punch', 0, page, n)
    default:
      throw new Error(`no operation '${o.text}' on huge pages`)
  }
}

const resultOf = (o: SequenceOp): Call['value'] =>
  /^(read|write)\(/.test(o.text) ? () => 'ok' : (r) => String(r.value)

export function hugetlbStage(world: SequenceWorld): Stage {
  return {
    world,
    block: HUGE,
    looks: [{ name: 'a', pages: PAGES, process: 0, private: false, page: 0 }],
    setUp: [open(0, 'hugetlb', PAGES * HUGE), mmap(0, PAGES * HUGE, 'rw', MAP.shared, 0)],
    place: (o) => {
      const asked = call(o)
      return { op: asked, call: { op: asked, value: resultOf(o) } }
    },
    observe: [pagemap(0, PAGES, HUGE), vmas(0, PAGES * HUGE)],
    end: [],
  }
}

const FLAGS = { none: [], r: ['VM_READ'], rw: ['VM_READ', 'VM_WRITE'] } as const

/** The bytes and the protection of each huge page. */
export function hugetlbRun(): ModelRun {
  const prot: ('none' | 'r' | 'rw')[] = Array.from({ length: PAGES }, () => 'rw')
  const bytes: number[] = Array.from({ length: PAGES }, () => 0)
  /** What was split stays so: hugetlb_vm_ops has close(), and such a VMA is not merged away (is_mergeable_vma(), mm/vma.c). */
  let split = false
  const decide = (o: SequenceOp, value: number): { readonly result: string; readonly read?: number } => {
    const { name, first, last, word } = parse(o)
    const range = Array.from({ length: last - first + 1 }, (_, i) => first + i)
    const advice = ADVICES.find((x) => x === name)
    if (advice !== undefined && ADVISED[advice] < 0) return { result: '-EINVAL' }
    // populate, as every fault, needs the protection: -EINVAL where it is missing (faultin_page_range(), mm/gup.c).
    if (name === 'populate_read') return { result: range.some((i) => prot[i] === 'none') ? '-EINVAL' : '0' }
    if (name === 'populate_write') return { result: range.some((i) => prot[i] !== 'rw') ? '-EINVAL' : '0' }
    if (name === 'read' && prot[first] === 'none') return { result: 'SEGV' }
    if (name === 'read') return { result: 'ok', read: bytes[first] ?? 0 }
    if (name === 'write' && prot[first] !== 'rw') return { result: 'SEGV' }
    if (name === 'write') bytes[first] = value
    if (name === 'mprotect' && range.length < PAGES && prot[first] !== word) split = true
    for (const i of range) {
      if (name === 'mprotect') prot[i] = word
      if (name === 'punch_hole') bytes[i] = 0
    }
    // mlock() faults its pages in, and gives -ENOMEM where that cannot be done (__mlock_posix_error_return()).
    const refused = name === 'mlock' && range.some((i) => prot[i] === 'none')
    return { result: name === 'write' ? 'ok' : refused ? '-ENOMEM' : '0' }
  }
  return {
    take: (o, seen, value) => {
      const { result, read: byte } = decide(o, value)
      const runs = prot.map((_, i) => (split ? i + 1 : 1))
      const areas = [areasOf(runs, (v) => FLAGS[prot[runs.indexOf(v)] ?? 'none'])]
      const expected = { result, guards: prot.map(() => false), areas }
      const agrees = seen.result === result && seen.guards.every((g) => !g) && seen.areas[0] === areas[0]
      return { agrees, allowed: [expected], ...(byte === undefined ? {} : { read: byte }) }
    },
  }
}
