/** What the mail text prints for each step of a trace: calls entered, the step, and what came of it. */
import type { Frame } from '../model/language/lowered.ts'
import { show, type Type } from '../model/language/types.ts'
import { toAscii } from './text.ts'
import type { Trace, TraceStep } from './trace.ts'

/** A function entered, the C text of a step, what came of it, what is wrong in the end, or steps left out. */
export type LineKind = 'call' | 'step' | 'effect' | 'bang' | 'folded' | 'loop'

export interface CellLine {
  readonly kind: LineKind
  /** Depth of calls, from 0. */
  readonly depth: number
  readonly text: string
  /** Of a function entered: where it stands in the kernel. */
  readonly file?: string
}

/** What one step adds to the column of its thread. */
export interface Cell {
  readonly thread: number
  /** The step that it is of, from 0; of several folded ones, the last. */
  readonly step: number
  readonly lines: readonly CellLine[]
}

export interface CellOptions {
  /** Replaces runs of steps of one thread by `...` where no shared variable changes. */
  readonly fold: boolean
  /** One clause on what is wrong after (or with) the last step. */
  readonly bang: string
}

/** Stands before the first of the steps that are repeated for ever. */
export const LOOP = '[LOOP: for ever from here on]'

/** Brackets under one step, the last one being `[...]` where there are more. */
const BRACKETS_MAX = 2

const call = (fn: string): string => (fn.includes('(') ? fn : `${fn}()`)

/** The operations (outermost calls) that a thread begins in this trace, in order. */
export function operations(trace: Trace, thread: number): string[] {
  const out: string[] = []
  let current: Frame | undefined
  for (const { thread: t, step } of trace.steps) {
    const [outermost] = step.frames
    if (t.number !== thread || outermost === undefined || outermost.id === current?.id) continue
    current = outermost
    out.push(toAscii(call(outermost.fn)))
  }
  return out
}

/** `+VM_MAYBE_GUARD` for sets and flag words, where the rest is noise; `none -> guard` for others. */
export function shortChange(type: Type, from: number, to: number): string {
  if (type.kind !== 'flags' && type.kind !== 'subset') return `${show(type, from)} -> ${show(type, to)}`
  const gained = to & ~from
  const lost = from & ~to
  return [...(gained === 0 ? [] : [`+${show(type, gained)}`]), ...(lost === 0 ? [] : [`-${show(type, lost)}`])].join(
    ' ',
  )
}

const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

function brackets(step: TraceStep): string[] {
  const shared = step.changes.filter((change) => change.kind === 'shared')
  // What a step saw explains what follows, but beside a change it is in the way.
  const seen = shared.length === 0 ? step.loads : []
  const all = [
    ...shared.map((change) => `[${change.name}: ${shortChange(change.type, change.from, change.to)}]`),
    ...[...step.choices, ...seen].map((local) => `[${lastName(local.name)} = ${local.shown}]`),
  ]
  return all.length <= BRACKETS_MAX ? all : [...all.slice(0, BRACKETS_MAX), '[...]']
}

const commonFrames = (a: readonly Frame[], b: readonly Frame[]): number => {
  let n = 0
  while (n < a.length && n < b.length && a[n]?.id === b[n]?.id) n++
  return n
}

type Item =
  | { readonly kind: 'step'; readonly step: TraceStep }
  /** `next` is the step shown after the run; it is of the same thread. */
  | { readonly kind: 'folded'; readonly next: TraceStep }

/**
 * Places of the steps that change nothing shared and are folded. The last step of a thread's run never is:
 * what happens next depends on where the thread stands. Nor are those around the beginning of a loop, which is
 * a place to come back to. A run of one stays: `...` in its place would save nothing.
 */
export function foldedSteps({ steps, loopStart }: Trace): ReadonlySet<number> {
  const folded = new Set<number>()
  let run: number[] = []
  for (const [i, step] of steps.entries()) {
    const endsRun = steps[i + 1]?.thread.number !== step.thread.number || i + 1 === loopStart || i === loopStart
    if (!endsRun && !step.changes.some((change) => change.kind === 'shared')) {
      run.push(i)
      continue
    }
    if (run.length > 1) for (const at of run) folded.add(at)
    run = []
  }
  return folded
}

function fold(trace: Trace): Item[] {
  const folded = foldedSteps(trace)
  return trace.steps.flatMap((step, i): Item[] => {
    if (!folded.has(i)) return [{ kind: 'step', step }]
    const next = trace.steps.find((later) => later.index > i && !folded.has(later.index))
    return folded.has(i - 1) || next === undefined ? [] : [{ kind: 'folded', next }]
  })
}

/** The cells of a trace, in order. The last step's ends with `[BANG: ...]`. */
export function cells(trace: Trace, options: CellOptions): Cell[] {
  const items = options.fold ? fold(trace) : trace.steps.map((step): Item => ({ kind: 'step', step }))
  const shown = new Map<number, readonly Frame[]>()
  // A thread with one operation has it as its heading; with several, each is printed where it begins.
  const hidden = new Map<number, number>()
  const hiddenOf = (thread: number): number => {
    const known = hidden.get(thread) ?? (operations(trace, thread).length > 1 ? 0 : 1)
    hidden.set(thread, known)
    return known
  }
  return items.map((item): Cell => {
    const { thread, step, index } = item.kind === 'step' ? item.step : item.next
    const hide = hiddenOf(thread.number)
    const depth = (frames: number): number => Math.max(0, frames - hide)
    const before = shown.get(thread.number) ?? []
    const common = commonFrames(before, step.frames)
    if (item.kind === 'folded') {
      const lines: CellLine[] = [{ kind: 'folded', depth: depth(common), text: '...' }]
      return { thread: thread.number, step: index - 1, lines }
    }
    shown.set(thread.number, step.frames)
    const entered = step.frames
      .map((frame, i): CellLine => ({ kind: 'call', depth: depth(i), text: call(frame.fn), file: frame.file }))
      .slice(Math.max(common, hide))
    const own = (kind: LineKind, text: string): CellLine => ({ kind, depth: depth(step.frames.length), text })
    const bang = index === trace.steps.length - 1 ? [own('bang', `[BANG: ${options.bang}]`)] : []
    const loop = index === trace.loopStart ? [own('loop', LOOP)].map((line) => ({ ...line, depth: 0 })) : []
    const lines = [
      ...loop,
      ...entered,
      own('step', step.text === '' ? step.local : step.text),
      ...brackets(item.step).map((text) => own('effect', text)),
      ...bang,
    ].map((line) => ({ ...line, text: toAscii(line.text) }))
    return { thread: thread.number, step: index, lines }
  })
}
