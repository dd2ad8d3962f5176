/** F7 of the facts gup-cow-nosigbus. */
import { hasFrames } from './gup.ts'
import { performs, type Property } from './property.ts'

/** Asserted where what FOLL_FORCE has given is written (model/mm/gup_force.ts). */
export const ForcedWriteOwn: Property = {
  name: 'ForcedWriteOwn',
  statement: 'what is written by FOLL_FORCE to a private mapping goes to an anonymous page, never to a page of a file.',
  sources: [
    'Linus Torvalds, mm: remove gup_flags FOLL_WRITE games from __get_user_pages() (19be0eaffa3a, v4.9), CVE-2016-5195',
    'David Hildenbrand, mm/gup: fix FOLL_FORCE COW security issue and remove FOLL_COW (5535be309971, v6.0), CVE-2022-2590',
  ],
  bang: 'page of a file is written',
  title: 'read-only file written through a private mapping',
  failsOn: [
    { kernels: ['v4.8'], why: 'Dirty COW: the write is retried as a read' },
    { kernels: ['v5.18', 'v5.19'], why: 'a dirty entry passes for a copy, and UFFDIO_CONTINUE makes dirty ones' },
  ],
  mutants: [{ scenario: 'mem_write+dontneed', kernel: 'v6.2', without: ['follow_page_pte.can_follow_write'] }],
  reaches: ['__access_remote_vm.copy_to_user_page'],
  build: (s) => (hasFrames(s) && performs(s, 'mem_write') ? { covers: [] } : undefined),
}
