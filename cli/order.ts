/** The orders in which the states of a cell may be explored. */
export const ORDERS = ['breadth-first', 'depth-first'] as const
export type Order = (typeof ORDERS)[number]
