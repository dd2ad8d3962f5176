/** What the modelled system calls and accesses give back, and the internal codes they pass around. */
import { enumeration, type EnumType } from '../language/types.ts'

/**
 * Register values: `unset` before the operation has returned; an access gives `ok`, SEGV or BUS.
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
])

/** vm_fault_t as far as the modelled paths tell it apart; `done` is 0 and VM_FAULT_NOPAGE. */
export const VmFault: EnumType = enumeration('vm_fault_t', [
  'done',
  'VM_FAULT_SIGSEGV',
  'VM_FAULT_RETRY',
  'VM_FAULT_OOM',
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
])
