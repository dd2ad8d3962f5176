/** The mutants that the facts gup-cow-nosigbus list in section G: where each of them dies. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { findProperty } from '../../properties/all.ts'

/** A recorded cell that breaks the property, or a mutant of the property itself, which mutants.test.ts runs. */
type Death =
  | { readonly property: string; readonly scenario: string; readonly kernel: string }
  | { readonly property: string; readonly scenario: string; readonly without: readonly string[] }

const cell = (property: string, scenario: string, kernel: string): Death => ({ property, scenario, kernel })
const mutant = (property: string, scenario: string, ...without: readonly string[]): Death => ({
  property,
  scenario,
  without,
})

/** By their numbers in section G, which has no 9. */
const G: Readonly<Record<string, readonly Death[]>> = {
  '1: gup_must_unshare() without a VMA is false': [
    mutant('PinReliable', 'gup-row158-memfd-fast', 'gup_fast_pte_range.gup_must_unshare'),
    mutant('LongtermPinGoesSlow', 'pin_fast-shared-write', 'gup_fast_pte_range.gup_must_unshare'),
  ],
  '2: the slow walk takes what is not anonymous': [
    mutant('PinReliable', 'gup-row152-memfd', 'follow_page_pte.gup_must_unshare'),
    mutant('LongtermTakesNoZero', 'pin+dontneed', 'follow_page_pte.gup_must_unshare'),
  ],
  '3: GUP-fast does not look at the pmd again (C10)': [
    mutant('FastPinFresh', 'pin_fast+khugepaged', 'gup_fast_pte_range.pmd_changed'),
    cell('FastPinFresh', 'pin_fast+khugepaged', 'v5.19'),
  ],
  '4: GUP-fast does not look at write_protect_seq (C4)': [
    mutant('PinnedIsExclusive', 'fork+pin_fast', 'gup_fast.seq_odd', 'gup_fast.seq_changed'),
    cell('PinnedIsExclusive', 'fork+pin_fast', 'v5.10'),
  ],
  '5: a page is kept by who alone maps it (C1), or by its references alone (C3a)': [
    cell('CowIsolated', 'fork-vmsplice+write', 'v5.7'),
    cell('PinReliable', 'pin-clear_refs-store', 'v5.9'),
  ],
  '6: FOLL_WRITE is dropped on retry (C6); dirty stands for copied (C8)': [
    cell('ForcedWriteOwn', 'mem_write+dontneed', 'v4.8'),
    cell('ForcedWriteOwn', 'mem_write+dontneed-uffd_continue', 'v5.19'),
  ],
  '7: PageAnonExclusive() goes though the page is pinned (C9)': [
    mutant('PinnedIsExclusive', 'pin_fast+reclaim-store', 'try_to_unmap_one.maybe_pinned_cleared'),
    cell('PinnedIsExclusive', 'pin_fast+ksm', 'v6.2 without gup_fast_pte_range.gup_must_unshare'),
  ],
  '8: fork shares what is pinned (C15)': [
    mutant('PinnedIsExclusive', 'pin-fork', 'copy_pte_range.copy_present_page'),
    mutant('PinnedIsExclusive', 'selftest-cow-iouring_fork-thp', 'copy_huge_pmd.may_be_pinned'),
    cell('PinnedIsExclusive', 'pin-fork', 'v5.8'),
  ],
  '10: MAP_NOSIGBUS of shared mappings, or vm_insert_page() in a fault': [
    cell('SharedCoherent', 'nosigbus-pin-shared', 'nosigbus-linus'),
    cell('ZeroPageUnwritten', 'nosigbus-mprotect-write', 'nosigbus-v1'),
    cell('NoSigbusBeyondEnd', 'nosigbus-read+read', 'nosigbus-v1.5'),
  ],
  '11: mprotect() makes writable what is not exclusive (C16)': [
    mutant('CowIsolated', 'fork-mprotect-write', 'change_pte_range.page_anon_exclusive'),
    mutant('ExclusiveIsAlone', 'selftest-cow-basic_mprotect-thp', 'change_huge_pmd.page_anon_exclusive'),
  ],
  '12: the zap filter of v5.13 on an ordinary entry of the zero page': [
    cell('HolePunchUnmapsZero', 'nosigbus-punch', 'nosigbus-v1.5'),
  ],
  '13: truncation does not unmap a second time': [
    mutant('NothingBeyondEnd', 'truncate+write-cow', 'shmem_setattr.unmap_again'),
  ],
}

const baseline = readBaseline()

describe.each(Object.entries(G))('%s', (_, deaths) => {
  test.each(deaths)('breaks $property in $scenario', (d) => {
    if ('kernel' in d) {
      expect(Object.keys(baseline[d.scenario]?.[d.kernel]?.violations ?? {})).toContain(d.property)
      return
    }
    const named = findProperty(d.property)?.mutants.map((m) => [m.scenario, ...m.without].join(' '))
    expect(named).toContain([d.scenario, ...d.without].join(' '))
  })
})
