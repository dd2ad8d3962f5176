import { describe, expect, test } from 'vitest'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printBody, printLitmus } from '../../model/litmus/printer.ts'
import { stripSpans } from './tree.ts'

function parsed(text: string): LitmusFile {
  const result = parseLitmus({ name: 'x.litmus', text })
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join('\n'))
  return result.file
}

const span = { start: 0, end: 0 }
const name = (text: string): object => ({ text, span })
const pages = (first: number, last: number): object => ({ first, last, span })
const read = (register: string): object => ({
  register: name(register),
  op: name('read'),
  args: [{ kind: 'pages', name: name('a'), range: pages(0, 0), span }],
  span,
})

/** The example of the design document. */
const EXAMPLE = String.raw`MM guard-vs-collapse
kernel v6.13
{ shmem f[2]; map a = f[0..1] shared rw; }
P0 { r0 = guard_install(a[0]); r1 = read(a[0]); }
P1 { collapse(f); }
exists (P0:r0 = 0 /\ ~(P0:r1 = SEGV))
`

describe('parseLitmus', () => {
  test('the example of the design document', () => {
    const file = parsed(EXAMPLE)
    expect(stripSpans(file)).toEqual({
      name: name('guard-vs-collapse'),
      comments: [],
      kernels: [{ names: [name('v6.13')], without: [], span }],
      decls: [
        { kind: 'backing', type: 'shmem', name: name('f'), pages: 2, span },
        {
          kind: 'map',
          name: name('a'),
          source: { kind: 'backing', name: name('f') },
          range: pages(0, 1),
          sharing: 'shared',
          access: 'rw',
          span,
        },
      ],
      threads: [
        {
          thread: { index: 0, span },
          stmts: [{ ...read('r0'), op: name('guard_install') }, read('r1')],
          span,
        },
        {
          thread: { index: 1, span },
          stmts: [{ op: name('collapse'), args: [{ kind: 'name', name: name('f') }], span }],
          span,
        },
      ],
      final: {
        quantifier: 'exists',
        cond: {
          kind: 'and',
          args: [
            {
              kind: 'register',
              thread: { index: 0, span },
              register: name('r0'),
              comparison: '=',
              value: { kind: 'number', value: 0, span },
              span,
            },
            {
              kind: 'not',
              arg: {
                kind: 'register',
                thread: { index: 0, span },
                register: name('r1'),
                comparison: '=',
                value: { kind: 'symbol', text: 'SEGV', span },
                span,
              },
              span,
            },
          ],
          span,
        },
        span,
      },
      span,
    })
    expect(printLitmus(file)).toBe(EXAMPLE)
  })

  test('everything at once, printed in its canonical form', () => {
    const text = String.raw`(* Result: (* nested *) Never *)
MM  all.of+it_1  // the name
kernel v6.13,v6.18.37
kernel v7.0 without retract_page_tables.recheck , no-lock
{shmem f[2];file g[4];mm B;map a=f[0..1]shared rw;map b = anon[0..1] private none in B;
 map c = g[0..0] private r; fill a[0]; fill a[0..1] write; ptes 2; tables 3; oom;}
P0{r0=guard_install(a[0]);r1=read(a[0..1]);write(a);seek(a, 7, f);}
P1 in B { collapse(f); nop(); }
P2 {}
~ exists (P0:r0 = - EAGAIN \/ ~~P0:r1 != SEGV /\ (a[0] = guard \/ b[1] != -1) /\ ((c[0] = 0)))
`
    expect(printLitmus(parsed(text))).toBe(String.raw`MM all.of+it_1
(* Result: (* nested *) Never *)
(* the name *)
kernel v6.13, v6.18.37
kernel v7.0 without retract_page_tables.recheck, no-lock
{
  shmem f[2];
  file g[4];
  mm B;
  map a = f[0..1] shared rw;
  map b = anon[0..1] private none in B;
  map c = g[0] private r;
  fill a[0];
  fill a[0..1] write;
  ptes 2;
  tables 3;
  oom;
}
P0 {
  r0 = guard_install(a[0]);
  r1 = read(a[0..1]);
  write(a);
  seek(a, 7, f);
}
P1 in B { collapse(f); nop(); }
P2 { }
~exists (
  P0:r0 = -EAGAIN
  \/ ~~(P0:r1 != SEGV) /\ (a[0] = guard \/ b[1] != -1) /\ c[0] = 0
)
`)
  })

  test('~ binds tightest, then /\\, then \\/', () => {
    const file = parsed(EXAMPLE.replace(/exists.*/, 'forall (~a[0] = 0 /\\ b[0] = 0 \\/ c[0] = 0 /\\ d[0] = 0)'))
    expect(stripSpans(file.final?.cond)).toMatchObject({
      kind: 'or',
      args: [
        { kind: 'and', args: [{ kind: 'not', arg: { name: { text: 'a' } } }, { name: { text: 'b' } }] },
        { kind: 'and', args: [{ name: { text: 'c' } }, { name: { text: 'd' } }] },
      ],
    })
  })

  test('nests conditions 64 deep', () => {
    const nested = (depth: number): string => `exists (${'('.repeat(depth)}P0:r0 = 0${')'.repeat(depth)})`
    expect(parseLitmus({ name: 'x', text: EXAMPLE.replace(/exists.*/, nested(64)) }).ok).toBe(true)
    expect(parseLitmus({ name: 'x', text: EXAMPLE.replace(/exists.*/, nested(65)) }).ok).toBe(false)
  })

  test('line ends, a byte order mark and layout do not matter', () => {
    const plain = stripSpans(parsed(EXAMPLE))
    expect(stripSpans(parsed(EXAMPLE.replaceAll('\n', '\r\n')))).toEqual(plain)
    expect(stripSpans(parsed(`\ufeff${EXAMPLE}`))).toEqual(plain)
    expect(stripSpans(parsed(EXAMPLE.replace(/ (?!guard-vs|v6)/g, '\n\t')))).toEqual(plain)
  })

  test('comments are kept in order, without their delimiters', () => {
    const text = `(* one *)\n${EXAMPLE.replace('{', '{ // two\r\n').replace('P1', '(* three,\r\n   (* nested *) *) P1')}(**)`
    expect(parsed(text).comments).toEqual(['one', 'two', 'three,\n   (* nested *)', ''])
  })
})

describe('printBody', () => {
  test('is fixed: ids are hashes of it', () => {
    expect(printBody(parsed(`(* why *) ${EXAMPLE}`))).toBe(EXAMPLE.slice(EXAMPLE.indexOf('kernel')))
  })

  test('does not depend on name, comments, layout or the length of lines', () => {
    const long = EXAMPLE.replace('collapse(f);', 'collapse(f); '.repeat(9))
    const other = long.replace('guard-vs-collapse', 'other (* remark *)').replace('P1 {', 'P1\n{')
    expect(printBody(parsed(other))).toBe(printBody(parsed(long)))
    expect(printBody(parsed(long)).split('\n').length).toBe(6)
  })
})
