/** WebAssembly of the values of one component: each is stored once, and numbered in the order of its coming. */
import type { Component, Field } from './components.ts'
import type { Global, Local, Node } from './encoder/code.ts'
import {
  add,
  branch,
  branchIf,
  extend,
  forEver,
  get,
  getGlobal,
  giveBack,
  i32,
  i64,
  increment,
  load,
  op,
  set,
  setGlobal,
  shl,
  store,
  sub,
  tee,
  when,
  whileLoop,
  wrap,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { Plan } from './plan.ts'
import { alone, held, setFull, valuesCell } from './cells.ts'
import { ownFrame } from './frames.ts'
import { GOLDEN } from './mixing.ts'
import { componentGlobals } from './plan.ts'

/** With a prime of the splitmix64 generator. */
const FACTORS = [GOLDEN, 0xbf58476d1ce4e5b9n]

/** Fields of a component, word by word. */
function fieldsByWord({ composition }: Plan, component: Component): readonly (readonly (readonly [number, Field])[])[] {
  return Array.from({ length: component.words }, (_, word) =>
    component.slots.flatMap((slot) => {
      const field = composition.fields[slot]
      return field?.word === word ? [[slot, field] as const] : []
    }),
  )
}

const bitMask = (bits: number): bigint => (1n << BigInt(bits)) - 1n

/** The value of a slot whose word is in `word`, 32 bits. */
export function unpacked({ shift, bits, lo }: Field, word: Node): Node {
  const shifted = shift === 0 ? word : op('i64.shr_u', word, i64(BigInt(shift)))
  const masked = wrap(op('i64.and', shifted, i64(bitMask(bits))))
  return lo === 0 ? masked : add(masked, i32(lo))
}

/** `unpack{c}(value)`: puts a value's slots where steps find them, unless they are there already. */
function unpackFunction(plan: Plan, component: Component): Func {
  const { values, loaded } = componentGlobals(component.index)
  const { now, before } = plan.addresses
  return func(`unpack${component.index}`, ['i32'], [], ([number], local) => {
    const at = local('i32')
    const word = local('i64')
    const held = local('i32')
    const frame = ownFrame(plan)
    const bytes = 8 * component.words
    const each = fieldsByWord(plan, component).flatMap((fields, w) => [
      set(word, load('i64.load', get(at), 8 * w)),
      ...fields.flatMap(([slot, field]) => [
        store('i32.store', frame, tee(held, unpacked(field, get(word))), now + 4 * slot),
        store('i32.store', frame, get(held), before + 4 * slot),
      ]),
    ])
    return [
      when(op('i32.ne', getGlobal(loaded), add(get(number), i32(1))), [
        setGlobal(loaded, add(get(number), i32(1))),
        set(at, add(getGlobal(values), op('i32.mul', get(number), i32(bytes)))),
        ...each,
      ]),
    ]
  })
}

/** Where in the table the search for a value with these words begins. */
function start(words: readonly Local[], mask: Global): Node {
  const hash = words.reduce<Node>((h, word, w) => {
    const mixed = op('i64.mul', op('i64.xor', h, get(word)), i64(FACTORS[w % 2] ?? 1n))
    return w === words.length - 1 ? mixed : op('i64.add', mixed, op('i64.shr_u', get(word), i64(29n)))
  }, i64(0n))
  return op('i32.and', wrap(op('i64.shr_u', hash, i64(32n))), getGlobal(mask))
}

const entry = (table: Global, at: Local): Node => add(getGlobal(table), shl(get(at), 2))

/** `intern{c}()`: the number of the value that the slots hold now; a new one where it never was before. */
function internFunction(plan: Plan, component: Component): Func {
  const { values, table, mask, capacity } = componentGlobals(component.index)
  const count = valuesCell(plan, component.index)
  return func(`intern${component.index}`, [], ['i32'], (_, local) => {
    const words = Array.from({ length: component.words }, () => local('i64'))
    const at = local('i32')
    const number = local('i32')
    const address = local('i32')
    const bytes = 8 * component.words
    const packing = fieldsByWord(plan, component).flatMap((fields, w) => {
      const parts = fields.map(([slot, { shift, lo }]) => {
        const now = load('i32.load', ownFrame(plan), plan.addresses.now + 4 * slot)
        const part = extend(lo === 0 ? now : sub(now, i32(lo)))
        return shift === 0 ? part : op('i64.shl', part, i64(BigInt(shift)))
      })
      const word = words[w]
      return word === undefined || parts.length === 0
        ? []
        : [
            set(
              word,
              parts.reduce((a, b) => op('i64.or', a, b)),
            ),
          ]
    })
    const stored = (w: number): Node => load('i64.load', get(address), 8 * w)
    const same = words.map((word, w) => op('i64.eq', stored(w), get(word))).reduce((a, b) => op('i32.and', a, b))
    const locate = (of: Node): Node => set(address, add(getGlobal(values), op('i32.mul', of, i32(bytes))))
    /** Looks from `at` on until the value is found, or a free place. */
    const probe = (found: readonly Node[]): Node =>
      forEver((done) => [
        // What a number stands for was written before the number was: another worker may have done it just now.
        branchIf(done, op('i32.eqz', tee(number, load('i32.atomic.load', entry(table, at))))),
        locate(sub(get(number), i32(1))),
        when(same, [...found, branch(done)]),
        set(at, op('i32.and', add(get(at), i32(1)), getGlobal(mask))),
      ])
    const enter = [
      set(number, add(held(count), i32(1))),
      locate(held(count)),
      ...words.map((word, w) => store('i64.store', get(address), get(word), 8 * w)),
      store('i32.store', i32(count), get(number)),
      store('i32.atomic.store', entry(table, at), get(number)),
    ]
    return [
      ...packing,
      set(at, start(words, mask)),
      probe([giveBack(sub(get(number), i32(1)))]),
      ...alone(plan, count, local, [probe([]), when(op('i32.eqz', get(number)), enter)]),
      // So that each worker may add as many values as one more state has successors.
      when(op('i32.gt_u', add(get(number), i32(plan.slack)), getGlobal(capacity)), [setFull(plan)]),
      sub(get(number), i32(1)),
    ]
  })
}

/** `enter{c}()`: puts all values into an empty table. */
function enterFunction(plan: Plan, component: Component): Func {
  const { values, table, mask } = componentGlobals(component.index)
  return func(`enter${component.index}`, [], [], (_, local) => {
    const words = Array.from({ length: component.words }, () => local('i64'))
    const at = local('i32')
    const number = local('i32')
    const address = local('i32')
    return [
      set(address, getGlobal(values)),
      whileLoop(op('i32.lt_u', get(number), held(valuesCell(plan, component.index))), [
        ...words.map((word, w) => set(word, load('i64.load', get(address), 8 * w))),
        set(at, start(words, mask)),
        whileLoop(load('i32.load', entry(table, at)), [set(at, op('i32.and', add(get(at), i32(1)), getGlobal(mask)))]),
        increment(number, 1),
        store('i32.store', entry(table, at), get(number)),
        increment(address, 8 * component.words),
      ]),
    ]
  })
}

/** The functions of a component's values. */
export function dictionaryFunctions(plan: Plan, component: Component): readonly Func[] {
  return [unpackFunction(plan, component), internFunction(plan, component), enterFunction(plan, component)]
}
