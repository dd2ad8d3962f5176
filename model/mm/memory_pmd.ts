/**
 * The huge half of mm/memory.c: mapping a PMD-sized folio by a pmd. Read at v7.0-rc6.
 *
 * Not modelled yet: the page table that some architectures deposit, hwpoison, refusal by THP settings.
 */
import { eq, local, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { lock, ret, set, step, unlock, when } from '../language/stmt.ts'
import { bool, refTo } from '../language/types.ts'
import { pmd } from './mm_types.ts'

const p: Local = local('pmd', refTo('pmd'))
const none: Local = local('none', bool)

/** A huge pmd, but only where there is nothing. Returns whether it was put there. */
export const do_set_pmd: Routine = routine({
  name: 'do_set_pmd',
  file: 'mm/memory.c',
  read: 'v7.0-rc6; since v5.14 in this shape',
  params: [p],
  locals: [none],
  returns: bool,
  body: [
    lock('pmd_lock', 'vmf->ptl = pmd_lock(vma->vm_mm, vmf->pmd)', pmd.lock(p)),
    step('set_pmd_at', 'if (pmd_none(*vmf->pmd)) set_pmd_at(vma->vm_mm, haddr, vmf->pmd, entry)', [
      set(none, eq(pmd.kind(p), 'none')),
      when(none, [set(pmd.kind(p), 'huge')]),
    ]),
    unlock('pmd_unlock', 'spin_unlock(vmf->ptl)', pmd.lock(p)),
    ret(none),
  ],
})
