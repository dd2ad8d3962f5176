/**
 * The page frames of a world with the setting `frames N`: the zero page, the huge zero page where something begins
 * with it, the page-cache page of every page of a file, and N anonymous ones.
 */
import { object } from '../language/expr.ts'
import type { Decl } from '../litmus/ast.ts'
import { entry, frame, hold, mmMapcount } from '../mm/frame_types.ts'
import type { LargeFolio } from '../mm/build.ts'
import type { Patch } from '../kernels/patches.ts'
import { setTo, type Backing, type Frames, type Initial, type Mapping } from './place.ts'
import { refuse } from './problem.ts'

/** Settings that have no meaning, or none that is modelled, where there are frames. */
const WITHOUT_FRAMES = ['oom', 'io', 'huge', 'thp', 'uffd_waits'] as const

/** Undefined where the world has no frames. */
export function placeFrames(decls: readonly Decl[], backings: readonly Backing[], ptes: number): Frames | undefined {
  const setting = decls.find((d) => d.kind === 'setting' && d.name.text === 'frames')
  const hugeFill = decls.find((d) => d.kind === 'fill' && (d.access === 'huge_zero' || d.access === 'pmd'))
  if (setting?.kind !== 'setting') {
    const huge = decls.find((d) => d.kind === 'backing' && d.type === 'hugetlb')
    if (huge !== undefined)
      refuse('MM107', 'hugetlb is modelled with page frames alone', huge.span, "give the setting 'frames 2;'")
    if (hugeFill?.kind === 'fill' && hugeFill.access === 'huge_zero')
      refuse(
        'MM107',
        'the huge zero page is modelled with page frames alone',
        hugeFill.span,
        "give the setting 'frames 2;'",
      )
    return undefined
  }
  const { value } = setting
  if (value === undefined || value < 1 || value > 6)
    refuse('MM107', "'frames' needs a number from 1 to 6", setting.span)
  for (const d of decls)
    if (d.kind === 'setting' && WITHOUT_FRAMES.some((s) => s === d.name.text))
      refuse('MM106', `'${d.name.text}' is not modelled together with 'frames'`, d.span)
  const largeSetting = decls.find((d) => d.kind === 'setting' && d.name.text === 'large')
  const large = largeSetting?.kind === 'setting' ? (largeSetting.value ?? 0) : 0
  if (largeSetting?.kind === 'setting' && (large < 1 || large > 2))
    refuse('MM107', "'large' needs a number from 1 to 2", largeSetting.span)
  if (largeSetting !== undefined && ptes === 1)
    refuse('MM107', 'a large folio has several frames', largeSetting.span, "give the setting 'ptes 2;'")
  if (hugeFill !== undefined && ptes !== 1 && large === 0)
    refuse(
      'MM106',
      'a PMD covers one page here, or maps a large folio',
      hugeFill.span,
      "give the setting 'ptes 1;', or 'large 1;'",
    )
  const hugeZero = hugeFill?.kind === 'fill' && hugeFill.access === 'huge_zero'
  const before = hugeZero ? ['ZERO', 'HZERO'] : ['ZERO']
  let next = before.length
  const ofFile = backings.map((b) => {
    const first = next
    next += b.pages
    return first
  })
  const cache = backings.flatMap((b) => Array.from({ length: b.pages }, (_, i) => `${b.name}.page${i}`))
  const anon = Array.from({ length: value ?? 1 }, (_, i) => String.fromCharCode(65 + i))
  const firstLarge = next + anon.length
  const ofLarge = Array.from({ length: large }, (_, i): LargeFolio => ({
    pages: Array.from({ length: ptes }, (_unused, n) => firstLarge + i * ptes + n),
    later: Array.from({ length: ptes }, (_unused, n) => firstLarge + (large + i) * ptes + n),
  }))
  const named = (letter: string): readonly string[] =>
    ofLarge.flatMap(({ pages }, i) => pages.map((_unused, n) => `${letter}${i}.${n}`))
  return {
    names: [...before, ...cache, ...anon, ...named('L'), ...named('S')],
    firstAnon: next,
    large: ofLarge,
    anon: anon.length,
    hugeZero: hugeZero ? 1 : undefined,
    ofFile,
  }
}

/** Kinds, and the reference that keeps what is not anonymous; which frame a file entry of each page maps. */
export function frameGeometry(
  f: Frames,
  backings: readonly Backing[],
  mappings: readonly Mapping[],
): readonly Initial[] {
  const of = (i: number, kind: string): readonly Initial[] => [
    setTo(frame.kind(object('frame', i)), kind),
    ...(kind === 'anon' ? [] : [setTo(frame.refs(object('frame', i)), 1)]),
  ]
  return [
    ...of(0, 'zero'),
    ...(f.hugeZero === undefined ? [] : of(f.hugeZero, 'huge_zero')),
    ...backings.flatMap((b) =>
      Array.from({ length: b.pages }, (_, i) => of((f.ofFile[b.file] ?? 0) + i, 'file')).flat(),
    ),
    ...Array.from({ length: f.anon }, (_, i) => of(f.firstAnon + i, 'anon')).flat(),
    ...f.large.flatMap((l) => [...l.pages, ...l.later].flatMap((n) => of(n, 'anon'))),
    ...mappings.flatMap((m) =>
      Array.from({ length: m.pages }, (_, n) => [
        setTo(
          hold.cache(object('page', m.firstPage + n)),
          m.file === undefined ? 'nil' : object('frame', (f.ofFile[m.file.file] ?? 0) + m.decl.range.first + n),
        ),
        setTo(hold.hugetlb(object('page', m.firstPage + n)), m.file?.hugetlb === true),
      ]).flat(),
    ),
  ]
}

/** What `fill ... write` leaves in a page: not zeroes, and not what scenarios store. */
export const FILLED = 1

/** Gives out anonymous frames to what is filled at the start, in order. */
export function frameFiller(
  f: Frames,
  has: (patch: Patch) => boolean,
): (target: Initial['target']) => readonly Initial[] {
  let used = 0
  return (target) => {
    const at = object('frame', f.firstAnon + used)
    used += 1
    return [
      setTo(target, at),
      setTo(frame.refs(at), 1),
      setTo(frame.mapcount(at), 1),
      setTo(frame.content(at), FILLED),
      setTo(frame.exclusive(at), !has('no-anon-exclusive')),
    ]
  }
}

/** Gives out large folios to huge pmds that are there at the start, in order; nothing where there are no more. */
export function largeFiller(
  f: Frames,
  has: (patch: Patch) => boolean,
): (target: Initial['target'], m: number) => readonly Initial[] | undefined {
  let used = 0
  return (target, m) => {
    const folio = f.large[used]
    if (folio === undefined) return undefined
    const head = object('frame', folio.pages[0] ?? 0)
    used += 1
    return [
      setTo(target, head),
      setTo(frame.refs(head), 1),
      setTo(frame.mapcount(head), 1),
      setTo(mmMapcount(head, object('mm', m)), 1),
      setTo(frame.exclusive(head), !has('no-anon-exclusive')),
      ...folio.pages.map((n) => setTo(frame.content(object('frame', n)), FILLED)),
    ]
  }
}

/** Where the frame of an entry, and of a huge pmd, stands. */
export const entryFrame = (t: number, slot: number): Initial['target'] =>
  entry.frame(object('table', t), object('slot', slot))
export const hugeFrame = (pmdNumber: number): Initial['target'] => entry.huge(object('pmd', pmdNumber))
