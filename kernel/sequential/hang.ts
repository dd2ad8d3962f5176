/** A counterexample whose call never returns, on a real kernel. */
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { openProbe } from '../probe/probe.ts'
import { skip, type Skip } from '../skip.ts'
import { sequentialProgram } from './program.ts'

/** How long a call is waited for that takes some microseconds where it returns. */
const SECONDS = 10

export interface Hang {
  readonly hung: boolean
  /** The call that did not return, as in the litmus file. */
  readonly call: string
  readonly seconds: number
}

/** Runs the operations one after the other and waits for the last to return. */
export async function confirmHang(scenario: Scenario): Promise<Result<Hang, Skip>> {
  const program = sequentialProgram(scenario)
  if (!program.ok) return program
  const opened = await openProbe()
  if (!opened.ok) return opened
  const { setUp, calls } = program.value
  try {
    const { ops, end } = await opened.value.run({
      ops: [...setUp, ...calls.map((c) => c.op)],
      timeoutMs: SECONDS * 1000,
    })
    const refused = ops.slice(0, setUp.length).find((r) => r.kind !== 'ok')
    if (refused !== undefined) return failed(skip('feature', 'this kernel cannot be brought into the first state'))
    const at = ops.slice(setUp.length).findIndex((r) => r.kind === 'unfinished')
    const stmt = scenario.file.threads[0]?.stmts[at]?.op.text ?? 'no call'
    return ok({ hung: end === 'timeout' && at >= 0, call: stmt, seconds: SECONDS })
  } finally {
    await opened.value.close()
  }
}
