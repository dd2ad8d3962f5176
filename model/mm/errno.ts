/** What the modelled system calls and accesses give back, and the internal codes they pass around. */
import { enumeration, type EnumType } from '../language/types.ts'

/**
 * Register values: `unset` before the operation has returned; an access gives `ok`, SEGV, BUS, or
 * HWPOISON (a SIGBUS of its own code). Counts, as of process_madvise(), are in pages. What an
 * observer such as pagemap saw of a page is `guard`, `none`, `present` or `swap`.
 * ERESTARTNOINTR is in the list so that a leak of it would be seen.
 */
export const Result: EnumType = enumeration('result', [
  'unset',
  '0',
  '-EINVAL',
  '-ENOMEM',
  '-EAGAIN',
  '-ERESTARTNOINTR',
  'ok',
  'SEGV',
  'BUS',
  'OOM',
  '-EFAULT',
  '-EACCES',
  '-EPERM',
  '-EEXIST',
  '-EINTR',
  '-EBUSY',
  '-ENOENT',
  '1',
  '2',
  '3',
  '4',
  'HWPOISON',
  'guard',
  'none',
  'present',
  'swap',
  '-EOPNOTSUPP',
  '-EHWPOISON',
])

/**
 * vm_fault_t as far as the modelled paths tell it apart; `done` is 0 and VM_FAULT_NOPAGE. With
 * VM_FAULT_RETRY the fault has let go of the mmap lock or the VMA lock; with VM_FAULT_LOCKED it holds
 * the folio's; with VM_FAULT_FALLBACK small pages have to do.
 */
export const VmFault: EnumType = enumeration('vm_fault_t', [
  'done',
  'VM_FAULT_SIGSEGV',
  'VM_FAULT_RETRY',
  'VM_FAULT_OOM',
  'VM_FAULT_SIGBUS',
  'VM_FAULT_HWPOISON',
  'VM_FAULT_LOCKED',
  'VM_FAULT_FALLBACK',
])

/** enum scan_result of mm/khugepaged.c, the members that occur here. */
export const ScanResult: EnumType = enumeration('scan_result', [
  'SCAN_SUCCEED',
  'SCAN_FAIL',
  'SCAN_PAGE_LOCK',
  'SCAN_PAGE_FILLED',
  'SCAN_TRUNCATED',
  'SCAN_PTE_NON_PRESENT',
  'SCAN_PTE_MAPPED_HUGEPAGE',
  'SCAN_VMA_NULL',
  'SCAN_VMA_CHECK',
  'SCAN_PMD_NULL',
  'SCAN_PTE_UFFD_WP',
  'SCAN_EXCEED_NONE_PTE',
  'SCAN_EXCEED_SWAP_PTE',
  'SCAN_PMD_MAPPED',
  'SCAN_PAGE_RO',
  'SCAN_PAGE_ANON',
])
