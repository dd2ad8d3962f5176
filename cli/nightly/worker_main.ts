/** Started as a process of its own; see worker_process.ts. */
import { serve } from './worker_process.ts'

serve()
