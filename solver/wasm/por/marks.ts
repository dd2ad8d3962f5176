/** What generated code and those who fill its memory call the same: where outlooks and marks of values lie. */
import type { Component } from '../components.ts'
import type { Global } from '../encoder/code.ts'

/** Where the next outlook goes, and where the room for outlooks ends. */
export const OUTLOOKS: { readonly next: Global; readonly end: Global; readonly walks: Global } = {
  next: { name: 'outlookNext', type: 'i32' },
  end: { name: 'outlookEnd', type: 'i32' },
  /** Walks through the graphs so far. */
  walks: { name: 'walks', type: 'i32' },
}

/** By value of a component: of the shared one the conditions that are false, of the others a thread's node. */
export const marks = (component: number): Global => ({ name: `marks${component}`, type: 'i32' })
export const markBytes = ({ index }: Pick<Component, 'index'>): number => (index === 0 ? 8 : 4)
