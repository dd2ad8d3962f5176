const SHARED_REFUSED = 'v1.5 and v2 of MAP_NOSIGBUS refuse shared mappings, and a private one never comes here'

const FRAMES_OOM = 'no scenario with page frames lets allocations fail yet'
const FRAMES_TABLE = 'no scenario with page frames takes the page table away under such a fault yet'
const FRAMES_RACE = 'no scenario with page frames has somebody else change the entry under such a fault yet'
const FRAMES_HUGE = 'no scenario takes hold of a write-protected huge page of anonymous memory by GUP yet'
const FRAMES_RECLAIM = 'no scenario has reclaim meet a frame that is locked, or that is unmapped meanwhile, yet'

/** Labels that no scenario can reach, with the reason. The report of unreached labels prints it. */
export const UNREACHED: Readonly<Record<string, string>> = {
  'try_collapse_pte_mapped_thp.step2_pmd_unlock_changed':
    'with the pmd lock held from before the table was looked up, nobody can put another in its place; the kernel compares all the same',
  'filemap_fault.drop_for_lock_mmap':
    'a fault that could not have the VMA lock meets a folio that is locked: a writer of the VMA, a holder of the folio and the fault, three threads that no scenario has yet',
  'process_madvise.MADV_GUARD_REMOVE.mmap_read_unlock_restart':
    'removing guards never asks for a restart; the step is one of process_madvise(), which installing shares',
  'do_read_fault.answer':
    'where reads may fail, the fault lies within the file, and the variant of v2 that looks at i_size has given SIGBUS before',
  'do_shared_fault.do_fault_error': SHARED_REFUSED,
  'do_shared_fault.load_vm_flags': SHARED_REFUSED,
  'do_shared_fault.store_vm_flags': SHARED_REFUSED,
  'do_shared_fault.vm_nosigbus': SHARED_REFUSED,
  'do_wp_page.force.put_no_anon_vma': FRAMES_OOM,
  'do_wp_page.private.put_no_anon_vma': FRAMES_OOM,
  'do_wp_page.unshare.put_no_anon_vma': FRAMES_OOM,
  'hugetlb_wp.put_no_anon_vma': FRAMES_OOM,
  'hugetlb_wp.unshare.put_no_anon_vma': FRAMES_OOM,
  'hugetlb_no_page.unlock_no_anon_vma': FRAMES_OOM,
  'hugetlb_no_page.unlock_oom': FRAMES_OOM,
  'do_swap_page.folio_unlock_no_table': FRAMES_TABLE,
  'do_wp_page.force.put_no_table': FRAMES_TABLE,
  'do_wp_page.private.put_no_table': FRAMES_TABLE,
  'do_wp_page.unshare.put_no_table': FRAMES_TABLE,
  'hugetlb_no_page.unlock_no_table': FRAMES_TABLE,
  'hugetlb_wp.put_no_table': FRAMES_TABLE,
  'hugetlb_wp.unshare.put_no_table': FRAMES_TABLE,
  'do_swap_page.folio_unlock_changed': FRAMES_RACE,
  'do_wp_page.force.put_changed': FRAMES_RACE,
  'hugetlb_no_page.unlock_changed': FRAMES_RACE,
  'hugetlb_wp.put_changed': FRAMES_RACE,
  'hugetlb_wp.unshare.put_changed': FRAMES_RACE,
  'follow_trans_huge_pmd.PageAnonExclusive': FRAMES_HUGE,
  'gup_fast_pmd_leaf.PageAnonExclusive': FRAMES_HUGE,
  'gup_fast_pmd_leaf.put_pmd_changed': FRAMES_HUGE,
  'shrink_folio_list.folio_unlock_unmapped': FRAMES_RECLAIM,
  'shrink_folio_list.put_busy': FRAMES_RECLAIM,
  'shrink_folio_list.put_unmapped': FRAMES_RECLAIM,
  'copy_pte_range.set_ptes_file': 'no scenario with page frames forks a mapping of page-cache pages yet',
  'do_wp_page.force.wp_can_reuse_anon_folio':
    'no scenario forces a write into a page that only its own mapping shares yet',
  'do_wp_page.unshare.no_anon':
    'only patch 9 of the series without its patch 8 comes here, which `mmcheck series gup-longterm` runs',
  'hugetlb_no_page.add_to_page_cache': 'the pages of every hugetlb file of the catalogue are there from the start',
  'hugetlb_no_page.set_huge_pte_at_anon':
    'no scenario touches a private hugetlb mapping where the file has no page yet',
  'try_to_merge_two_pages.put_first': 'no scenario has KSM fail on the first of its two pages yet',
}
