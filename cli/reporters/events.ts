/** JSON Lines: one object per event, written as it happens. */
import { statesOf } from '../depth_first.ts'
import type { EventDocument } from '../document.ts'
import { kernelOf, type Reporter, type Write } from './reporter.ts'

const now = (): string => new Date().toISOString()

export function jsonl(write: Write): Reporter {
  const say = (event: EventDocument): void => {
    write(`${JSON.stringify(event)}\n`)
  }
  return {
    begin: ({ planned, shard, started }) => {
      const version = { major: 1, minor: 0 } as const
      const time = started.toISOString()
      say({
        event: 'run-begin',
        format: 'mmcheck-events',
        version,
        planned,
        shard: shard === undefined ? null : { ...shard },
        time,
      })
    },
    cell: (cell, done) => {
      say({
        event: 'cell',
        scenario: cell.scenario,
        kernel: kernelOf(cell),
        verdict: cell.verdict,
        outcome: cell.outcome ?? '',
        states: statesOf(cell),
        transitions: cell.search.transitions,
        depth: cell.search.depth,
        counterexamples: cell.counterexamples.map((c) => c.id),
        notAsExpected: cell.notAsExpected,
        cached: cell.cached ?? false,
        done,
        ms: cell.search.ms,
        time: now(),
      })
    },
    error: (message) => {
      say({ event: 'error', message: message.trimEnd(), time: now() })
    },
    end: (run) => {
      say({ event: 'run-end', exit: run.exit, cells: run.cells.length, ms: run.time?.ms ?? 0, time: now() })
    },
  }
}
