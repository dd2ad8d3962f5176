/** Labels that no scenario can reach yet, with the reason. The report of unreached labels prints it. */
export const UNREACHED: Readonly<Record<string, string>> = {
  'retract_page_tables.drop_pml':
    'only PT_RECLAIM, which is not modelled yet, takes a table away while a collapse holds the huge folio lock',
  'filemap_map_pages.unlock_no_table':
    'only PT_RECLAIM, which is not modelled yet, takes a table away while a fault holds the huge folio lock',
}
