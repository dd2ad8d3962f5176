/** Jobs that go on beside one another, told in their order. */

async function settled<T>(job: (() => Promise<T>) | undefined): Promise<PromiseSettledResult<T> | undefined> {
  if (job === undefined) return undefined
  const [result] = await Promise.allSettled([job()])
  return result
}

/** What becomes of each job, in the order of the jobs, of which `width` are under way at a time: no rejection is lost. */
export async function* inOrder<T>(
  jobs: readonly (() => Promise<T>)[],
  width: number,
): AsyncGenerator<PromiseSettledResult<T>> {
  const started: Promise<PromiseSettledResult<T> | undefined>[] = []
  for (const i of jobs.keys()) {
    while (started.length < Math.min(jobs.length, i + width)) started.push(settled(jobs[started.length]))
    const result = await started[i]
    if (result !== undefined) yield result
  }
}
