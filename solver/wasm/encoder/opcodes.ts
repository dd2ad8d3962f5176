/** The instructions that the engine uses, of the WebAssembly core specification 2.0, section 5.4, and of its threads proposal. */

export type ValueType = 'i32' | 'i64' | 'v128'

export const VALUE_TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b }

/** Instructions that only take operands from the stack. Those of SIMD (0xfd) are their number after the prefix. */
export const PLAIN = {
  drop: [0x1a],
  select: [0x1b],
  'i32.eqz': [0x45],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.gt_s': [0x4a],
  'i32.gt_u': [0x4b],
  'i32.le_s': [0x4c],
  'i32.le_u': [0x4d],
  'i32.ge_s': [0x4e],
  'i32.ge_u': [0x4f],
  'i64.eqz': [0x50],
  'i64.eq': [0x51],
  'i64.ne': [0x52],
  'i64.lt_s': [0x53],
  'i64.ge_s': [0x59],
  'i32.popcnt': [0x69],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.mul': [0x6c],
  'i32.div_u': [0x6e],
  'i32.and': [0x71],
  'i32.or': [0x72],
  'i32.xor': [0x73],
  'i32.shl': [0x74],
  'i32.shr_u': [0x76],
  'i64.ctz': [0x7a],
  'i64.add': [0x7c],
  'i64.sub': [0x7d],
  'i64.mul': [0x7e],
  'i64.and': [0x83],
  'i64.or': [0x84],
  'i64.xor': [0x85],
  'i64.shl': [0x86],
  'i64.shr_u': [0x88],
  'i32.wrap_i64': [0xa7],
  'i64.extend_i32_u': [0xad],
  // Of memory 0.
  'memory.fill': [0xfc, 0x0b, 0x00],
  'i32x4.splat': [0xfd, 0x11],
  'i64x2.splat': [0xfd, 0x12],
  'i32x4.eq': [0xfd, 0x37],
  'v128.and': [0xfd, 0x4e],
  'v128.or': [0xfd, 0x50],
  'v128.any_true': [0xfd, 0x53],
  'i32x4.bitmask': [0xfd, 0xa4, 0x01],
  'i64x2.bitmask': [0xfd, 0xc4, 0x01],
  'i64x2.eq': [0xfd, 0xd6, 0x01],
} as const

export type PlainOp = keyof typeof PLAIN

interface Access {
  readonly code: readonly number[]
  /** Logarithm of the natural alignment, a hint that changes no meaning. */
  readonly align: number
}

export type LoadOp = 'i32.load' | 'i64.load' | 'i32.load8_u' | 'v128.load' | 'i32.atomic.load' | 'i64.atomic.load'
export type StoreOp = 'i32.store' | 'i64.store' | 'v128.store' | 'i32.store8' | 'i32.atomic.store' | 'i64.atomic.store'

export const LOADS: Readonly<Record<LoadOp, Access>> = {
  'i32.load': { code: [0x28], align: 2 },
  'i64.load': { code: [0x29], align: 3 },
  'i32.load8_u': { code: [0x2d], align: 0 },
  'v128.load': { code: [0xfd, 0x00], align: 4 },
  'i32.atomic.load': { code: [0xfe, 0x10], align: 2 },
  'i64.atomic.load': { code: [0xfe, 0x11], align: 3 },
}

export const STORES: Readonly<Record<StoreOp, Access>> = {
  'i32.store': { code: [0x36], align: 2 },
  'i64.store': { code: [0x37], align: 3 },
  'i32.store8': { code: [0x3a], align: 0 },
  'v128.store': { code: [0xfd, 0x0b], align: 4 },
  'i32.atomic.store': { code: [0xfe, 0x17], align: 2 },
  'i64.atomic.store': { code: [0xfe, 0x18], align: 3 },
}

/** Instructions that read and write at once, or wait; of 32 bits. They take an address and further operands. */
export const ATOMICS = {
  'i32.atomic.rmw.add': [0xfe, 0x1e],
  'i32.atomic.rmw.cmpxchg': [0xfe, 0x48],
  'memory.atomic.wait32': [0xfe, 0x01],
} as const

export type AtomicOp = keyof typeof ATOMICS
