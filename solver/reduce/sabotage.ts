/**
 * How a reduction is spoilt on purpose, so that the tests can show that they would notice:
 * - ignore-writes, ignore-reads: conflicts of what the next step writes, or reads, are not seen;
 * - trust-shut: what waits for a false condition is taken to wait for ever;
 * - no-proviso: a thread may be put off for ever in a circle;
 * - blind: steps that change what an invariant or a cover looks at are not ordered;
 * - no-endings: what daemons do to an outcome is not ordered with the ends of threads.
 */
export type Sabotage = 'ignore-writes' | 'ignore-reads' | 'trust-shut' | 'no-proviso' | 'blind' | 'no-endings'
