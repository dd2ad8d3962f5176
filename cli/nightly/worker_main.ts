/** Started as a process of its own; see worker_process.ts. */
import { compileLate } from '../late_compile.ts'
import { serve } from './worker_process.ts'

compileLate()
serve()
