/** The verdict matrix of pins and copy-on-write, by runs: each cell on each of its kernels. */
import { findKernel } from '../../model/kernels/kernels.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { COLUMNS, ROWS, type Cell, type Column, type Row } from '../../model/scenarios/gup_table.ts'
import type { Found } from '../build.ts'
import type { Prober } from '../series/check.ts'

export interface KernelResult {
  readonly kernel: string
  /** `unknown`: a search ended at a limit, or none was about the property. */
  readonly verdict: 'FAIL' | 'ok' | 'unknown'
  /** What breaks it, and where. */
  readonly broken?: { readonly scenario: string; readonly found: Found | undefined }
}

export interface CellResult {
  readonly column: Column
  /** What the facts say. */
  readonly said: Cell
  /** One for each kernel of the column that the scenarios are for. */
  readonly kernels: readonly KernelResult[]
}

export interface RowResult {
  readonly row: Row
  readonly cells: readonly CellResult[]
}

/** Whether the runs of a cell say what the facts say. */
export const agrees = ({ said, kernels }: CellResult): boolean =>
  kernels.every((k) => k.verdict === (said.fails.includes(k.kernel) ? 'FAIL' : 'ok'))

const kernelsOf = (file: LitmusFile): readonly string[] => file.kernels.flatMap((line) => line.names.map((n) => n.text))

/** Whether a scenario is for a kernel. */
export const isFor = (file: LitmusFile, kernel: string): boolean => kernelsOf(file).includes(kernel)

function onKernel(row: Row, files: readonly LitmusFile[], name: string, prober: Prober): KernelResult {
  const kernel = findKernel(name)
  if (kernel === undefined) throw new Error(`${name} is no kernel`)
  const answers = files.map((f) => ({ scenario: f.name.text, answer: prober.answers(f, kernel)?.get(row.property) }))
  for (const { scenario, answer } of answers)
    if (answer?.verdict === 'violated')
      return { kernel: name, verdict: 'FAIL', broken: { scenario, found: answer.found } }
  return { kernel: name, verdict: answers.every(({ answer }) => answer?.verdict === 'holds') ? 'ok' : 'unknown' }
}

/** Every row on every kernel. `file` gives a scenario of the catalogue; `tick` is told of each kernel of each row. */
export async function runTable(
  file: (scenario: string) => LitmusFile,
  prober: Prober,
  tick: (text: string) => void = () => undefined,
): Promise<readonly RowResult[]> {
  const rows: RowResult[] = []
  for (const row of ROWS) {
    const files = row.scenarios.map(file)
    const cells: CellResult[] = []
    for (const [i, column] of COLUMNS.entries()) {
      const kernels: KernelResult[] = []
      for (const kernel of column.kernels) {
        const asked = files.filter((f) => isFor(f, kernel))
        if (asked.length === 0) continue
        tick(`${row.id} ${kernel}`)
        kernels.push(onKernel(row, asked, kernel, prober))
        await new Promise<void>((resolve) => {
          setImmediate(resolve)
        })
      }
      cells.push({ column, said: row.cells[i] ?? { words: '', fails: [] }, kernels })
    }
    rows.push({ row, cells })
  }
  return rows
}
