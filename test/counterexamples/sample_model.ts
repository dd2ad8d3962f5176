/**
 * A lowered model made by hand: madvise_guard_install() against retract_page_tables() with the check
 * under the page-table lock left out, one page table of one page. The shortest violation: the check
 * runs before the flag is set, and the table is unlinked after the marker stands in it.
 */
import type { Frame, LExpr, LoweredModel, LStmt, Slot, Step } from '../../model/language/lowered.ts'
import { CONST_TRUE } from '../../model/language/lowered.ts'
import { bool, enumeration, flagWord, int, nilable, type Type } from '../../model/language/types.ts'
import type { Move } from '../../solver/engine.ts'

const NONE = 0
const TABLE = 1
const GUARD = 1
const MAYBE_GUARD = 1

const slot = (name: string, kind: Slot['kind'], type: Type, hi: number, init = 0, thread?: number): Slot => ({
  name,
  kind,
  type,
  lo: 0,
  hi,
  init,
  ...(thread === undefined ? {} : { thread }),
})

const pmdType = enumeration('pmd', ['none', 'table'])
const pteType = enumeration('pte', ['none', 'guard', 'page'])
const vmFlags = flagWord('vm_flags', ['VM_MAYBE_GUARD', 'VM_LOCKED'])
const INSTALL_STEPS = 5
const RETRACT_STEPS = 6

const slots: readonly Slot[] = [
  slot('vma0.flags', 'shared', vmFlags, 3),
  slot('pmd0', 'shared', pmdType, 1, TABLE),
  slot('pte0', 'shared', pteType, 2),
  slot('pmd_lock0', 'lock', nilable('thread'), 2),
  slot('ptl0', 'lock', nilable('thread'), 2),
  slot('guarded', 'ghost', bool, 1),
  slot('P0:r0', 'register', int(0, 1), 1, 1),
  slot('P0.pc', 'pc', int(0, INSTALL_STEPS), INSTALL_STEPS, 0, 0),
  slot('P1.pc', 'pc', int(0, RETRACT_STEPS), RETRACT_STEPS, 0, 1),
  slot('P1.retract_page_tables.retractable', 'local', bool, 1, 0, 1),
]
const at = (name: string): number => slots.findIndex((s) => s.name === name)

const read = (name: string): LExpr => ({ kind: 'slot', slot: at(name) })
const set = (name: string, value: LExpr | number): LStmt => ({
  kind: 'set',
  target: { kind: 'slot', slot: at(name) },
  value: typeof value === 'number' ? { kind: 'const', value } : value,
})
const is = (name: string, value: number): LExpr => ({
  kind: 'binary',
  op: 'eq',
  left: read(name),
  right: { kind: 'const', value },
})

const frame = (id: number, fn: string, file: string): Frame => ({ id, fn, file })
const madvise = frame(0, 'madvise(MADV_GUARD_INSTALL)', 'mm/madvise.c')
const install = frame(1, 'madvise_guard_install', 'mm/madvise.c')
const walk = frame(2, 'walk_pte_range', 'mm/pagewalk.c')
const collapse = frame(0, 'collapse_file', 'mm/khugepaged.c')
const retract = frame(1, 'retract_page_tables', 'mm/khugepaged.c')

const steps: Step[] = []
function add(
  thread: number,
  label: string,
  text: string,
  frames: readonly Frame[],
  body: readonly LStmt[],
  guard: LExpr = CONST_TRUE,
): void {
  const pc = steps.filter((s) => s.thread === thread).length
  const parts = label.split('.')
  const local = parts.at(-1) ?? ''
  const routine = frames.at(-1)?.fn ?? ''
  const next = set(thread === 0 ? 'P0.pc' : 'P1.pc', pc + 1)
  steps.push({
    id: steps.length,
    thread,
    pc,
    label,
    routine,
    local,
    text,
    frames,
    choices: [],
    guard,
    body: [...body, next],
  })
}

const flag: LExpr = {
  kind: 'binary',
  op: 'bor',
  left: read('vma0.flags'),
  right: { kind: 'const', value: MAYBE_GUARD },
}
const clear: LExpr = {
  kind: 'not',
  arg: { kind: 'binary', op: 'band', left: read('vma0.flags'), right: { kind: 'const', value: MAYBE_GUARD } },
}

add(0, 'install.set_flag', 'vma_set_atomic_flag(vma, VM_MAYBE_GUARD)', [madvise, install], [set('vma0.flags', flag)])
add(
  0,
  'install.walk.pte_lock',
  'pte_offset_map_lock(mm, pmd, addr, &ptl)',
  [madvise, install, walk],
  [set('ptl0', 1)],
  is('ptl0', 0),
)
add(
  0,
  'install.walk.install_pte',
  'set_pte_at(mm, addr, pte, PTE_MARKER_GUARD)',
  [madvise, install, walk],
  [set('pte0', GUARD)],
)
add(0, 'install.walk.pte_unlock', 'pte_unmap_unlock(pte, ptl)', [madvise, install, walk], [set('ptl0', 0)])
add(0, 'install.done', 'return 0', [madvise, install], [set('P0:r0', 0), set('guarded', 1)])

add(
  1,
  'collapse.retract.check',
  'file_backed_vma_is_retractable(vma)',
  [collapse, retract],
  [set('P1.retract_page_tables.retractable', clear), set('P1.retract_page_tables.retractable', 0)],
)
add(
  1,
  'collapse.retract.pmd_lock',
  'pml = pmd_lock(mm, pmd)',
  [collapse, retract],
  [set('pmd_lock0', 2)],
  is('pmd_lock0', 0),
)
add(
  1,
  'collapse.retract.pte_lock',
  'spin_lock_nested(ptl, SINGLE_DEPTH_NESTING)',
  [collapse, retract],
  [set('ptl0', 2)],
  is('ptl0', 0),
)
add(
  1,
  'collapse.retract.unlink',
  'pmdp_collapse_flush(vma, addr, pmd)',
  [collapse, retract],
  [{ kind: 'assert', property: 0, cond: is('pte0', NONE) }, set('pmd0', NONE)],
)
add(1, 'collapse.retract.pte_unlock', 'spin_unlock(ptl)', [collapse, retract], [set('ptl0', 0)])
add(1, 'collapse.retract.pmd_unlock', 'spin_unlock(pml)', [collapse, retract], [set('pmd_lock0', 0)])

export const sampleModel: LoweredModel = {
  slots,
  threads: [
    { name: 'P0', pcSlot: at('P0.pc'), donePc: INSTALL_STEPS, daemon: false },
    { name: 'P1', pcSlot: at('P1.pc'), donePc: RETRACT_STEPS, daemon: false },
  ],
  steps,
  properties: [{ name: 'NoTableWithMarkerFreed', kind: 'assertion' }],
  invariants: [],
  covers: [],
}

const order = (...labels: readonly string[]): readonly Move[] =>
  labels.map((label) => ({ step: steps.findIndex((s) => s.label === label), choices: [] }))

/** Ends with the assertion failing. */
export const sampleMoves: readonly Move[] = order(
  'collapse.retract.check',
  'install.set_flag',
  'install.walk.pte_lock',
  'install.walk.install_pte',
  'install.walk.pte_unlock',
  'install.done',
  'collapse.retract.pmd_lock',
  'collapse.retract.pte_lock',
  'collapse.retract.unlink',
)
