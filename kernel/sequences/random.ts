/** Random sequences over the model's vocabulary, many at a time; a disagreement is shrunk by fast-check. */
import type { Arbitrary } from 'fast-check'
import type { Sequence } from '../probe/operations.ts'
import { runSequences, type Probe } from '../probe/probe.ts'
import { compare, disagrees, probeSequence, verdictOf, type Account, type WorldSequence } from './compare.ts'
import { newSequenceModel, type SequenceModel } from './model.ts'
import { litmusText, type ModelOf } from './stage.ts'
import { inOrder, type SequenceWorld } from './world.ts'

export interface RandomOptions {
  readonly runs: number
  /** 0 for no limit, in seconds. */
  readonly seconds: number
  readonly seed: number
  readonly worlds: readonly SequenceWorld[]
  readonly onProgress?: (done: number) => void
}

export interface Disagreement {
  readonly world: string
  /** The shrunk sequence as a litmus file. */
  readonly litmus: string
  readonly accounts: readonly Account[]
  /** Operations before shrinking. */
  readonly foundAt: number
}

export interface RandomReport {
  readonly sequences: number
  readonly operations: number
  readonly perWorld: ReadonlyMap<string, number>
  /** Of them, sequences that ended where the kernel kept VMAs apart for reasons that the model does not have. */
  readonly cutShort: number
  readonly ms: number
  readonly disagreement?: Disagreement
}

const OPERATIONS_MAX = 12

/** Sequences drawn at once; the seed of a batch is its number added to the seed of the run. */
const BATCH = 500

/** Each when its turn comes: a world is not made ready before it is met. */
function* asked(
  model: SequenceModel,
  drawn: readonly WorldSequence[],
): Generator<Sequence & { readonly s: WorldSequence }> {
  for (const s of drawn) yield { ...probeSequence(model, s), s }
}

/** Draws and runs sequences until kernel and model disagree; `model` can be replaced by one that is broken on purpose. */
export async function conformRandom(
  probe: Probe,
  of: ModelOf,
  options: RandomOptions,
  model: SequenceModel = newSequenceModel(of),
): Promise<RandomReport> {
  const fc = await import('fast-check')
  const sequences: Arbitrary<WorldSequence> = fc.oneof(
    ...options.worlds.map((world) =>
      fc
        .array(fc.constantFrom(...world.vocabulary), { minLength: 1, maxLength: OPERATIONS_MAX, size: 'max' })
        .map((ops): WorldSequence => ({ world, ops: inOrder(world, ops) })),
    ),
  )
  const start = performance.now()
  const timeUp = (): boolean => options.seconds > 0 && performance.now() - start > options.seconds * 1000
  const perWorld = new Map<string, number>()
  let done = 0
  let operations = 0
  let cut = 0
  for (let batch = 0; done < options.runs && !timeUp(); batch++) {
    const seed = options.seed + batch
    const numRuns = Math.min(BATCH, options.runs - done)
    const drawn = fc.sample(sequences, { seed, numRuns })
    let wrong: number | undefined
    let index = 0
    await runSequences(probe, asked(model, drawn), ({ s }, observed) => {
      const mine = index++
      if (wrong !== undefined || timeUp()) return false
      done++
      operations += s.ops.length
      perWorld.set(s.world.name, (perWorld.get(s.world.name) ?? 0) + 1)
      const verdict = verdictOf(model, s, observed)
      if (verdict === 'apart') cut++
      if (verdict === 'differs') wrong = mine
      return wrong === undefined
    })
    options.onProgress?.(done)
    const first = wrong === undefined ? undefined : drawn[wrong]
    if (first === undefined) continue
    const accountsOf = async (s: WorldSequence): Promise<readonly Account[]> =>
      compare(model, s, await probe.run(probeSequence(model, s)))
    const property = fc.asyncProperty(sequences, async (s) => !disagrees(await accountsOf(s)))
    const checked = await fc.check(property, { seed, path: String(wrong), numRuns })
    // A kernel that does so only now and then: what was seen first is told as it was.
    const [shrunk = first] = checked.counterexample ?? []
    return {
      sequences: done,
      operations,
      perWorld,
      cutShort: cut,
      ms: performance.now() - start,
      disagreement: {
        world: shrunk.world.name,
        litmus: litmusText(shrunk.world, of.kernel.name, shrunk.ops, 'disagreement'),
        accounts: await accountsOf(shrunk),
        foundAt: first.ops.length,
      },
    }
  }
  return { sequences: done, operations, perWorld, cutShort: cut, ms: performance.now() - start }
}
