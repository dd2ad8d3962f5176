/** The last line of a test run, for those who read it by program: `N passed, N failed`. */
import type { Reporter } from 'vitest/node'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

type Modules = Parameters<NonNullable<Reporter['onTestRunEnd']>>[0]

/**
 * Counts tests, and beside them whatever else went wrong: a file that does not load, a hook that
 * throws, an error outside of any test each count as one failure, since the tests they took along
 * show up nowhere else. A test that never ended has failed.
 */
export function tally(modules: Modules, unhandled: number): Tally {
  const count = { passed: 0, failed: unhandled, skipped: 0 }
  for (const module of modules) {
    for (const suite of [module, ...module.children.allSuites()]) if (suite.errors().length > 0) count.failed++
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      count[state === 'pending' ? 'failed' : state]++
    }
  }
  return count
}

export const summaryLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/**
 * Prints the line, in no colour, when all other reporters have had their say; a run in which no test
 * ran, or in which the line counts a failure, ends with a non-zero exit code.
 */
export function summary(): Reporter {
  let last: Tally | undefined
  return {
    onInit() {
      process.once('exit', () => {
        if (last !== undefined) process.stdout.write(`${summaryLine(last)}\n`)
      })
    },
    onTestRunEnd(modules, unhandled) {
      last = tally(modules, unhandled.length)
      if (last.failed > 0 || last.passed === 0) process.exitCode = 1
    },
  }
}
