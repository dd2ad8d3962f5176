/** Random litmus texts of several threads over a world of up to four mappings, all of which mmcheck can model. */
import fc from 'fast-check'

/** Those that lose guards more easily come more often. */
const KERNELS = [
  'v6.13',
  'v6.15',
  'v6.18',
  'maybe-guard-v1',
  'maybe-guard-v2',
  'maybe-guard-v3',
  'v7.0',
  'maybe-guard-v1',
  'maybe-guard-v2',
] as const

interface Map {
  readonly name: string
  readonly pages: number
  /** Undefined for anonymous memory. */
  readonly file?: string
  readonly text: string
}

const A: Map = { name: 'a', pages: 2, file: 'f', text: 'map a = f[0..1] shared rw;' }
const OTHERS: readonly Map[] = [
  { name: 'b', pages: 2, file: 'f', text: 'map b = f[0..1] shared rw;' },
  { name: 'c', pages: 1, file: 'f', text: 'map c = f[1] private rw;' },
  { name: 'd', pages: 2, text: 'map d = anon[0..1] private rw;' },
]

const pageOf = (m: Map): fc.Arbitrary<string> => fc.nat({ max: m.pages - 1 }).map((p) => `${m.name}[${p}]`)
const pagesOf = (m: Map): fc.Arbitrary<string> => fc.oneof(fc.constant(m.name), pageOf(m))

function operation(maps: readonly Map[]): fc.Arbitrary<string> {
  const any = fc.constantFrom(...maps)
  return fc.oneof(
    { weight: 4, arbitrary: any.chain((m) => pagesOf(m).map((p) => `guard_install(${p});`)) },
    { weight: 1, arbitrary: any.chain((m) => pagesOf(m).map((p) => `guard_remove(${p});`)) },
    { weight: 2, arbitrary: any.chain((m) => pagesOf(m).map((p) => `dontneed(${p});`)) },
    { weight: 2, arbitrary: any.chain((m) => pageOf(m).map((p) => `read(${p});`)) },
    { weight: 1, arbitrary: any.chain((m) => pageOf(m).map((p) => `write(${p});`)) },
    { weight: 3, arbitrary: fc.constant('collapse(f);') },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(...maps.filter((m) => m.pages === 2 && m.file !== undefined))
        .map((m) => `madvise_collapse(${m.name});`),
    },
  )
}

function fill(m: Map): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(''),
    pagesOf(m).map((p) => `fill ${p.includes('[') ? p : `${p}[0..${m.pages - 1}]`};`),
    pageOf(m).map((p) => `fill ${p} write;`),
  )
}

/** A file as a user might write it: two to four threads, with one or two operations each. */
export const scenarioText: fc.Arbitrary<string> = fc
  .record({
    kernel: fc.constantFrom(...KERNELS),
    more: fc.subarray([...OTHERS], { maxLength: 3 }),
    settings: fc.subarray(['oom;', 'huge;', 'ptes 2;']),
  })
  .chain(({ kernel, more: mapped, settings }) => {
    const maps = [A, ...mapped]
    const more = fc.array(operation(maps), { maxLength: 1 })
    const install = pagesOf(A).map((p) => `guard_install(${p});`)
    const collapse = fc.constantFrom('collapse(f);', 'madvise_collapse(a);')
    // Without these two nothing would ever be violated.
    const first = fc.tuple(install, more).map(([op, rest]) => [...rest, op])
    const second = fc.tuple(collapse, more).map(([op, rest]) => [op, ...rest])
    const others = fc.array(fc.array(operation(maps), { minLength: 1, maxLength: 2 }), { maxLength: 2 })
    const threads = fc.tuple(first, second, others).map(([a, b, rest]) => [...rest, a, b])
    return fc
      .record({
        fills: fc.tuple(...maps.map(fill)),
        threads,
        final: fc.boolean(),
      })
      .map(({ fills, threads, final }) => {
        const decls = ['shmem f[2];', ...maps.map((m) => m.text), ...settings, ...fills.filter((f) => f !== '')]
        const bodies = threads.map((ops, i) => `P${i} { ${ops.join(' ')} }`)
        const end = final ? ['exists (a[0] = guard)'] : []
        return ['MM random', `kernel ${kernel}`, `{ ${decls.join(' ')} }`, ...bodies, ...end, ''].join('\n')
      })
  })
