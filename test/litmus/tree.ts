/** Random litmus trees as the parser gives them, and comparison without spans. */
import fc from 'fast-check'
import type { Arg, Cond, Decl, Final, KernelLine, LitmusFile } from '../../model/litmus/ast.ts'
import type { MapSource, Name, PageRange, Stmt, ThreadDecl, Value } from '../../model/litmus/ast.ts'
import type { Span } from '../../model/litmus/source.ts'

const NOWHERE: Span = { start: 0, end: 0 }

/** The tree with every span replaced by the same one. */
export function stripSpans(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(stripSpans)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === 'span' ? NOWHERE : stripSpans(value)]),
  )
}

const span = fc.constant(NOWHERE)
const number = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 65535 }))
const named = (text: fc.Arbitrary<string>): fc.Arbitrary<Name> => fc.record({ text, span })

/** Words that mean something in one place and are plain names in others. */
const WORDS = ['P0', 'P1', 'in', 'and', 'or', 'not', 'exists', 'forall', 'map', 'mm', 'read', 'rw', 'MM', '__proto__']
const ident = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
  fc.constantFrom('a', 'b', 'f', 'r0', 'r1'),
  fc.constantFrom(...WORDS),
)
const name = named(ident)
const unreserved = (...reserved: readonly string[]): fc.Arbitrary<Name> =>
  named(ident.filter((text) => !reserved.includes(text)))
const declared = unreserved('anon')

const headerWord = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_+.-]{0,10}$/),
  fc.constantFrom('v6.13', 'v7.0', 'maybe-guard-v2', 'P0', 'exists', 'retract_page_tables.recheck'),
)
const kernelName = named(headerWord.filter((text) => text !== 'kernel' && text !== 'without'))
const kernel: fc.Arbitrary<KernelLine> = fc.record({
  names: fc.array(kernelName, { minLength: 1, maxLength: 3 }),
  without: fc.array(kernelName, { maxLength: 2 }),
  span,
})

const range: fc.Arbitrary<PageRange> = fc
  .tuple(number, number)
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b), span: NOWHERE }))

const source: fc.Arbitrary<MapSource> = fc.oneof(
  fc.record({ kind: fc.constant('anon' as const), span }),
  fc.record({ kind: fc.constant('backing' as const), name: declared }),
)
const decl: fc.Arbitrary<Decl> = fc.oneof(
  fc.record({
    kind: fc.constant('backing' as const),
    type: fc.constantFrom('shmem' as const, 'file' as const),
    name: declared,
    pages: number,
    span,
  }),
  fc.record(
    {
      kind: fc.constant('map' as const),
      name: declared,
      source,
      range,
      sharing: fc.constantFrom('shared' as const, 'private' as const),
      access: fc.constantFrom('rw' as const, 'r' as const, 'w' as const, 'none' as const),
      mm: name,
      nosigbus: fc.constant(true as const),
      validate: fc.constant(true as const),
      span,
    },
    { requiredKeys: ['kind', 'name', 'source', 'range', 'sharing', 'access', 'span'] },
  ),
  fc.record({ kind: fc.constant('mm' as const), name: declared, span }),
  fc.record(
    {
      kind: fc.constant('fill' as const),
      name,
      range,
      access: fc.constantFrom('read' as const, 'write' as const),
      span,
    },
    { requiredKeys: ['kind', 'name', 'range', 'span'] },
  ),
  fc.record(
    {
      kind: fc.constant('setting' as const),
      name: unreserved('shmem', 'file', 'map', 'mm', 'fill'),
      value: number,
      span,
    },
    { requiredKeys: ['kind', 'name', 'span'] },
  ),
)

const arg: fc.Arbitrary<Arg> = fc.oneof(
  fc.record({ kind: fc.constant('name' as const), name }),
  fc.record({ kind: fc.constant('pages' as const), name, range, span }),
  fc.record({ kind: fc.constant('number' as const), value: number, span }),
)
const stmt: fc.Arbitrary<Stmt> = fc.record(
  { register: name, op: unreserved('exists', 'forall'), args: fc.array(arg, { maxLength: 3 }), span },
  { requiredKeys: ['op', 'args', 'span'] },
)

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ kind: fc.constant('number' as const), value: fc.integer({ min: -65535, max: 65535 }), span }),
  fc.record({
    kind: fc.constant('symbol' as const),
    text: fc.tuple(fc.constantFrom('', '-'), ident).map(([sign, text]) => sign + text),
    span,
  }),
)
const comparison = fc.constantFrom('=' as const, '!=' as const)
const thread = fc.record({ index: number, span })
const cond: fc.Arbitrary<Cond> = fc.letrec<{ cond: Cond }>((tie) => {
  const args = fc.array(tie('cond'), { minLength: 2, maxLength: 4 })
  return {
    cond: fc.oneof(
      { depthSize: 'small', withCrossShrink: true, maxDepth: 6 },
      fc.record({ kind: fc.constant('register' as const), thread, register: name, comparison, value, span }),
      fc.record({ kind: fc.constant('page' as const), name, page: number, comparison, value, span }),
      fc.record({ kind: fc.constant('and' as const), args, span }),
      fc.record({ kind: fc.constant('or' as const), args, span }),
      fc.record({ kind: fc.constant('not' as const), arg: tie('cond'), span }),
    ),
  }
}).cond
const final: fc.Arbitrary<Final> = fc.record({
  quantifier: fc.constantFrom('exists' as const, '~exists' as const, 'forall' as const),
  cond,
  span,
})

const threads: fc.Arbitrary<ThreadDecl[]> = fc
  .array(
    fc.record(
      { mm: name, stmts: fc.array(stmt, { maxLength: 4 }).map(withDistinctRegisters), span },
      { requiredKeys: ['stmts', 'span'] },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((bodies) => bodies.map((body, index) => ({ ...body, thread: { index, span: NOWHERE } })))

function withDistinctRegisters(stmts: readonly Stmt[]): Stmt[] {
  const seen = new Set<string>()
  return stmts.filter(({ register }) => {
    if (register === undefined) return true
    const fresh = !seen.has(register.text)
    seen.add(register.text)
    return fresh
  })
}

function withDistinctNames(decls: readonly Decl[]): Decl[] {
  const seen = new Set<string>()
  return decls.filter((d) => {
    if (d.kind === 'fill') return true
    const key = `${d.kind === 'setting' ? 'setting' : 'name'} ${d.name.text}`
    const fresh = !seen.has(key)
    seen.add(key)
    return fresh
  })
}

const comment = fc.oneof(
  fc.stringMatching(/^[ -~]{0,30}$/).map((text) => text.trim()),
  fc.constantFrom(
    '',
    'a (* nested *) b',
    'two\nlines',
    'ends *) early',
    '(* opens',
    '*',
    ')',
    'a(',
    '// x',
    '*) (*',
    '\u2713',
  ),
)

/** Every tree that the parser can give, but for its spans. */
export const litmusFile: fc.Arbitrary<LitmusFile> = fc.record(
  {
    name: named(headerWord),
    comments: fc.array(comment, { maxLength: 3 }),
    kernels: fc.array(kernel, { minLength: 1, maxLength: 2 }),
    decls: fc.array(decl, { maxLength: 6 }).map(withDistinctNames),
    threads,
    final,
    span,
  },
  { requiredKeys: ['name', 'comments', 'kernels', 'decls', 'threads', 'span'] },
)
