/** F13 and F16 (B3) of the facts gup-cow-nosigbus: pins of the zero page. */
import { and, eq, exists, forall, isOneOf, not, or } from '../model/language/expr.ts'
import { frame, hold } from '../model/mm/frame_types.ts'
import { mapping, page } from '../model/mm/mm_types.ts'
import { A_HOLD, everyHold, pins, SERIES_9 } from './gup.ts'
import type { Property } from './property.ts'

/** Words of pins in a scenario. */
const asks = (s: Parameters<Property['build']>[0], word: string): boolean =>
  s.file.threads.some((t) =>
    t.stmts.some(
      (st) => st.args.some((a) => a.kind === 'name' && a.name.text === word) && st.op.text.startsWith('pin'),
    ),
  )

/** Note 3 of the ninth patch. */
export const LongtermTakesNoZero: Property = {
  name: 'LongtermTakesNoZero',
  statement: 'a long-term pin, to read, of private memory holds a page of its own, never the zero page.',
  sources: [SERIES_9 + ', Note 3', 'Alex Williamson, vfio/type1: Unpin zero pages (873aefb376bb)'],
  bang: 'zero page pinned for long',
  title: 'shared zero page pinned for long',
  failsOn: [{ kernels: ['v5.7', 'v5.9', 'v5.13', 'v5.19', 'v6.1'], why: 'what is not anonymous is pinned as it is' }],
  mutants: [{ scenario: 'pin+dontneed', kernel: 'v6.2', without: ['follow_page_pte.gup_must_unshare'] }],
  reaches: ['do_wp_page.unshare.set_pte_at'],
  build: (s) =>
    pins(s) && asks(s, 'longterm')
      ? {
          invariant: everyHold(
            (p) => or(mapping.shared(page.mapping(p)), not(isOneOf(frame.kind(hold.frame(p)), 'zero', 'huge_zero'))),
            'longterm',
          ),
          covers: [A_HOLD],
        }
      : undefined,
}

/** F13, of what pins are for: the zero page is global, and its count can overflow. */
export const ZeroPageUnpinned: Property = {
  name: 'ZeroPageUnpinned',
  statement: 'no pin that GUP has given out counts on the zero page.',
  sources: ["David Howells, mm: Don't pin ZERO_PAGE in pin_user_pages() (c8070b787519, v6.5)"],
  bang: 'the zero page is pinned',
  title: 'pins of the zero page counted without bound',
  failsOn: [
    { kernels: ['v5.7', 'v5.9', 'v5.13', 'v5.19', 'v6.1'], why: 'every pin of the zero page is counted' },
    { kernels: ['v6.2', 'v6.4'], why: 'so are those for a short time, up to v6.4' },
  ],
  mutants: [{ scenario: 'pin-zeropage', kernel: 'v6.5', without: ['follow_page_pte.is_zero_folio'] }],
  reaches: ['follow_page_pte.try_grab_folio'],
  build: (s) =>
    pins(s) && (asks(s, 'read') || asks(s, 'longterm'))
      ? {
          invariant: forall('frame', 'x', (x) =>
            not(
              and(
                isOneOf(frame.kind(x), 'zero', 'huge_zero'),
                not(eq(frame.pins(x), 0)),
                // GUP-fast counts what it may yet let go of.
                not(exists('page', 'p', (p) => and(eq(hold.frame(p), x), not(hold.done(p))))),
              ),
            ),
          ),
          covers: [A_HOLD],
        }
      : undefined,
}
