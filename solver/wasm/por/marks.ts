/** What generated code and those who fill its memory call the same: where futures and marks of values lie. */
import type { Component } from '../components.ts'
import type { Global } from '../encoder/code.ts'

/** The table of futures by node and conditions: 16 bytes to an entry, the address of the future last. */
export const FUTURES: { readonly table: Global; readonly mask: Global } = {
  table: { name: 'futureTable', type: 'i32' },
  mask: { name: 'futureMask', type: 'i32' },
}

/** By value of a component: of the shared one the conditions that are false, of the others a thread's node. */
export const marks = (component: number): Global => ({ name: `marks${component}`, type: 'i32' })
export const markBytes = ({ index }: Pick<Component, 'index'>): number => (index === 0 ? 8 : 4)
