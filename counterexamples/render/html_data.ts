/** What the script of the page is given: every state of the trace, as texts. */
import { plain } from '../../solver/export/xml.ts'
import { threadClass } from './colours.ts'
import type { Links } from './html_parts.ts'
import { layoutOf } from './layout.ts'
import type { Listings } from './listings.ts'
import { standingsIn } from './standing.ts'
import { laneName, statesOf, type Subject } from './subject.ts'
import { showNamed } from './values.ts'

/** JSON that no parser of HTML can take for markup. */
export const json = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'string' ? plain(v) : v)).replace(
    /[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

export function dataOf(subject: Subject, links: Links, { places }: Listings): unknown {
  const { found, model, scenario, bang } = subject
  const { trace } = found
  const { names } = scenario.world
  const moving = new Set(trace.steps.flatMap((s) => s.changes.filter((c) => c.kind !== 'pc').map((c) => c.slot)))
  return {
    bang: `BANG: ${bang}`,
    layout: layoutOf(scenario, model),
    variables: model.slots.map((s, i) => [s.name, showNamed(names, s.type, trace.initial[i] ?? 0)]),
    moving: [...moving].sort((a, b) => a - b),
    standings: statesOf(trace).map((state) =>
      standingsIn(model, state).map((s, t) => ({
        cpu: laneName(t) + (model.threads[t]?.daemon === true ? ' (rcu)' : ''),
        colour: threadClass(t),
        ...s,
      })),
    ),
    steps: trace.steps.map(({ thread, step, changes, choices, loads }, i) => {
      const told = changes.filter((c) => c.kind !== 'pc')
      const place = places[i]
      return {
        cpu: laneName(thread.number),
        colour: threadClass(thread.number),
        text: step.text === '' ? step.local : step.text,
        frames: step.frames.map((f) => ({
          fn: f.fn.includes('(') ? f.fn : `${f.fn}()`,
          fnLink: links.fn(f.fn) ?? '',
          file: f.file,
          fileLink: links.file(f.file) ?? '',
        })),
        notes: [
          ...choices.map(
            (c) =>
              `${c.name} = ${showNamed(names, model.slots[c.slot]?.type ?? { kind: 'int', lo: 0, hi: 0 }, c.value)} (chosen)`,
          ),
          ...loads.map(
            (l) =>
              `${l.name} = ${showNamed(names, model.slots[l.slot]?.type ?? { kind: 'int', lo: 0, hi: 0 }, l.value)} (read)`,
          ),
        ],
        shown: told.map(
          (c) => `${c.name}: ${showNamed(names, c.type, c.from)} \u2192 ${showNamed(names, c.type, c.to)}`,
        ),
        changes: told.map((c) => [c.slot, showNamed(names, c.type, c.to)]),
        place: place === undefined ? null : [place.listing, place.line],
      }
    }),
  }
}
