/** The anonymous rows of cow.c: none is forgotten, each compares what the selftest compares, and comes out as it does. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { catalogue } from '../../cli/input.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { catalogueText } from '../support/scenarios.ts'
import { CELLS, COLLAPSE, CONFIGURATIONS, TESTS } from './cow_selftests.ts'

const baseline = readBaseline()
function fileOf(name: string): LitmusFile {
  const parsed = parseLitmus({ name, text: catalogueText(name) })
  if (!parsed.ok) throw new Error(`${name} is no litmus file`)
  return parsed.file
}
const joined = (comment: string | undefined): string => (comment ?? '').replaceAll(/\s+/g, ' ')

test('fourteen tests in eleven configurations, and four of collapsed pages, each with a litmus file', () => {
  expect(Object.keys(TESTS)).toHaveLength(14)
  expect(Object.keys(CONFIGURATIONS)).toHaveLength(11)
  expect(Object.keys(COLLAPSE)).toHaveLength(4)
  const files = catalogue().filter((name) => name.startsWith('selftest-cow-'))
  expect(files.sort()).toEqual([...CELLS.map((c) => c.name), ...Object.values(COLLAPSE)].sort())
})

describe.each(CELLS)('$name', ({ name, description, configuration, expectedToFail }) => {
  test('is the row that it says', () => {
    const file = fileOf(name)
    const comment = joined(file.comments[0])
    expect(comment).toContain(`"${description} ... with ${configuration}"`)
    expect(comment.includes('Expected to fail')).toBe(expectedToFail)
    expect(file.final?.quantifier).toBe('forall')
    const does = file.threads.map((t) => t.stmts.map((s) => s.op.text))
    const all = does.flat()
    // mprotect() of one page is how the selftest has a THP mapped by PTEs.
    const byPtes = configuration.includes('PTE-mapped')
    expect(all.includes('mprotect')).toBe(byPtes || /mprotect|R\/O-mapping|exclusive/.test(description))
    expect(all.includes('vmsplice')).toBe(description.startsWith('vmsplice'))
    expect(all.includes('pin_fast')).toBe(description.includes('GUP-fast'))
    const sharedBefore = configuration.startsWith('partially shared')
    expect(all.includes('fork')).toBe(sharedBefore || !/R\/O-mapping|exclusive/.test(description))
    expect(all.includes('madvise_dontfork')).toBe(sharedBefore)
    expect(all.includes('mremap')).toBe(configuration.includes('mremap'))
    expect(all.includes('dontneed')).toBe(configuration.startsWith('single PTE'))
    expect(all.includes('reclaim')).toBe(configuration.includes('swapped'))
    expect(file.decls.some((d) => d.kind === 'backing' && d.type === 'hugetlb')).toBe(configuration === 'hugetlb')
    const thp = /THP|single PTE/.test(configuration)
    expect(file.decls.some((d) => d.kind === 'fill' && d.access === 'pmd')).toBe(thp)
    expect(file.decls.some((d) => d.kind === 'setting' && d.name.text === 'large')).toBe(thp)
  })

  test(expectedToFail ? 'leaks, as the selftest expects of hugetlb' : 'passes', () => {
    const cells = Object.values(baseline[name] ?? {})
    expect(cells.length).toBeGreaterThan(0)
    for (const c of cells) {
      expect(c.verdict).toBe(expectedToFail ? 'violated' : 'holds')
      expect(Object.keys(c.violations)).toEqual(expectedToFail ? ['CowIsolated'] : [])
      expect(c.observation).toMatch(expectedToFail ? /^Sometimes / : /^Always [1-9]\d* 0$/)
    }
  })
})

test.each(Object.entries(COLLAPSE))('%s', (description, name) => {
  expect(joined(fileOf(name).comments[0])).toContain(`"${description}"`)
  const cells = Object.values(baseline[name] ?? {})
  expect(cells.length).toBeGreaterThan(0)
  for (const c of cells) expect(c.observation).toMatch(/^Always [1-9]\d* 0$/)
})
