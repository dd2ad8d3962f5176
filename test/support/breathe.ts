/** What every test file begins with. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach } from 'vitest'
import { compileLate } from '../../cli/late_compile.ts'

// As the command line does: what tests run is what it runs, and most of it runs once.
compileLate()

/** The worker's side of its talk with vitest, which is nobody's interface: without it there is nothing to wait for. */
interface Worker {
  readonly rpc: { readonly getCountOfFailedTests: () => Promise<unknown> }
}
function isWorker(worker: unknown): worker is Worker {
  if (typeof worker !== 'object' || worker === null || !('rpc' in worker)) return false
  const { rpc } = worker
  return typeof rpc === 'object' && rpc !== null && typeof Reflect.get(rpc, 'getCountOfFailedTests') === 'function'
}
const worker: unknown = Reflect.get(globalThis, '__vitest_worker__')

/** Since so many milliseconds nothing was heard: what was said by then may wait for its answer. */
const SILENCE_MS = 20
/** Where an answer takes longer than this, the machine is busy. */
const QUICK_MS = 10
/** For so long the worker may keep back what it has to say next. */
const HELD_BACK_MS = 100
let heard = 0

/**
 * Before each test, what the worker said is answered: vitest takes a minute without an answer for a failure, and in a
 * long synchronous test none can be heard. Answers come in the order of the questions, so that one more tells of all.
 */
beforeEach(async () => {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
  if (performance.now() - heard < SILENCE_MS) return
  if (isWorker(worker)) {
    const asked = performance.now()
    await worker.rpc.getCountOfFailedTests()
    if (performance.now() - asked > QUICK_MS) {
      // More may have been said while this was waited for.
      await sleep(HELD_BACK_MS)
      await worker.rpc.getCountOfFailedTests()
    }
  }
  heard = performance.now()
})
