/** The bytes of one function. */
import type { Bytes } from './bytes.ts'
import { newBytes, putAll, putByte, putSigned, putUnsigned } from './bytes.ts'
import type { Global, Label, Node } from './code.ts'
import type { Func } from './func.ts'
import { placesOf } from './locals.ts'
import { ATOMICS, LOADS, PLAIN, STORES, VALUE_TYPES } from './opcodes.ts'

/** The type of a block that leaves nothing on the stack. */
const NOTHING = 0x40
const END = 0x0b

/** Locals and code of a function. Throws on a function, a global or a label that is not there. */
export function encodeBody(
  func: Func,
  functionIndex: ReadonlyMap<string, number>,
  globalIndex: ReadonlyMap<string, number>,
): Bytes {
  const out = newBytes()
  const { types, placeOf } = placesOf(func)
  putUnsigned(out, types.length)
  for (const type of types) putAll(out, [1, VALUE_TYPES[type]])
  /** The labels that enclose the instruction, outermost first; undefined stands for an `if`. */
  const labels: (Label | undefined)[] = []

  const numbered = (index: number | undefined, what: string): void => {
    if (index === undefined || index < 0) throw new Error(`${func.name}() names ${what}, which is not there`)
    putUnsigned(out, index)
  }
  const depth = (label: Label): void => {
    const at = labels.lastIndexOf(label)
    numbered(at < 0 ? undefined : labels.length - 1 - at, `the label '${label.of}'`)
  }
  const global = ({ name }: Global): void => {
    numbered(globalIndex.get(name), `the global '${name}'`)
  }
  const all = (nodes: readonly Node[]): void => {
    for (const node of nodes) emit(node)
  }

  const emit = (node: Node): void => {
    switch (node.kind) {
      case 'op':
        all(node.args)
        putAll(out, PLAIN[node.op])
        return
      case 'i32':
      case 'i64':
        putByte(out, node.kind === 'i32' ? 0x41 : 0x42)
        putSigned(out, node.value)
        return
      case 'get':
        putByte(out, 0x20)
        putUnsigned(out, placeOf(node.local))
        return
      case 'set':
      case 'tee':
        emit(node.value)
        putByte(out, node.kind === 'set' ? 0x21 : 0x22)
        putUnsigned(out, placeOf(node.local))
        return
      case 'getGlobal':
        putByte(out, 0x23)
        global(node.global)
        return
      case 'setGlobal':
        emit(node.value)
        putByte(out, 0x24)
        global(node.global)
        return
      case 'load':
      case 'store': {
        const { code, align } = node.kind === 'load' ? LOADS[node.op] : STORES[node.op]
        emit(node.address)
        if (node.kind === 'store') emit(node.value)
        putAll(out, code)
        putByte(out, align)
        putUnsigned(out, node.offset)
        return
      }
      case 'atomic':
        all(node.args)
        putAll(out, ATOMICS[node.op])
        // Alignment, which atomic accesses must have, and offset.
        putAll(out, [2, 0])
        return
      case 'block':
      case 'loop':
        putAll(out, [node.kind === 'block' ? 0x02 : 0x03, NOTHING])
        labels.push(node.label)
        all(node.body)
        labels.pop()
        putByte(out, END)
        return
      case 'if':
        emit(node.cond)
        putAll(out, [0x04, node.result === undefined ? NOTHING : VALUE_TYPES[node.result]])
        labels.push(undefined)
        all(node.then)
        if (node.else.length > 0) {
          putByte(out, 0x05)
          all(node.else)
        }
        labels.pop()
        putByte(out, END)
        return
      case 'branch':
        if (node.cond !== undefined) emit(node.cond)
        putByte(out, node.cond === undefined ? 0x0c : 0x0d)
        depth(node.label)
        return
      case 'table':
        emit(node.index)
        putByte(out, 0x0e)
        putUnsigned(out, node.labels.length)
        for (const label of [...node.labels, node.otherwise]) depth(label)
        return
      case 'call':
        all(node.args)
        putByte(out, 0x10)
        numbered(functionIndex.get(node.name), `the function '${node.name}'`)
        return
      case 'return':
        if (node.value !== undefined) emit(node.value)
        putByte(out, 0x0f)
        return
    }
  }

  all(func.body)
  putByte(out, END)
  return out
}
