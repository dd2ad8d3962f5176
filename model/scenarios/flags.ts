/** The flags of a VMA at the start. */
import type { Patch } from '../kernels/patches.ts'
import { nosigbusBit } from '../mm/nosigbus.ts'
import type { Mapping } from './place.ts'

/** What mmap() gives it, as a list of names with `|` between them. */
export const flagsOf = (m: Mapping, has: (patch: Patch) => boolean, more: readonly string[] = []): string =>
  [
    ...(m.decl.access === 'none' ? [] : ['VM_READ']),
    ...(m.writable ? ['VM_WRITE'] : []),
    ...(m.shared ? ['VM_SHARED'] : []),
    ...nosigbusBit(m.nosigbus, { has }),
    ...more,
  ].join('|')
