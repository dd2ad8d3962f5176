/** The bytes of one function. */
import type { Global, Label, Node } from './code.ts'
import { signed, unsigned } from './leb.ts'
import type { Func } from './module.ts'
import { LOADS, PLAIN, STORES, VALUE_TYPES } from './opcodes.ts'

/** The type of a block that leaves nothing on the stack. */
const NOTHING = 0x40
const END = 0x0b

/** A body with its size in front. Throws on a function, a global or a label that is not there. */
export function encodeBody(
  func: Func,
  functionIndex: ReadonlyMap<string, number>,
  globalIndex: ReadonlyMap<string, number>,
): readonly number[] {
  const out: number[] = []
  const put = (...bytes: readonly number[]): void => {
    out.push(...bytes)
  }
  const numbered = (index: number | undefined, what: string): void => {
    if (index === undefined || index < 0) throw new Error(`${func.name}() names ${what}, which is not there`)
    put(...unsigned(index))
  }
  const depth = (labels: readonly (Label | undefined)[], label: Label): void => {
    numbered(labels.indexOf(label), `the label '${label.of}'`)
  }
  const global = ({ name }: Global): void => {
    numbered(globalIndex.get(name), `the global '${name}'`)
  }

  const emit = (node: Node, labels: readonly (Label | undefined)[]): void => {
    const nested = (body: readonly Node[], inside: readonly (Label | undefined)[]): void => {
      for (const each of body) emit(each, inside)
    }
    switch (node.kind) {
      case 'op':
        nested(node.args, labels)
        put(...PLAIN[node.op])
        return
      case 'const':
        put(node.type === 'i32' ? 0x41 : 0x42, ...signed(node.value))
        return
      case 'get':
        put(0x20, ...unsigned(node.local.index))
        return
      case 'set':
      case 'tee':
        emit(node.value, labels)
        put(node.kind === 'set' ? 0x21 : 0x22, ...unsigned(node.local.index))
        return
      case 'getGlobal':
        put(0x23)
        global(node.global)
        return
      case 'setGlobal':
        emit(node.value, labels)
        put(0x24)
        global(node.global)
        return
      case 'load': {
        const { code, align } = LOADS[node.op]
        emit(node.address, labels)
        put(...code, align, ...unsigned(node.offset))
        return
      }
      case 'store': {
        const { code, align } = STORES[node.op]
        emit(node.address, labels)
        emit(node.value, labels)
        put(...code, align, ...unsigned(node.offset))
        return
      }
      case 'block':
      case 'loop':
        put(node.kind === 'block' ? 0x02 : 0x03, NOTHING)
        nested(node.body, [node.label, ...labels])
        put(END)
        return
      case 'if': {
        const inside = [undefined, ...labels]
        emit(node.cond, labels)
        put(0x04, node.result === undefined ? NOTHING : VALUE_TYPES[node.result])
        nested(node.then, inside)
        if (node.else.length > 0) {
          put(0x05)
          nested(node.else, inside)
        }
        put(END)
        return
      }
      case 'branch':
        if (node.cond !== undefined) emit(node.cond, labels)
        put(node.cond === undefined ? 0x0c : 0x0d)
        depth(labels, node.label)
        return
      case 'table':
        emit(node.index, labels)
        put(0x0e, ...unsigned(node.labels.length))
        for (const label of [...node.labels, node.otherwise]) depth(labels, label)
        return
      case 'call':
        nested(node.args, labels)
        put(0x10)
        numbered(functionIndex.get(node.name), `the function '${node.name}'`)
        return
      case 'return':
        if (node.value !== undefined) emit(node.value, labels)
        put(0x0f)
        return
    }
  }

  for (const node of func.body) emit(node, [])
  put(END)
  const locals = [...unsigned(func.locals.length), ...func.locals.flatMap((type) => [1, VALUE_TYPES[type]])]
  return [...unsigned(locals.length + out.length), ...locals, ...out]
}
