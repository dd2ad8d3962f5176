/** F22 of the facts gup-cow-nosigbus. */
import { COW_TEST, hasFrames } from './gup.ts'
import { performs, type Property } from './property.ts'

/** Asserted where contents change: a store, a device, FOLL_FORCE (model/mm/{frame_access,gup_hold,gup_force}.ts). */
export const ContentsOwn: Property = {
  name: 'ContentsOwn',
  statement:
    'what a private page holds is changed by the process that maps it alone, or by whom that process has let pin it.',
  sources: [COW_TEST, 'fork(2): the child has copies of the private pages of its parent'],
  bang: 'contents of another process change',
  title: 'private contents changed by another process',
  failsOn: [],
  mutants: [
    { scenario: 'fork-vmsplice+write', kernel: 'v6.2', without: ['copy_pte_range.wrprotect_ptes'] },
    { scenario: 'fork-mprotect-write', kernel: 'v6.2', without: ['change_pte_range.page_anon_exclusive'] },
  ],
  reaches: ['store.access', 'dma_write.dma', '__access_remote_vm.copy_to_user_page'],
  build: (s) =>
    hasFrames(s) && performs(s, 'store', 'write', 'pin_write', 'mem_write') && s.world.mms.length > 1
      ? { covers: [] }
      : undefined,
}
