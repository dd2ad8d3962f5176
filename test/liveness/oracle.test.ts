/** Fair cycles against the definitions: every set of states and every loop of tiny models is tried. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { searchExplored } from '../../solver/explicit/search.ts'
import { exploredGraph } from '../../solver/liveness/explored.ts'
import { findLasso } from '../../solver/liveness/lasso.ts'
import { movesOf, searchLiveness } from '../../solver/liveness/search.ts'
import { replayLasso } from '../../solver/reference/lasso.ts'
import { arbitraryTiny, exploreAll, truthOf } from './tiny.ts'

/** Sets of so many states are all tried. */
const STATES_MAX = 11

describe('tiny models', () => {
  test('verdict, shortest stem and shortest loop are those of the definitions', () => {
    const seen = { lasso: 0, stop: 0, holds: 0, onlyStrong: 0, never: 0, loops: new Set<number>() }
    fc.assert(
      fc.property(arbitraryTiny, (m) => {
        const all = exploreAll(m)
        fc.pre(all.states.length <= STATES_MAX)
        const { answers, states } = searchLiveness(m)
        expect(states).toBe(all.states.length)
        answers.forEach((answer, response) => {
          const truth = truthOf(m, all, response)
          switch (answer.kind) {
            case 'violated': {
              const { moves, loopStart, shortestLoop } = answer.lasso
              expect({ stem: loopStart, loop: moves.length - loopStart }).toEqual(truth.lasso)
              expect(shortestLoop).toBe(true)
              const ran = replayLasso(m, moves, loopStart)
              expect(ran.kind === 'ran' ? ran.missing : ran.reason).toContain(response)
              if (moves.length === loopStart) seen.stop++
              else seen.lasso++
              seen.loops.add(moves.length - loopStart)
              break
            }
            case 'holds': {
              expect(truth).toEqual({ asked: true })
              const { liveness } = m
              if (liveness === undefined) throw new Error('a tiny model asks for something')
              const weaker = truthOf({ ...m, liveness: { ...liveness, strong: [] } }, all, response)
              expect(answer.weak).toBe(weaker.lasso === undefined)
              if (answer.weak) seen.holds++
              else seen.onlyStrong++
              break
            }
            case 'vacuous':
              expect(truth).toEqual({ asked: false })
              seen.never++
              break
            case 'unknown':
              throw new Error('nothing bounds this search')
          }
        })
      }),
      { numRuns: 700, seed: 20 },
    )
    // All of it has to have happened, or the comparison says little.
    expect(Math.min(seen.lasso, seen.stop, seen.holds, seen.onlyStrong, seen.never)).toBeGreaterThan(5)
    expect(Math.max(...seen.loops)).toBeGreaterThan(3)
  })

  test('the graph of the interpreter gives the same answers, word for word', () => {
    fc.assert(
      fc.property(arbitraryTiny, (m) => {
        expect(searchLiveness(m, { engine: 'reference' })).toEqual(searchLiveness(m))
      }),
      { numRuns: 200, seed: 21 },
    )
  })

  test('so does what a search for violations has stored', () => {
    fc.assert(
      fc.property(arbitraryTiny, (m) => {
        expect(searchLiveness(m, { explored: searchExplored(m).exploration })).toEqual(searchLiveness(m))
      }),
      { numRuns: 200, seed: 21 },
    )
  })

  test('where a shortest loop is not looked for, the loop is fair all the same', () => {
    let made = 0
    fc.assert(
      fc.property(arbitraryTiny, (m) => {
        const built = exploredGraph(m, {})
        if (!built.ok) throw new Error('nothing bounds this search')
        const { graph, asked, stateOf } = built.value
        asked.forEach((of, response) => {
          const short = findLasso(graph, of)
          const long = findLasso(graph, of, 0)
          expect(long.kind).toBe(short.kind)
          if (long.kind !== 'lasso' || short.kind !== 'lasso') return
          expect(long.lasso.stem).toHaveLength(short.lasso.stem.length)
          expect(long.lasso.loop.length).toBeGreaterThanOrEqual(short.lasso.loop.length)
          const ran = replayLasso(m, movesOf(m, stateOf, long.lasso), long.lasso.stem.length)
          expect(ran.kind === 'ran' ? ran.missing : ran.reason).toContain(response)
          if (!long.lasso.shortestLoop) made++
        })
      }),
      { numRuns: 200, seed: 22 },
    )
    expect(made).toBeGreaterThan(20)
  })
})
