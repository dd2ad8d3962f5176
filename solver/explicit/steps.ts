/** JavaScript of one step: from the words of a state to the words of its successors. */
import type { LExpr, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import type { Bounds } from '../bounds.ts'
import { bounds, within } from '../bounds.ts'
import { writes } from '../writes.ts'
import type { Scope } from './expressions.ts'
import { declarations, fieldOf, literal, place, rowOf, rowShift, temporary, test, value } from './expressions.ts'
import type { Layout } from './layout.ts'
import { fieldMask } from './layout.ts'

/** The words of a layout by number, each through a function: `a0,a1,a2`. */
export const eachWord = (layout: Layout, code: (word: number) => string, separator: string = ','): string =>
  Array.from({ length: layout.words }, (_, word) => code(word)).join(separator)

interface StepScope extends Scope {
  readonly model: LoweredModel
  readonly step: Step
}

/** Code that throws where the value in `code` (used twice: a name or a literal) does not fit the slot. */
function check(scope: StepScope, slot: number, code: string, possible: Bounds): string {
  const range = scope.model.slots[slot]
  if (range === undefined || within(possible, range)) return ''
  const fault = `fault(${literal(scope.step.id)},${literal(slot)},${code})`
  return `if(${code}<${literal(range.lo)}||${code}>${literal(range.hi)})${fault};`
}

/** Code that writes a value, a name or a literal within the slot's range, to a slot. */
function store(scope: StepScope, slot: number, code: string): string {
  const field = fieldOf(scope.layout, slot)
  if (field.kind === 'constant') return ''
  const { shift, bits, lo } = field
  const word = scope.word(field.word)
  const cleared = `${word}&${literal(~(fieldMask(bits) << shift))}`
  const less = lo === 0 ? code : `(${code}-${literal(lo)})`
  return `${word}=${cleared}|${less}<<${shift};`
}

function assign(scope: StepScope, target: LTarget, expr: LExpr): string {
  const possible = bounds(expr, scope.layout.ranges)
  const v = temporary(scope)
  const evaluated = `${v}=${value(expr, scope)};`
  if (target.kind === 'slot') return evaluated + check(scope, target.slot, v, possible) + store(scope, target.slot, v)
  const { offset, offsets, outside } = place(target, scope)
  const t = temporary(scope)
  const located = `${evaluated}${t}=${offset};`
  const row = rowOf(scope.layout, target.base, offsets)
  const slots = offsets.map((o) => ({ o, slot: target.base + o, check: check(scope, target.base + o, v, possible) }))
  if (row !== undefined && slots.every((cell) => cell.check === '')) {
    const { word, bits, lo } = row.field
    const name = scope.word(word)
    const shift = rowShift(row, t)
    const less = lo === 0 ? v : `(${v}-${literal(lo)})`
    const write = `${name}=${name}&~(${fieldMask(bits)}<<${shift})|${less}<<${shift};`
    return outside === undefined ? located + write : `${located}if(${t}!==${literal(outside)}){${write}}`
  }
  const cases = slots.map((cell) => `case ${literal(cell.o)}:${cell.check}${store(scope, cell.slot, v)}break;`)
  return `${located}switch(${t}){${cases.join('')}}`
}

function statements(scope: StepScope, body: readonly LStmt[]): string {
  return body
    .map((stmt) => {
      switch (stmt.kind) {
        case 'set':
          return assign(scope, stmt.target, stmt.value)
        case 'if': {
          const otherwise = stmt.else.length === 0 ? '' : `else{${statements(scope, stmt.else)}}`
          return `if(${test(stmt.cond, scope)}){${statements(scope, stmt.then)}}${otherwise}`
        }
        case 'assert': {
          if (scope.model.properties[stmt.property] === undefined) {
            throw new Error(`step ${scope.step.id} asserts property ${stmt.property}, which the model does not have`)
          }
          const failed = `failed[${literal(stmt.property)}]`
          return `if(${failed}<0&&!${test(stmt.cond, scope)})${failed}=id;`
        }
      }
    })
    .join('')
}

/**
 * What follows the name of a function `(s0,s1,...,id,o)` that writes the successors by this step of the state with these
 * words to `out` from `o` on, and gives where it stopped. It sets `ran[index]` if the step ran, and
 * `failed[property]`, if negative, to `id` where an assertion failed.
 */
export function stepFunction(model: LoweredModel, layout: Layout, step: Step, index: number): string {
  const written = new Set<number>()
  for (const { slot } of writes(step, layout.ranges)) {
    const field = fieldOf(layout, slot)
    if (field.kind === 'packed') written.add(field.word)
  }
  const oldWord = (word: number): string => `s${word}`
  const word = (w: number): string => (written.has(w) ? `w${w}` : `s${w}`)
  const scope: StepScope = { model, step, layout, word, oldWord, temporaries: { count: 0 } }
  const copies = [...written].map((w) => `w${w}=s${w}`).join(',')
  const chosen = step.choices.map(
    ({ slot, lo, hi }, c) => check(scope, slot, `c${c}`, { lo, hi }) + store(scope, slot, `c${c}`),
  )
  const loops = step.choices.map(({ lo, hi }, c) => `for(let c${c}=${literal(lo)};c${c}<=${literal(hi)};c${c}++)`)
  const guard = test(step.guard, scope)
  const body = statements(scope, step.body)
  const emit = eachWord(layout, (w) => `out[o${w === 0 ? '' : `+${w}|0`}]=${word(w)};`, '')
  const transition = `${copies === '' ? '' : `let ${copies};`}${chosen.join('')}if(${guard}){${body}${emit}o=o+${layout.words}|0;ran[${index}]=1}`
  return `(${eachWord(layout, oldWord)},id,o){${declarations(scope)}${loops.join('')}{${transition}}return o}`
}
