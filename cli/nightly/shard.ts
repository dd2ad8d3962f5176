/** A part of a run, for one of several machines. */
import type { Job } from './job.ts'

export interface Shard {
  /** From 1. */
  readonly index: number
  readonly of: number
}

export const shardText = (shard: Shard | undefined): string =>
  shard === undefined ? 'whole' : `${shard.index}-of-${shard.of}`

/** Most expensive first; those of equal cost by name, so that every machine has the same order. */
export const byCost = (jobs: readonly Job[]): readonly Job[] =>
  [...jobs].sort((a, b) => b.cost - a.cost || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))

/**
 * The cells of a shard, in the order of `jobs`: each cell, the most expensive first, goes to the shard that
 * has least to do by then. Together the shards have every cell once.
 */
export function cellsOf(jobs: readonly Job[], { index, of }: Shard): readonly Job[] {
  const loads = Array.from({ length: of }, () => 0)
  const mine = new Set<string>()
  for (const job of byCost(jobs)) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least] = (loads[least] ?? 0) + job.cost
    if (least === index - 1) mine.add(job.key)
  }
  return jobs.filter((j) => mine.has(j.key))
}
