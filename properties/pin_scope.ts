/** F14, F15 and F21 of the facts gup-cow-nosigbus: notes 1 and 2 of the ninth patch, and what shared mappings have. */
import { and, forall, implies, not } from '../model/language/expr.ts'
import { ANON_PTES, mapping, page } from '../model/mm/mm_types.ts'
import { A_HOLD, entryIs, hasFrames, holds, hugeAnon, SERIES_9 } from './gup.ts'
import { performs, type Property } from './property.ts'

const longterm = (s: Parameters<Property['build']>[0]): boolean =>
  s.file.threads.some((t) =>
    t.stmts.some(
      (x) => x.op.text === 'pin_fast' && x.args.some((a) => a.kind === 'name' && a.name.text === 'longterm'),
    ),
  )

/** B1. Asserted where the slow walk takes the page (model/mm/gup_slow.ts); of GUP-fast FastPinFresh says the same. */
export const PinSnapshot: Property = {
  name: 'PinSnapshot',
  statement:
    'GUP gives out a page that the address maps while it is called; of a short-term pin, to read, of what is not anonymous nothing more is promised.',
  sources: [SERIES_9 + ', Note 1'],
  bang: 'page was not mapped',
  title: 'GUP gives out a page that is not mapped',
  failsOn: [],
  mutants: [
    { scenario: 'pin+dontneed', kernel: 'v6.2', without: ['pte_offset_map_lock.lock', 'pte_unmap_unlock.unlock'] },
  ],
  reaches: ['follow_page_pte.try_grab_folio'],
  build: (s) => (holds(s) ? { covers: [A_HOLD] } : undefined),
}

/** B2. Asserted where GUP-fast is done (model/mm/gup_fast.ts). */
export const LongtermPinGoesSlow: Property = {
  name: 'LongtermPinGoesSlow',
  statement:
    'GUP-fast takes no long-term pin, to read, of a page that is not anonymous by an entry that is not writable, in shared mappings either: the VMA has to be looked at.',
  sources: [SERIES_9 + ', Note 2'],
  bang: 'GUP-fast has not asked for the VMA',
  title: 'long-term pin of a page-cache page without a look at the VMA',
  failsOn: [
    {
      kernels: ['v5.7', 'v5.9', 'v5.10', 'v5.11', 'v5.13', 'v5.18', 'v5.19', 'v6.0', 'v6.1'],
      why: 'gup_must_unshare() is about anonymous pages alone (before 84209e87c696, v6.2)',
    },
  ],
  mutants: [{ scenario: 'pin_fast-shared-write', kernel: 'v6.2', without: ['gup_fast_pte_range.gup_must_unshare'] }],
  reaches: ['gup_fast_pte_range.put_unshare'],
  build: (s) => (hasFrames(s) && longterm(s) ? { covers: [] } : undefined),
}

export const SharedStaysShared: Property = {
  name: 'SharedStaysShared',
  statement: 'no shared mapping maps an anonymous page.',
  sources: [
    'David Hildenbrand, [PATCH mm-unstable v1 05/20] mm: add early FAULT_FLAG_WRITE consistency checks, 16 Nov 2022',
  ],
  bang: 'anonymous page in a shared mapping',
  title: 'anonymous page in a shared mapping',
  failsOn: [],
  mutants: [{ scenario: 'pin_fast-shared-write', kernel: 'v6.2', without: ['handle_pte_fault.wp_shared'] }],
  reaches: ['do_wp_page.finish_mkwrite_fault'],
  build: (s) =>
    hasFrames(s) && performs(s, 'store', 'write', 'pin', 'pin_fast') && s.world.mappings.some((m) => m.shared)
      ? {
          invariant: forall('page', 'p', (p) =>
            implies(mapping.shared(page.mapping(p)), and(not(entryIs(p, ...ANON_PTES)), not(hugeAnon(p)))),
          ),
          covers: [],
        }
      : undefined,
}
