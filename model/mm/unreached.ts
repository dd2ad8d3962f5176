const SHARED_REFUSED = 'v1.5 and v2 of MAP_NOSIGBUS refuse shared mappings, and a private one never comes here'

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
}
