/** Lemmas, and what was asked of them in vain, in words that a reader follows. */
import { render } from '../../model/language/expr.ts'
import type { Unmet } from './check.ts'
import { UNREACHED } from './houdini.ts'
import type { Lemma } from './lemma.ts'

/** `every page p: ...`, in the expressions of listings. */
export const lemmaWords = (l: Lemma): string =>
  l.name === UNREACHED
    ? 'no thread comes here'
    : `${l.vars.map((v) => `every ${v.set} ${v.name}: `).join('')}${render(l.body)}`

const WORDS_MAX = 160

/** The lemma, cut where it is long; the step that it was asked of, by its labels; and what the solver said. */
export function unmetWords({ lemma, from, to, said }: Unmet): string {
  const words = lemmaWords(lemma)
  const short = words.length <= WORDS_MAX ? words : `${words.slice(0, WORDS_MAX)} ...`
  const step = from === undefined ? 'at the start' : `by ${from}${to === undefined || to === '' ? '' : ` -> ${to}`}`
  return `${short}; ${step} (${said})`
}
