/** The kernels that a series asks about: each point between two patches, each posting, each patch left out. */
import type { Kernel } from '../../model/kernels/kernel.ts'
import { KERNELS } from '../../model/kernels/kernels.ts'
import { prefixKernel, withoutPatch, type Posting, type Series } from '../../model/kernels/series.ts'

/** One column of a table. */
export interface Point {
  /** `0` or the id of a patch; `v3` for a whole posting. */
  readonly id: string
  readonly kernel: Kernel
}

/** A kernel of the list with the same patches, whose counterexamples have the ids that everybody knows; else itself. */
function known(kernel: Kernel): Kernel {
  const same = KERNELS.find((k) => k.patches.size === kernel.patches.size && [...k.patches].every(kernel.has))
  return same ?? kernel
}

const point = (id: string, kernel: Kernel | undefined): readonly Point[] =>
  kernel === undefined ? [] : [{ id, kernel: known(kernel) }]

/** The base and every prefix of a posting. */
export const prefixes = (series: Series, posting: Posting): readonly Point[] => [
  ...point('0', prefixKernel(series, posting, '0')),
  ...posting.patches.flatMap((p) => point(p.id, prefixKernel(series, posting, p.id))),
]

/** The base and every posting as a whole. */
export const versions = (series: Series): readonly Point[] => {
  const [first] = series.postings
  return [
    ...(first === undefined ? [] : point('base', prefixKernel(series, first, '0'))),
    ...series.postings.flatMap((p) => point(p.version, prefixKernel(series, p, p.patches.at(-1)?.id ?? '0'))),
  ]
}

/** The whole posting without one of its patches, for every patch that changes the model; `needs` still met. */
export const butOne = (series: Series, posting: Posting): readonly Point[] =>
  posting.patches.flatMap((p) => (p.modelled === undefined ? [] : point(p.id, withoutPatch(series, posting, p.id))))
