/**
 * Between two tests the worker must answer vitest, which takes a minute of silence for a failure: a
 * file of long synchronous tests would never let it.
 */
import { beforeEach } from 'vitest'

beforeEach(
  () =>
    new Promise<void>((resolve) => {
      setImmediate(resolve)
    }),
)
