/** A lowered model as Promela, for SPIN: nobody has to trust our engines. */
import type { LExpr, LInvariant, LoweredModel, LStmt, Step } from '../../model/language/lowered.ts'
import { fold } from '../fold.ts'
import { brokenInvariants, initialState } from '../reference/interpreter.ts'
import { writes } from '../writes.ts'
import { expectation, fileName, type ExportHeader, type ExportOptions } from './header.ts'
import { commentText } from './names.ts'
import { bare, cellTest, literal, slotText, value, type PromelaScope } from './promela_expr.ts'
import { PROMELA_WORDS } from './reserved.ts'
import type { Vocabulary } from './vocabulary.ts'
import {
  assertionsOf,
  cellsOf,
  choiceLists,
  keepAssertions,
  keptProperties,
  newVocabulary,
  slotDomain,
  targetDomain,
} from './vocabulary.ts'
import { slotsOf } from './slots.ts'

interface Export {
  readonly vocabulary: Vocabulary
  readonly arrays: PromelaScope['arrays']
  /** Long conditions of assertions, from text to the name of their macro. */
  readonly conditions: Map<string, string>
  /** Names of the variables that hold what a slot was before the step. */
  readonly before: Map<number, string>
  /** Names of the variables that hold whether a property holds. */
  readonly verdicts: Map<number, string>
  readonly invariants: ReadonlyMap<number, { readonly name: string; readonly expr: LExpr }>
}

const LONG_CONDITION = 90

function scopeOf(ex: Export, chosen: ReadonlyMap<number, number> = new Map()): PromelaScope {
  const before = (slot: number): string => {
    const known = ex.before.get(slot) ?? ex.vocabulary.take(`old_${ex.vocabulary.variable(slot) ?? 'slot'}`)
    ex.before.set(slot, known)
    return known
  }
  return { vocabulary: ex.vocabulary, arrays: ex.arrays, chosen, before, inOld: false }
}

function verdict(ex: Export, property: number): string {
  const name = ex.verdicts.get(property) ?? ex.vocabulary.take(ex.vocabulary.model.properties[property]?.name ?? 'P')
  ex.verdicts.set(property, name)
  return name
}

function asserted(ex: Export, property: number, condition: string): readonly string[] {
  const name = verdict(ex, property)
  let text = condition
  if (text.length > LONG_CONDITION) {
    const known = ex.conditions.get(text) ?? ex.vocabulary.take(`${name}_condition`)
    ex.conditions.set(text, known)
    text = known
  }
  return [`${name} = ${text};`, `assert(${name});`]
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

/** `:: condition -> statements`, for an `if`. */
const option = (condition: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [`:: ${condition}`] : [`:: ${condition} ->`, ...indented(indented(lines))]

function statement(stmt: LStmt, ex: Export): readonly string[] {
  const scope = scopeOf(ex)
  switch (stmt.kind) {
    case 'assert':
      return asserted(ex, stmt.property, value(stmt.cond, scope, undefined))
    case 'if': {
      const condition = bare(value(stmt.cond, scope, undefined))
      const then = stmt.then.flatMap((s) => statement(s, ex))
      const otherwise = stmt.else.flatMap((s) => statement(s, ex))
      return ['if', ...option(condition, then), ...option('else', otherwise), 'fi;']
    }
    case 'set': {
      const { target } = stmt
      const written = bare(value(stmt.value, scope, targetDomain(ex.vocabulary.model, target)))
      if (target.kind === 'slot') {
        const name = ex.vocabulary.variable(target.slot)
        return name === undefined ? [] : [`${name} = ${written};`]
      }
      const indices = target.index.map(({ expr }) => value(expr, scope, undefined))
      const options = cellsOf(target.base, target.index).flatMap((cell) => {
        const name = ex.vocabulary.variable(cell.slot)
        return name === undefined ? [] : [`:: ${bare(cellTest(target, cell, indices, scope))} -> ${name} = ${written}`]
      })
      return options.length === 0 ? [] : ['if', ...options, ':: else', 'fi;']
    }
  }
}

/** The step with these choices made, as one option of its thread's loop; none where its guard cannot hold. */
function stepOption(step: Step, choices: readonly number[], ex: Export): readonly string[] {
  const { model, ranges } = ex.vocabulary
  const chosen = new Map(step.choices.map(({ slot }, i) => [slot, choices[i] ?? 0]))
  const within = ranges.map((range, slot) => {
    const v = chosen.get(slot)
    return v === undefined ? range : { lo: v, hi: v }
  })
  const guard = fold(step.guard, within)
  if (guard.kind === 'const' && guard.value === 0) return []
  const scope = scopeOf(ex, chosen)
  const pcSlot = model.threads[step.thread]?.pcSlot ?? -1
  const pc = ex.vocabulary.variable(pcSlot)
  const here = literal(step.pc, slotDomain(model, pcSlot), ex.vocabulary)
  const tests = [
    ...(pc === undefined ? [] : [`${pc} == ${here}`]),
    ...(guard.kind === 'const' ? [] : [value(guard, scope, undefined)]),
  ]
  const written = new Set(writes(step, ranges).map(({ slot }) => slot))
  const body = step.body.flatMap((stmt) => statement(stmt, ex))
  const checked = [...ex.invariants].flatMap(([property, { name, expr }]) =>
    [...slotsOf(expr)].some((slot) => written.has(slot)) ? asserted(ex, property, name) : [],
  )
  const olds = new Set(assertionsOf(step.body).flatMap(({ cond }) => [...slotsOf(cond, 'old')]))
  const saved = [...olds].flatMap((slot) => {
    const name = ex.vocabulary.variable(slot)
    return name === undefined ? [] : [`${scope.before(slot)} = ${name};`]
  })
  const set = step.choices.flatMap(({ slot }, i) => {
    const name = ex.vocabulary.variable(slot)
    return name === undefined ? [] : [`${name} = ${literal(choices[i] ?? 0, slotDomain(model, slot), ex.vocabulary)};`]
  })
  const lines = [...saved, ...set, ...body, ...checked]
  const condition = tests.length === 0 ? 'true' : tests.length === 1 ? bare(tests.join('')) : tests.join(' && ')
  return [`:: d_step { ${condition} ->`, ...indented(indented(lines.length === 0 ? ['skip'] : lines)), '   }']
}

function stepText(step: Step, ex: Export): readonly string[] {
  const options = choiceLists(step).flatMap((choices) => stepOption(step, choices, ex))
  const frame = step.frames[step.frames.length - 1]
  const where = frame === undefined ? '' : `: ${frame.fn}, ${frame.file}`
  const about = [
    `${step.label}${where}`,
    ...(step.text === '' ? [] : [`  ${step.text}`]),
    ...(step.atomic === undefined ? [] : [`  one step: ${step.atomic}`]),
  ]
  return [...about.map((line) => `/* ${commentText(line)} */`), ...options]
}

function threadText(thread: number, end: string, ex: Export): readonly string[] {
  const steps = ex.vocabulary.model.steps.filter((step) => step.thread === thread)
  const lines = steps.flatMap((step) => stepText(step, ex))
  if (!lines.some((line) => line.startsWith('::'))) return []
  return [
    `active proctype ${ex.vocabulary.threadName(thread)}()`,
    '{',
    ...indented([`${end}do`, ...lines, 'od']),
    '}',
    '',
  ]
}

const typeOf = (lo: number, hi: number, hidden: boolean): string =>
  lo === 0 && hi === 1 && !hidden
    ? 'bit'
    : lo >= 0 && hi <= 255
      ? 'byte'
      : lo >= -32768 && hi <= 32767
        ? 'short'
        : 'int'

function declarations(ex: Export): readonly string[] {
  const { model, ranges, varying } = ex.vocabulary
  const lines = varying.map((slot) => {
    const { lo, hi } = ranges[slot] ?? { lo: 0, hi: 0 }
    const { name = '', init = 0 } = model.slots[slot] ?? {}
    const text = literal(init, slotDomain(model, slot), ex.vocabulary)
    const initial = init === 0 ? '' : ` = ${bare(text)}`
    return `${typeOf(lo, hi, false).padEnd(5)} ${ex.vocabulary.variable(slot) ?? ''}${initial};  /* ${commentText(name)} */`
  })
  const saved = [...ex.before].map(([slot, name]) => {
    const { lo, hi } = ranges[slot] ?? { lo: 0, hi: 0 }
    return `hidden ${typeOf(lo, hi, true)} ${name};`
  })
  const verdicts = [...ex.verdicts.values()].map((name) => `hidden byte ${name};`)
  return [
    ...lines,
    ...(saved.length === 0 ? [] : ['', '/* What was there before a step; no part of the state. */', ...saved]),
    ...(verdicts.length === 0 ? [] : ['', '/* Whether each property holds; no part of the state. */', ...verdicts]),
    '',
  ]
}

/** Conjunction over the invariants of each property, named. */
function namedInvariants(vocabulary: Vocabulary, kept: ReadonlySet<number>): Export['invariants'] {
  const found = new Map<number, { readonly name: string; readonly expr: LExpr }>()
  for (const { property, expr } of vocabulary.model.invariants.filter((i: LInvariant) => kept.has(i.property))) {
    const before = found.get(property)
    const name = before?.name ?? vocabulary.take(`${vocabulary.model.properties[property]?.name ?? 'P'}_invariant`)
    found.set(property, {
      name,
      expr: before === undefined ? expr : { kind: 'binary', op: 'and', left: before.expr, right: expr },
    })
  }
  return found
}

/**
 * A process that makes SPIN's invalid end states our deadlocks, and one that looks at the initial state
 * where that is bad already. Neither ever changes the state.
 */
function watchers(deadlock: boolean, bad: readonly number[], ex: Export): readonly string[] {
  const { model, take, varying } = ex.vocabulary
  const done = model.threads.flatMap(({ daemon, pcSlot, donePc }) => {
    if (daemon) return []
    const here = literal(donePc, slotDomain(model, pcSlot), ex.vocabulary)
    return [`${slotText(pcSlot, scopeOf(ex))} == ${here}`]
  })
  const final = done.length === 0 ? 'true' : done.join(' && ')
  const start = varying.map((slot) => {
    const init = literal(model.slots[slot]?.init ?? 0, slotDomain(model, slot), ex.vocabulary)
    return `${ex.vocabulary.variable(slot) ?? ''} == ${init}`
  })
  const checks = bad.flatMap((property) => asserted(ex, property, ex.invariants.get(property)?.name ?? '0'))
  const first =
    checks.length === 0
      ? []
      : [`active proctype ${take('start')}()`, '{', '  /* The initial state is bad already. */', '  do']
          .concat([`  :: d_step { ${start.length === 0 ? 'true' : start.join(' && ')} ->`])
          .concat(indented(indented(indented(checks))), ['     }', '  od', '}', ''])
  const last = deadlock
    ? ['/* Where all is done this can run for ever: so a state in which nothing can run is a deadlock. */'].concat([
        `active proctype ${take('all_done')}()`,
        '{',
        '  do',
        `  :: ${final}`,
        '  od',
        '}',
        '',
      ])
    : []
  return [...first, ...last]
}

function headerText(ex: Export, model: LoweredModel, header: ExportHeader): readonly string[] {
  const file = `${fileName(header)}.pml`
  const depth = Math.max(10_000, (header.states ?? 1_000_000) + 10)
  const bytes = ex.vocabulary.varying.length * 4 + 256
  const flags = `-O2 -DSAFETY -DNOREDUCE${bytes > 1024 ? ` -DVECTORSZ=${bytes}` : ''}`
  return [
    `${header.scenario} on ${header.kernel}: a model of Linux mm, exported by mmcheck for SPIN.`,
    '',
    `spin -a -o2 ${file} && gcc ${flags} -o pan pan.c`,
    `./pan -A -E -m${depth}   # every state; its "states, stored" is the number below`,
    `./pan -m${depth}         # up to the first violation; spin -t -p ${file} shows it`,
    `./pan -c0 -m${depth}     # every state, counting violations`,
    '',
    ...expectation(model, header),
    'One transition of mmcheck is one d_step here, and every variable is global, so the states are the',
    'same, one by one. Without -o2 SPIN drops variables that are only written, and with them states.',
    '',
    ...(header.about ?? []),
  ]
}

/**
 * The model as Promela text. SPIN, run as the header says, stores exactly the states that our engines
 * count. An assertion that fails names its property; an invalid end state is a deadlock. Throws on a
 * model that has numbers which are none, or arrays of more than 4096 cells.
 */
export function toPromela(model: LoweredModel, header: ExportHeader, options: ExportOptions = {}): string {
  const kept = keptProperties(model, options.properties)
  const cut = { ...model, steps: model.steps.map((s) => ({ ...s, body: keepAssertions(s.body, kept) })) }
  const vocabulary = newVocabulary(cut, PROMELA_WORDS)
  const invariants = namedInvariants(vocabulary, kept)
  const ex: Export = {
    vocabulary,
    arrays: new Map(),
    conditions: new Map(),
    before: new Map(),
    verdicts: new Map(),
    invariants,
  }
  const deadlock = model.properties.some(({ kind }, i) => kind === 'deadlock' && kept.has(i))
  const bad = brokenInvariants(model, initialState(model)).filter((property) => kept.has(property))
  const threads = model.threads.flatMap((_, thread) => threadText(thread, deadlock ? '' : 'end: ', ex))
  const watching = watchers(deadlock, bad, ex)
  const idle = threads.length + watching.length === 0 ? ['active proctype idle() { end: false }', ''] : []
  const invariantLines = [...invariants.values()].map(
    ({ name, expr }) => `#define ${name} ${value(expr, scopeOf(ex), undefined)}`,
  )
  const conditions = [...ex.conditions].map(([text, name]) => `#define ${name} ${text}`)
  const variables = declarations(ex)
  const constants = vocabulary
    .constants()
    .flatMap(({ group, named }) => [
      `/* ${commentText(group)} */`,
      ...named.map(([name, v]) => `#define ${name} ${v}`),
      '',
    ])
  const arrays = [...ex.arrays.values()].map(({ text }) => `#define ${text}`)
  const macros = [...arrays, ...invariantLines, ...conditions]
  return [
    '/*',
    ...headerText(ex, model, header).map((line) => ` * ${commentText(line)}`.trimEnd()),
    ' */',
    '',
    ...constants,
    ...variables,
    ...(macros.length === 0 ? [] : ['/* An array read outside its bounds gives 0. */', ...macros, '']),
    ...threads,
    ...watching,
    ...idle,
  ].join('\n')
}
