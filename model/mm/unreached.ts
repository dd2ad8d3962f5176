/** Labels that no scenario can reach, with the reason. The report of unreached labels prints it. */
export const UNREACHED: Readonly<Record<string, string>> = {
  'process_madvise.MADV_GUARD_REMOVE.mmap_read_unlock_restart':
    'removing guards never asks for a restart; the step is one of process_madvise(), which installing shares',
}
