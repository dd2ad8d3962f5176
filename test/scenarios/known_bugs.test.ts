/** What is said of the bugs that the mails tell of is what the catalogue's recorded results say. */
import { expect, test } from 'vitest'
import { readBaseline, type ExpectedCell } from '../../cli/baseline.ts'
import type { BugCell, Observed, Symptom } from '../../model/scenarios/known_bug.ts'
import { KNOWN_BUGS } from '../../model/scenarios/known_bugs.ts'

/** facts/guard-regions.md, sections 11.1, 11.3, 11.4 and 11.5. */
const TOLD = [
  ...['B01', 'B02', 'B03', 'B04', 'B05', 'B06', 'B07', 'B08', 'B09'],
  ...['B16', 'B17', 'B18', 'B19', 'B21', 'B22', 'B24', 'B25'],
  ...['B27', 'B28', 'B29', 'B30', 'B31', 'B32'],
  ...['NB1', 'NB2', 'NB3', 'NB4', 'NB5', 'NB6'],
  // facts/gup-cow-nosigbus.md, section C, with its parts; C12, C13 and C18 are not told there.
  ...['C1', 'C2', 'C3a', 'C3b', 'C3b-race', 'C3c', 'C3d', 'C3e', 'C3f', 'C4', 'C5', 'C5-backport', 'C6', 'C7', 'C8'],
  ...['C9', 'C10', 'C11', 'C14', 'C15', 'C16', 'C17', 'C19', 'C20'],
]
/** Section 11.6: the ones with a minimal configuration. */
const MINIMAL = ['B01', 'B02', 'B03', 'B05', 'B06', 'B07', 'B08', 'B18', 'B19', 'B24', 'B28', 'B29']

const baseline = readBaseline()
function recorded({ scenario, kernel }: BugCell): ExpectedCell {
  const cell = baseline[scenario]?.[kernel]
  if (cell === undefined) throw new Error(`${scenario} is not recorded on ${kernel}`)
  return cell
}
const meets = (cell: ExpectedCell): Observed | undefined => {
  const [word] = (cell.observation ?? '').split(' ')
  return word === 'Never' || word === 'Sometimes' || word === 'Always' ? word : undefined
}
const shows = (cell: BugCell, symptom: Symptom): boolean =>
  'property' in symptom
    ? recorded(cell).violations[symptom.property] !== undefined
    : meets(recorded(cell)) === symptom.condition.before

test('every bug and non-bug has its place, and those with a minimal configuration are shown', () => {
  expect(KNOWN_BUGS.map((b) => b.id)).toEqual(TOLD)
  for (const id of MINIMAL) expect(KNOWN_BUGS.find((b) => b.id === id)).toMatchObject({ id, kind: 'shown' })
})

test.each(KNOWN_BUGS)('$id $title', (bug) => {
  switch (bug.kind) {
    case 'shown':
      expect(bug.before.filter((c) => !shows(c, bug.symptom))).toEqual([])
      expect(bug.after.filter((c) => shows(c, bug.symptom))).toEqual([])
      if ('condition' in bug.symptom)
        for (const cell of bug.after) expect(meets(recorded(cell))).toBe(bug.symptom.condition.after)
      return
    case 'no bug':
      for (const cell of bug.holds) expect(recorded(cell).violations).toEqual({})
      return
    case 'not shown':
      expect(bug.why).not.toBe('')
  }
})
