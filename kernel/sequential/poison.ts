/** What becomes of a load from a page that userfaultfd has poisoned. */
import { existsSync } from 'node:fs'

/** CONFIG_MEMORY_FAILURE: without it the SIGBUS of a poison marker has the code of any other, BUS_ADRERR. */
export const hasMemoryFailure = (): boolean => existsSync('/proc/sys/vm/memory_failure_early_kill')
