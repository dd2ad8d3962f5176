import { exists } from '../model/language/expr.ts'
import { page } from '../model/mm/mm_types.ts'
import { performs, promisesGuards, type Property } from './property.ts'

/** P2 of the guard-region facts. Asserted where the hardware translates an address (model/mm/fault.ts). */
export const NoAccess: Property = {
  name: 'NoAccess',
  statement:
    'no load or store gets through to a page for which MADV_GUARD_INSTALL has returned 0 and no removal has begun.',
  sources: [
    'madvise(2), MADV_GUARD_INSTALL',
    'tools/testing/selftests/mm/guard-regions.c: every test accesses guarded pages',
  ],
  bang: 'access got through a guard',
  title: 'access through a guard region',
  failsOn: [
    {
      kernels: ['rfc-file', 'rfc-file-read', 'maybe-guard-v1', 'maybe-guard-v2'],
      why: 'where a marker is lost, the page can be faulted in',
    },
    {
      kernels: ['v6.15', 'v6.18', 'maybe-guard-v3', 'v7.0'],
      why: 'a finding: unmap_mapping_folio() drops guards, after which the page can be faulted in',
    },
  ],
  mutants: [{ scenario: 'install-read+collapse', kernel: 'v7.0', without: ['retract_page_tables.recheck'] }],
  reaches: ['load.access', 'store.access', 'do_anonymous_page.set_pte_at', 'finish_fault.set_pte_at'],
  build: (scenario) =>
    promisesGuards(scenario) && performs(scenario, 'read', 'write')
      ? { covers: [{ name: 'an install has returned 0', expr: exists('page', 'p', (p) => page.promised(p)) }] }
      : undefined,
}
