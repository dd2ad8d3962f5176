/**
 * What the thread of MAP_NOSIGBUS asked for, demand by demand, each with the property that stands for it and
 * the scenarios that put it to the test. N1 to N10 are the numbers of the facts, D.2; those of D.5 stand
 * behind them. N8, that linux-api must agree and that 32 bits of vm_flags were full, is no matter of runs.
 *
 * The words in quotes stand in seeds/004 or in the mail that is named; what is not in quotes is retold.
 */
export interface Demand {
  readonly id: string
  readonly property: string
  readonly who: string
  readonly said: string
  /** Of model/scenarios, without their ending. */
  readonly scenarios: readonly string[]
}

const HUGH = 'Hugh Dickins, 1 June 2021'
const READS = ['nosigbus-read+read', 'nosigbus-read+shrink'] as const

export const DEMANDS: readonly Demand[] = [
  {
    id: 'N1',
    property: 'NosigbusIsPrivate',
    who: HUGH,
    said: `"If you restrict it to MAP_PRIVATE mapping of file, then it's less objectionable"`,
    scenarios: ['nosigbus-mprotect-write', 'nosigbus-validate'],
  },
  {
    id: 'N1',
    property: 'ZeroPageUnwritten',
    who: HUGH,
    said: '"(prot & PROT_WRITE) tells you about the mmap() flags, but says nothing about what mprotect() could do later on."',
    scenarios: ['nosigbus-mprotect-write'],
  },
  {
    id: 'N1',
    property: 'ZeroPageReadOnly',
    who: HUGH,
    said: '"Look out for VM_SHARED and VM_MAYSHARE and VM_MAYWRITE further down"',
    scenarios: ['nosigbus-mprotect-write'],
  },
  {
    id: 'N2',
    property: 'FlagsWriteLocked',
    who: HUGH,
    said: '"that BUG is saying you need mmap_write_lock() to write vm_flags."',
    scenarios: READS,
  },
  {
    id: 'N2',
    property: 'FlagsKept',
    who: 'derived (D-S9)',
    said: 'a plain |= under a lock of readers loses a flag that another reader sets atomically (VM_MAYBE_GUARD, from v6.19 on)',
    scenarios: ['nosigbus-read+install'],
  },
  {
    id: 'N3',
    property: 'TruncationUnmapsZero',
    who: HUGH,
    said: `"You'll need to decide what truncating or hole-punching the file does to the zero pages": truncation removes them, he thinks`,
    scenarios: ['nosigbus-truncate-page', 'nosigbus-truncate-within', 'nosigbus-truncate-grow'],
  },
  {
    id: 'N3',
    property: 'HolePunchUnmapsZero',
    who: HUGH,
    said: '"hole-punch leaves them, and ought to be modified to remove them too"',
    scenarios: ['nosigbus-punch'],
  },
  {
    id: 'N4',
    property: 'SharedCoherent',
    who: 'Hugh Dickins, 1 June 2021; Vivek Goyal, 28 June 2021 (N10)',
    said: 'a shared mapping must "unmap a zero page to let new page cache be mapped"; KVM and virtiofs would lose sharing without a word',
    scenarios: ['nosigbus-shared-grow'],
  },
  {
    id: 'N4',
    property: 'PrivateCoherent',
    who: 'Kirill A. Shutemov, 4 June 2021, against Hugh Dickins, 1 June 2021',
    said: 'users do not expect the file to grow unseen, even in private mappings; "Copy on write is normal there", says Hugh',
    scenarios: ['nosigbus-grow-read'],
  },
  {
    id: 'N5a',
    property: 'NoSigbusBeyondEnd',
    who: 'Hugh Dickins, 1 June 2021; Simon Ser, 3 June 2021 (N9)',
    said: '"to make VM_FAULT_SIGBUS on fault to VM_NOSIGBUS vma do the mapping of zero page"; compositors need it of what they only read',
    scenarios: [...READS, 'nosigbus-mprotect-write'],
  },
  {
    id: 'N5b',
    property: 'NoSigbusAtAll',
    who: HUGH,
    said: 'of any reason, such as -ENOSPC in a sparse file that the peer hands over',
    scenarios: ['nosigbus-enospc'],
  },
  {
    id: 'N5c',
    property: 'IoErrorsReported',
    who: 'Kirill A. Shutemov, 4 June 2021',
    said: '-EIO and -ENOSPC must not be hidden, and vmf_error() makes VM_FAULT_SIGBUS of both',
    scenarios: ['nosigbus-enospc', 'nosigbus-eio-plain'],
  },
  {
    id: 'N6',
    property: 'AnyFileMappable',
    who: HUGH,
    said: '"This has nothing to do with shmem really"',
    scenarios: ['nosigbus-plain'],
  },
  {
    id: 'N7',
    property: 'NoDriverFlags',
    who: 'Hugh Dickins, 2 June 2021',
    said: 'VM_MIXEDMAP and vm_insert_page() are for drivers: call do_anonymous_page()',
    scenarios: READS,
  },
  {
    id: 'DS2',
    property: 'OomIsOom',
    who: 'derived (D-S2)',
    said: 'a fault that finds no memory for a page table ends in VM_FAULT_OOM',
    scenarios: ['nosigbus-read-oom'],
  },
  {
    id: 'DS6',
    property: 'PrivateStoreKept',
    who: 'derived (D-S6)',
    said: 'truncation discards private writes, and SIGBUS is what tells of it',
    scenarios: ['nosigbus-write-truncate'],
  },
  {
    id: 'DS8',
    property: 'ZeroPageUncounted',
    who: 'derived (D-S8)',
    said: 'the zero page takes no reference from each entry, which anybody could make as many of as he likes',
    scenarios: ['nosigbus-read-many'],
  },
  {
    id: 'X1',
    property: 'PinReliable',
    who: 'seeds/001 with seeds/004',
    said: 'what is pinned for long is what the address maps: unsharing gives that to private mappings (X2), and nothing to shared ones',
    scenarios: ['nosigbus-pin-private', 'nosigbus-pin-shared'],
  },
]

/** Whether the zero page stays mapped: the question that seeds/004 ends with. */
export interface ZeroPageEvent {
  readonly text: string
  /** Its final condition is that the page is still there. */
  readonly scenario: string
}
export const EVENTS: readonly ZeroPageEvent[] = [
  { text: 'truncated, a page less', scenario: 'nosigbus-truncate-page' },
  { text: 'truncated within a page', scenario: 'nosigbus-truncate-within' },
  { text: 'truncated to more pages', scenario: 'nosigbus-truncate-grow' },
  { text: 'hole punched', scenario: 'nosigbus-punch' },
]
