/** Z3 on cells of the catalogue for which a violation is recorded. */
import { agreeOn } from '../support/smt.ts'
import { share } from '../support/scenarios.ts'

/** Longer ones take Z3 minutes each. */
const STEPS = process.env['MMCHECK_CELLS'] === 'all' ? Infinity : 50

agreeOn(
  share(
    10,
    ({ expected }) =>
      expected?.verdict === 'violated' && Math.min(...Object.values(expected.violations).map((v) => v.steps)) <= STEPS,
  ),
)
