/** `mmcheck worker`: one of the machines that a run with --queue gives its cells to. */
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { withHelp } from '../message.ts'
import { work, type WorkerOptions } from '../nightly/queue_worker.ts'

/** Ends by SIGTERM or SIGINT; a second one ends it at once. Returns the exit code. */
export async function worker(
  options: Omit<WorkerOptions, 'stop'> & { readonly out: (text: string) => void },
): Promise<number> {
  const stop = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        resolve()
      })
  })
  const worked = await work({ ...options, stop })
  if (!worked.ok)
    return fail({ json: false, ...options }, 'input', withHelp(worked.error, "'mmcheck doctor' says what is there"))
  options.err(`mmcheck: ${worked.value.done} cells done\n`)
  return EXIT.ok.code
}
