/**
 * Errors seeded into the model of a kernel with the VM_MAYBE_GUARD series (v6.18.37): each is a thing that
 * the kernel does and the model then does not, or the other way round. `conform --random` has to find each.
 */
import { kernel } from '../../model/kernels/kernel.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import type { Patch } from '../../model/kernels/patches.ts'
import type { ModelOf } from '../../kernel/sequences/stage.ts'

export interface Mutant {
  readonly name: string
  /** The model that it is made of. */
  readonly of: ModelOf
  /** A world in which it shows, for where not all of them can be drawn from. */
  readonly world: string
  /** It is looked for in that world alone: drawn from all of them, it takes more than a minute of a busy machine. */
  readonly alone?: true
}

const MODEL = 'v6.18.37'

function patched(drop: readonly Patch[], add: readonly Patch[] = []): ModelOf {
  const base = findKernel(MODEL)
  if (base === undefined) throw new Error(`no kernel ${MODEL}`)
  const patches = [...base.patches].filter((p) => !drop.includes(p))
  return { kernel: kernel(MODEL, base.title, [...patches, ...add]), without: [] }
}

function without(...labels: readonly string[]): ModelOf {
  const base = findKernel(MODEL)
  if (base === undefined) throw new Error(`no kernel ${MODEL}`)
  return { kernel: base, without: labels }
}

export const MUTANTS: readonly Mutant[] = [
  { name: 'guards in anonymous memory alone', of: patched(['guard-file-backed']), world: 'file-readonly' },
  { name: 'guards keep VMAs apart', of: patched(['sticky-flags']), world: 'memfd-shared-vmas' },
  {
    name: 'fork copies no guards of files',
    of: patched(['fork-copies-maybe-guard', 'fork-copy-on-fork', 'fork-copy-on-fork-dst']),
    world: 'memfd-shared-fork',
  },
  { name: 'collapse takes guards along', of: patched(['retract-tests-guard']), world: 'memfd-huge' },
  {
    name: 'UFFDIO_COPY refuses where a guard is',
    of: patched([], ['uffd-own-markers']),
    world: 'anon-private-uffd-missing',
  },
  { name: 'MADV_DONTFORK is forgotten', of: without('dup_mmap.dontcopy'), world: 'anon-private-fork' },
  { name: 'MADV_WIPEONFORK is forgotten', of: without('dup_mmap.wipeonfork'), world: 'anon-private-fork' },
  { name: 'a fault beyond the end of a file is served', of: without('shmem_fault.i_size'), world: 'memfd-shared' },
  { name: 'mlock() sets no flag', of: without('mlock_fixup.vm_flags_reset_once'), world: 'anon-private-vmas' },
  { name: 'mremap() leaves the entries behind', of: without('move_ptes.set_ptes'), world: 'memfd-shared-mremap' },
  {
    name: 'mprotect() changes no entry',
    of: without('change_pte_range.commit'),
    world: 'anon-private-vmas',
    alone: true,
  },
  {
    name: 'VMAs merge to the right alone',
    of: without('vma_merge_existing_range.can_vma_merge_left'),
    world: 'file-shared-vmas',
  },
]
