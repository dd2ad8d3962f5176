/** What a patch touches, held against git itself, which writes the diff. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definedIn, namesInPatch } from '../../kernel/source/patch.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mmcheck-patch-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** git's own diff between two texts, as a file of a kernel tree. */
function diff(before: string, after: string, context = 3): string {
  writeFileSync(join(folder, 'a.c'), before)
  writeFileSync(join(folder, 'b.c'), after)
  const { stdout } = spawnSync('git', ['diff', '--no-index', `-U${context}`, 'a.c', 'b.c'], {
    cwd: folder,
    encoding: 'utf8',
  })
  // Without git there is no diff, and the tests fail: the repository needs it anyway.
  return stdout.replaceAll('a/a.c', 'a/mm/x.c').replaceAll('b/b.c', 'b/mm/x.c')
}

/** A C file of functions f0, f1, ..., each with so many statements; a braced block and a label are in each. */
const source = (sizes: readonly number[], changed: ReadonlySet<number>): string =>
  sizes
    .map((n, i) => {
      const body = Array.from({ length: n }, (_, j) => `\tif (a[${j}]) {\n\t\tcall${i}_${j}(a);\n\t}\n`).join('')
      const more = changed.has(i) ? '\tadded(a);\n' : ''
      return `static struct thing *f${i}(struct vm_area_struct *vma,\n\t\tunsigned long a)\n{\n${body}${more}out:\n\treturn a;\n}\n`
    })
    .join('\n')

describe('functions that changed', () => {
  test('are those that git shows lines of, whatever the context', () => {
    const file = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(file, fc.array(fc.nat(5), { minLength: 1 }), fc.integer({ min: 1, max: 8 }), (sizes, at, context) => {
        const changed = new Set(at.filter((i) => i < sizes.length))
        fc.pre(changed.size > 0)
        const { functions } = namesInPatch(diff(source(sizes, new Set()), source(sizes, changed), context))
        expect(functions).toEqual([...changed].sort((a, b) => a - b).map((i) => ({ file: 'mm/x.c', name: `f${i}` })))
      }),
      { numRuns: 40, seed: 20_251_121 },
    )
  })

  test('may be new, or gone', () => {
    const [one, two] = [source([2], new Set()), source([2, 3], new Set())]
    expect(namesInPatch(diff(one, two)).functions.map((f) => f.name)).toContain('f1')
    expect(namesInPatch(diff(two, one)).functions.map((f) => f.name)).toContain('f1')
  })

  test('are told from declarations, calls, labels and macros that end a line', () => {
    expect(definedIn('static vm_fault_t do_anonymous_page(struct vm_fault *vmf)')).toBe('do_anonymous_page')
    expect(definedIn('SYSCALL_DEFINE3(madvise, unsigned long, start, size_t, len_in, int, behavior)')).toBe('madvise')
    expect(definedIn('int retract_page_tables(struct address_space *mapping);')).toBeUndefined()
    expect(definedIn('EXPORT_SYMBOL(vmf_insert_pfn);')).toBeUndefined()
    expect(definedIn('out_unlock:')).toBeUndefined()
    expect(definedIn('\treturn zap(vma);')).toBeUndefined()
    expect(definedIn('#define VM_MAYBE_GUARD (1 << 11)')).toBeUndefined()
  })
})

test('what stands outside of functions is told by its names; comments and strings are not', () => {
  const head = '#define VM_A 1\n/* VM_OLD */\n'
  const { functions, names } = namesInPatch(
    diff(head, `${head}#define VM_MAYBE_GUARD 2 /* see vma_needs_copy */\nextern const char *told; // "VM_LIE"\n`),
  )
  expect(functions).toEqual([])
  expect(names).toContain('VM_MAYBE_GUARD')
  expect(names).toContain('told')
  for (const absent of ['vma_needs_copy', 'VM_LIE', 'VM_OLD']) expect(names).not.toContain(absent)
})

test('a mail of two patches counts for both, and lines of the mail that look like a diff for none', () => {
  const one = diff(source([1], new Set()), source([1], new Set([0])))
  const two = diff(source([1, 1], new Set()), source([1, 1], new Set([1]))).replaceAll('mm/x.c', 'mm/y.c')
  const mail = `Subject: [PATCH] x\n\n- static int g(void)\n+ static int h(void)\n---\n${one}-- \n2.51\n\nFrom 1\n---\n${two}`
  expect(namesInPatch(mail).functions).toEqual([
    { file: 'mm/x.c', name: 'f0' },
    { file: 'mm/y.c', name: 'f1' },
  ])
})

test('any text is read without harm, and none without a hunk passes for a patch', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(namesInPatch(text).isPatch).toBe(/^@@ -\d+(,\d+)? \+\d+(,\d+)? @@/m.test(text))
    }),
  )
})
