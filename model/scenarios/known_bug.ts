/** What is told of a bug, or of what is none, and where the catalogue shows it. */

/** A cell of the catalogue: a scenario on a kernel line, as in expected.json. */
export interface BugCell {
  readonly scenario: string
  readonly kernel: string
}

/** How a cell tells: by a property that it breaks, or by how its final condition is met. */
export type Symptom =
  { readonly property: string } | { readonly condition: { readonly before: Observed; readonly after: Observed } }
export type Observed = 'Never' | 'Sometimes' | 'Always'

interface Named {
  readonly id: string
  readonly title: string
}
export interface ShownBug extends Named {
  readonly kind: 'shown'
  readonly symptom: Symptom
  readonly before: readonly BugCell[]
  readonly after: readonly BugCell[]
}
/** What has been called a bug, or might be, and is none: nothing breaks in these cells. */
export interface NoBug extends Named {
  readonly kind: 'no bug'
  readonly holds: readonly BugCell[]
}
export interface NotShown extends Named {
  readonly kind: 'not shown'
  readonly why: string
}
export type KnownBug = ShownBug | NoBug | NotShown
