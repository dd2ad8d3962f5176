/** A race as one self-contained C file, which is both what mmcheck runs and what a maintainer gets. */
import { toAscii } from '../../counterexamples/text.ts'
import type { RaceOp, RaceProgram } from './program.ts'

/** A final outcome in the numbers of the C program: results in order, then a guard bit per page. */
export interface RawOutcome {
  readonly results: readonly number[]
  readonly guards: readonly number[]
}

export interface CFile {
  /** Lines for the head of the file, of any text. */
  readonly head: readonly string[]
  /** Outcomes that the program looks for, and exits with 1 for. */
  readonly wanted: readonly RawOutcome[]
}

/**
 * A line comment. Text from elsewhere is made ASCII, and a backslash (or its trigraph) at its end, which
 * would draw the next line into the comment, gets a full stop after it.
 */
const comment = (line: string): string =>
  `// ${toAscii(line).replace(/[^ -~]/g, '?')}`.trimEnd().replace(/(\\|\?\?\/)$/, '$&.')

const list = (items: readonly string[], empty: string): string =>
  `{\n${(items.length === 0 ? [empty] : items).map((i) => `\t${i},\n`).join('')}}`

const PROTECTION: Readonly<Record<string, string>> = { none: 'PROT_NONE', r: 'PROT_READ', rw: 'PROT_READ | PROT_WRITE' }
const UFFD_MODE: Readonly<Record<string, string>> = {
  missing: 'UFFDIO_REGISTER_MODE_MISSING',
  wp: 'UFFDIO_REGISTER_MODE_WP',
  missing_wp: 'UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP',
}

function statement(op: RaceOp, thread: number, n: number): readonly string[] {
  const at = `block(${op.mapping}, ${op.first})`
  const range = `${at}, ${op.pages} * BLOCK`
  const called = (call: string): string => `call(${thread}, ${n}, ${op.result}, ${call});`
  const advise = (advice: string): string => called(`madvise(${range}, ${advice})`)
  const access = (write: 0 | 1): string => `after(${thread}, ${n}, ${op.result}, touch(${at}, ${write}));`
  const line = ((): string => {
    switch (op.name) {
      case 'guard_install':
        return advise('MADV_GUARD_INSTALL')
      case 'guard_remove':
        return advise('MADV_GUARD_REMOVE')
      case 'process_guard_install':
      case 'process_guard_remove': {
        const advice = op.name === 'process_guard_install' ? 'MADV_GUARD_INSTALL' : 'MADV_GUARD_REMOVE'
        const ranges = op.ranges.map((r) => `{ block(${op.mapping}, ${r.first}), ${r.pages} * BLOCK }`)
        const list_ = `(struct iovec[]){ ${ranges.join(', ')} }, ${ranges.length}`
        return `after(${thread}, ${n}, ${op.result}, process_advise(${list_}, ${advice}));`
      }
      case 'dontneed':
        return advise('MADV_DONTNEED')
      case 'madvise_remove':
        return advise('MADV_REMOVE')
      case 'munmap':
        return called(`munmap(${range})`)
      case 'mprotect':
        return called(`mprotect(${range}, ${PROTECTION[op.word] ?? 'PROT_NONE'})`)
      case 'madvise_collapse':
      case 'collapse':
        return advise('MADV_COLLAPSE')
      case 'read':
        return access(0)
      case 'write':
        return access(1)
      case 'keep_reading':
        return `keep_reading(${thread}, ${n}, ${op.result}, ${at} + BLOCK - PAGE);`
      case 'punch_hole':
        return called(`punch_hole(files[${op.mapping}], ${op.first}, ${op.pages})`)
      case 'ftruncate':
        return called(`ftruncate(files[${op.mapping}], ${op.first} * BLOCK)`)
      case 'invalidate':
        return called(`direct_write(${op.mapping}, ${op.first}, ${op.pages})`)
      case 'uffd_register':
        return called(`uffd_register(${range}, ${UFFD_MODE[op.word] ?? '0'})`)
      case 'uffd_protect':
        return called(`uffd_protect(${range})`)
      case 'uffd_wake':
        return called(`uffd_wake(${range})`)
      case 'uffd_copy':
        return called(`uffd_copy(${at})`)
      case 'uffd_zeropage':
        return called(`uffd_fill(${at}, UFFDIO_ZEROPAGE)`)
      case 'uffd_poison':
        return called(`uffd_fill(${at}, UFFDIO_POISON)`)
    }
  })()
  const begin = op.name === 'keep_reading' ? [] : [`\tbefore(${thread}, ${n});`]
  return [`\t${comment(op.text)}`, ...begin, `\t${line}`]
}

const threads = (p: RaceProgram): string =>
  [
    ...p.threads.flatMap((t, i) => [
      `static void thread_${i}(void)\t${comment(t.name)}`,
      '{',
      ...t.ops.flatMap((op, n) => statement(op, i, n)),
      '}',
      '',
    ]),
    `static void (*const bodies[THREADS])(void) = { ${p.threads.map((_, i) => `thread_${i}`).join(', ')} };`,
  ].join('\n')

/** Pages of the mappings that the scenario does not have are observed too; nothing guards them. */
const pageCount = (p: RaceProgram): number => p.mappings.reduce((n, m) => n + m.pages, 0)

/** What a thread gets that sleeps while all the others have returned, in milliseconds. */
const WAIT_MS = 100

const keeps = (t: RaceProgram['threads'][number]): boolean => t.ops.some((o) => o.name === 'keep_reading')

function sizes(p: RaceProgram, wanted: number): string {
  const values = {
    PTES: p.ptes,
    BLOCK_PAGES: p.block,
    PROCESSES: p.processes,
    THREADS: p.threads.length,
    FILES: p.files.length,
    MAPPINGS: p.mappings.length,
    FILLS: p.fills.length,
    RESULTS: p.results.length,
    PAGES: pageCount(p),
    PARTS: p.trace.length,
    WANTED: wanted,
    HUGE_CACHE: p.huge ? 1 : 0,
    UFFD: p.uffd === undefined ? 0 : 1,
    UFFD_FEATURES: p.uffd ?? 0,
    WAIT_MS: p.waits ? WAIT_MS : 0,
    KEEPERS: p.threads.filter(keeps).length,
  }
  return `enum {\n${Object.entries(values)
    .map(([name, n]) => `\t${name} = ${n},\n`)
    .join('')}};`
}

function tables(p: RaceProgram, wanted: readonly RawOutcome[]): string {
  const numbers = (values: readonly number[]): string => (values.length === 0 ? '0' : values.join(', '))
  const pages = pageCount(p)
  const padded = (values: readonly number[], n: number): readonly number[] =>
    Array.from({ length: n }, (_, i) => values[i] ?? 0)
  const bool = (b: boolean): string => (b ? '1' : '0')
  const mapping = (m: RaceProgram['mappings'][number]): string =>
    `{ ${m.process}, ${m.file}, ${m.first}, ${m.pages}, PROT_READ${m.writable ? ' | PROT_WRITE' : ''}, ${bool(m.shared)} }`
  return [
    '/* in pages of the model */',
    `static const int file_pages[FILES + 1] = { ${numbers(p.files.map((f) => f.pages))} };`,
    `static const int file_plain[FILES + 1] = { ${numbers(p.files.map((f) => (f.plain ? 1 : 0)))} };`,
    `static const struct mapping mappings[MAPPINGS] = ${list(p.mappings.map(mapping), '')};`,
    `static const struct fill fills[FILLS + 1] = ${list(
      p.fills.map((f) => `{ ${f.mapping}, ${f.page}, ${f.how.toUpperCase()} }`),
      '{ 0, 0, READ }',
    )};`,
    `static const int thread_process[THREADS] = { ${numbers(p.threads.map((t) => t.process))} };`,
    `static const int keeps[THREADS] = { ${numbers(p.threads.map((t) => (keeps(t) ? 1 : 0)))} };`,
    `static const int ops_of[THREADS] = { ${numbers(p.threads.map((t) => t.ops.length))} };`,
    `static const __attribute__((unused)) struct part trace[PARTS + 1] = ${list(
      p.trace.map((t) => `{ ${t.thread}, ${t.op}, ${t.steps} }`),
      '{ 0, 0, 0 }',
    )};`,
    ...(p.results.length === 0 ? [] : [comment(`results: ${p.results.map((r) => r.register).join(', ')}`)]),
    comment(`guard bits: ${p.pages.join(', ')}${pages > p.pages.length ? ', and pages of others' : ''}`),
    `static const __attribute__((unused)) struct outcome wanted[WANTED + 1] = ${list(
      wanted.map((w) => `{ { ${numbers(w.results)} }, { ${numbers(padded(w.guards, pages))} } }`),
      '{ { 0 }, { 0 } }',
    )};`,
  ].join('\n')
}

/** Fills the template. Only numbers and our own words get into code; names stand in line comments. */
export function generateC(template: string, program: RaceProgram, { head, wanted }: CFile): string {
  const parts: Readonly<Record<string, string>> = {
    HEADER: head.map(comment).join('\n'),
    SIZES: sizes(program, wanted.length),
    PROGRAM: tables(program, wanted),
    THREADS: threads(program),
  }
  return template.replace(/^\/\/@([A-Z]+)@$/gm, (_, name: string) => {
    const part = parts[name]
    if (part === undefined) throw new Error(`the template asks for '${name}'`)
    return part
  })
}
