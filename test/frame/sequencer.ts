/** The order of test files: the longest first, so that two workers end together. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take more than ten seconds of a CPU, the longest first; of the others the larger ones come first. */
const LONG = [
  'cli/markdown',
  'language/lint_mm',
  'minimise/minimise',
  'render/formats',
  'prove/core_list',
  'minimise/corpus',
  'cli/columns',
  'cli/process',
  'export/promela',
  'minimise/reductions',
  'cli/traces',
  'differential/engines',
  'properties/mutants',
  'counterexamples/corpus',
  'nightly/runs',
  'export/tla',
  'reduce/reduced',
  'render/hostile',
  'sweep/record',
  'kernel/race',
  'frame/imports',
  'smt/native',
  'series/series',
  'render/page',
  'catalogue/smt_violated',
  'kernel/endless',
]

/** Places from the front; those that are not listed share the last. */
const place = ({ moduleId }: TestSpecification): number => {
  const at = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
  return at < 0 ? LONG.length : at
}

// The runner asks for a class.
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => place(a) - place(b))
  }
}
