/** N5 and N6 of the MAP_NOSIGBUS facts, and D-S2: which faults may still raise SIGBUS. */
import { truth } from '../model/language/expr.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { asksNosigbus, asksSharing, FLAG_SET, HUGH_1, KIRILL } from './nosigbus.ts'
import { performs, type Property } from './property.ts'

/** Reads may fail for other reasons than the end of the file. */
const ioFails = (s: Scenario): boolean => s.world.io
const accesses = (s: Scenario): boolean => asksNosigbus(s) && performs(s, 'read', 'write')

/** N5a and N9. Asserted where the signal is raised (model/mm/nosigbus.ts). */
export const NoSigbusBeyondEnd: Property = {
  name: 'NoSigbusBeyondEnd',
  statement: 'an access to a mapping with MAP_NOSIGBUS raises no SIGBUS for lying beyond the end of the file.',
  sources: [HUGH_1, 'Simon Ser, 3 June 2021: what Wayland compositors need of shm files that they only read'],
  bang: 'SIGBUS in spite of MAP_NOSIGBUS',
  title: 'SIGBUS beyond the end of the file in spite of MAP_NOSIGBUS',
  failsOn: [
    {
      kernels: ['nosigbus-v1', 'nosigbus-v1.5'],
      why: 'D-S1: vm_insert_page() gives -EBUSY where another thread was first',
    },
    { kernels: ['nosigbus-v2-eof'], why: 'the file grows between ->fault and the second look at i_size' },
  ],
  mutants: [{ scenario: 'nosigbus-read+read', kernel: 'nosigbus-v2', without: ['do_read_fault.vm_nosigbus'] }],
  reaches: ['vm_insert_page.pte_none', 'do_read_fault.vm_nosigbus', 'handle_pte_fault.vm_nosigbus'],
  build: (s) => (accesses(s) && !ioFails(s) ? { covers: [FLAG_SET] } : undefined),
}

/** N5b, which Hugh Dickins asks for. */
export const NoSigbusAtAll: Property = {
  name: 'NoSigbusAtAll',
  statement: 'an access to a mapping with MAP_NOSIGBUS raises no SIGBUS, whatever the reason.',
  sources: [HUGH_1],
  bang: 'SIGBUS in spite of MAP_NOSIGBUS',
  title: 'SIGBUS for another reason in spite of MAP_NOSIGBUS',
  failsOn: [
    { kernels: ['nosigbus-v1'], why: 'shmem is asked about its i_size alone' },
    { kernels: ['nosigbus-v2-eof'], why: 'I/O errors stay SIGBUS there, as N5c wants it' },
  ],
  mutants: [{ scenario: 'nosigbus-enospc', kernel: 'nosigbus-v2', without: ['do_read_fault.vm_nosigbus'] }],
  reaches: ['shmem_fault.shmem_inode_acct_block'],
  build: (s) => (accesses(s) && ioFails(s) ? { covers: [FLAG_SET] } : undefined),
}

/** N5c, which Kirill Shutemov asks for, and which N5b excludes. Asserted where the zero page would answer. */
export const IoErrorsReported: Property = {
  name: 'IoErrorsReported',
  statement: 'a fault whose ->fault failed with -EIO or -ENOSPC is not answered by the zero page.',
  sources: [KIRILL],
  bang: 'I/O error answered by the zero page',
  title: 'I/O error hidden by MAP_NOSIGBUS',
  failsOn: [
    {
      kernels: ['nosigbus-sketch', 'nosigbus-v1.5', 'nosigbus-linus', 'nosigbus-v2'],
      why: 'VM_FAULT_SIGBUS tells of no reason: vmf_error() makes it of every errno but -ENOMEM',
    },
  ],
  mutants: [{ scenario: 'nosigbus-enospc', kernel: 'nosigbus-v2-eof', without: ['do_read_fault.within_i_size'] }],
  reaches: ['shmem_fault.shmem_inode_acct_block', 'filemap_fault.folio_error'],
  build: (s) => (accesses(s) && ioFails(s) ? { covers: [FLAG_SET] } : undefined),
}

/** D-S2. Asserted where __do_fault() of v1.5 gives up. */
export const OomIsOom: Property = {
  name: 'OomIsOom',
  statement: 'a fault that ran out of memory ends in VM_FAULT_OOM, not in SIGBUS.',
  sources: [
    'derived (D-S2): v1.5 falls through with the VM_FAULT_SIGBUS of ->fault, whatever vm_insert_page() answered',
  ],
  bang: 'SIGBUS for want of memory',
  title: 'SIGBUS for want of memory',
  failsOn: [{ kernels: ['nosigbus-v1.5'], why: 'it looks only at whether vm_insert_page() gave 0' }],
  mutants: [{ scenario: 'nosigbus-within-oom', kernel: 'nosigbus-v1.5', without: ['shmem_fault.i_size'] }],
  reaches: ['__pte_alloc.may_fail'],
  build: (s) => (accesses(s) && s.world.oom ? { covers: [FLAG_SET] } : undefined),
}

/** N6 and N9. Asserted where mmap() returns. */
export const AnyFileMappable: Property = {
  name: 'AnyFileMappable',
  statement: 'mmap(MAP_PRIVATE | MAP_NOSIGBUS) of any file succeeds, writable or not.',
  sources: [HUGH_1, 'Simon Ser, 3 June 2021: ordinary files, if it can be had'],
  bang: 'mmap() refused',
  title: 'MAP_NOSIGBUS refused for a private mapping',
  failsOn: [{ kernels: ['nosigbus-v1'], why: 'shmem alone, and without PROT_WRITE' }],
  mutants: [{ scenario: 'nosigbus-plain', kernel: 'nosigbus-v2', without: ['__mmap_region.vm_area_alloc'] }],
  reaches: ['mmap.mapped'],
  build: (s) =>
    asksSharing(s, 'private') && performs(s, 'mmap') ? { covers: [{ name: 'always', expr: truth(true) }] } : undefined,
}
