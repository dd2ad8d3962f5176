import { describe, expect, it } from 'vitest'
import { KERNELS } from '../../model/kernels/kernels.ts'
import { lint, lintAll } from '../../model/language/lint/lint.ts'
import type { Finding, FindingCode } from '../../model/language/lint/rules.ts'
import { lower } from '../../model/language/lower/lower.ts'
import type { Name } from '../../model/litmus/ast.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { MM_LINT_RULES } from '../../model/mm/lock_rules.ts'
import { elaborate } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { share } from '../support/scenarios.ts'

/** Every operation, on shared, private and anonymous memory, of shmem and of a plain file. */
const threads = `
  P0 { r0 = guard_install(s); r1 = guard_remove(s); }
  P1 { r0 = guard_install(a[0..2]); r1 = guard_remove(a); }
  P2 { r0 = read(p[0]); r1 = write(p[1]); }
  P3 { r0 = read(s[1]); r1 = write(s[0]); }
  P4 { r0 = read(a[1]); r1 = write(a[2]); }
  P5 { collapse(f); }
  P6 { r0 = madvise_collapse(s); }
  P7 { r0 = dontneed(s); r1 = dontneed(a[0]); }
  P8 { r0 = ftruncate(f, 1); r1 = punch_hole(f[0]); r2 = madvise_remove(s); }
  P9 { r0 = ftruncate(g, 1); r1 = punch_hole(g[0]); invalidate(g); drop_caches(g); }
  P10 { r0 = read(q[0]); r1 = write(q[1]); r2 = write(r[0]); }`
const textOf = (threads: string): string => `MM all
kernel v7.0
{
  oom;
  ptes 2;
  shmem f[2];
  map s = f[0..1] shared rw;
  map p = f[0..1] private rw;
  map a = anon[0..3] private rw;
  file g[2];
  map q = g[0..1] shared rw;
  map r = g[0..1] private rw;
}${threads}
forall (P0:r0 = 0)
`

/** All of it, and what the knock-outs need of it, at a tenth of the cost. */
const text = textOf(threads)
const few = textOf(`
  P0 { r0 = guard_install(s); r1 = guard_install(a); }
  P1 { r0 = read(p[0]); r1 = write(p[1]); }
  P2 { collapse(f); }
  P3 { r0 = dontneed(s); }`)

const span = { start: 0, end: 0 }

function lintOn(kernels: readonly string[], without: readonly string[] = [], body = text): readonly Finding[] {
  const parsed = parseLitmus({ name: 'all', text: body })
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((d) => d.message).join('\n'))
  const names = (list: readonly string[]): Name[] => list.map((name) => ({ text: name, span }))
  const elaborated = elaborate(parsed.file, [{ names: names(kernels), without: names(without), span }])
  if (!elaborated.ok) throw new Error(elaborated.diagnostics.map((d) => d.message).join('\n'))
  return lintAll(
    elaborated.scenarios.map((s) => lower(withProperties(s))),
    MM_LINT_RULES,
  ).filter((f) => !onlyWhereVmasChange(f))
}

/** No thread here splits or unmaps a VMA, so none finds one gone or moved. */
const onlyWhereVmasChange = (f: Finding): boolean => f.code === 'ML008' && f.label.includes('.lock_vma.end_read')

describe('the mm model', () => {
  // What is never reached or read, only several kernels together can say.
  const together: readonly FindingCode[] = ['ML008', 'ML009']
  // The proposals of MAP_NOSIGBUS change nothing where no mapping asks for it; test/nosigbus has those that do.
  const all = KERNELS.filter((k) => !k.has('nosigbus')).map((k) => k.name)
  const trio = ['rfc-file', 'v6.15', 'v7.0']
  const some = process.env['MMCHECK_CELLS'] === 'all' ? all : all.filter((k, i) => i % 7 === 0 && !trio.includes(k))
  const left = all.filter((k) => !some.includes(k) && !trio.includes(k))
  it.skipIf(left.length > 0)(`${left.length} kernels are left to MMCHECK_CELLS=all`, () => {
    expect(left).toEqual([])
  })
  it.each(some)('has no finding on %s', (kernel) => {
    expect(lintOn([kernel]).filter((f) => !together.includes(f.code))).toEqual([])
  })
  it(`has no finding on ${trio.join(', ')}, and leaves nothing unreached or unread by all of them`, () => {
    expect(lintOn(trio)).toEqual([])
  })
  // With folios of several frames one step has thousands of paths: half a minute for a small scenario.
  const isLarge = (s: Scenario): boolean => (s.world.frames?.large ?? []).length > 0
  const whole = share(24, (c) => c.scenario.without.length === 0 && !isLarge(c.scenario))
  it.each(whole)('has no finding in $name on $kernel', ({ lowered }) => {
    expect(lint(lowered, MM_LINT_RULES).filter((f) => !together.includes(f.code))).toEqual([])
  })
  const knockOuts: readonly (readonly [string, readonly string[]])[] = [
    ['pte_offset_map_lock.lock', ['ML001', 'ML005']],
    ['__pte_alloc.pmd_lock', ['ML001', 'ML005']],
    ['do_read_fault.folio_unlock', ['ML002', 'ML003']],
    ['madvise.MADV_GUARD_INSTALL.needs_mmap_lock', ['ML005']],
  ]
  for (const [label, codes] of knockOuts)
    it(`without ${label}: ${codes.join(', ')}`, () => {
      const found = lintOn(['v7.0'], [label], few).filter((f) => !together.includes(f.code))
      expect([...new Set(found.map((f) => f.code))].sort()).toEqual(codes)
    })
})
