/** Pieces of the page that its parts share: text, and links to the kernel's source. */
import { escaped } from '../../solver/export/xml.ts'
import { functionLink, fileLink, releaseOf } from './links.ts'
import type { Subject } from './subject.ts'

/** C text, whose arrows are not to be cut in two at the end of a line. */
export const cText = (text: string): string => escaped(text).replaceAll('-&gt;', '<span class="arr">-&gt;</span>')

export const anchor = (text: string, href: string | undefined): string =>
  href === undefined
    ? escaped(text)
    : `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer">${escaped(text)}</a>`

export interface Links {
  readonly fn: (name: string) => string | undefined
  readonly file: (file: string) => string | undefined
}

export function linksOf(subject: Subject): Links {
  const release = releaseOf(subject.scenario.kernel.name)
  return {
    fn: (name) => (release === undefined ? undefined : functionLink(release, name)),
    file: (file) => (release === undefined || file === '' ? undefined : fileLink(release, file)),
  }
}

export const fileTag = (file: string, links: Links): string =>
  file === '' ? '' : `<span class="file">${anchor(file, links.file(file))}</span>`
