/** A lowered model as a TLA+ module, for TLC: nobody has to trust our engines. */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { expectation, fileName, type ExportHeader, type ExportOptions } from './header.ts'
import { commentText, wrapList } from './names.ts'
import { TLA_WORDS } from './reserved.ts'
import { execute, literal, test, value, writeOut, type Environment, type TlaScope } from './tla_step.ts'
import { keepAssertions, keptProperties, newVocabulary, slotDomain, type Vocabulary } from './vocabulary.ts'

export interface TlaExport {
  /** Name of the module, which its file must have too: `<module>.tla`. */
  readonly module: string
  readonly tla: string
  readonly cfg: string
}

const WIDTH = 100

/** Variables that stand together in the text, and a name for all of them. */
interface Group {
  readonly name: string
  readonly about: string
  readonly slots: readonly number[]
}

const scopeOf = (vocabulary: Vocabulary, arrays: TlaScope['arrays'], env: Environment): TlaScope => ({
  vocabulary,
  arrays,
  env,
  definitions: [],
  assertions: [],
})

/** One group per thread for its locals, and one for what they share. */
function groupsOf(vocabulary: Vocabulary): readonly Group[] {
  const { model, varying, take, threadName } = vocabulary
  const owner = (slot: number): number | undefined => model.slots[slot]?.thread ?? ownerOfPc(model, slot)
  const shared: Group = {
    name: take('shared_vars'),
    about: 'what the threads share',
    slots: varying.filter((slot) => owner(slot) === undefined),
  }
  const own = model.threads.map((_, thread): Group => ({
    name: take(`${threadName(thread)}_vars`),
    about: `locals of ${threadName(thread)}`,
    slots: varying.filter((slot) => owner(slot) === thread),
  }))
  return [shared, ...own].filter(({ slots }) => slots.length > 0)
}

function ownerOfPc(model: LoweredModel, slot: number): number | undefined {
  const thread = model.threads.findIndex(({ pcSlot }) => pcSlot === slot)
  return thread < 0 ? undefined : thread
}

/** `UNCHANGED <<...>>` of all variables but those written; whole groups by their names. */
function unchanged(groups: readonly Group[], written: ReadonlySet<number>, vocabulary: Vocabulary): readonly string[] {
  const kept = groups.flatMap(({ name, slots }) =>
    slots.some((slot) => written.has(slot))
      ? slots.flatMap((slot) => (written.has(slot) ? [] : [vocabulary.variable(slot) ?? '']))
      : [name],
  )
  // A model in which nothing ever changes has a variable all the same, as TLA+ wants one.
  if (groups.length === 0) return ['/\\ UNCHANGED nothing']
  if (kept.length === 0) return []
  const [first = '', ...rest] = wrapList(kept, WIDTH)
  return [`/\\ UNCHANGED <<${[first, ...rest.map((line) => `                 ${line}`)].join('\n')}>>`]
}

function comment(step: Step): readonly string[] {
  const frame = step.frames[step.frames.length - 1]
  const where = frame === undefined ? '' : `: ${frame.fn}, ${frame.file}`
  const atomic = step.atomic === undefined ? [] : [`  one step: ${step.atomic}`]
  const lines = [`${step.label}${where}`, ...(step.text === '' ? [] : [`  ${step.text}`]), ...atomic]
  return lines.map((line) => `\\* ${commentText(line)}`)
}

function action(step: Step, vocabulary: Vocabulary, arrays: TlaScope['arrays'], groups: readonly Group[]): string {
  const { model } = vocabulary
  const env: Environment = new Map()
  const chosen = step.choices.map(({ slot, lo, hi }, i) => {
    const domain = slotDomain(model, slot)
    const name = `choice__${i + 1}`
    if (vocabulary.variable(slot) !== undefined) env.set(slot, [name])
    return `\\E ${name} \\in ${literal(lo, domain, vocabulary)}..${literal(hi, domain, vocabulary)} : `
  })
  const scope = scopeOf(vocabulary, arrays, env)
  const pcSlot = model.threads[step.thread]?.pcSlot ?? -1
  const pc = vocabulary.variable(pcSlot)
  const here = pc === undefined ? [] : [`/\\ ${pc} = ${literal(step.pc, slotDomain(model, pcSlot), vocabulary)}`]
  const open = step.guard.kind === 'const' && step.guard.value !== 0
  const guard = open ? [] : [test(step.guard, scope)]
  execute(step.body, scope)
  const changes = [...env].filter(([slot, text]) => text.length !== 1 || text[0] !== vocabulary.variable(slot))
  const asserts = scope.assertions.map(({ property, path, cond }) => {
    const name = model.properties[property]?.name ?? ''
    const parts = path.flatMap((text, i) => (i === 0 ? text : [' /\\ ', ...text]))
    const condition = path.length === 0 ? cond : ['(', ...parts, ') => ', ...cond]
    return ['Assert(', ...condition, `, "${name.replace(/[^A-Za-z0-9 ]/g, '_')}")`]
  })
  const assigned = changes.map(([slot, text]) => [`${vocabulary.variable(slot) ?? ''}' = `, ...text])
  const { texts, lets } = writeOut([...guard, ...asserts, ...assigned], scope.definitions)
  const conjuncts = [
    ...texts.map((text) => `/\\ ${text}`),
    ...unchanged(groups, new Set(changes.map(([slot]) => slot)), vocabulary),
  ]
  const inner =
    lets.length === 0
      ? conjuncts
      : [`/\\ LET ${lets.map((l, i) => (i === 0 ? l : `       ${l}`)).join('\n')}`, `   IN  ${indent(conjuncts, 7)}`]
  const lines = chosen.length === 0 ? inner : [`/\\ ${chosen.join('')}`, `     ${indent(inner, 5)}`]
  return [...comment(step), `${vocabulary.stepName(step)} ==`, `  ${indent([...here, ...lines], 2)}`, ''].join('\n')
}

/** Lines below each other, each continued one indented like its first. */
const indent = (lines: readonly string[], columns: number): string =>
  lines
    .join('\n')
    .split('\n')
    .join(`\n${' '.repeat(columns)}`)

const list = (words: readonly string[], columns: number): string =>
  wrapList(words, WIDTH - columns).join(`\n${' '.repeat(columns)}`)

const OPERATORS = `AsInt(b) == IF b THEN 1 ELSE 0
RECURSIVE BitAnd(_, _)
BitAnd(a, b) ==
  IF a = 0 \\/ b = 0 THEN 0
  ELSE IF a = -1 THEN b
  ELSE IF b = -1 THEN a
  ELSE 2 * BitAnd(a \\div 2, b \\div 2) + (a % 2) * (b % 2)
BitOr(a, b) == a + b - BitAnd(a, b)
BitAndNot(a, b) == a - BitAnd(a, b)
`

/**
 * The model as the text of a TLA+ module and of TLC's configuration. Each step is an action; TLC finds
 * as many distinct states as our engines count. A failed assertion names its property, the state
 * invariants are named definitions, and TLC's deadlocks are ours. Throws as `toPromela` does.
 */
export function toTla(model: LoweredModel, header: ExportHeader, options: ExportOptions = {}): TlaExport {
  const kept = keptProperties(model, options.properties)
  const cut = { ...model, steps: model.steps.map((s) => ({ ...s, body: keepAssertions(s.body, kept) })) }
  const vocabulary = newVocabulary(cut, TLA_WORDS)
  const { varying, ranges } = vocabulary
  const arrays: TlaScope['arrays'] = new Map()
  const groups = groupsOf(vocabulary)
  const name = (slot: number): string => vocabulary.variable(slot) ?? ''
  const plain = scopeOf(vocabulary, arrays, new Map())
  const text = (parts: ReturnType<typeof test>): string => writeOut([parts], plain.definitions).texts.join('')

  const actions = vocabulary.model.steps.map((step) => action(step, vocabulary, arrays, groups))
  const invariants = [...new Set(vocabulary.model.invariants.map(({ property }) => property))]
    .filter((property) => kept.has(property))
    .map((property) => {
      const parts = vocabulary.model.invariants.filter((i) => i.property === property).map(({ expr }) => expr)
      const lines = parts.map((expr) => `  /\\ ${text(test(expr, plain))}`)
      return { name: vocabulary.take(model.properties[property]?.name ?? 'Invariant'), lines }
    })
  const done = model.threads.flatMap(({ daemon, pcSlot, donePc }) => {
    if (daemon) return []
    const slot = { kind: 'slot', slot: pcSlot } as const
    return [`${text(value(slot, plain, undefined))} = ${literal(donePc, slotDomain(model, pcSlot), vocabulary)}`]
  })
  const byThread = model.threads.flatMap((_, thread) => {
    const steps = vocabulary.model.steps.filter((step) => step.thread === thread)
    if (steps.length === 0) return []
    return [{ name: vocabulary.threadName(thread), lines: steps.map((s) => `  \\/ ${vocabulary.stepName(s)}`) }]
  })
  const init = varying.map(
    (slot) => `  /\\ ${name(slot)} = ${literal(model.slots[slot]?.init ?? 0, slotDomain(model, slot), vocabulary)}`,
  )
  const types = varying.map((slot) => `  /\\ ${name(slot)} \\in ${ranges[slot]?.lo ?? 0}..${ranges[slot]?.hi ?? 0}`)
  const constants = vocabulary
    .constants()
    .flatMap(({ group, named }) => [`\\* ${commentText(group)}`, ...named.map(([c, v]) => `${c} == ${v}`), ''])
  const module = fileName(header)
  const deadlock = model.properties.some(({ kind }, i) => kind === 'deadlock' && kept.has(i))
  const about = [
    `${header.scenario} on ${header.kernel}: a model of Linux mm, exported by mmcheck for TLC.`,
    '',
    `java -cp tla2tools.jar tlc2.TLC -config ${module}.cfg ${module}.tla`,
    '',
    ...expectation(model, header),
    'One transition of mmcheck is one action here, so TLC\'s "distinct states" are the same, one by one.',
    "TLC stops at the first violation; 'mmcheck export --no-assertions' leaves the checks out.",
    '',
    ...(header.about ?? []),
  ]
  const empty = varying.length === 0
  const parts = empty ? ['nothing'] : groups.map((g) => g.name)
  const sections = [
    `---- MODULE ${module} ----`,
    ...about.map((line) => `\\* ${commentText(line)}`.trimEnd()),
    '',
    'EXTENDS Integers, TLC',
    '',
    ...constants,
    ...(empty ? ['VARIABLES', '  nothing', ''] : ['VARIABLES', ...variableLines(groups, vocabulary), '']),
    ...groups.map((g) => `${g.name} == <<${list(g.slots.map(name), g.name.length + 6)}>>`),
    `vars == <<${list(parts, 10)}>>`,
    '',
    'Init ==',
    ...(empty ? ['  nothing = 0'] : init),
    '',
    'TypeOK ==',
    ...(empty ? ['  nothing = 0'] : types),
    '',
    '\\* Truth values as numbers; masks, bit by bit, as in C.',
    OPERATORS,
    ...(arrays.size === 0 ? [] : ['\\* Arrays; one read outside its bounds gives 0.']),
    ...[...arrays.values()].map((array) => array.text),
    '',
    ...invariants.flatMap((i) => [`${i.name} ==`, ...i.lines, '']),
    ...actions,
    ...byThread.flatMap((t) => [`${t.name} ==`, ...t.lines, '']),
    `Final == ${done.length === 0 ? 'TRUE' : done.join(' /\\ ')}`,
    '\\* So that a state in which nothing can run, though not all is done, is a deadlock for TLC as well.',
    // The groups by name: not every reader of TLA+ looks into a tuple of tuples, as `vars` is.
    `Finished == Final /\\ UNCHANGED <<${list(parts, 35)}>>`,
    '',
    'Next ==',
    ...byThread.map((t) => `  \\/ ${t.name}`),
    '  \\/ Finished',
    '',
    'Spec == Init /\\ [][Next]_vars',
    '====',
    '',
  ]
  const cfg = [
    'SPECIFICATION Spec',
    'INVARIANTS',
    ...['TypeOK', ...invariants.map((i) => i.name)].map((i) => `  ${i}`),
    `CHECK_DEADLOCK ${deadlock ? 'TRUE' : 'FALSE'}`,
    '',
  ]
  return { module, tla: sections.join('\n'), cfg: cfg.join('\n') }
}

/** One variable to a line, with the name that mmcheck prints for it. */
function variableLines(groups: readonly Group[], vocabulary: Vocabulary): readonly string[] {
  const all = groups.flatMap(({ slots }) => slots)
  const heads = new Map(groups.map(({ slots, about }) => [slots[0], about]))
  return all.flatMap((slot, i) => {
    const about = heads.get(slot)
    const variable = `${vocabulary.variable(slot) ?? ''}${i === all.length - 1 ? '' : ','}`
    const shown = `  ${variable}  \\* ${commentText(vocabulary.model.slots[slot]?.name ?? '')}`
    return about === undefined ? [shown] : [`  \\* ${commentText(about)}`, shown]
  })
}
