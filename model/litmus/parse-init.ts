/** The initial state: `{ shmem f[2]; map a = f[0..1] shared rw; ... }`. */
import { ACCESSES, ENTRIES, OTHER_ENTRIES } from './ast.ts'
import type {
  BackingDecl,
  CacheDecl,
  ChildDecl,
  Decl,
  FillAccess,
  FillDecl,
  MapAccess,
  MapDecl,
  MapSource,
  MmDecl,
  Name,
  VmaDecl,
} from './ast.ts'
import type { SettingDecl, Sharing } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { accept, at, endOf, expect, failExpected, failHere, is, isReported, lineNote, parseName } from './cursor.ts'
import { peek, quote, recover, report, spanFrom, startsFinal, startsThread, take } from './cursor.ts'
import type { Token } from './lexer.ts'
import { parseNumber, parsePages, parseSingle } from './parse-pages.ts'
import type { Span } from './source.ts'
import { closest } from './suggest.ts'

const USAGE = {
  backing: "write 'shmem NAME[PAGES];' or 'file NAME[PAGES];', with the number of pages; 'size N' makes it shorter",
  map: "write 'map NAME = FILE[i..j] shared|private rw|r|w|none [nosigbus] [validate] [in MM] [unmapped];'; FILE may be 'anon'",
  child: "write 'child NAME of MAPPING in MM;'",
  mm: "write 'mm NAME;'",
  fill: "write 'fill NAME[i..j];', '... read;', '... write;', '... guard;' or '... pmd;'",
  vma: "write 'vma MAPPING WORD...;', with flags such as VM_LOCKED, or 'anon_vma'",
  cache: "write 'cache FILE[i..j];'",
} as const
const ANON = "'anon' is anonymous memory, which needs no declaration"
const KEYWORDS = ['shmem', 'file', 'map', 'child', 'mm', 'fill', 'vma', 'cache'] as const
const SHARING: readonly Sharing[] = ['shared', 'private']
const ACCESS: readonly MapAccess[] = ['rw', 'r', 'w', 'none']
const FILL: readonly FillAccess[] = [...ACCESSES, ...ENTRIES, ...OTHER_ENTRIES]

/** Where names were first given, to report a second time. Settings have names of their own. */
interface Seen {
  readonly names: Map<string, Span>
  readonly settings: Map<string, Span>
}

/** Parses the block; the `{` stands here. What is wrong is reported and left out. */
export function parseInit(c: Cursor): readonly Decl[] {
  const open = take(c)
  const decls: Decl[] = []
  const seen: Seen = { names: new Map(), settings: new Map() }
  while (!accept(c, '}')) {
    if (peek(c).kind === 'eof' || startsThread(c) || startsFinal(c)) {
      if (!isReported(c)) report(c, 'MM022', "the initial state is not closed: '}' is missing", open.span)
      return decls
    }
    const decl = parseDecl(c, seen)
    if (decl !== undefined) decls.push(decl)
    if (decl === undefined || !endOf(c, 'declaration')) recover(c)
  }
  return decls
}

function parseDecl(c: Cursor, seen: Seen): Decl | undefined {
  const first = peek(c)
  if (first.kind !== 'word') return failExpected(c, 'MM030', 'a declaration', knownDecls)
  take(c)
  switch (first.text) {
    case 'shmem':
    case 'file':
      return parseBacking(c, first, first.text, seen)
    case 'map':
      return parseMap(c, first, seen)
    case 'child':
      return parseChild(c, first, seen)
    case 'mm':
      return parseMm(c, first, seen)
    case 'fill':
      return parseFill(c, first)
    case 'vma':
      return parseVma(c, first)
    case 'cache':
      return parseCache(c, first)
    default:
      return parseSetting(c, first, seen)
  }
}

/** A name that this declaration introduces. A second use is reported, and the declaration kept. */
function parseNewName(c: Cursor, what: string, usage: string, seen: Seen): Name | undefined {
  const name = parseName(c, what, usage)
  if (name === undefined) return undefined
  if (name.text === 'anon') return report(c, 'MM033', "'anon' cannot be declared", name.span, { help: ANON })
  introduce(c, name, seen.names, `${quote(name.text)} is declared twice`)
  return name
}

function introduce(c: Cursor, name: Name, names: Map<string, Span>, message: string): void {
  const before = names.get(name.text)
  if (before === undefined) names.set(name.text, name.span)
  else report(c, 'MM031', message, name.span, { notes: [lineNote(c, 'first', before)] })
}

function parseBacking(c: Cursor, first: Token, type: 'shmem' | 'file', seen: Seen): BackingDecl | undefined {
  const name = parseNewName(c, 'the name of a file', USAGE.backing, seen)
  if (name === undefined) return undefined
  const pages = parseSingle(c, 'the number of pages', USAGE.backing)
  if (pages === undefined) return undefined
  if (!accept(c, 'size')) return { kind: 'backing', type, name, pages, span: spanFrom(c, first) }
  const size = parseNumber(c, 'the length of the file in pages')
  return size === undefined ? undefined : { kind: 'backing', type, name, pages, size, span: spanFrom(c, first) }
}

function parseMap(c: Cursor, first: Token, seen: Seen): MapDecl | undefined {
  const name = parseNewName(c, 'the name of the mapping', USAGE.map, seen)
  if (name === undefined || expect(c, '=', USAGE.map) === undefined) return undefined
  const backing = parseName(c, "a file or 'anon'", USAGE.map)
  if (backing === undefined) return undefined
  const source: MapSource =
    backing.text === 'anon' ? { kind: 'anon', span: backing.span } : { kind: 'backing', name: backing }
  const range = parsePages(c, USAGE.map)
  if (range === undefined) return undefined
  const sharing = parseWord(c, SHARING, USAGE.map)
  if (sharing === undefined) return undefined
  const access = parseWord(c, ACCESS, USAGE.map)
  if (access === undefined) return undefined
  const nosigbus = accept(c, 'nosigbus') ? ({ nosigbus: true } as const) : {}
  const validate = accept(c, 'validate') ? ({ validate: true } as const) : {}
  const mm = accept(c, 'in') ? parseName(c, 'the name of an mm', USAGE.map) : null
  if (mm === undefined) return undefined
  const unmapped = accept(c, 'unmapped') ? ({ unmapped: true } as const) : {}
  const span = spanFrom(c, first)
  const flags = { ...nosigbus, ...validate }
  return {
    kind: 'map',
    name,
    source,
    range,
    sharing,
    access,
    ...flags,
    ...(mm === null ? {} : { mm }),
    ...unmapped,
    span,
  }
}

function parseChild(c: Cursor, first: Token, seen: Seen): ChildDecl | undefined {
  const name = parseNewName(c, 'the name of the mapping', USAGE.child, seen)
  if (name === undefined || expect(c, 'of', USAGE.child) === undefined) return undefined
  const of = parseName(c, 'the name of a mapping', USAGE.child)
  if (of === undefined || expect(c, 'in', USAGE.child) === undefined) return undefined
  const mm = parseName(c, 'the name of an mm', USAGE.child)
  return mm && { kind: 'child', name, of, mm, span: spanFrom(c, first) }
}

function parseMm(c: Cursor, first: Token, seen: Seen): MmDecl | undefined {
  const name = parseNewName(c, 'the name of the mm', USAGE.mm, seen)
  return name && { kind: 'mm', name, span: spanFrom(c, first) }
}

function parseFill(c: Cursor, first: Token): FillDecl | undefined {
  const name = parseName(c, 'the name of a mapping', USAGE.fill)
  const range = name && parsePages(c, USAGE.fill)
  if (name === undefined || range === undefined) return undefined
  const plain = peek(c).kind !== 'word' || peek(c).newlineBefore
  const access = plain ? null : parseWord(c, FILL, USAGE.fill, ACCESSES)
  if (access === undefined) return undefined
  return { kind: 'fill', name, range, ...(access === null ? {} : { access }), span: spanFrom(c, first) }
}

function parseVma(c: Cursor, first: Token): VmaDecl | undefined {
  const name = parseName(c, 'the name of a mapping', USAGE.vma)
  const word = name && parseName(c, 'a flag', USAGE.vma)
  if (name === undefined || word === undefined) return undefined
  const words = [word]
  while (peek(c).kind === 'word' && !peek(c).newlineBefore) {
    const next = parseName(c, 'a flag', USAGE.vma)
    if (next === undefined) return undefined
    words.push(next)
  }
  return { kind: 'vma', name, words, span: spanFrom(c, first) }
}

function parseCache(c: Cursor, first: Token): CacheDecl | undefined {
  const name = parseName(c, 'the name of a file', USAGE.cache)
  const range = name && parsePages(c, USAGE.cache)
  return name && range && { kind: 'cache', name, range, span: spanFrom(c, first) }
}

/** One of a few words; `told` are those that a message names. */
function parseWord<T extends string>(
  c: Cursor,
  words: readonly T[],
  usage: string,
  told: readonly T[] = words,
): T | undefined {
  const token = peek(c)
  const word = words.find((candidate) => is(token, candidate))
  if (word !== undefined) {
    take(c)
    return word
  }
  const near = token.kind === 'word' ? closest(token.text, words) : undefined
  const quoted = told.map((candidate) => `'${candidate}'`)
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`
  return failExpected(c, 'MM032', expected, near === undefined ? usage : `did you mean '${near}'?`)
}

function parseSetting(c: Cursor, first: Token, seen: Seen): SettingDecl | undefined {
  const name: Name = { text: first.text, span: first.span }
  const token = peek(c)
  const value = token.kind === 'number' ? Number(take(c).text) : undefined
  const ended = at(c, ';') || at(c, '}') || peek(c).kind === 'eof' || peek(c).newlineBefore
  if (!ended) {
    const near = closest(name.text, KEYWORDS)
    const help = near === undefined ? knownDecls : `did you mean '${near}'?`
    if (isReported(c)) return undefined
    if (value !== undefined) return failExpected(c, 'MM021', "';' after the declaration")
    return report(c, 'MM030', `${quote(name.text)} starts no declaration of this form`, name.span, { help })
  }
  introduce(c, name, seen.settings, `the setting ${quote(name.text)} is given twice`)
  return { kind: 'setting', name, ...(value === undefined ? {} : { value }), span: spanFrom(c, first) }
}

const knownDecls =
  "declarations are shmem, file, map, child, mm, fill, vma, cache, and settings such as 'oom;' or 'ptes 2;'"

/** Reports that the initial state is missing before what stands here. */
export function missingInit(c: Cursor): void {
  const help = "the initial state stands between the kernels and P0; write '{ }' where it is empty"
  failHere(c, 'MM006', 'the initial state { ... } is missing', { help })
}
