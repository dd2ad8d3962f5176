/** Values of options: units, lists, kernels. Each throws InvalidArgumentError with the way out. */
import { InvalidArgumentError } from 'commander'
import { findKernel, KERNELS, type Kernel } from '../model/kernels/kernels.ts'
import { mutationWord } from '../model/language/mutate/name.ts'
import { kernelLine } from '../model/litmus/kernel_line.ts'
import { closest } from '../model/litmus/suggest.ts'
import type { KernelLine } from '../model/litmus/ast.ts'
import { FORMATS, type Format } from '../counterexamples/render/formats.ts'
import { REDUCTIONS, type Reduction } from '../solver/reduce/reduced.ts'
import { solverChoice, type SolverChoice } from '../solver/smt/choice.ts'
import { WORKERS_MAX } from '../solver/wasm/rooms.ts'
import type { Engine } from './cell.ts'
import { ORDERS, type Order } from './order.ts'
import type { ExportFormat } from './commands/export.ts'
import type { GraphFormat } from './commands/graph.ts'
import type { ColorMode } from './style.ts'

const TIME: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const SIZE: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** `45m`, `600s`, `1500ms`: a duration in milliseconds. */
export function duration(text: string): number {
  const m = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const unit = TIME[m?.[2] ?? '']
  if (m === null || unit === undefined) throw new InvalidArgumentError('a duration has a unit, as in 600s, 45m or 2h')
  return Number(m[1]) * unit
}

/** `512M`, `2G`: a size in bytes. */
export function size(text: string): number {
  const m = /^(\d+(?:\.\d+)?)([kmg])b?$/i.exec(text)
  const unit = SIZE[(m?.[2] ?? '').toLowerCase()]
  if (m === null || unit === undefined) throw new InvalidArgumentError('a size has a unit, as in 512M or 8G')
  return Number(m[1]) * unit
}

export function count(text: string): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n) || n < 1)
    throw new InvalidArgumentError('a whole number from 1 up is needed')
  return n
}

/** How many threads search: more would have no part of the table. */
export function workers(text: string): number {
  const n = count(text)
  if (n > WORKERS_MAX) throw new InvalidArgumentError(`at most ${WORKERS_MAX}`)
  return n
}

/** A seed: any whole number that is exact. */
export function seed(text: string): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n)) throw new InvalidArgumentError('a whole number is needed')
  return n
}

export function percent(text: string): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || n > 100) throw new InvalidArgumentError('a whole number from 0 to 100 is needed')
  return n
}

export function kernel(text: string): Kernel {
  const found = findKernel(text)
  if (found !== undefined) return found
  const names = KERNELS.map((k) => k.name)
  // Of names as near, the newest kernel is meant.
  const near = closest(text, [...names].reverse())
  throw new InvalidArgumentError(near === undefined ? `known: ${names.join(', ')}` : `did you mean '${near}'?`)
}

const oneOf = <T extends string>(known: readonly T[], text: string): T => {
  const found = known.find((k) => k === text)
  if (found === undefined) throw new InvalidArgumentError(`known: ${known.join(', ')}`)
  return found
}
export const engine = (text: string): Engine => oneOf(['explicit', 'wasm', 'auto', 'reference', 'smt'] as const, text)
/** `wasm`, `z3`, `cvc5`, or the path of a program that reads SMT-LIB 2. */
export function solver(text: string): SolverChoice {
  const choice = solverChoice(text)
  if (choice === undefined) throw new InvalidArgumentError(`no such program; 'mmcheck doctor' names those found`)
  return choice
}
export const order = (text: string): Order => oneOf(ORDERS, text)
export const exportFormat = (text: string): ExportFormat => oneOf(['promela', 'tla'] as const, text)
export const traceFormat = (text: string): Format => oneOf(FORMATS, text)
export const graphFormat = (text: string): GraphFormat => oneOf(['dot', 'svg'] as const, text)
/** Reductions by name; `none` stands for no reduction at all. */
export function reductions(text: string, previous: readonly Reduction[] = []): readonly Reduction[] {
  if (text === 'none') return []
  return [...new Set([...previous, ...text.split(',').map((name) => oneOf(REDUCTIONS, name.trim()))])]
}

export const colorMode = (text: string): ColorMode => oneOf(['auto', 'always', 'never'] as const, text)

/** The kernel lines that `--kernel` and `--without` stand for; undefined where neither was given. */
export function kernelLines(names: readonly string[], without: readonly string[]): readonly KernelLine[] | undefined {
  return names.length === 0 ? undefined : [kernelLine(names, without)]
}

/** Names from a list with commas, added to those of an earlier option of the same kind; each is kept once. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('a name is missing beside a comma')
  return [...new Set([...previous, ...names])]
}

/** `walk_pte_range.map: drop lock`, or the same as one word; added to those of an earlier option of the same kind. */
export function mutation(text: string, previous: readonly string[] = []): readonly string[] {
  const word = mutationWord(text)
  if (!/^[A-Za-z0-9_.]+\+[A-Za-z0-9_.-]+$/.test(word))
    throw new InvalidArgumentError("as in 'walk_pte_range.map: drop lock'; 'mmcheck necessity SCENARIO' prints them")
  return [...new Set([...previous, word])]
}

/** As `collect`, of kernels. */
export const kernelNames = (text: string, previous: readonly string[] = []): readonly string[] =>
  collect(
    collect(text, [])
      .map((name) => kernel(name).name)
      .join(','),
    previous,
  )
