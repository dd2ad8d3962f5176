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

/** Files that code has moved to, the release that has them first, and where it was until then. */
const MOVED: Readonly<
  Record<string, { readonly since: readonly [major: number, minor: number]; readonly from: string }>
> = {
  // down_write(&mm->mmap_sem), wherever it was needed; the semaphore is a field of mm_struct.
  'include/linux/mmap_lock.h': { since: [5, 8], from: 'include/linux/mm_types.h' },
  'mm/vma.c': { since: [6, 12], from: 'mm/mmap.c' },
}

/** Where a release has what later ones have in `file`. */
function fileIn(release: string, file: string): string {
  const moved = MOVED[file]
  const [, major = 0, minor = 0] = /^v(\d+)\.(\d+)/.exec(release)?.map(Number) ?? []
  if (moved === undefined || major > moved.since[0] || (major === moved.since[0] && minor >= moved.since[1]))
    return file
  return moved.from
}

/** A file of the kernel, by the name that it has today. */
export const fileLink = (release: string, file: string): string =>
  `${BROWSER}/${release}/source/${fileIn(release, file).split('/').map(encodeURIComponent).join('/')}`

/** A function of the kernel by its name, `madvise` of `madvise(MADV_GUARD_INSTALL)`; undefined where it is no name of C. */
export function functionLink(release: string, fn: string): string | undefined {
  const name = /^[A-Za-z_]\w*/.exec(fn)?.[0]
  return name === undefined ? undefined : `${BROWSER}/${release}/C/ident/${name}`
}
