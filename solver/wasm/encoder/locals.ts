/**
 * Places for the locals of a function: those that are never alive at once share one. Code that unrolls what it says of
 * all objects asks for thousands, and V8's first compiler keeps the place of each of them at each block: a function of
 * 8,000 locals took it eleven seconds and 5 GB.
 */
import type { Local, Node } from './code.ts'
import type { Func } from './func.ts'
import type { ValueType } from './opcodes.ts'

/** A sequence of code that is left as a whole: the body of a block or loop, an arm of an `if`, or all. */
interface Body {
  /** Bodies around it. */
  readonly depth: number
  readonly loop: boolean
  /** How many uses of locals come before its end; known when it is passed. */
  end: number
}

/** Of one local: from its first use to its last, as numbers of the uses of all locals, in the order of the code. */
interface Span {
  readonly local: Local
  /** Where it is first set; undefined where it is read before, or read where it may not have been set. */
  home: Body | undefined
  readonly first: number
  last: number
  /** Loops within its home in which it is used: they may come back to the use. */
  readonly loops: Body[]
}

/** The spans of all locals beyond the parameters, in the order in which they begin. */
function spansOf({ params, body }: Func): readonly Span[] {
  const spans = new Map<number, Span>()
  const around: Body[] = []
  let uses = 0

  const use = (local: Local, sets: boolean): void => {
    if (local.index < params.length) return
    const at = uses++
    const span = spans.get(local.index)
    if (span === undefined) {
      spans.set(local.index, { local, home: sets ? around.at(-1) : undefined, first: at, last: at, loops: [] })
      return
    }
    span.last = at
    const { home } = span
    if (home === undefined) return
    // Outside of the body that sets it first, it may not have been set at all.
    if (around[home.depth] !== home) span.home = undefined
    const again = around.find((b, depth) => b.loop && depth > home.depth)
    if (again !== undefined && span.loops.at(-1) !== again) span.loops.push(again)
  }
  const within = (nodes: readonly Node[], loop: boolean): void => {
    const body: Body = { depth: around.length, loop, end: 0 }
    around.push(body)
    all(nodes)
    around.pop()
    body.end = uses
  }
  const all = (nodes: readonly Node[]): void => {
    for (const node of nodes) visit(node)
  }
  const visit = (node: Node): void => {
    switch (node.kind) {
      case 'i32':
      case 'i64':
      case 'getGlobal':
        return
      case 'get':
        use(node.local, false)
        return
      case 'set':
      case 'tee':
        visit(node.value)
        use(node.local, true)
        return
      case 'setGlobal':
        visit(node.value)
        return
      case 'load':
        visit(node.address)
        return
      case 'store':
        visit(node.address)
        visit(node.value)
        return
      case 'op':
      case 'atomic':
      case 'call':
        all(node.args)
        return
      case 'block':
      case 'loop':
        within(node.body, node.kind === 'loop')
        return
      case 'if':
        visit(node.cond)
        within(node.then, false)
        within(node.else, false)
        return
      case 'branch':
        if (node.cond !== undefined) visit(node.cond)
        return
      case 'table':
        visit(node.index)
        return
      case 'return':
        if (node.value !== undefined) visit(node.value)
        return
    }
  }
  within(body, false)
  return [...spans.values()]
}

export interface Places {
  /** Types of the places beyond the parameters. */
  readonly types: readonly ValueType[]
  readonly placeOf: (local: Local) => number
}

/** Gives each local that is used a place, by a linear scan over their spans. */
export function placesOf(func: Func): Places {
  const types: ValueType[] = []
  const places = new Map<number, number>()
  /** Places that are taken, by the use after which they are free. */
  let taken: { readonly until: number; readonly place: number }[] = []
  const free = new Map<ValueType, number[]>()
  const freeOf = (type: ValueType): number[] => {
    const list = free.get(type) ?? []
    free.set(type, list)
    return list
  }
  for (const { local, home, first, last, loops } of spansOf(func)) {
    const { type, index } = local
    if (home === undefined) {
      places.set(index, types.push(type) - 1)
      continue
    }
    const over = taken.filter(({ until }) => until < first)
    taken = taken.filter(({ until }) => until >= first)
    for (const { place } of over) freeOf(types[place] ?? type).push(place)
    const place = freeOf(type).pop() ?? types.push(type) - 1
    places.set(index, place)
    taken.push({ until: Math.max(last, ...loops.map((l) => l.end)), place })
  }
  const { length } = func.params
  return {
    types,
    placeOf: ({ index }) => (index < length ? index : length + (places.get(index) ?? 0)),
  }
}
