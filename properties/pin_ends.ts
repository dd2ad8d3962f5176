/** F9 of the facts gup-cow-nosigbus. */
import { hasFrames, SERIES_9 } from './gup.ts'
import type { Property } from './property.ts'

/**
 * Of a world in which the other threads change a mapping a finite number of times, as all of ours do: GUP's loop of
 * looking and faulting comes to an end.
 */
export const PinEnds: Property = {
  name: 'PinEnds',
  statement:
    'GUP returns, if nobody changes the mapping again and again: what it asks a fault for is there when it looks again.',
  sources: [
    SERIES_9,
    'mm/gup.c, __get_user_pages(): after faultin_page() it goes back to follow_page_mask(), and remembers nothing',
  ],
  bang: 'GUP never ends',
  title: 'GUP faults for ever on one page',
  failsOn: [],
  mutants: [
    { scenario: 'pin+keep_reading', kernel: 'v6.2', without: ['do_wp_page.unshare.set_pte_at'] },
    { scenario: 'pin+keep_reading', kernel: 'v6.2', without: ['do_anonymous_page.set_pte_at'] },
  ],
  reaches: ['follow_page_pte.try_grab_folio'],
  liveness: true,
  build: (s) =>
    hasFrames(s) ? { ends: { kind: 'calls', routines: ['pin_user_pages', 'get_user_pages'] }, covers: [] } : undefined,
}
