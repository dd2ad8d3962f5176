/** Scenarios with a smaller world: fewer or shorter mappings, files, mms, fills; settings left out or lowered. */
import type {
  BackingDecl,
  ChildDecl,
  Decl,
  LitmusFile,
  MapDecl,
  Name,
  PageRange,
  SettingDecl,
  ThreadDecl,
} from '../../model/litmus/ast.ts'
import { printDecl } from '../../model/litmus/printer.ts'
import type { Reduction } from './reduction.ts'
import {
  argName,
  backingsOf,
  fillsOf,
  isUsed,
  lengthOf,
  mapsOf,
  moved,
  operandPages,
  shorter,
  withDecls,
  withoutDecl,
  withStmts,
} from './tree.ts'

const sourceOf = (m: MapDecl): string => (m.source.kind === 'anon' ? 'anon' : m.source.name.text)
const textOf = (d: LitmusFile['decls'][number]): string => printDecl(d).replace(/;$/, '')

const withoutMapping = (file: LitmusFile, m: MapDecl): LitmusFile =>
  withDecls(file, (d) =>
    d === m || ((d.kind === 'fill' || d.kind === 'vma') && d.name.text === m.name.text) ? [] : [d],
  )

/** The pages that `from` stands for become those of `to`, `down` lower, of which there are `pages`; undefined where one is not there. */
function redirected(file: LitmusFile, from: string, to: Name, down: number, pages: number): LitmusFile | undefined {
  let fits = true
  const stmts = withStmts(file, (s) => [
    {
      ...s,
      args: s.args.map((a) => {
        if (a.kind === 'number' || argName(a) !== from) return a
        if (a.kind === 'name') return { ...a, name: to }
        const range = moved(a.range, down, pages)
        fits &&= range !== undefined
        return range === undefined ? a : { ...a, name: to, range }
      }),
    },
  ])
  return fits ? stmts : undefined
}

const childrenOf = (file: LitmusFile, m: MapDecl): readonly ChildDecl[] =>
  file.decls.filter((d) => d.kind === 'child').filter((d) => d.of.text === m.name.text)

function childReductions(file: LitmusFile): readonly Reduction[] {
  return file.decls.flatMap((d): readonly Reduction[] =>
    d.kind === 'child' && !isUsed(file, d.name.text) ? [{ what: textOf(d), file: withoutDecl(file, d) }] : [],
  )
}

function mappingReductions(file: LitmusFile): readonly Reduction[] {
  const maps = mapsOf(file)
  return maps.flatMap((m): readonly Reduction[] => {
    if (childrenOf(file, m).length > 0) return []
    if (!isUsed(file, m.name.text)) return [{ what: textOf(m), file: withoutMapping(file, m) }]
    // Its operations may do as well on another mapping of the same kind.
    return maps.flatMap((other): readonly Reduction[] => {
      if (other === m || sourceOf(other) !== sourceOf(m) || other.mm?.text !== m.mm?.text) return []
      const down = m.source.kind === 'anon' ? 0 : other.range.first - m.range.first
      const onOther = redirected(file, m.name.text, other.name, down, lengthOf(other))
      if (onOther === undefined) return []
      return [{ what: `${textOf(m)}; ${other.name.text} is used for it`, file: withoutMapping(onOther, m) }]
    })
  })
}

function pageReductions(file: LitmusFile): readonly Reduction[] {
  return mapsOf(file).flatMap((m) =>
    shorter(m.range).flatMap((range): readonly Reduction[] => {
      const down = range.first - m.range.first
      const less = { ...m, range: m.source.kind === 'anon' ? { ...range, first: 0, last: lengthOf(m) - 2 } : range }
      const shorterMap = withDecls(file, (d) => {
        if (d === m) return [less]
        if (d.kind !== 'fill' || d.name.text !== m.name.text) return [d]
        const filled = moved(d.range, down, lengthOf(less))
        return filled === undefined ? [] : [{ ...d, range: filled }]
      })
      // What a fork makes of the mapping has no more pages than it.
      const copies = childrenOf(file, m).map((d) => d.name)
      const moving = [m.name, ...copies].reduce<LitmusFile | undefined>(
        (f, name) => f && redirected(f, name.text, name, down, lengthOf(less)),
        shorterMap,
      )
      return moving === undefined
        ? []
        : [{ what: `page ${down === 0 ? lengthOf(less) : 0} of ${m.name.text}`, file: moving }]
    }),
  )
}

/** A file of so many pages; a size of its own is one that is less. */
function sized({ size: _, ...b }: BackingDecl, pages: number, size: number | undefined): BackingDecl {
  return size === undefined || size >= pages ? { ...b, pages } : { ...b, pages, size }
}

/** A file without its first pages, which nothing maps; undefined where an operation names one of them. */
function withoutFront(file: LitmusFile, b: BackingDecl, down: number): LitmusFile | undefined {
  const lower = (range: PageRange): PageRange => ({ ...range, first: range.first - down, last: range.last - down })
  let fits = (b.size ?? down) >= down
  const decls = withDecls(file, (d) => {
    if (d === b) return [sized(b, b.pages - down, b.size === undefined ? undefined : b.size - down)]
    return d.kind === 'map' && sourceOf(d) === b.name.text ? [{ ...d, range: lower(d.range) }] : [d]
  })
  const moving = withStmts(decls, (s) => [
    {
      ...s,
      args: s.args.map((a) => {
        // A number beside a file is a length of it.
        if (a.kind === 'number' && s.args.some((x) => argName(x) === b.name.text)) {
          fits &&= a.value >= down
          return { ...a, value: a.value - down }
        }
        if (argName(a) !== b.name.text || a.kind !== 'pages') return a
        fits &&= a.range.first >= down
        return { ...a, range: lower(a.range) }
      }),
    },
  ])
  return fits ? moving : undefined
}

function fileReductions(file: LitmusFile): readonly Reduction[] {
  return backingsOf(file).flatMap((b): readonly Reduction[] => {
    const maps = mapsOf(file).filter((m) => sourceOf(m) === b.name.text)
    if (maps.length === 0 && !isUsed(file, b.name.text)) return [{ what: textOf(b), file: withoutDecl(file, b) }]
    const out: Reduction[] = []
    const end = Math.max(0, ...maps.map((m) => m.range.last))
    if (b.pages - 1 > end)
      out.push({
        what: `the last page of ${b.name.text}`,
        file: withDecls(file, (d) => (d === b ? [sized(b, b.pages - 1, b.size)] : [d])),
      })
    const { size, ...full } = b
    if (size !== undefined)
      out.push({ what: `size ${size} of ${b.name.text}`, file: withDecls(file, (d) => (d === b ? [full] : [d])) })
    const start = Math.min(b.pages - 1, ...maps.map((m) => m.range.first))
    for (let down = 1; down <= start; down++) {
      const lower = withoutFront(file, b, down)
      if (lower !== undefined)
        out.push({ what: `the first ${down === 1 ? 'page' : `${down} pages`} of ${b.name.text}`, file: lower })
    }
    return out
  })
}

function fillReductions(file: LitmusFile): readonly Reduction[] {
  return fillsOf(file).flatMap((f): readonly Reduction[] => {
    const read = { ...f, access: 'read' as const }
    return [
      { what: textOf(f), file: withoutDecl(file, f) },
      ...shorter(f.range).map((range) => ({
        what: `a page of ${textOf(f)}`,
        file: withDecls(file, (d) => (d === f ? [{ ...f, range }] : [d])),
      })),
      ...(f.access === 'write'
        ? [{ what: `the write of ${textOf(f)}`, file: withDecls(file, (d) => (d === f ? [read] : [d])) }]
        : []),
    ]
  })
}

/** Less of what is there at the start beside what is mapped. */
function startReductions(file: LitmusFile): readonly Reduction[] {
  return file.decls.flatMap((d): readonly Reduction[] => {
    if (d.kind !== 'vma' && d.kind !== 'cache') return []
    const whole = { what: textOf(d), file: withoutDecl(file, d) }
    const less: readonly Decl[] =
      d.kind === 'cache'
        ? shorter(d.range).map((range) => ({ ...d, range }))
        : d.words.length < 2
          ? []
          : d.words.map((word) => ({ ...d, words: d.words.filter((w) => w !== word) }))
    return [
      whole,
      ...less.map((one) => ({ what: `a part of ${textOf(d)}`, file: withDecls(file, (x) => (x === d ? [one] : [x])) })),
    ]
  })
}

function settingReductions(file: LitmusFile): readonly Reduction[] {
  const settings = file.decls.filter((d) => d.kind === 'setting')
  return settings.flatMap((s): readonly Reduction[] => {
    const out: Reduction[] = [{ what: textOf(s), file: withoutDecl(file, s) }]
    const lower: SettingDecl | undefined =
      s.value === undefined || s.value <= 1 ? undefined : { ...s, value: s.value - 1 }
    if (lower !== undefined)
      out.push({
        what: `one of ${textOf(s)}`,
        file: withDecls(file, (d) => (d === s ? [lower] : [d])),
      })
    return out
  })
}

/** Fewer mms: one that nothing is in, one that becomes another, and threads that need not say where they run. */
function mmReductions(file: LitmusFile, original: (t: ThreadDecl) => string): readonly Reduction[] {
  const mms = file.decls.filter((d) => d.kind === 'mm')
  const inMm = (name: string): boolean =>
    file.decls.some((d) => (d.kind === 'map' || d.kind === 'child') && d.mm?.text === name) ||
    isUsed(file, name) ||
    file.threads.some((t) => t.mm?.text === name)
  const out: Reduction[] = []
  for (const mm of mms) {
    if (!inMm(mm.name.text)) out.push({ what: textOf(mm), file: withoutDecl(file, mm) })
    else
      for (const other of mms)
        if (other !== mm) {
          const decls = withDecls(withoutDecl(file, mm), (d) =>
            d.kind === 'map' && d.mm?.text === mm.name.text ? [{ ...d, mm: other.name }] : [d],
          )
          const threads = decls.threads.map((t) => (t.mm?.text === mm.name.text ? { ...t, mm: other.name } : t))
          out.push({ what: `${textOf(mm)}; ${other.name.text} is used for it`, file: { ...decls, threads } })
        }
  }
  const [only, more] = mms
  if (only !== undefined && more === undefined && mapsOf(file).every((m) => m.mm?.text === only.name.text)) {
    const one = withDecls(withoutDecl(file, only), (d) => {
      if (d.kind !== 'map') return [d]
      const { mm: _, ...map } = d
      return [map]
    })
    const threads = one.threads.map(({ mm: _, ...t }) => t)
    out.push({ what: `the name of ${textOf(only)}`, file: { ...one, threads } })
  }
  for (const t of file.threads)
    if (t.mm !== undefined) {
      const { mm: _, ...anywhere } = t
      const threads = file.threads.map((x) => (x === t ? anywhere : x))
      out.push({ what: `'in ${t.mm.text}' of ${original(t)}`, file: { ...file, threads } })
    }
  return out
}

/** An operation on fewer pages, or on fewer ranges of them. */
function operandReductions(file: LitmusFile, original: (t: ThreadDecl) => string): readonly Reduction[] {
  return file.threads.flatMap((t) =>
    t.stmts.flatMap((s) =>
      s.args.flatMap((a): readonly Reduction[] => {
        const pages = operandPages(file, s, a)
        if (a.kind === 'number' || pages === 0) return []
        const range = a.kind === 'pages' ? a.range : { first: 0, last: pages - 1, span: a.name.span }
        const fewer = s.args.filter((x) => x !== a)
        const without: Reduction = {
          what: `a range of ${s.op.text}() in ${original(t)}`,
          file: withStmts(file, (x) => (x === s ? [{ ...s, args: fewer }] : [x])),
        }
        const shorterOnes = shorter(range).map((less) => ({
          what: `a page of ${s.op.text}() in ${original(t)}`,
          file: withStmts(file, (x) =>
            x !== s
              ? [x]
              : [
                  {
                    ...s,
                    args: s.args.map((y) =>
                      y === a ? { kind: 'pages' as const, name: a.name, range: less, span: range.span } : y,
                    ),
                  },
                ],
          ),
        }))
        return fewer.length > 0 ? [without, ...shorterOnes] : shorterOnes
      }),
    ),
  )
}

export const worldReductions = (file: LitmusFile, original: (t: ThreadDecl) => string): readonly Reduction[] => [
  ...childReductions(file),
  ...mappingReductions(file),
  ...pageReductions(file),
  ...fileReductions(file),
  ...mmReductions(file, original),
  ...fillReductions(file),
  ...startReductions(file),
  ...settingReductions(file),
  ...operandReductions(file, original),
]
