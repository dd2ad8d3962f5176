/** What became of a claim, from a proof down to nothing known, and how that is told. */
import type { Cti } from '../../solver/prove/cti.ts'
import type { Outcome } from '../exit.ts'
import type { Refutation, NotSeen } from '../refute.ts'

export type Answer =
  | { readonly kind: 'proved' }
  | { readonly kind: 'violated'; readonly refutation: Refutation }
  | { readonly kind: 'absent' }
  /** Without a proof: holds in all states of these sizes, or, where `bounded`, of as many as there was room for. */
  | {
      readonly kind: 'sizes' | 'bounded'
      readonly searches: readonly NotSeen[]
      readonly why: string
      readonly cti?: Cti
    }
  | { readonly kind: 'unknown'; readonly cti?: Cti | undefined; readonly why?: string }

/** What searches that saw no counterexample come to; `unknown` where there was none. */
export function withoutProof(searches: readonly NotSeen[], why: string): Answer {
  if (searches.length === 0) return { kind: 'unknown', why }
  return { kind: searches.every((s) => s.complete) ? 'sizes' : 'bounded', searches, why }
}

/** A step that breaks a lemma, with the state before it; of an answer that has one. */
export const ctiOfAnswer = (answer: Answer): Cti | undefined => ('cti' in answer ? answer.cti : undefined)

const searchedText = ({ where, states, depth, complete, vacuous }: NotSeen): string =>
  complete
    ? `all ${states} states of ${where}${vacuous ? ' (none of the kind that it speaks of)' : ''}`
    : `the ${states} states of ${where} that a search saw, to a depth of ${depth}`

/** Why it is not proved, and how far it was looked at all the same. */
export function reasonText(answer: Answer): string {
  switch (answer.kind) {
    case 'sizes':
    case 'bounded':
      return `holds in ${answer.searches.map(searchedText).join(', and in ')}; ${answer.why}`
    case 'unknown':
      return answer.why ?? ''
    case 'proved':
    case 'violated':
    case 'absent':
      return ''
  }
}

export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'proved':
      return 'for all sizes'
    case 'violated':
      return `${answer.refutation.id}, found again in ${answer.refutation.scenario} (${answer.refutation.property})`
    case 'absent':
      return 'no code of this kernel does it, or it has no guards in such memory'
    case 'sizes':
    case 'bounded':
    case 'unknown':
      return reasonText(answer)
  }
}

export function outcomeOf(answer: Answer): Outcome {
  switch (answer.kind) {
    case 'proved':
    case 'absent':
      return 'ok'
    case 'violated':
      return 'violated'
    case 'sizes':
    case 'bounded':
    case 'unknown':
      return 'unknown'
  }
}
