/** Where the kernel functions of a trace can be read: links for people, which nothing follows by itself. */

const BROWSER = 'https://elixir.bootlin.com/linux'

/** The release that took what is not released itself: the patches of a series are read there. */
const TAKEN_BY: readonly (readonly [prefix: string, release: string])[] = [
  ['rfc', 'v6.13'],
  ['guard-v', 'v6.13'],
  ['file-backed-guards', 'v6.15'],
  ['maybe-guard', 'v6.19'],
  ['vm-maybe-guard', 'v6.19'],
]

/** The release whose source shows a kernel of the model; undefined where none is known to. */
export function releaseOf(kernel: string): string | undefined {
  const tag = /^v\d+\.\d+(?:\.\d+)?/.exec(kernel)?.[0]
  return tag ?? TAKEN_BY.find(([prefix]) => kernel.startsWith(prefix))?.[1]
}

/** A file of the kernel. */
export const fileLink = (release: string, file: string): string =>
  `${BROWSER}/${release}/source/${file.split('/').map(encodeURIComponent).join('/')}`

/** A function of the kernel by its name, `madvise` of `madvise(MADV_GUARD_INSTALL)`; undefined where it is no name of C. */
export function functionLink(release: string, fn: string): string | undefined {
  const name = /^[A-Za-z_]\w*/.exec(fn)?.[0]
  return name === undefined ? undefined : `${BROWSER}/${release}/C/ident/${name}`
}
