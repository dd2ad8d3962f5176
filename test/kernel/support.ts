/** The machine's kernel for tests: what it lacks skips a test by name, and never passes it. */
import type { TestContext } from 'vitest'
import { openProbe, type Probe } from '../../kernel/probe/probe.ts'
import type { ProbeOp } from '../../kernel/probe/operations.ts'
import type { OpResult } from '../../kernel/probe/protocol.ts'
import { showResult } from '../../kernel/probe/protocol.ts'
import { against, type Against } from '../../kernel/running.ts'
import type { Skip } from '../../kernel/skip.ts'
import type { Result } from '../../counterexamples/result.ts'

/** Skips the test, visibly, where the machine cannot run it. */
export function have<T>(result: Result<T, Skip>, context: TestContext): T {
  if (!result.ok) context.skip(result.error.message)
  if (!result.ok) throw new Error('a skipped test goes on')
  return result.value
}

/** A probe for one test; `use` gets it, and it is closed afterwards. */
export async function withProbe(context: TestContext, use: (probe: Probe) => Promise<void>): Promise<void> {
  const probe = have(await openProbe(), context)
  try {
    await use(probe)
  } finally {
    await probe.close()
  }
}

export const running = async (context: TestContext): Promise<Against> => have(await against(), context)

/** What a list of operations comes to, in words. */
export const results = async (probe: Probe, ops: readonly ProbeOp[]): Promise<readonly string[]> =>
  (await probe.run({ ops, timeoutMs: 20_000 })).ops.map((r: OpResult) => showResult(r))
