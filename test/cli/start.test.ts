/** What every command loads before it knows what it is asked: neither the prover, nor a solver, nor the nightly run. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../cli/input.ts'

/** The files that a file imports when it is loaded; types are gone by then. */
const importsOf = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?!type\s)[^;'"]*?from '(\.[^']+)'/gm)].map((m) =>
    join(dirname(file), m[1] ?? ''),
  )

function loadedFrom(file: string): readonly string[] {
  const seen = new Set([file])
  for (const f of seen) for (const next of importsOf(f)) seen.add(next)
  return [...seen].map((f) => relative(packageRoot(), f))
}

test('a command starts without what it may never need', () => {
  const loaded = loadedFrom(join(packageRoot(), 'cli', 'main.ts'))
  expect(loaded).toContain('cli/commands/check.ts')
  const late = (f: string): boolean =>
    (f.startsWith('solver/prove/') && f !== 'solver/prove/names.ts') ||
    f.startsWith('kernel/') ||
    ['cli/nightly/job.ts', 'cli/nightly/execute.ts', 'cli/proofs.ts'].includes(f)
  expect(loaded.filter(late)).toEqual([])
  // What is late is there at all: the walk sees imports that are made at the top.
  expect(loadedFrom(join(packageRoot(), 'cli', 'commands', 'prove.ts')).filter(late).length).toBeGreaterThan(20)
})
