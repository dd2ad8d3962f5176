import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { LongestFirst } from './test/frame/sequencer.ts'
import { summary } from './test/frame/summary_reporter.ts'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Absolute, since tests of this configuration run it on trees elsewhere.
    setupFiles: [fileURLToPath(new URL('test/support/breathe.ts', import.meta.url))],
    pool: 'forks',
    // A solver's child process may stand beside each worker.
    maxWorkers: 2,
    minWorkers: 1,
    sequence: { sequencer: LongestFirst },
    // Tests take seconds; ten of them at once on a busy machine take ten times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One test with `.only` would hide all others of its file.
    allowOnly: false,
    reporters: ['default', summary()],
  },
})

export default config
