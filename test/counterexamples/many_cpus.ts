/** Three CPUs and more: an installer, a fault, a collapse, and (in the longer trace) a truncation. */
import { bool, enumeration, flagWord, nilable } from '../../model/language/types.ts'
import type { Trace } from '../../counterexamples/trace.ts'
import { madeTrace, type MadeChange, type MadeStep } from './made_trace.ts'

const pte = enumeration('pte', ['none', 'guard', 'page'])
const flags = flagWord('vm_flags', ['VM_MAYBE_GUARD', 'VM_LOCKED'])
const pteTo = (from: number, to: number): MadeChange => ({ name: 'table0.pte[0]', kind: 'shared', type: pte, from, to })
const lock = (name: string, from: number, to: number): MadeChange => ({
  name,
  kind: 'lock',
  type: nilable('thread'),
  from,
  to,
})

const install: MadeStep['frames'] = [
  [0, 'madvise(MADV_GUARD_INSTALL)'],
  [1, 'madvise_guard_install'],
]
const walk: MadeStep['frames'] = [...install, [2, 'walk_page_range_vma_unsafe'], [3, 'walk_pte_range']]
const fault: MadeStep['frames'] = [
  [0, 'write(a[0])'],
  [1, 'do_anonymous_page'],
]
const read: MadeStep['frames'] = [[4, 'read(a[0])']]
const retract: MadeStep['frames'] = [
  [0, 'collapse_file'],
  [1, 'retract_page_tables'],
]
const truncate: MadeStep['frames'] = [
  [0, 'ftruncate(f, 0)'],
  [1, 'unmap_mapping_range'],
  [2, 'zap_pte_range'],
]

const begin: readonly MadeStep[] = [
  {
    thread: 0,
    frames: install,
    text: 'vma_set_atomic_flag(vma, VM_MAYBE_GUARD)',
    changes: [{ name: 'a.flags', kind: 'shared', type: flags, from: 2, to: 3 }],
  },
  { thread: 1, frames: fault, text: 'pte_offset_map_lock()', changes: [lock('table0.ptl', 0, 2)] },
  { thread: 1, frames: fault, text: 'set_ptes(mm, addr, pte, entry, 1)', changes: [pteTo(0, 2)] },
  { thread: 1, frames: fault, text: 'pte_unmap_unlock()', changes: [lock('table0.ptl', 2, 0)] },
  { thread: 1, frames: read, text: 'load', changes: [] },
  { thread: 0, frames: walk, text: 'pte_offset_map_lock()', changes: [lock('table0.ptl', 0, 1)] },
  { thread: 0, frames: walk, text: 'ops->pte_entry() finds a page: retry', changes: [] },
  { thread: 0, frames: walk, text: 'pte_unmap_unlock()', changes: [lock('table0.ptl', 1, 0)] },
  {
    thread: 0,
    frames: [...install, [5, 'zap_page_range_single']],
    text: 'ptep_get_and_clear_full()',
    changes: [
      pteTo(2, 0),
      { name: 'page0.mapped', kind: 'shared', type: bool, from: 1, to: 0 },
      { name: 'page0.dirty', kind: 'shared', type: bool, from: 1, to: 0 },
    ],
  },
  {
    thread: 2,
    frames: retract,
    text: 'pml = pmd_lock(mm, pmd)',
    changes: [lock('pmd0.lock', 0, 3)],
    choices: [{ name: 'P2.retract_page_tables.exiting', shown: 'false' }],
  },
]
const end: MadeStep = {
  thread: 2,
  frames: retract,
  text: 'pmdp_collapse_flush(vma, addr, pmd)',
  changes: [{ name: 'pmd0', kind: 'shared', type: nilable('table'), from: 1, to: 0 }],
}

export const threeCpus: Trace = madeTrace([...begin, end])
export const fourCpus: Trace = madeTrace([
  ...begin,
  { thread: 10, frames: truncate, text: 'spin_lock(ptl)', changes: [lock('table0.ptl', 0, 4)] },
  { thread: 10, frames: truncate, text: 'zap_present_folio_ptes()', changes: [] },
  end,
])
