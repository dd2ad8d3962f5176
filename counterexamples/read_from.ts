/** Where the steps of a trace were read: kernel files, each with the versions that were looked at. */
import { routinesOf } from '../model/language/listing.ts'
import { routineName } from '../model/language/mutate/name.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import type { Trace } from './trace.ts'

/** A release, or a posting that was read instead of one; `from memory of` stands where nothing was looked up. */
const VERSION = /(?:from memory of )?\bv\d+\.\d+(?:-rc\d+)?|\bRFC of \d+ \w+ \d+|\bguard pages v\d+|\bits mails\b/g

/** The versions that the `read` of a routine names, without what it says beside them. */
export const versionsIn = (read: string): readonly string[] => [
  ...new Set((read.match(VERSION) ?? []).map((v) => (v === 'its mails' ? 'mails' : v))),
]

const numeric = new Intl.Collator('en', { numeric: true })

/** By file, in the order in which the trace comes to them. */
function versionsByFile({ program }: Scenario, trace: Trace): ReadonlyMap<string, ReadonlySet<string>> {
  const known = program.threads.map(({ name, body, locals }) =>
    routinesOf({ name, file: '', read: '', params: [], locals, body }),
  )
  const files = new Map<string, Set<string>>()
  for (const { step, thread } of trace.steps)
    for (const { name, file, read } of known[thread.number] ?? []) {
      if (file === '' || routineName(name) !== step.routine) continue
      const versions = files.get(file) ?? new Set<string>()
      files.set(file, versions)
      for (const v of versionsIn(read)) versions.add(v)
    }
  return files
}

/** `Steps read from mm/madvise.c, mm/khugepaged.c (v6.12, v7.0-rc6).`; empty where no step has a file. */
export function readFrom(scenario: Scenario, trace: Trace): string {
  const files = [...versionsByFile(scenario, trace)].map(([file, versions]) => ({
    file,
    versions: [...versions].sort(numeric.compare).join(', '),
  }))
  const groups: { versions: string; files: string[] }[] = []
  for (const { file, versions } of files) {
    const group = groups.find((g) => g.versions === versions)
    if (group === undefined) groups.push({ versions, files: [file] })
    else group.files.push(file)
  }
  if (groups.length === 0) return ''
  const told = groups.map((g) => `${g.files.join(', ')}${g.versions === '' ? '' : ` (${g.versions})`}`)
  return `Steps read from ${told.join('; ')}.`
}
