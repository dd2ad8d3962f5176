/** One item of the core list on one kernel: what is proved of it, and what broke where it is not. */
import type { Kernel } from '../../model/kernels/kernel.ts'
import { check, type CheckOptions, type Unmet } from './check.ts'
import { filtered } from './filter.ts'
import { inductivePart, nobodyAt, type Inductive } from './houdini.ts'
import { constants } from './constants.ts'
import type { Claim, Item } from './items.ts'
import type { Lemma } from './lemma.ts'
import { renumbered, type RecordedNeeds } from './needs.ts'
import { ownConstants } from './own.ts'
import { setUp, type Setup } from './setup.ts'
import { lemmaWords, unmetWords } from './words.ts'

/** What every proof of a core model rests on, beside the lemmas. */
export const RESTS_ON: readonly string[] = [
  'any number of threads; each makes any of the calls named, on any range of pages, again and again, and touches memory in no other way; one RCU callback',
  'any number of pages, page tables and folios; one mm, one VMA (a split finds no memory), one PMD; one file, mapped shared, or anonymous memory; truncation ends at the eighth page of a file',
  'of fork: two mms, of which one thread forks one into the other, once; each has one mapping, one VMA and one PMD, nobody runs in the child, and what a fork that fails has made is left as it is; no call that takes a page table away, so no RCU callback',
  'locals may begin with any value, and the page cache with any folios; nothing is mapped at first',
  'a loop without a step in it is taken turn by turn, which only adds interleavings',
  'lemmas by hand: none; they are guesses read off the code, kept where Z3 shows that they prove one another',
  'where a model extends another, what a search of that one has lost is not guessed again; what is guessed is not taken as true for it',
  'of fork, some guesses have a shape that was thought of by hand, since they compare two mms: the markers that are copied, so far (up to each counter of a loop) or all; what the flags of a VMA, or before VM_MAYBE_GUARD its anon_vma, tell of guards, those of its copy tell; what was promised of a page is kept or begun to be taken back; neither has a flag that keeps fork from copying; the copy is free before it is taken, and both are write-locked; a local points into one of the mms',
]

/** A lemma as it is printed and recorded. */
export interface LemmaText {
  readonly text: string
  /** Names of labels; absent of a lemma about the world alone. */
  readonly labels?: readonly string[]
}

/** Where a proof broke: one step, and the lemma that it might break. */
export interface Broken {
  readonly lemma: string
  readonly from: string
  readonly to: string
  readonly said: string
}

export interface ClaimProof {
  readonly claim: string
  readonly verdict: 'proved' | 'unknown'
  /** Labels that it is about; where there are none the kernel has no such code. */
  readonly labels: number
  readonly lemmas: readonly LemmaText[]
  readonly broken: readonly Broken[]
}

export interface ItemProof {
  readonly property: string
  readonly statement: string
  readonly core: string
  readonly kernel: string
  readonly without: readonly string[]
  readonly operations: readonly string[]
  readonly claims: readonly ClaimProof[]
  /** Lemmas that the claims were shown with. */
  readonly support: readonly LemmaText[]
  /** To find them, and to check what was found. */
  readonly queries: { readonly found: number; readonly checked: number }
}

export interface Attempt {
  readonly setup: Setup
  readonly claims: readonly Claim[]
  /** Claims and guesses, in the order in which they were asked. */
  readonly all: readonly Lemma[]
  /** What the claims that are proved rest on: a part of what is left that is inductive by itself. */
  readonly lemmas: readonly Lemma[]
  /** All that was asked about, before any run. */
  readonly asked: readonly Lemma[]
  /** All that is left of it, whether a claim rests on it or not. */
  readonly inductive: readonly Lemma[]
  /** Labels that no thread comes to. */
  readonly unreached: ReadonlySet<number>
  /** Those of `lemmas` that are no part of a claim. */
  readonly guessed: readonly Lemma[]
  /** What was not met on the way. */
  readonly unmet: readonly Unmet[]
  readonly needs?: RecordedNeeds
  readonly proof: ItemProof
}

export function textOf(setup: Setup, l: Lemma): LemmaText {
  const { labels } = l
  const text = lemmaWords(l)
  return labels === undefined ? { text } : { text, labels: [...labels].map((i) => setup.system.labels[i]?.name ?? '') }
}

/** Random runs at a small size, and steps in each. */
const RUNS = 200
const LENGTH = 600

/** What is asked of a model, before anything is. */
export interface Prepared {
  readonly item: Item
  readonly setup: Setup
  readonly claims: readonly Claim[]
  readonly guesses: readonly Lemma[]
}

/** Builds the model of an item. Throws where `without` names nothing. */
export function prepare(item: Item, kernel: Kernel, without: readonly string[]): Prepared {
  const setup = setUp({ ...item.core, without }, kernel)
  const { claims, support } = item.claimsOf(setup.system, kernel)
  const more = item.lean === true ? [] : [...ownConstants(setup.system), ...constants(setup)]
  // Of a set without objects there is nothing to say, and nothing that a lemma could fail for.
  const empty = (l: Lemma): boolean => l.vars.some((v) => setup.domain[v.set] === 0)
  const some = (lemmas: readonly Lemma[]): readonly Lemma[] => lemmas.filter((l) => !empty(l))
  return {
    item,
    setup,
    claims: claims.map((c) => ({ ...c, lemmas: some(c.lemmas) })),
    guesses: some([...support, ...more]),
  }
}

/** Labels that a claim is about. */
export const labelsOf = (c: Claim): readonly number[] => [
  ...(c.about ?? new Set(c.lemmas.flatMap((l) => [...(l.labels ?? [])]))),
]

/** Finds what can be shown. */
export async function attempt(
  { item, setup, claims, guesses }: Prepared,
  options: CheckOptions,
  log?: (text: string) => void,
): Promise<Attempt> {
  const wanted = claims.flatMap((c) => c.lemmas)
  const runs = filtered(setup.finite, [...wanted, ...guesses], RUNS, LENGTH)
  const all = [...wanted, ...runs.left.slice(wanted.length).flatMap((l) => l ?? [])]
  log?.(
    `${runs.states} states, ${runs.reached.size} of ${setup.system.labels.length} labels, ${all.length} guesses left`,
  )
  const found = await inductivePart(setup, all, runs.reached, options, log)
  const places = new Map(all.map((l, i) => [l, i]))
  // What is claimed of labels that no thread comes to is lost, and nothing else.
  const whole = (l: Lemma): boolean => {
    const left = found.left[places.get(l) ?? -1]
    if (l.labels === undefined) return left !== undefined
    return (left?.labels?.size ?? 0) === [...l.labels].filter((i) => !found.unreached.has(i)).length
  }
  const met = (c: Claim): boolean => labelsOf(c).some((i) => runs.reached.has(i))
  const shown = claims.filter((c) => met(c) && c.lemmas.every(whole))
  const needed = restedOn(found, new Set(shown.flatMap((c) => c.lemmas).map((l) => places.get(l) ?? -1)))
  const order = [...needed].sort((a, b) => a - b)
  const lemmas = [
    ...order.flatMap((i) => found.left[i] ?? []),
    ...(found.unreached.size === 0 ? [] : [nobodyAt(found.unreached)]),
  ]
  // Once more, of exactly what is left, with nothing else assumed.
  const checked = await check(setup, lemmas, options, found.unreached)
  for (const u of checked.unmet) log?.(`not shown again: ${unmetWords(u)}; ${u.whose}`)
  const goals = order.filter((i) => i < wanted.length).length
  const isProved = (c: Claim): boolean => checked.unmet.length === 0 && shown.includes(c)
  // A record has the lemmas of the claims that are proved, and no other's.
  const ofClaims = claims.filter(isProved).flatMap((c) => c.lemmas.map((l) => places.get(l)))
  const recordPlaces = lemmas.map((_, i) => {
    if (i >= goals) return ofClaims.length + i - goals
    const found = ofClaims.indexOf(order[i])
    return found < 0 ? undefined : found
  })
  const proof: ItemProof = {
    ...headOf(item, setup),
    queries: { found: found.queries, checked: checked.queries },
    claims: claims.map((c) => ({
      claim: c.name,
      verdict: isProved(c) ? 'proved' : 'unknown',
      labels: labelsOf(c).length,
      lemmas: c.lemmas.map((l) => textOf(setup, l)),
      broken: found.unmet
        .filter((u) => c.lemmas.includes(all[u.place] ?? u.lemma))
        .map((u) => ({
          lemma: textOf(setup, u.lemma).text,
          from: u.from ?? 'the start',
          to: u.to ?? '',
          said: u.said,
        })),
    })),
    support: lemmas.slice(goals).map((l) => textOf(setup, l)),
  }
  return {
    ...{ setup, claims, all, lemmas, guessed: lemmas.slice(goals), unmet: found.unmet, proof },
    ...(checked.needs === undefined
      ? {}
      : {
          needs: {
            goals: ofClaims.length,
            of: renumbered(checked.needs, recordPlaces, ofClaims.length + lemmas.length - goals),
          },
        }),
    ...{ asked: [...wanted, ...guesses], inductive: found.left.flatMap((l) => l ?? []), unreached: found.unreached },
  }
}

/** What an item of a proof is about. */
export const headOf = (
  item: Item,
  { kernel, core }: Setup,
): Pick<ItemProof, 'property' | 'statement' | 'core' | 'kernel' | 'without' | 'operations'> => ({
  property: item.property,
  statement: item.statement,
  core: item.core.name,
  kernel: kernel.name,
  without: core.without,
  operations: item.core.operations,
})

/** The places of some lemmas, and of all that they rest on. */
function restedOn(found: Inductive, from: ReadonlySet<number>): ReadonlySet<number> {
  const seen = new Set<number>()
  const todo = [...from]
  for (let i = todo.pop(); i !== undefined; i = todo.pop()) {
    if (seen.has(i) || found.left[i] === undefined) continue
    seen.add(i)
    todo.push(...(found.uses[i] ?? []))
  }
  return seen
}
