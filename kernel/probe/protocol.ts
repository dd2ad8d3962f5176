/** The line protocol of the probe: one line of words to it, one line of JSON from it. */
import { z } from 'zod'
import { errnoName, signalName } from './constants.ts'
import type { Sequence } from './operations.ts'

/** What one operation came to. */
export type OpResult =
  /** `value` is the return value (0 or more), or what was read; `data` is what an observation tells. */
  | { readonly kind: 'ok'; readonly value: number; readonly data?: unknown }
  | { readonly kind: 'error'; readonly errno: string; readonly data?: unknown }
  | { readonly kind: 'signal'; readonly signal: string; readonly code: number }
  /** The process was killed in it, or was gone before it, or never came to it. */
  | { readonly kind: 'unfinished' | 'no-process' | 'not-run' }

export interface Observed {
  readonly end: 'exit' | 'signal' | 'timeout' | 'stuck'
  /** Exit code, or number of the signal. */
  readonly how: number
  readonly ops: readonly OpResult[]
}

export const DEFAULT_TIMEOUT_MS = 2000

/** A request. Throws on a number that is no integer: that is a mistake of the caller. */
export function encode(id: number, s: Sequence): string {
  const words = (numbers: readonly number[]): string[] =>
    numbers.map((n) => {
      if (!Number.isSafeInteger(n)) throw new Error(`${n} is no integer`)
      return String(n)
    })
  const parts = s.ops.map((o) => [String(o.proc), o.name, ...words(o.args)].join(' '))
  return `${[`${id} ${s.timeoutMs ?? DEFAULT_TIMEOUT_MS}`, ...parts].join(';')}\n`
}

const answer = z.object({
  id: z.number().int(),
  end: z.enum(['exit', 'signal', 'timeout', 'stuck', 'nofork', 'refused']),
  how: z.number().int(),
  ops: z.array(z.array(z.unknown())),
  why: z.string().optional(),
})
const greeting = z.object({ probe: z.literal(1), page: z.number().int() })

/** By hand: there are thousands of them every second. */
function opResult(line: readonly unknown[]): OpResult {
  const [state, ret, err, sig, code, data] = line
  if (typeof state !== 'number' || typeof ret !== 'number' || typeof err !== 'number')
    throw new Error(`the probe answered ${JSON.stringify(line)}`)
  if (typeof sig !== 'number' || typeof code !== 'number') throw new Error(`the probe answered ${JSON.stringify(line)}`)
  if (state === 0) return { kind: 'not-run' }
  if (state === 1) return { kind: 'unfinished' }
  if (state === 3) return { kind: 'no-process' }
  if (sig !== 0) return { kind: 'signal', signal: signalName(sig), code }
  const more = data === undefined ? {} : { data }
  return err === 0 ? { kind: 'ok', value: ret, ...more } : { kind: 'error', errno: errnoName(err), ...more }
}

/** Reads an answer. Throws where the helper does not speak our language, or refused what we said. */
export function decode(line: string): { readonly id: number; readonly observed: Observed } {
  const { id, end, how, ops, why } = answer.parse(JSON.parse(line))
  if (end === 'refused' || end === 'nofork') throw new Error(`the probe: ${end}: ${why ?? errnoName(how)}`)
  return { id, observed: { end, how, ops: ops.map(opResult) } }
}

/** The page size that the helper tells in its first line, in bytes. */
export const decodeGreeting = (line: string): number => greeting.parse(JSON.parse(line)).page

/** A result in a few words: `0`, `-EINVAL`, `SIGSEGV`. */
export function showResult(r: OpResult): string {
  switch (r.kind) {
    case 'ok':
      return r.data === undefined ? String(r.value) : JSON.stringify(r.data)
    case 'error':
      return `-${r.errno}`
    case 'signal':
      return `${r.signal} (code ${r.code})`
    case 'unfinished':
    case 'no-process':
    case 'not-run':
      return r.kind
  }
}
