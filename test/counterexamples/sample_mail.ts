/** The sample trace and what a caller says about it. */
import type { MailInput } from '../../counterexamples/mail.ts'
import { buildTrace, type Trace } from '../../counterexamples/trace.ts'
import { replay } from '../../solver/reference/replay.ts'
import { sampleModel, sampleMoves } from './sample_model.ts'

export function sampleTrace(): Trace {
  const built = buildTrace(sampleModel, sampleMoves, replay)
  if (!built.ok) throw new Error(built.error.message)
  return built.value
}

export const sampleMail = (trace: Trace = sampleTrace()): MailInput => ({
  trace,
  id: '3f9c1a77d20e',
  title: 'guard marker freed by retract_page_tables()',
  property: {
    name: 'NoTableWithMarkerFreed',
    statement: 'a page table is unlinked only when none of its entries is a guard marker.',
  },
  bang: 'page table freed with the guard marker in it',
  minimality: 'no shorter trace exists and none of that length has fewer switches.',
  scope: ['Scope: 1 page table, 1 page, 1 installer, 1 collapse.', 'Sequentially consistent.'],
  assumptions: ['Not modelled: folio lock, TLB, rmap.'],
  readFrom: 'Steps read from mm/madvise.c, mm/khugepaged.c (v6.12, v7.0-rc6).',
})
