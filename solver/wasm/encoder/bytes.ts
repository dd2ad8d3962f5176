/** Bytes in the making, with the variable-length integers of WebAssembly, LEB128. Mutable by its nature. */

export interface Bytes {
  held: Uint8Array<ArrayBuffer>
  length: number
}

export const newBytes = (): Bytes => ({ held: new Uint8Array(2 ** 9), length: 0 })

/** The bytes so far. */
export const finished = ({ held, length }: Bytes): Uint8Array<ArrayBuffer> => held.slice(0, length)

function reserve(into: Bytes, more: number): void {
  if (into.length + more <= into.held.length) return
  const larger = new Uint8Array(2 * (into.length + more))
  larger.set(into.held.subarray(0, into.length))
  into.held = larger
}

export function putByte(into: Bytes, byte: number): void {
  reserve(into, 1)
  into.held[into.length++] = byte
}

export function putAll(into: Bytes, bytes: readonly number[]): void {
  for (const byte of bytes) putByte(into, byte)
}

/** Other bytes, with their number in front. */
export function putSized(into: Bytes, { held, length }: Bytes): void {
  putUnsigned(into, length)
  reserve(into, length)
  into.held.set(held.subarray(0, length), into.length)
  into.length += length
}

/** An unsigned integer of at most 32 bits. Throws on anything else. */
export function putUnsigned(into: Bytes, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) throw new Error(`no unsigned 32-bit integer: ${value}`)
  let rest = value
  while (rest >= 128) {
    putByte(into, (rest & 127) | 128)
    rest = Math.floor(rest / 128)
  }
  putByte(into, rest)
}

/** A signed integer of at most 32 bits as a number, or of at most 64 as a bigint. Throws on anything else. */
export function putSigned(into: Bytes, value: number | bigint): void {
  if (typeof value === 'number') {
    if ((value | 0) !== value) throw new Error(`no signed 32-bit integer: ${value}`)
    let rest = value
    for (;;) {
      const byte = rest & 127
      rest >>= 7
      if (rest === ((byte & 64) === 0 ? 0 : -1)) {
        putByte(into, byte)
        return
      }
      putByte(into, byte | 128)
    }
  }
  if (BigInt.asIntN(64, value) !== value) throw new Error(`no signed 64-bit integer: ${value}`)
  let rest = value
  for (;;) {
    const byte = Number(rest & 127n)
    rest >>= 7n
    if (rest === ((byte & 64) === 0 ? 0n : -1n)) {
      putByte(into, byte)
      return
    }
    putByte(into, byte | 128)
  }
}
