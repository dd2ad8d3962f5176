const SHARED_REFUSED = 'v1.5 and v2 of MAP_NOSIGBUS refuse shared mappings, and a private one never comes here'

const FRAMES_ANON = 'the entry maps an anonymous page, so that its VMA has an anon_vma and vmf_anon_prepare() gives 0'
const FRAMES_OOM = "only a failing allocation leads here, and 'oom' is refused together with 'frames'"
const HUGETLB_TABLE =
  'nothing but munmap() frees a table of a hugetlb mapping, under the mmap write lock, which waits for the fault'

/** Labels that no scenario can reach, with the reason. The report of unreached labels prints it. */
export const UNREACHED: Readonly<Record<string, string>> = {
  'try_collapse_pte_mapped_thp.step2_pmd_unlock_changed':
    'with the pmd lock held from before the table was looked up, nobody can put another in its place; the kernel compares all the same',
  'process_madvise.MADV_GUARD_REMOVE.mmap_read_unlock_restart':
    'removing guards never asks for a restart; the step is one of process_madvise(), which installing shares',
  'do_read_fault.answer':
    'where reads may fail, the fault lies within the file, and the variant of v2 that looks at i_size has given SIGBUS before',
  'do_shared_fault.do_fault_error': SHARED_REFUSED,
  'do_shared_fault.load_vm_flags': SHARED_REFUSED,
  'do_shared_fault.store_vm_flags': SHARED_REFUSED,
  'do_shared_fault.vm_nosigbus': SHARED_REFUSED,
  'do_wp_page.force.put_no_anon_vma': FRAMES_ANON,
  'do_wp_page.private.put_no_anon_vma': FRAMES_ANON,
  'do_wp_page.unshare.put_no_anon_vma': FRAMES_ANON,
  'hugetlb_wp.put_no_anon_vma': FRAMES_ANON,
  'hugetlb_wp.unshare.put_no_anon_vma': FRAMES_ANON,
  'hugetlb_no_page.unlock_no_anon_vma': FRAMES_OOM,
  'hugetlb_no_page.unlock_oom': FRAMES_OOM,
  'hugetlb_no_page.unlock_no_table': HUGETLB_TABLE,
  'hugetlb_wp.put_no_table': HUGETLB_TABLE,
  'hugetlb_wp.unshare.put_no_table': HUGETLB_TABLE,
  'hugetlb_no_page.unlock_changed':
    'the fault mutex of the page keeps every other fault out, and nobody else fills an empty entry of a hugetlb mapping',
  'do_wp_page.unshare.no_anon':
    'only patch 9 of the series without its patch 8 comes here, which `mmcheck series gup-longterm` runs',
}
