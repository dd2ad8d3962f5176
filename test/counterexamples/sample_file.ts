/** The sample as a stored counterexample. */
import { recordSteps, type Counterexample } from '../../counterexamples/json.ts'
import { sampleTrace } from './sample_mail.ts'

export const sampleFile = (id = '3f9c1a77d20e'): Counterexample => ({
  id,
  title: 'guard marker freed by retract_page_tables()',
  scenario: { name: 'guard-retract', kernel: 'maybe-guard-v2', litmus: 'MM guard-retract\nkernel maybe-guard-v2\n' },
  property: {
    name: 'NoTableWithMarkerFreed',
    statement: 'a page table is unlinked only when none of its entries is a guard marker.',
    source: ['mm/khugepaged.c'],
  },
  trace: recordSteps(sampleTrace()),
  scope: ['Scope: 1 page table.'],
  assumptions: ['Sequentially consistent.'],
})
