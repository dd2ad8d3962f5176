/** What is called a minimum, against a list of smaller scenarios written down here and the reference interpreter. */
import { describe, expect, test } from 'vitest'
import { closureOf } from '../../counterexamples/minimise/below.ts'
import { canonical } from '../../counterexamples/minimise/canonical.ts'
import { minimise } from '../../counterexamples/minimise/minimise.ts'
import { keyOf } from '../../counterexamples/minimise/oracle.ts'
import { originalNames } from '../../counterexamples/minimise/shrink.ts'
import { measuresOf } from '../../counterexamples/minimise/size.ts'
import { bare } from '../../counterexamples/minimise/tree.ts'
import { lower } from '../../model/language/lower/lower.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { printBody } from '../../model/litmus/printer.ts'
import { elaborate } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import { compareNumbers } from '../../solver/order.ts'
import { findViolation } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'

const PROPERTY = 'GuardStays'

const fileOf = (text: string): LitmusFile => {
  const parsed = parseLitmus({ name: 'test', text })
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((d) => d.message).join('; '))
  return parsed.file
}

const HEAD = (kernel: string): string => `MM below\nkernel ${kernel}\n`
const given = (kernel: string): string =>
  `${HEAD(kernel)}{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }\nP0 { guard_install(a[0]); }\nP1 { collapse(f); }\n`

/** Everything below the text above, by hand: each choice of bodies, pages and fills, whether it makes sense or not. */
function* smaller(kernel: string): Generator<string, undefined> {
  const install = 'guard_install(a[0]);'
  const collapse = 'collapse(f);'
  const bodies = [[install], [collapse], [`${install} ${collapse}`], [`${collapse} ${install}`], [install, collapse]]
  const worlds = [
    // Without its second page, a mapping has no fill, and the file may have one page or two.
    'shmem f[1]; map a = f[0] shared rw;',
    'shmem f[2]; map a = f[0] shared rw;',
    'shmem f[2]; map a = f[0..1] shared rw;',
    'shmem f[2]; map a = f[0..1] shared rw; fill a[1];',
  ]
  // Without its first page the install goes as well, since it has nothing left to be on.
  const second = ['shmem f[2]; map a = f[1] shared rw;', 'shmem f[1]; map a = f[0] shared rw;']
  const text = (world: string, threads: readonly string[]): string =>
    `${HEAD(kernel)}{ ${world} }\n${threads.map((t, i) => `P${i} { ${t} }\n`).join('')}`
  for (const world of worlds) for (const threads of bodies) yield text(world, threads)
  for (const world of second) for (const fill of ['', ' fill a[0];']) yield text(world + fill, [collapse])
}

/** The measures but for page tables, of which a scenario may need fewer than it has. */
const told = (measures: readonly number[]): readonly number[] => measures.filter((_, i) => i !== 4)

function breaks(text: string): readonly number[] | undefined {
  const elaborated = elaborate(fileOf(text))
  const scenario = elaborated.ok ? elaborated.scenarios[0] : undefined
  if (scenario === undefined) return undefined
  try {
    const { model } = lower(withProperties(scenario))
    const found = searchReference(model).violations.some((v) => model.properties[v.property]?.name === PROPERTY)
    return found ? told(measuresOf(scenario)) : undefined
  } catch {
    // Where what is left out of the kernel is not there.
    return undefined
  }
}

describe.each(['maybe-guard-v1', 'maybe-guard-v2', 'rfc-file', 'v7.0 without retract_page_tables.recheck'])(
  '%s',
  (kernel) => {
    test('the least is the least of all below', { timeout: 300_000 }, async () => {
      const file = fileOf(given(kernel))
      const elaborated = elaborate(file)
      const scenario = elaborated.ok ? elaborated.scenarios[0] : undefined
      if (scenario === undefined) throw new Error('no scenario')
      const { model } = lower(withProperties(scenario))
      const property = model.properties.findIndex((p) => p.name === PROPERTY)
      const finding = findViolation(model, property)
      if (finding.kind !== 'found') throw new Error('no violation')
      const target = { kernel: kernelLine([scenario.kernel.name], scenario.without), property: PROPERTY }
      const options = { maxMs: 240_000, exhaust: true, stopped: () => false }
      const made = await minimise(file, target, finding.violation, options)
      if (!made.ok) throw new Error(made.error)
      expect(made.value.over).toBeUndefined()
      expect(made.value.exhausted?.standings.every((s) => s === 'minimum')).toBe(true)
      const all = [...smaller(kernel)].flatMap((text) => {
        const measures = breaks(text)
        return measures === undefined ? [] : [measures]
      })
      const [least] = [...all].sort(compareNumbers)
      expect(told(made.value.after)).toEqual(least)
    })
  },
)

test('everything that was written down by hand is below, and a good deal more', async () => {
  const file = bare(fileOf(given('v7.0')))
  const { scenarios, complete } = await closureOf(file, originalNames(file), 10_000, () => Promise.resolve(true))
  expect(complete).toBe(true)
  const keys = new Set([keyOf(file), ...scenarios.map((b) => b.key)])
  for (const text of smaller('v7.0')) expect(keys, text).toContain(keyOf(bare(fileOf(text))))
})

test('a list that is cut short says so', async () => {
  const file = bare(fileOf(given('v7.0')))
  const names = originalNames(file)
  expect((await closureOf(file, names, 5, () => Promise.resolve(true))).complete).toBe(false)
  expect((await closureOf(file, names, 10_000, () => Promise.resolve(false))).complete).toBe(false)
})

describe('canonical form', () => {
  const same = [
    'MM x\nkernel v7.0\n{ shmem q[2]; map z = q[0..1] shared rw; fill z[0]; fill z[1]; } P0 { collapse(q); } P1 { guard_install(z[0..1]); }',
    'MM y\nkernel v7.0\n{ map a = f[0..1] shared rw; fill a[0..1] read; shmem f[2]; } P0 { guard_install(a); } P1 { collapse(f[0]); }',
  ]
  test('is one for one scenario in other words', () => {
    const [first, second] = same.map((t) => keyOf(fileOf(t)))
    expect(first).toBe(second)
    expect(first).toContain('P0 { guard_install(a); }\nP1 { collapse(f); }')
  })
  test('is its own canonical form', () => {
    for (const text of same) {
      const once = canonical(fileOf(text))
      expect(printBody(canonical(once))).toBe(printBody(once))
    }
  })
  test('tells apart what differs in substance', () => {
    const [text = ''] = same
    const others = [
      text.replace('fill z[1];', ''),
      text.replace('z[0..1])', 'z[0])'),
      text.replace('fill z[1]', 'fill z[1] write'),
    ]
    for (const other of others) expect(keyOf(fileOf(other))).not.toBe(keyOf(fileOf(text)))
  })
})
