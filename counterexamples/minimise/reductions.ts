/** The ways to take one thing away from a scenario. */
import type { LitmusFile, ThreadDecl } from '../../model/litmus/ast.ts'
import type { Reduction } from './reduction.ts'
import { threadReductions } from './threads.ts'
import { worldReductions } from './world.ts'

/**
 * Every scenario that has one thing less, the largest things first. Some of them say nothing that mmcheck
 * can model; that is for `elaborate` to find. All scenarios that can be had from one by doing this again
 * and again are called those *below* it. `original` names threads.
 */
export const reductions = (file: LitmusFile, original: (t: ThreadDecl) => string): readonly Reduction[] => [
  ...threadReductions(file, original),
  ...worldReductions(file, original),
]
