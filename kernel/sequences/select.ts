/** The worlds that a machine can be asked about. */
import { FEATURES, type Feature } from '../probe/features.ts'
import type { SequenceWorld } from './world.ts'
import { WORLDS } from './worlds.ts'

export interface Selection {
  readonly worlds: readonly SequenceWorld[]
  /** Those that the machine lacks something for, and the first thing that it is. */
  readonly skipped: readonly { readonly world: string; readonly missing: Feature }[]
}

/** The worlds of these names, or all of them, as far as the kernel has what they need. */
export function selectWorlds(features: ReadonlySet<Feature>, names: readonly string[] = []): Selection {
  const asked = names.length === 0 ? WORLDS : WORLDS.filter((w) => names.includes(w.name))
  const missing = (w: SequenceWorld): Feature | undefined => w.needs.find((f) => !features.has(f))
  return {
    worlds: asked.filter((w) => missing(w) === undefined),
    skipped: asked.flatMap((w) => {
      const lacks = missing(w)
      return lacks === undefined ? [] : [{ world: w.name, missing: lacks }]
    }),
  }
}

export const showMissing = (f: Feature): string => FEATURES[f]
