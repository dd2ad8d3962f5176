/** One thing less: still a litmus file, never a larger one, and never a surprise for the rest of the program. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonical } from '../../counterexamples/minimise/canonical.ts'
import { keyOf } from '../../counterexamples/minimise/oracle.ts'
import { reductions } from '../../counterexamples/minimise/reductions.ts'
import { originalNames } from '../../counterexamples/minimise/shrink.ts'
import { fileSize, restOf } from '../../counterexamples/minimise/size.ts'
import { bare } from '../../counterexamples/minimise/tree.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printBody, printLitmus } from '../../model/litmus/printer.ts'
import { elaborate } from '../../model/scenarios/scenario.ts'
import { compareNumbers } from '../../solver/order.ts'
import { litmusFile, stripSpans } from '../litmus/tree.ts'
import { catalogueText, shareOfNames } from '../support/scenarios.ts'

function fileOf(text: string): LitmusFile {
  const parsed = parseLitmus({ name: 'test', text })
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((d) => d.message).join('; '))
  return parsed.file
}

const below = (file: LitmusFile): readonly LitmusFile[] => reductions(file, originalNames(file)).map((r) => r.file)

const FORK = `MM fork
kernel v7.0
{ file f[4] size 3; mm A; mm B; map a = f[1..3] private rw in A; child c of a in B; fill a[0..1] guard; ptes 4; vmas 2; }
P0 in A { r0 = process_guard_install(a[0], a[1..2]); r1 = ftruncate(f, 2); }
P1 in B { r0 = read(c[1]); }
P2 { punch_hole(f[2..3]); }
`

describe.each([...shareOfNames(1).map((name) => [name, catalogueText(name)] as const), ['a fork', FORK] as const])(
  '%s',
  (_, text) => {
    const file = bare(fileOf(text))
    const once = below(file)
    function* twice(): Generator<LitmusFile, undefined> {
      for (const f of once) {
        yield f
        yield* below(f)
      }
    }

    test('with one thing less, or two, is a litmus file that is not larger', () => {
      for (const f of once) {
        expect(stripSpans(fileOf(printLitmus(f)))).toEqual(stripSpans(f))
        const size = compareNumbers(fileSize(f), fileSize(file))
        expect(size).toBeLessThanOrEqual(0)
        if (size === 0) expect(compareNumbers(restOf(f), restOf(file)), printBody(f)).toBeLessThan(0)
      }
    })

    test('has a canonical form, which is its own, and is modelled or refused like it', () => {
      let looked = 0
      for (const f of twice()) {
        if (++looked > 150) break
        const form = canonical(f)
        expect(printBody(canonical(form))).toBe(printBody(form))
        expect(keyOf(form)).toBe(keyOf(f))
        const kernel = [kernelLine(['v7.0'])]
        const [a, b] = [elaborate(f, kernel), elaborate(form, kernel)]
        expect(b.ok, printBody(f)).toBe(a.ok)
        // Nothing but names and order is changed, so the worlds have as much of everything.
        if (a.ok && b.ok) expect(b.scenarios[0]?.world.sizes).toEqual(a.scenarios[0]?.world.sizes)
      }
    })
  },
)

test('any tree that the parser can give is taken', async () => {
  await fc.assert(
    fc.asyncProperty(litmusFile, async (file) => {
      await new Promise((resolve) => void setImmediate(resolve))
      for (const f of below(bare(file))) keyOf(f)
      keyOf(file)
    }),
    { numRuns: 200, seed: 11 },
  )
})
