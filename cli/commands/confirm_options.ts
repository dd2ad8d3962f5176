/** What `confirm` is told, and where its results go. */
import type { Confirmation as Recorded } from '../../counterexamples/confirmed.ts'
import type { Style } from '../style.ts'

export interface ConfirmOptions {
  readonly runs: number
  readonly seconds: number
  readonly seed: number
  /** Ends the run when it has been seen so often; 0 for never. */
  readonly enough: number
  /** Where the C program goes; by default below the working directory. */
  readonly output?: string
  /** The result goes into counterexamples/corpus/confirmed.json. */
  readonly record: boolean
  readonly json: boolean
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Records a result, where that was asked for. */
export type Note = (result: Pick<Recorded, 'verdict' | 'rounds' | 'hits'> & Partial<Recorded>) => void
