/** A reader of XML that knows no more than nesting and entities, for texts that must be well-formed. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

const TAG = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z-]+(?::[a-z]+)?="[^"<]*")*)\s*(\/?)>/g
const ENTITY = /&(?!amp;|lt;|gt;|quot;|#39;)/

/** Elements of an XML text, in order. Throws where they are not nested as they must be, or markup stands in text. */
export function elements(xml: string): readonly Element[] {
  const open: string[] = []
  const seen: Element[] = []
  const rest = xml.replace(TAG, (_, end: string, name: string, attributes: string, alone: string) => {
    if (end === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes something else`)
    } else {
      const pairs = [...attributes.matchAll(/([a-zA-Z-]+(?::[a-z]+)?)="([^"]*)"/g)]
      for (const [, , value = ''] of pairs) if (ENTITY.test(value)) throw new Error(`an entity in ${value}`)
      seen.push({ name, attributes: Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value])) })
      if (alone !== '/') open.push(name)
    }
    return ''
  })
  if (open.length > 0) throw new Error(`<${open.join('><')}> is not closed`)
  if (/[<>]/.test(rest) || ENTITY.test(rest)) throw new Error('markup in text')
  return seen
}
