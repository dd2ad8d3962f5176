/** What the core list speaks of, by name: plain data, so that a command line can be read without the prover. */

export const PROVED_PROPERTIES = [
  'ZapKeepsGuards',
  'FlagSound',
  'RetractionKeepsGuards',
  'LockExclusion',
  'ForkKept',
] as const
export type ProvedProperty = (typeof PROVED_PROPERTIES)[number]

/** Models, in the order in which `prove` asks about them. */
export const CORE_NAMES = [
  'files on shmem',
  'files on plain',
  'shmem and faults',
  'plain and faults',
  'flags stored',
  'no flags stored',
  'anonymous memory',
  'collapse',
  'VMAs merged',
  'MADV_COLLAPSE',
  'tables',
  'folios',
  'VMAs',
  'VMAs and faults',
  'fork of shmem',
  'fork',
  'fork of anonymous memory',
  'fork and promises',
] as const
export type CoreName = (typeof CORE_NAMES)[number]
