/** The third engine held against the explicit one, cell by cell. */
import { afterAll, describe, expect, test } from 'vitest'
import { replay } from '../../solver/reference/replay.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import type { Violation } from '../../solver/engine.ts'
import { boundedCheck } from '../../solver/smt/bmc.ts'
import { closePool, newPool } from '../../solver/smt/pool.ts'
import type { TestCell } from './scenarios.ts'

/** Steps for cells without a violation; the nightly looks further. */
const DEPTH = Number(process.env['MMCHECK_SMT_DEPTH'] ?? 18)

/**
 * Where the explicit engine found a violation, Z3 must find its first ones at the same length and none
 * before; where it found none, Z3 must find none as far as it looks.
 */
export function agreeOn(cells: readonly TestCell[]): void {
  const solvers = newPool()
  afterAll(() => {
    closePool(solvers)
  })
  describe.each(cells)('$name on $kernel', ({ lowered: { model } }) => {
    test('Z3 agrees on verdict and shortest length', { timeout: 600_000 }, async () => {
      const explicit = searchExplicit(model)
      const shortest = Math.min(...explicit.violations.map((v) => v.moves.length))
      const maxDepth = Number.isFinite(shortest) ? shortest : DEPTH
      const smt = await boundedCheck(model, { maxDepth, maxMs: 500_000, solvers })
      expect(smt.incomplete === undefined || smt.incomplete.kind === 'depth').toBe(true)
      const within = (list: readonly Violation[]): readonly (readonly [number, number])[] =>
        list.map((v) => [v.property, v.moves.length] as const).filter(([, length]) => length <= maxDepth)
      expect(within(smt.violations)).toEqual(within(explicit.violations))
      for (const v of smt.violations) {
        const ran = replay(model, v.moves)
        expect(ran.kind === 'ran' ? ran.violated : []).toContain(v.property)
      }
    })
  })
}
