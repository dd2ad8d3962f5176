/** Reduces a search where that pays, by itself, and says what it did. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchWasm } from '../wasm/search.ts'
import { searchReducedFast } from './fast.ts'
import { remaining, searchReduced, type ReducedOptions, type ReducedResult } from './reduced.ts'

/**
 * States from which the reduction pays in time, and threads that it takes for that, daemons not counted. Measured on
 * two cores of an EPYC, in seconds of CPU, n being millions of states unreduced: with three threads (see
 * install-remove-read+write-read-write+collapse on v7.0) a full search takes 0.26 + 0.43 n and a reduced one
 * 0.56 + 0.74 n, so that nothing is ever gained but memory; with four (four-threads of bench/cases.mjs) they take
 * 0.2 + 0.41 n and 0.5 + 0.24 n. Those are even at 1.8 million. Whoever begins in full and turns back there has lost
 * at most as much again as the reduced search takes.
 */
export const PAYS_FROM = 2e6
const PAYS_FOR = 4

/** Says where a full search may turn into a reduced one, as `after`: for tests. */
export type AutoOptions = Omit<ReducedOptions, 'reductions' | 'sabotage'>

function turnsAt(model: LoweredModel, after: number | undefined): number {
  if (after !== undefined) return after
  return model.threads.filter(({ daemon }) => !daemon).length < PAYS_FOR ? Infinity : PAYS_FROM
}

/**
 * Searches in full as long as that is the quicker way, and as its states fit `maxBytes`; then with partial-order
 * reduction, from the beginning. Its report says which of the two answered, whose counts they are, and why. Throws
 * as both do.
 */
export function searchAuto(original: LoweredModel, { after, ...options }: AutoOptions): ReducedResult {
  const start = performance.now()
  const { maxStates = Infinity } = options
  const turn = turnsAt(original, after)
  const answer = searchWasm(original, { ...options, maxStates: Math.min(turn, maxStates) })
  // The explicit engine takes it, and stops for the same reason.
  if (!answer.ok) return searchReduced(original, { ...options, reductions: ['por'], after: Math.min(turn, PAYS_FROM) })
  const { result } = answer
  const stop = result.incomplete
  const passed = stop?.kind === 'states' && stop.limit < maxStates
  if (!passed && stop?.kind !== 'memory') {
    const why =
      turn === Infinity
        ? 'where fewer than four threads run, the reduction pays in memory alone'
        : `below the ${turn} from which the reduction pays`
    return { ...result, reductions: [{ name: 'por', refused: `explored in full: ${result.states} states; ${why}` }] }
  }
  const because = passed
    ? `the full search passed the ${turn} states from which it pays`
    : `${result.states} states of the full search filled ${stop?.kind === 'memory' ? stop.limitBytes : 0} bytes`
  const reduced = searchReducedFast(original, { ...remaining(options, start), reductions: ['por'] })
  return { ...reduced, reductions: reduced.reductions.map((r) => ({ ...r, because })) }
}
