import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 compile with all its optimisations only what runs for long, and not after some milliseconds: it takes a
 * function for hot once it has run so many bytes of bytecode, 132 KiB where nobody says otherwise. Most of ours
 * runs once or twice over a model, and compiling it cost more than it saved: 0.36 s of CPU for a scenario of 1e5
 * states became 0.21, and every other engine gained as well. Half or twice the number make no difference.
 */
export function compileLate(): void {
  setFlagsFromString('--interrupt-budget=1000000')
}
