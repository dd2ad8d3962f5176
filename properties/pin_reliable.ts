/** F4 and F5 of the facts gup-cow-nosigbus (A.4), in worlds with page frames. */
import { eq, forall, implies, literal, or, type Expr } from '../model/language/expr.ts'
import { nilable } from '../model/language/types.ts'
import { owes } from '../model/mm/frame_access.ts'
import { mappedFrame, type Folios } from '../model/mm/frame.ts'
import { hold } from '../model/mm/frame_types.ts'

const nil = literal(nilable('frame'), 'nil')
const maps = (k: Folios, p: Expr): Expr => or(eq(mappedFrame(k, p), nil), eq(mappedFrame(k, p), hold.frame(p)))

/** Whatever is owed of an address is still what it maps; the stores themselves are asserted in frame_access.ts. */
export const pinsHold = (k: Folios): Expr => forall('page', 'p', (p) => implies(owes(p), maps(k, p)))
