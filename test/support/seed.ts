/** Random tests draw the same on every run, so that a run fails by what was changed alone; MMCHECK_SEED draws others. */
export const SEED: number = Number(process.env['MMCHECK_SEED'] ?? 20_261_122)
