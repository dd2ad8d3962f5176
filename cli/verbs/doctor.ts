/** The options of `doctor`. */
import type { Command } from 'commander'
import { DOCTOR_HELP } from '../help.ts'
import type { Streams } from '../streams.ts'

interface DoctorFlags {
  readonly json?: boolean
}

export function addDoctor(program: Command, { out }: Streams, version: string, ended: (code: number) => void): void {
  program
    .command('doctor')
    .description('print the versions of what mmcheck runs on, and what is missing')
    .option('--json', 'print one JSON object')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('../commands/doctor.ts')
      ended(await doctor({ json: flags.json ?? false, version, out }))
    })
}
