/** Several threads that work on one memory, as seen from the first of them. Mutable by its nature. */
import { Worker } from 'node:worker_threads'
import type { Control, Work } from './crew_plan.ts'
import { CONTROL, WORKS } from './crew_plan.ts'
import { HELPER_SOURCE } from './helper_source.ts'
import type { Machine } from './machine.ts'
import { handedOn } from './plan.ts'
import type { GlobalCell } from './platform.ts'

/** When and how a search makes use of its workers. The defaults are what was measured; tests choose smaller ones. */
export interface CrewOptions {
  /** How many threads, the first of them included. */
  readonly workers: number
  /** States that one worker explores alone: for fewer, starting others takes longer than they save. */
  readonly alone?: number
  /** States to be expanded below which a round is left to the first worker. */
  readonly least?: number
  /** States of a chunk, at most. */
  readonly chunk?: number
  /** Told of the other threads when they start. */
  readonly onStart?: (threads: readonly Pick<Worker, 'terminate'>[]) => void
}

export interface Crew {
  readonly machine: Machine
  readonly threads: readonly Worker[]
  readonly cells: Int32Array
  /** The globals that the first worker hands on to the others, and where. */
  readonly handed: readonly GlobalCell[]
  readonly figures: Int32Array
  /** Why a worker is no longer there. */
  lost: string | undefined
  /** What the first worker met with in its part of the work. */
  failure: unknown
  closing: boolean
}

/**
 * A worker looks at a cell so often before it is put to sleep, a tenth of a millisecond: about as long as the first one
 * is busy alone between two pieces of work. To be woken takes longer than that where the processor sleeps as well.
 */
const SPINS = 20_000
/** Sleeps so long before it looks whether the others are still there. */
const PATIENCE_MS = 20

/** Starts the other threads. They are not there at once: see `allReady`. */
export function startCrew(machine: Machine, onStart: CrewOptions['onStart']): Crew {
  const { plan, memory } = machine
  const { control, handed: handedAt } = plan.addresses
  const handed = handedOn(plan)
  const threads = Array.from({ length: plan.workers - 1 }, (_, i) => {
    const workerData = {
      module: machine.module,
      worker: i + 1,
      frame: (i + 1) * plan.frameBytes,
      memory,
      control,
      words: CONTROL,
      works: WORKS,
      handed: handed.map(({ name }) => name),
      handedAt,
      spins: SPINS,
    }
    return new Worker(HELPER_SOURCE, { eval: true, workerData, name: 'mmcheck search' })
  })
  const cells = new Int32Array(memory.buffer, control, Object.keys(CONTROL).length)
  const figures = new Int32Array(memory.buffer, handedAt, handed.length)
  const crew: Crew = {
    machine,
    threads,
    cells,
    handed: handed.map(machine.cellOf),
    figures,
    lost: undefined,
    failure: undefined,
    closing: false,
  }
  for (const thread of threads) {
    thread.on('error', (error) => {
      crew.lost ??= error instanceof Error ? error.message : String(error)
    })
    thread.on('exit', (code) => {
      if (!crew.closing) crew.lost ??= `it ended with exit code ${code}`
    })
  }
  onStart?.(threads)
  return crew
}

/** Throws where a thread has ended before its time. */
export function checkCrew({ lost }: Crew): void {
  if (lost !== undefined) throw new Error(`a worker of the search is gone: ${lost}; run it again, or with --workers 1`)
}

const read = ({ cells }: Crew, word: Control): number => Atomics.load(cells, CONTROL[word])
export function write({ cells }: Crew, word: Control, value: number): void {
  Atomics.store(cells, CONTROL[word], value)
}

export const allReady = (crew: Crew): boolean => read(crew, 'ready') === crew.threads.length

/** Hands the globals on that the others must know, where one of them may have changed: to read them all takes a while. */
export function handOn({ cells, handed, figures }: Crew): void {
  handed.forEach((global, i) => {
    figures[i] = global.value
  })
  Atomics.add(cells, CONTROL.edition, 1)
}

/** Sets the others to work. */
function begin(crew: Crew, work: Work): void {
  const { cells } = crew
  write(crew, 'work', WORKS.indexOf(work))
  write(crew, 'done', 0)
  Atomics.add(cells, CONTROL.turn, 1)
  Atomics.notify(cells, CONTROL.turn)
}

/**
 * Has all workers do something, the first one included. Yields now and then where others take long, so
 * that their end can be heard of. Gives whether a step left the range of a slot.
 */
export function* together(crew: Crew, work: Exclude<Work, 'stop'>): Generator<void, boolean> {
  write(crew, 'fault', 0)
  begin(crew, work)
  try {
    crew.machine.run(work, 0)
  } catch (error) {
    // Which step of which state comes first is found out by doing it again, in order.
    crew.failure = error
    write(crew, 'fault', 1)
  }
  const { cells, threads } = crew
  for (let i = 0; i < SPINS && read(crew, 'done') < threads.length; i++);
  for (;;) {
    const done = read(crew, 'done')
    if (done === threads.length) return read(crew, 'fault') !== 0
    if (Atomics.wait(cells, CONTROL.done, done, PATIENCE_MS) !== 'timed-out') continue
    yield
    checkCrew(crew)
  }
}

/** Ends the other threads, whatever they do. */
export async function closeCrew(crew: Crew): Promise<void> {
  crew.closing = true
  begin(crew, 'stop')
  await Promise.all(crew.threads.map((thread) => thread.terminate()))
}
