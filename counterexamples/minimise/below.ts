/** All scenarios below one: what can be had from it by taking things away, again and again. */
import type { LitmusFile, ThreadDecl } from '../../model/litmus/ast.ts'
import { compareNumbers } from '../../solver/order.ts'
import { keyOf } from './oracle.ts'
import { reductions } from './reductions.ts'
import { fileSize, type Size } from './size.ts'

export interface Below {
  readonly key: string
  readonly file: LitmusFile
  readonly size: Size
  /** What was taken away to get there, one thing after the other. */
  readonly removed: readonly string[]
}

export interface Closure {
  /** Each once, however it can be had; without the one that it began with; in the order of their sizes. */
  readonly scenarios: readonly Below[]
  /** Whether these are all. */
  readonly complete: boolean
}

/** Scenarios between two looks at `goesOn`. */
const CHUNK = 64

/** Stops at `max` scenarios, or where `goesOn` says so. */
export async function closureOf(
  file: LitmusFile,
  nameOf: (t: ThreadDecl) => string,
  max: number,
  goesOn: () => Promise<boolean>,
): Promise<Closure> {
  const top: Below = { key: keyOf(file), file, size: fileSize(file), removed: [] }
  const seen = new Map([[top.key, top]])
  let complete = true
  let expanded = 0
  // `seen` grows while it is walked: it is the queue as well.
  for (const at of seen.values()) {
    if (expanded++ % CHUNK === 0 && !(await goesOn())) complete = false
    if (seen.size > max) complete = false
    if (!complete) break
    for (const r of reductions(at.file, nameOf)) {
      const key = keyOf(r.file)
      if (!seen.has(key)) seen.set(key, { key, file: r.file, size: fileSize(r.file), removed: [...at.removed, r.what] })
    }
  }
  seen.delete(top.key)
  return { scenarios: [...seen.values()].sort((a, b) => compareNumbers(a.size, b.size)), complete }
}
