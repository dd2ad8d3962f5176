/** `mmcheck diff`: what a run found that the one before it did not. */
import { statesOf } from '../depth_first.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { kernelOf } from '../reporters/reporter.ts'
import { readResult } from './merge.ts'

export interface CellChange {
  readonly scenario: string
  readonly kernel: string
  readonly kind: 'new' | 'gone' | 'verdict' | 'counterexample' | 'count' | 'slower'
  readonly text: string
}

const keyOf = (c: CellDocument): string => `${c.scenario} on ${kernelOf(c)}`

/** Shorter than this is noise of the machine, in milliseconds. */
const NOTICE_MS = 1000

const idOf = (c: CellDocument, property: string): string =>
  c.properties.find((p) => p.name === property)?.counterexample ?? 'none'

const verdictOf = (c: CellDocument, property: string): string =>
  c.properties.find((p) => p.name === property)?.verdict ?? 'not checked'

function changesOf(a: CellDocument, b: CellDocument, slower: number): readonly Pick<CellChange, 'kind' | 'text'>[] {
  const out: Pick<CellChange, 'kind' | 'text'>[] = []
  const was = (what: string, x: string | number, y: string | number): string => `${what} was ${x}, is ${y}`
  if (a.verdict !== b.verdict) out.push({ kind: 'verdict', text: was('verdict', a.verdict, b.verdict) })
  for (const name of new Set([...a.properties, ...b.properties].map((p) => p.name))) {
    const [v, w] = [verdictOf(a, name), verdictOf(b, name)]
    if (v !== w) out.push({ kind: 'verdict', text: was(name, v, w) })
    const [i, j] = [idOf(a, name), idOf(b, name)]
    if (i !== j) out.push({ kind: 'counterexample', text: was(`${name} counterexample`, i, j) })
  }
  for (const what of ['states', 'transitions', 'depth'] as const) {
    const [x = 'not counted', y = 'not counted'] = [a.search[what], b.search[what]]
    if (x !== y) out.push({ kind: 'count', text: was(what, x, y) })
  }
  const [c, d] = [a.condition?.observation ?? 'none', b.condition?.observation ?? 'none']
  if (c !== d) out.push({ kind: 'count', text: was('observation', c, d) })
  const [reached, now] = [a.coverage.unreached.join(', '), b.coverage.unreached.join(', ')]
  if (reached !== now) out.push({ kind: 'count', text: was('labels not reached', reached || 'none', now || 'none') })
  const timed = a.cached !== true && b.cached !== true && a.search.complete && b.search.complete
  if (timed && b.search.ms > slower * a.search.ms && b.search.ms - a.search.ms > NOTICE_MS)
    out.push({
      kind: 'slower',
      text: was('time', `${(a.search.ms / 1000).toFixed(1)} s`, `${(b.search.ms / 1000).toFixed(1)} s`),
    })
  return out
}

/** What differs between two runs, in the order of the second; what is gone comes last. */
export function differencesOfRuns(a: RunDocument, b: RunDocument, slower: number): readonly CellChange[] {
  const before = new Map(a.cells.map((c) => [keyOf(c), c]))
  const after = new Set(b.cells.map(keyOf))
  const place = (c: CellDocument): { scenario: string; kernel: string } => ({
    scenario: c.scenario,
    kernel: kernelOf(c),
  })
  return [
    ...b.cells.flatMap((c): readonly CellChange[] => {
      const old = before.get(keyOf(c))
      if (old === undefined) return [{ ...place(c), kind: 'new', text: `new: ${c.verdict}, ${statesOf(c)} states` }]
      return changesOf(old, c, slower).map((d) => ({ ...place(c), ...d }))
    }),
    ...a.cells
      .filter((c) => !after.has(keyOf(c)))
      .map((c): CellChange => ({ ...place(c), kind: 'gone', text: `gone: was ${c.verdict}` })),
  ]
}

export interface DiffOptions {
  /** A cell is told as slower where it took more than so many times as long. */
  readonly slower: number
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code. */
export function diff(a: string, b: string, { slower, json, out, err }: DiffOptions): number {
  const [from, to] = [readResult(a), readResult(b)]
  if (!from.ok) return fail({ json, out, err }, 'input', from.error)
  if (!to.ok) return fail({ json, out, err }, 'input', to.error)
  const changes = differencesOfRuns(from.value, to.value, slower)
  const code = changes.length === 0 ? EXIT.ok.code : EXIT.violated.code
  if (json) {
    out(`${JSON.stringify({ ...RESULT_FORMAT, exit: code, changes }, null, 2)}\n`)
    return code
  }
  for (const c of changes) out(`${wrapped(`${c.scenario} on ${c.kernel}: ${c.text}`, '', 4)}\n`)
  return code
}
