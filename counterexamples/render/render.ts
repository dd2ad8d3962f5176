/** Every form that a counterexample can be had in. */
import { toJson } from '../json.ts'
import { renderSteps } from '../steps.ts'
import type { Format } from './formats.ts'
import { renderHtml } from './html.ts'
import { renderItf } from './itf.ts'
import { renderLitmus } from './litmus.ts'
import { renderShiviz } from './shiviz.ts'
import { renderSvg } from './svg.ts'
import type { Subject } from './subject.ts'

/** `fold` leaves out steps that change nothing shared, in the forms for people that show no more than the race. */
export function render(subject: Subject, format: Format, fold: boolean): string {
  const { found } = subject
  switch (format) {
    case 'mail':
      return found.mail(fold)
    case 'table':
      return renderSteps(found.trace)
    case 'svg':
      return renderSvg(subject, fold)
    case 'html':
      return renderHtml(subject)
    case 'itf':
      return renderItf(subject)
    case 'shiviz':
      return renderShiviz(subject)
    case 'json':
      return toJson(found.counterexample)
    case 'litmus':
      return renderLitmus(subject)
  }
}
