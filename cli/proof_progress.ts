/** The line that says how far the proofs are that are under way. */
import type { ProofProgress } from '../solver/prove/progress.ts'
import { newLine } from './progress.ts'

/** `FlagSound (flags stored) on v7.0: 120 of 310 questions`, or of a search `120 questions, 34 guesses left`. */
export const proofProgressText = (item: string, { asked, of, left }: ProofProgress): string =>
  `${item}: ${asked}${of === undefined ? '' : ` of ${of}`} questions${left === undefined ? '' : `, ${left} guesses left`}`

export interface ProofLine {
  readonly report: (item: string, progress: ProofProgress) => void
  /** Takes the line away, for what is printed in its place. */
  readonly clear: () => void
}

/** What was heard last is what is shown: of several that go on at once, each in turn. Silent where `on` is false. */
export function proofLine(on: boolean): ProofLine {
  const { show, end } = newLine(on)
  return {
    report: (item, progress) => {
      show(proofProgressText(item, progress))
    },
    clear: end,
  }
}
