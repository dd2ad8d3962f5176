/** What the text of the code says is held: locks that are taken, and let go of, under one condition. */
import { expect, test } from 'vitest'
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { knowledge } from '../../solver/prove/knowledge.ts'
import { liveLocals } from '../../solver/prove/liveness.ts'
import { prepare } from '../../solver/prove/prove.ts'

test('i_mmap_rwsem is held from vma_prepare() to vma_complete(), where there is a file', () => {
  const item = ITEMS.find((i) => i.core.name === 'VMAs merged')
  const kernel = findKernel('v6.18')
  if (item === undefined || kernel === undefined) throw new Error('VMAs merged')
  const { system } = prepare(item, kernel, []).setup
  const known = knowledge(system, liveLocals(system))
  const conditions = (end: string): readonly (readonly number[])[] =>
    system.labels.flatMap((l, i) =>
      l.name.startsWith('madvise_dontfork') && l.name.endsWith(end)
        ? [...(known[i]?.values() ?? [])].map((c) =>
            [...c.known.held.values()].flatMap((h) => (h.lock.lock.name === 'file.i_mmap' ? [h.given.length] : [])),
          )
        : [],
    )
  for (const label of ['merge.vma_set_range', 'merge.anon_vma_unlock_write', 'split_start.vm_end', 'split_end.vm_end'])
    expect(conditions(label), label).toEqual([[1]])
  // Who comes here has asked for the file a second time.
  for (const label of ['merge.i_mmap_unlock_write', 'split_start.i_mmap_unlock_write'])
    expect(conditions(label), label).toEqual([[0]])
})
