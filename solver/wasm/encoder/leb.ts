/** LEB128, the variable-length integers of WebAssembly (core specification 2.0, section 5.2.2). */

/** An unsigned integer of at most 32 bits. Throws on anything else. */
export function unsigned(value: number): readonly number[] {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) throw new Error(`no unsigned 32-bit integer: ${value}`)
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}

/** A signed integer of at most 64 bits. Throws on anything else. */
export function signed(value: bigint): readonly number[] {
  if (BigInt.asIntN(64, value) !== value) throw new Error(`no signed 64-bit integer: ${value}`)
  const bytes: number[] = []
  let rest = value
  for (;;) {
    const byte = Number(rest & 127n)
    rest >>= 7n
    const sign = (byte & 64) !== 0
    if ((rest === 0n && !sign) || (rest === -1n && sign)) return [...bytes, byte]
    bytes.push(byte + 128)
  }
}
