/** Z3 on cells of the catalogue for which a violation is recorded. */
import { agreeOn } from '../support/smt.ts'
import { share } from '../support/scenarios.ts'

/** Longer ones take Z3 minutes each. */
const STEPS = process.env['MMCHECK_CELLS'] === 'all' ? Infinity : 50
/** The proposals of MAP_NOSIGBUS are many and alike: of theirs, what is cheap. */
const STEPS_OF_PROPOSALS = process.env['MMCHECK_CELLS'] === 'all' ? Infinity : 10

agreeOn(
  share(
    10,
    ({ expected, kernel }) =>
      expected?.verdict === 'violated' &&
      Math.min(...Object.values(expected.violations).map((v) => v.steps)) <=
        (kernel.startsWith('nosigbus-') ? STEPS_OF_PROPOSALS : STEPS),
  ),
)
