/** Z3 on cells of the catalogue in which nothing is violated. */
import { agreeOn } from '../support/smt.ts'
import { share } from '../support/scenarios.ts'

agreeOn(share(30, (c) => c.expected?.verdict !== 'violated'))
