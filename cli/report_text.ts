/** What `check` prints for people: a line per cell, the race, what was not reached. At most 75 columns. */
import { show } from '../model/language/types.ts'
import { printCond, printLitmus } from '../model/litmus/printer.ts'
import type { Incomplete } from '../solver/engine.ts'
import { responsesOf } from '../solver/liveness/search.ts'
import { registerSlots } from '../solver/outcomes.ts'
import type { Observation, PropertyVerdict } from '../solver/verdict.ts'
import { fairnessOf } from '../counterexamples/fairness.ts'
import { assumptionsOf, scopeOf } from '../counterexamples/scope.ts'
import { toAscii, wrap } from '../counterexamples/text.ts'
import type { Cell } from './cell.ts'
import { depthFirstLines, figuresLine, figuresText, hasForgotten } from './depth_first.ts'
import type { Style } from './style.ts'

export const COLUMNS = 75

/** One paragraph, `hanging` columns further in from its second line on. */
export const wrapped = (text: string, indent: string, hanging = 0): string =>
  wrap(text, { width: COLUMNS - indent.length, hanging })
    .map((l) => indent + l)
    .join('\n')

/** What the author of a file says of it; comments may hold any character, and mails may not. */
export const lesson = (comments: readonly string[]): string =>
  comments.map((c) => `${wrapped(toAscii(c), '  ')}\n`).join('')

/** The line of one cell: kernel, verdict, and what makes it so. */
export function cellLine(cell: Cell, style: Style): string {
  const broken = cell.properties
    .filter((p) => p.verdict === 'violated' || p.violation !== undefined)
    .map((p) => `${p.property} at ${p.violation?.moves.length ?? lassoText(p)}`)
  const vacuous = cell.properties.filter((p) => p.verdict === 'vacuous').map((p) => p.property)
  const detail =
    broken.length > 0 ? broken.join(', ') : vacuous.length > 0 ? `says nothing on ${vacuous.join(', ')}` : ''
  const bound =
    cell.result.incomplete === undefined
      ? ''
      : ` (${boundText(cell)}${cell.anyStart === true ? ', from any start' : ''})`
  const plain = wrapped(toAscii(`${cell.kernel}: ${cell.verdict}${bound}; ${figuresText(cell)}`), '  ', 4)
  // Painted last, since a colour takes no columns; a line may have been broken before the word.
  const head = plain.replace(new RegExp(`:(\\s+)${cell.verdict}`), (_, gap: string) => {
    return `:${gap}${style.verdict(cell.verdict, cell.verdict)}`
  })
  return detail === '' ? head : `${head}\n${wrapped(detail, '      ')}`
}

/** `12 + 30 for ever`: steps to the loop, and steps around it. */
function lassoText({ lasso }: PropertyVerdict): string {
  if (lasso === undefined) return '0'
  const around = lasso.moves.length - lasso.loopStart
  return around === 0 ? `${lasso.loopStart}, then nothing` : `${lasso.loopStart} + ${around} for ever`
}

/**
 * What was found of runs that never end, and which of them count: a verdict on them says nothing without
 * its fairness. That stands in a race too, and need not be told twice.
 */
export function livenessText(cell: Cell, fairness: boolean): string {
  const { model } = cell.lowered
  const names = new Set(responsesOf(model).map((r) => r.property))
  if (names.size === 0) return ''
  const lines = cell.properties
    .filter((p) => names.has(p.property))
    .map((p) => {
      if (p.endless !== undefined) return `${p.property} is violated: ${p.endless.join(', ')} may go on for ever.`
      if (p.verdict === 'holds')
        return p.weak === true
          ? `${p.property} holds on every fair run; weak fairness is enough.`
          : `${p.property} holds on every fair run; it needs the strong fairness of locks.`
      if (cell.engine === 'smt') return `${p.property} is not judged: the smt engine sees no run without end.`
      if (cell.depthFirst !== undefined)
        return `${p.property} is not judged: a depth-first search keeps no graph of its states.`
      return `${p.property}: ${p.verdict}.`
    })
  const reduced = cell.reduced !== undefined || cell.engine === 'wasm'
  const engine = reduced ? ['Runs without end were looked for by the explicit engine, without reductions.'] : []
  return [...lines, ...engine, ...(fairness ? fairnessOf(model) : [])]
    .map((l) => wrapped(toAscii(l), '    ', 2))
    .join('\n')
}

const boundText = (cell: Cell): string => limitText(cell.result.incomplete)

function limitText(i: Incomplete | undefined): string {
  if (i === undefined) return ''
  switch (i.kind) {
    case 'states':
      return `stopped at ${i.limit} states`
    case 'memory':
      return `stopped at ${Math.round(i.limitBytes / 1024 / 1024)} MB`
    case 'time':
      return `stopped after ${Math.round(i.limitMs / 1000)} s`
    case 'depth':
      return `to depth ${i.limit}`
    case 'violation':
      return 'stopped at the first violation'
    case 'solver':
    case 'crash':
      return i.reason
  }
}

/** The outcomes and the observation, as herd7 prints them. */
export function outcomeText(cell: Cell): string {
  const { model } = cell.lowered
  const slots = registerSlots(model)
  if (cell.engine === 'smt' || (slots.length === 0 && cell.observation === undefined)) return ''
  const lines = cell.result.outcomes.map((o) => {
    const values = o.registers.map((value, i) => {
      const slot = model.slots[slots[i] ?? -1]
      return slot === undefined ? '' : `${slot.name}=${show(slot.type, value)};`
    })
    const head = `    ${o.satisfying > 0 ? '*' : ' '} ${(hasForgotten(cell) ? '' : String(o.states)).padStart(6)}  `
    return (head + wrapped(values.join(' '), ' '.repeat(head.length)).trimStart()).trimEnd()
  })
  const { observation, scenario } = cell
  if (observation === undefined) return [`    Outcomes ${cell.result.outcomes.length}`, ...lines].join('\n')
  const verdict = cell.condition === undefined ? 'Unknown' : cell.condition ? 'Ok' : 'No'
  return [
    `    Outcomes ${cell.result.outcomes.length} (* meets the condition)`,
    ...lines,
    `    ${verdict}: ${scenario.quantifier ?? ''}`,
    `    Observation ${scenario.name} ${observedText(cell, observation)}`,
  ].join('\n')
}

/** herd7's word, and how many final states meet the condition and do not, where that is known. */
const observedText = (cell: Cell, { word, positive, negative }: Observation): string =>
  hasForgotten(cell) ? word : `${word} ${positive} ${negative}`

/** The final condition and what came of it, in one line: how often it was met, and how often not. */
export function observationText(cell: Cell): string {
  const { observation, scenario, condition } = cell
  const final = scenario.file.final
  if (observation === undefined || final === undefined) return ''
  const verdict = condition === undefined ? 'unknown' : condition ? 'yes' : 'no'
  const seen = observedText(cell, observation)
  return wrapped(`${final.quantifier} (${printCond(final.cond)})? ${verdict}; ${seen}`, '      ', 4)
}

/** The race of the first violated property in the order of the properties, or nothing. */
export function raceText(cell: Cell, fold: boolean): string {
  for (const p of cell.properties) {
    const f = cell.found.get(p.property)
    if (f !== undefined) return f.mail(fold)
  }
  return ''
}

/** The litmus file of the race that is shown, where the solver chose the start. */
export function startText(cell: Cell): string {
  const shown = cell.properties.find((p) => cell.found.has(p.property))
  const scenario = shown && cell.starts?.get(shown.property)
  if (scenario === undefined) return ''
  const lines = printLitmus(scenario.file).trimEnd().split('\n')
  return `\n    It begins in this world, which 'mmcheck check' takes as a file:\n${lines.map((l) => `    ${l}`).join('\n')}\n`
}

/** Counterexamples of a cell that are not printed in full. */
export function otherIds(cell: Cell, except: string | undefined): string {
  return cell.properties
    .filter((p) => p.property !== except && cell.found.has(p.property))
    .map(
      (p) =>
        `      cex ${cell.found.get(p.property)?.counterexample.id ?? ''} (${p.property}, ${cell.found.get(p.property)?.trace.steps.length ?? 0} steps)`,
    )
    .join('\n')
}

export const scopeText = (cell: Cell): string =>
  [...scopeOf(cell.scenario), ...assumptionsOf(cell.scenario, cell.lowered.model)]
    .map((l) => wrapped(l, '    '))
    .join('\n')

/** How the search was reduced, and what of its answer is less than the full search's. */
export function reductionText({ reduced }: Cell): string {
  if (reduced === undefined) return ''
  const lines = reduced.reductions.map(({ name, refused, because, standsFor }) => {
    if (refused !== undefined) return `Not reduced (${name}): ${refused}.`
    if (standsFor !== undefined)
      return `Reduced (${name}): the states stand for ${standsFor}, those of a search in full; threads that do the same change places, with what they work on.`
    return `Reduced (${name}${because === undefined ? '' : `, as ${because}`}): states, final states and depth are those of the reduced search.`
  })
  const limit = limitText(reduced.notShortest)
  if (limit !== '') lines.push(`A race is perhaps not the shortest: the search for that ${limit}.`)
  return lines.map((l) => wrapped(l, '    ')).join('\n')
}

/** What a depth-first search does not say, and what to do about it. */
export const depthFirstText = (cell: Cell): string =>
  depthFirstLines(cell)
    .map((l) => wrapped(l, '    '))
    .join('\n')

/** The greppable last line of a cell. */
export const doneLine = (cell: Cell): string =>
  `    done verdict=${cell.verdict} ${figuresLine(cell)} edges=${cell.result.transitions} depth=${cell.result.depth} sec=${(cell.ms / 1000).toFixed(2)}`
