/** Where a run of the command line reads its surroundings and writes what it has to say. */
export interface Streams {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly outIsTty: boolean
  readonly errIsTty: boolean
  readonly env: NodeJS.ProcessEnv
}
