/** What the properties of pins and copy-on-write share (facts gup-cow-nosigbus, section F). */
import { and, eq, exists, forall, isOneOf, literal, ne, or, type Expr } from '../model/language/expr.ts'
import { nilable } from '../model/language/types.ts'
import type { Folios } from '../model/mm/frame.ts'
import { frame, hold } from '../model/mm/frame_types.ts'
import { HUGE_ANON, page, pmd, table } from '../model/mm/mm_types.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { performs } from './property.ts'

export const SERIES_9 =
  'David Hildenbrand, [PATCH mm-unstable v1 09/20] mm/gup: reliable R/O long-term pinning in COW mappings, 16 Nov 2022 (seeds/001)'
export const PIN_DOC = 'Documentation/core-api/pin_user_pages.rst'
export const COW_TEST = 'tools/testing/selftests/mm/cow.c'

/** What model/mm/frame.ts asks of a build. */
export const foliosOf = (s: Scenario): Folios => {
  const large = s.world.frames?.large ?? []
  return large.length === 0 ? {} : { large }
}

export const hasFrames = (s: Scenario): boolean => s.world.frames !== undefined
export const pins = (s: Scenario): boolean => hasFrames(s) && performs(s, 'pin', 'pin_fast')
export const holds = (s: Scenario): boolean => hasFrames(s) && performs(s, 'pin', 'pin_fast', 'vmsplice')

/** The entry of a page is one of these. */
export const entryIs = (p: Expr, ...entries: readonly string[]): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), ...entries))
export const hugeAnon = (p: Expr): Expr => isOneOf(pmd.kind(page.pmd(p)), ...HUGE_ANON)

export const everyHold = (body: (p: Expr) => Expr, ...kinds: readonly string[]): Expr =>
  forall('page', 'p', (p) =>
    or(eq(hold.done(p), false), eq(isOneOf(hold.kind(p), ...kinds), false), eq(hold.frame(p), nil), body(p)),
  )
const nil = literal(nilable('frame'), 'nil')
export const A_HOLD: { readonly name: string; readonly expr: Expr } = {
  name: 'a page is held',
  expr: exists('page', 'p', (p) => ne(hold.kind(p), 'nothing')),
}
export const isAnon = (f: Expr): Expr => eq(frame.kind(f), 'anon')
