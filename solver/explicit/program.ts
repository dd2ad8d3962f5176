/**
 * The program of one model: JavaScript generated and compiled at run time, all that a search does
 * for every state. The loops are generated too, so that the words of a state are variables.
 */
import type { LExpr, LoweredModel, Step } from '../../model/language/lowered.ts'
import { rangeFault } from '../range_fault.ts'
import type { Scope } from './expressions.ts'
import { declarations, fieldOf, literal, test, value } from './expressions.ts'
import type { Layout } from './layout.ts'
import { eachWord, stepFunction } from './steps.ts'

/** The first state of from..to-1 that the scan looks for, or -1. */
export type Scan = (arena: Int32Array, from: number, to: number) => number

/**
 * Writes the successors by one thread of state `id` to `out` from `o` on, and gives where it stopped.
 */
export type Expand = (arena: Int32Array, id: number, o: number) => number

/** Functions over a table of state numbers, open addressing, a power of two long, 0 for a free entry. */
export interface Generated {
  /**
   * Expands states from `head` on, until `end` or until there are more than `stop` states, and gives
   * the first that it did not expand. `control` holds the number of states, the transitions taken
   * (counted up) and the first deadlock (-1 while none).
   */
  readonly expand: (
    head: number,
    end: number,
    stop: number,
    table: Int32Array,
    arena: Int32Array,
    parents: Int32Array,
    control: Int32Array,
  ) => number
  /** Puts the first `count` states of the arena into an empty table. */
  readonly enter: (table: Int32Array, arena: Int32Array, count: number) => void
  /** The number of the state whose words stand in `out` at `o`, or -1. */
  readonly find: (table: Int32Array, arena: Int32Array, o: number) => number
  readonly threads: readonly Expand[]
  /** Where each invariant of the model is broken. */
  readonly broken: readonly Scan[]
  readonly covers: readonly Scan[]
  readonly final: Scan
  /** Where the model's `final` condition is met. */
  readonly satisfying: Scan
  /** For each response that the model asks for: where it is asked for and not given, and where it is not given. */
  readonly responses: readonly { readonly starts: Scan; readonly open: Scan }[]
}

export interface Program extends Generated {
  /** Successors, `layout.words` words each. */
  readonly out: Int32Array
  /** The most successors that a state can have. */
  readonly successorsMax: number
  /** Non-zero where a step ran, by its place in the model. */
  readonly ran: Uint8Array
  /** The first state from which an assertion of a property failed, or -1, by property number. */
  readonly failed: Int32Array
  /** The same functions on the same arrays, made for a long search. */
  readonly whole: () => Generated
}

const SUCCESSORS_MAX = 2 ** 24
const HASH_FACTORS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1]

/** Statements that mix the words, named by `word`, into `h`. */
function hash(layout: Layout, word: (w: number) => string): string {
  const factor = (w: number): string => literal((HASH_FACTORS[w % HASH_FACTORS.length] ?? 1) | 0)
  const mix = eachWord(layout, (w) => `h=Math.imul(h^${word(w)},${factor(w)});h^=h>>>15;`, '')
  return `let h=0;${mix}h=Math.imul(h,739982445);h^=h>>>15;`
}

interface Indexed {
  readonly step: Step
  /** Its place in `steps` of the model, which names its function. */
  readonly index: number
}

/** The steps of a thread by program counter, ascending. */
function byPc(model: LoweredModel, thread: number): readonly (readonly [number, readonly Indexed[]])[] {
  const groups = new Map<number, Indexed[]>()
  model.steps.forEach((step, index) => {
    if (step.thread === thread) groups.set(step.pc, [...(groups.get(step.pc) ?? []), { step, index }])
  })
  return [...groups].sort(([a], [b]) => a - b)
}

/** The most successors that a state can have. Throws where that is absurd. */
function mostSuccessors(model: LoweredModel): number {
  const ofStep = ({ step }: Indexed): number => step.choices.reduce((n, { lo, hi }) => n * Math.max(0, hi - lo + 1), 1)
  const ofThread = (t: number): number =>
    byPc(model, t).reduce(
      (most, [, steps]) =>
        Math.max(
          most,
          steps.reduce((n, s) => n + ofStep(s), 0),
        ),
      0,
    )
  const most = model.threads.reduce((n, _, t) => n + ofThread(t), 0)
  if (most > SUCCESSORS_MAX) throw new Error(`a state can have ${most} successors, too many for the explicit engine`)
  return most
}

function threadFunction(model: LoweredModel, layout: Layout, thread: number, how: Making): string {
  const words = eachWord(layout, (w) => `s${w}`)
  const slot = model.threads[thread]?.pcSlot ?? -1
  const word = (w: number): string => `s${w}`
  const pc = value({ kind: 'slot', slot }, { layout, word, oldWord: word, temporaries: { count: 0 } })
  const cases = byPc(model, thread).map(([at, steps]) => {
    const making = (index: number): string =>
      how === 'whole' ? '' : `if(step${index}===null)step${index}=make(${index});`
    const calls = steps.map(({ index }) => `${making(index)}o=step${index}(${words},id,o);`).join('')
    return `case ${literal(at)}:${calls}return o;`
  })
  return `function thread${thread}(${words},id,o){switch(${pc}){${cases.join('')}}return o}`
}

const load = (layout: Layout, from: string, id: string, word: string): string =>
  `const z=${id}*${layout.words}|0;${eachWord(layout, (w) => `const ${word}${w}=${from}[z+${w}|0];`, '')}`

function scanFunction(layout: Layout, condition: LExpr, holds: boolean): string {
  const read = new Set<number>()
  const word = (w: number): string => {
    read.add(w)
    return `s${w}`
  }
  const scope: Scope = { layout, word, oldWord: word, temporaries: { count: 0 } }
  const met = `${holds ? '' : '!'}${test(condition, scope)}`
  if (met === 'false' || met === '!true') return '(a,from,to)=>-1'
  const words = [...read].map((w) => `const s${w}=a[z+${w}|0];`).join('')
  return `(a,from,to)=>{${declarations(scope)}for(let i=from;i<to;i=i+1|0){const z=i*${layout.words}|0;${words}if(${met})return i}return -1}`
}

/** True where every thread that is no daemon is done. */
const finalExpr = (model: LoweredModel): LExpr =>
  model.threads
    .filter(({ daemon }) => !daemon)
    .map(({ pcSlot, donePc }): LExpr => {
      const pc: LExpr = { kind: 'slot', slot: pcSlot }
      return { kind: 'binary', op: 'eq', left: pc, right: { kind: 'const', value: donePc } }
    })
    .reduce<LExpr>((left, right) => ({ kind: 'binary', op: 'and', left, right }), { kind: 'const', value: 1 })

/**
 * When the code of a step is made: when the search first comes to it, or with all the rest. Of the catalogue's
 * models most steps never run, and on a model of some thousand states making code took longer than running it;
 * but V8 makes faster code of what it has in one piece.
 */
type Making = 'when needed' | 'whole'

function source(model: LoweredModel, layout: Layout, how: Making): string {
  const W = layout.words
  const sWords = eachWord(layout, (w) => `s${w}`)
  const threads = model.threads.map((_, t) => t)
  const equal = eachWord(layout, (w) => `a[y+${w}|0]===w${w}`, '&&')
  const loadOut = eachWord(layout, (w) => `const w${w}=out[o+${w}|0];`, '')
  const probe = (found: string, free: string): string =>
    `${hash(layout, (w) => `w${w}`)}let q=h&mask;for(;;){const e=table[q];if(e===0){${free}}const y=(e-1|0)*${W}|0;if(${equal}){${found}}q=q+1&mask}`
  const insert = `table[q]=tail+1|0;const z=tail*${W}|0;${eachWord(layout, (w) => `a[z+${w}|0]=w${w};`, '')}parents[tail]=head;tail=tail+1|0;break`
  const final = scanFunction(layout, finalExpr(model), true)
  const responses = (model.liveness?.responses ?? []).map(({ from, until }) => {
    const open: LExpr = { kind: 'not', arg: until }
    return { starts: { kind: 'binary', op: 'and', left: from, right: open } satisfies LExpr, open }
  })
  const scans = (exprs: readonly LExpr[], holds: boolean): string =>
    `[${exprs.map((expr) => scanFunction(layout, expr, holds)).join(',')}]`
  return [
    `'use strict';`,
    ...model.steps.map((step, index) =>
      how === 'whole' ? `function step${index}${stepFunction(model, layout, step, index)}` : `let step${index}=null;`,
    ),
    ...threads.map((t) => threadFunction(model, layout, t, how)),
    `const final=${final};`,
    `function expand(head,end,stop,table,a,parents,control){`,
    `const mask=table.length-1|0;let tail=control[0],taken=0;`,
    `while(head<end&&tail<=stop){${load(layout, 'a', 'head', 's')}let k=0;`,
    ...threads.map((t) => `k=thread${t}(${sWords},head,k);`),
    `if(k===0&&control[2]<0&&final(a,head,head+1|0)<0)control[2]=head;`,
    `for(let o=0;o<k;o=o+${W}|0){taken=taken+1|0;${loadOut}${probe('break', insert)}}`,
    `head=head+1|0}`,
    `control[0]=tail;control[1]=taken;return head}`,
    `function enter(table,a,count){const mask=table.length-1|0;for(let i=0;i<count;i=i+1|0){${load(layout, 'a', 'i', 'w')}`,
    `${hash(layout, (w) => `w${w}`)}let q=h&mask;while(table[q]!==0)q=q+1&mask;table[q]=i+1|0}}`,
    `function find(table,a,o){const mask=table.length-1|0;${loadOut}${probe('return e-1|0', 'return -1')}}`,
    `return{expand,enter,find,final,`,
    `threads:[${threads.map((t) => `(a,id,o)=>{${load(layout, 'a', 'id', 's')}return thread${t}(${sWords},id,o)}`).join(',')}],`,
    `broken:${scans(
      model.invariants.map(({ expr }) => expr),
      false,
    )},`,
    `covers:${scans(
      model.covers.map(({ expr }) => expr),
      true,
    )},`,
    `satisfying:${scanFunction(layout, model.final ?? { kind: 'const', value: 0 }, true)},`,
    `responses:[${responses.map(({ starts, open }) => `{starts:${scanFunction(layout, starts, true)},open:${scanFunction(layout, open, true)}}`).join(',')}]}`,
  ].join('\n')
}

/** What the code finds by these names: arrays that it shares with its caller, and functions that it may call. */
const GIVEN = ['out', 'ran', 'failed', 'fault', 'make']

/** Generates and compiles the program of a model. Throws where it does not fit the engine's limits. */
export function compile(model: LoweredModel, layout: Layout): Program {
  // The threads' program counters must exist, or the code below would read nothing.
  for (const { pcSlot } of model.threads) fieldOf(layout, pcSlot)
  const successorsMax = mostSuccessors(model)
  const out = new Int32Array(Math.max(1, successorsMax) * layout.words)
  const ran = new Uint8Array(model.steps.length)
  const failed = new Int32Array(model.properties.length).fill(-1)
  const fault = (step: number, slot: number, bad: number): never => {
    throw rangeFault(model, step, slot, bad)
  }
  const given = (): readonly unknown[] => [out, ran, failed, fault, make]
  const make = (index: number): unknown => {
    const step = model.steps[index]
    if (step === undefined) throw new Error(`no step ${index} in a model of ${model.steps.length} steps`)
    return new Function(...GIVEN, `'use strict';return(function${stepFunction(model, layout, step, index)})`)(
      ...given(),
    )
  }
  const generate = (how: Making): Generated => {
    const made: Generated = new Function(...GIVEN, source(model, layout, how))(...given())
    return made
  }
  const common = { out, successorsMax, ran, failed }
  const program = generate('when needed')
  return { ...program, ...common, whole: () => generate('whole') }
}
