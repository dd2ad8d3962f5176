/** One line on standard error that says what a command of many searches is at; none where nobody watches. */

export interface Status {
  readonly at: (text: string) => void
  readonly end: () => void
}

/** Silent where `on` is false. */
export function newStatus(on: boolean): Status {
  if (!on) return { at: () => undefined, end: () => undefined }
  let width = 0
  return {
    at: (whole) => {
      // A line that the terminal breaks could not be written over.
      const text = whole.slice(0, (process.stderr.columns ?? 80) - 1)
      process.stderr.write(`\r${text.padEnd(width)}`)
      width = text.length
    },
    end: () => {
      if (width > 0) process.stderr.write(`\r${' '.repeat(width)}\r`)
      width = 0
    },
  }
}
