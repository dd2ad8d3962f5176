/** How much of a night a cell may be part of. */
export const TIERS = ['push', 'nightly', 'weekly'] as const
export type Tier = (typeof TIERS)[number]
