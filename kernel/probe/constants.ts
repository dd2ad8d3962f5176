/** Numbers of the kernel's interface: include/uapi of v6.18, as x86-64 and arm64 have them. */

/** MADV_*, by the names that operations have here. */
export const ADVICE = {
  normal: 0,
  sequential: 2,
  willneed: 3,
  dontneed: 4,
  free: 8,
  remove: 9,
  dontfork: 10,
  dofork: 11,
  hugepage: 14,
  nohugepage: 15,
  wipeonfork: 18,
  keeponfork: 19,
  cold: 20,
  pageout: 21,
  populate_read: 22,
  populate_write: 23,
  dontneed_locked: 24,
  collapse: 25,
  guard_install: 102,
  guard_remove: 103,
} as const
export type Advice = keyof typeof ADVICE

export const PROT = { none: 0, r: 1, w: 2, rw: 3, rx: 5, rwx: 7 } as const
export type Prot = keyof typeof PROT

export const MAP = {
  shared: 0x01,
  private: 0x02,
  fixed: 0x10,
  anonymous: 0x20,
  populate: 0x8000,
  hugetlb: 0x40000,
} as const
export const MREMAP = { maymove: 1, fixed: 2, dontunmap: 4 } as const
export const PIDFD_SELF_THREAD = -10_000
export const UFFD = {
  user_mode_only: 1,
  register: { missing: 1, wp: 2, minor: 4 },
  feature: { sigbus: 0x80, wp_hugetlbfs_shmem: 0x1000, wp_unpopulated: 0x2000, poison: 0x4000 },
} as const
/** PAGE_IS_* of PAGEMAP_SCAN. */
export const PAGE_IS = { present: 8, swapped: 16, guard: 256 } as const

/** Names of the error numbers that operations on memory give; the same on every architecture that is asked. */
const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  4: 'EINTR',
  5: 'EIO',
  9: 'EBADF',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  22: 'EINVAL',
  25: 'ENOTTY',
  28: 'ENOSPC',
  38: 'ENOSYS',
  95: 'EOPNOTSUPP',
  133: 'EHWPOISON',
}
export const errnoName = (number: number): string => ERRNO[number] ?? `errno ${number}`

export const SIGNAL: Readonly<Record<number, string>> = { 7: 'SIGBUS', 9: 'SIGKILL', 11: 'SIGSEGV' }
export const signalName = (number: number): string => SIGNAL[number] ?? `signal ${number}`
