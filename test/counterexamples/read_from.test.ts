/** The versions that a mail names for the files its steps were read from; corpus.test.ts has the files. */
import { expect, test } from 'vitest'
import { versionsIn } from '../../counterexamples/read_from.ts'

test.each([
  ['v6.12, v7.0-rc6', ['v6.12', 'v7.0-rc6']],
  ['v7.0-rc6: madvise_collapse()', ['v7.0-rc6']],
  ['the RFC of 27 Sep 2024 (seeds/003), guard pages v2', ['RFC of 27 Sep 2024', 'guard pages v2']],
  ['v6.12; the series from its mails', ['v6.12', 'mails']],
  // What was not looked up must not pass for what was.
  ['UNVERIFIED: from memory of v6.6', ['from memory of v6.6']],
  ['semantics of Documentation/RCU, not its code', []],
])('%s', (read, versions) => {
  expect(versionsIn(read)).toEqual(versions)
})
