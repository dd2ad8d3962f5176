/** From a patch to scenarios: held against the steps of the lowered models. */
import { describe, expect, test } from 'vitest'
import { affectedBy, survey } from '../../kernel/source/affected.ts'
import { namesInPatch } from '../../kernel/source/patch.ts'
import { scenarioOn, share } from '../support/scenarios.ts'

const patch = (file: string, ...functions: readonly string[]): string =>
  `--- a/${file}\n+++ b/${file}\n${functions.map((f) => `@@ -1,2 +1,3 @@ static int ${f}(void)\n \tx;\n+\ty;\n \tz;\n`).join('')}`

describe.each(share(24))('$name on $kernel', ({ scenario, lowered: { model } }) => {
  test('is found by a patch of any function that it has a step of', () => {
    const alone = survey([scenario])
    // What a thread does itself, between its operations, is no function of the kernel.
    const threads = new Set(model.threads.map((t) => t.name))
    const routines = new Set(model.steps.map((s) => s.routine).filter((r) => !threads.has(r)))
    const missed = [...routines].filter((r) => {
      const name = r.replace(/[.(].*$/, '')
      return affectedBy(namesInPatch(patch('mm/x.c', name)), alone).scenarios.length === 0
    })
    expect(missed).toEqual([])
  })
})

describe('a patch of retract_page_tables()', () => {
  const both = survey([scenarioOn('install+collapse', 'v7.0'), scenarioOn('install+install', 'v7.0')])

  test('concerns the scenario that collapses, and not the one that only installs', () => {
    const found = affectedBy(namesInPatch(patch('mm/khugepaged.c', 'retract_page_tables')), both)
    expect(found.scenarios.map((s) => s.scenario)).toEqual(['install+collapse'])
    expect(found.modelled).toEqual([
      { file: 'mm/khugepaged.c', name: 'retract_page_tables', how: 'routine', routines: ['retract_page_tables'] },
    ])
  })

  test('names what the model does not have', () => {
    const found = affectedBy(namesInPatch(patch('mm/khugepaged.c', 'khugepaged_defrag_show')), both)
    expect(found.unknown).toEqual([{ file: 'mm/khugepaged.c', name: 'khugepaged_defrag_show' }])
    expect(found.scenarios).toEqual([])
  })

  test('a function that is a step of another one leads there', () => {
    const found = affectedBy(namesInPatch(patch('mm/vma.c', 'pmdp_collapse_flush')), both)
    expect(found.modelled[0]?.how).toBe('step')
    expect(found.scenarios.map((s) => s.scenario)).toEqual(['install+collapse'])
  })

  test('a flag leads to the routines that look at it', () => {
    const text =
      '--- a/include/linux/mm.h\n+++ b/include/linux/mm.h\n@@ -1 +1,2 @@\n #define VM_A 1\n+#define VM_MAYBE_GUARD 2\n'
    const found = affectedBy(namesInPatch(text), both)
    expect(found.modelled.map((m) => m.name)).toEqual(['VM_MAYBE_GUARD'])
    expect([...found.routines]).toContain('retract_page_tables')
    expect([...found.routines]).toContain('madvise_guard_install')
  })
})
