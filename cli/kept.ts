import { join } from 'node:path'

/** Where `check` keeps what it finds, below the working directory. */
export const STORE: string = join('.mmcheck', 'counterexamples')
