/** How `mmcheck prove` tells what became of an item: for a reader, for the table, as JSON. */
import type { Cti } from '../../solver/prove/cti.ts'
import type { ClaimProof, ItemProof, LemmaText } from '../../solver/prove/prove.ts'
import { statesText, type SizeDocument } from '../proof_sizes.ts'
import type { TableAnswer } from '../proof_table.ts'
import { wrapped } from '../report_text.ts'
import { answerText, ctiOfAnswer, reasonText, type Answer } from './prove_answer.ts'

/** An item on one kernel, and what became of its claims. */
export interface Answered {
  readonly proof: ItemProof
  /** How it was come by. */
  readonly origin: string
  readonly answers: readonly { readonly claim: ClaimProof; readonly answer: Answer }[]
  /** What explicit states say of its lemmas, where they were asked. */
  readonly states?: readonly SizeDocument[]
}

function lemmaLine({ text, labels }: LemmaText): string {
  const where = labels === undefined ? 'always' : `at ${labels.length} label${labels.length === 1 ? '' : 's'}`
  return wrapped(`${where}: ${text}`, '    ', 2)
}

function ctiText(cti: Cti): readonly string[] {
  const line = (text: string): string => wrapped(text, '    ', 2)
  return [
    line('a state that keeps all that was shown, and one step that breaks a lemma:'),
    ...cti.threads.map((t, i) => line(`${t.name} stands at ${t.at}${i === 0 ? ', and goes on' : ''}`)),
    ...cti.shown.map((s) => line(`${s.variable} = ${s.before}${s.after === undefined ? '' : ` -> ${s.after}`}`)),
    line(`step ${cti.from}: ${cti.text}`),
    line(
      `then at ${cti.to}, broken${cti.objects.length === 0 ? '' : ` for ${cti.objects.join(', ')}`}: ${cti.lemmaText}`,
    ),
  ]
}

/** A paragraph for a reader; with `lemmas`, all that it was shown with. */
export function answeredText({ proof, origin, answers, states }: Answered, lemmas: boolean): string {
  const { kernel, without, operations } = proof
  const on = `${kernel}${without.length === 0 ? '' : ` without ${without.join(', ')}`}`
  const calls = operations.length === 0 ? '' : `; threads do ${operations.join(', ')}`
  const lines = [wrapped(`${proof.property} on ${on}${calls} (${proof.core}; ${origin})`, '', 2)]
  for (const { claim, answer } of answers) {
    lines.push(wrapped(`${answer.kind.padEnd(8)} ${claim.claim.padEnd(24)} ${answerText(answer)}`.trimEnd(), '  ', 2))
    if (lemmas && answer.kind === 'proved') lines.push(...claim.lemmas.map(lemmaLine))
    const cti = ctiOfAnswer(answer)
    if (cti !== undefined) lines.push(...ctiText(cti))
  }
  if (states !== undefined) lines.push(wrapped(`states   ${statesText(states)}`, '  ', 11))
  if (lemmas && proof.support.length > 0) lines.push('  with', ...proof.support.map(lemmaLine))
  return `${lines.join('\n')}\n`
}

/** An answer as the table has it. */
export const forTable = ({ proof, answers }: Answered): readonly Omit<TableAnswer, 'date'>[] =>
  answers.map(({ claim, answer }) => ({
    ...{ property: proof.property, core: proof.core, claim: claim.claim, kernel: proof.kernel, verdict: answer.kind },
    ...(answer.kind === 'violated'
      ? { counterexample: answer.refutation.id, scenario: answer.refutation.scenario }
      : {}),
    ...(reasonText(answer) === '' ? {} : { why: reasonText(answer) }),
  }))

/** As `--json` has it. */
export const forJson = ({ proof, origin, answers, states }: Answered): object => ({
  ...proof,
  origin,
  ...(states === undefined ? {} : { states }),
  claims: answers.map(({ claim, answer }) => ({
    ...claim,
    verdict: answer.kind,
    ...(answer.kind === 'violated'
      ? {
          counterexample: answer.refutation.id,
          scenario: answer.refutation.scenario,
          shows: answer.refutation.property,
        }
      : {}),
    ...(reasonText(answer) === '' ? {} : { why: reasonText(answer) }),
    ...('searches' in answer ? { searches: answer.searches } : {}),
    ...('cti' in answer ? { cti: answer.cti } : {}),
  })),
})
