/** Z3 on every cell of the catalogue for which a violation is recorded. */
import { agreeOn } from '../support/smt.ts'
import { cells } from '../support/scenarios.ts'

agreeOn(cells().filter((c) => c.expected?.verdict === 'violated'))
