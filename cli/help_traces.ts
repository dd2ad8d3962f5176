/** What stands below the options of the verbs that make and change traces. */

const SEE_ROOT = "'mmcheck --help' lists the exit codes of all verbs."

export const MINIMISE_HELP: string = `
Examples:
  mmcheck minimise 66c5
  mmcheck minimise race.litmus --kernel v7.0 --property GuardStays
  mmcheck minimise - < race.litmus
  mmcheck minimise --all --timeout 10m --update

Made small, in this order: threads, operations, VMAs, pages, page tables,
files; then context switches, steps, changed variables of the trace. For
each of them it is said whether everything smaller was exhausted. Ctrl-C
ends it with the best so far.

Exit code: 10 where there is a violation, 0 where the file has none, 20
where none was found in time, 2 where it cannot be read, 130 where it was
interrupted. ${SEE_ROOT}`

export const SIMULATE_HELP: string = `
Examples:
  mmcheck simulate large.litmus
  mmcheck simulate large.litmus --seed 7 --runs 100000 --time 60s
  mmcheck simulate install+collapse --kernel maybe-guard-v2 --stay 0

The same seed gives the same walks, whatever the machine.

Exit code: 10 where something is violated, 20 where nothing was seen: that
no walk shows a violation does not mean that there is none, so the verdict
is never 'holds'. ${SEE_ROOT}`

export const GRAPH_HELP: string = `
Examples:
  mmcheck graph install-oom --kernel v7.0 | dot -Tpdf > states.pdf
  mmcheck graph install-oom --kernel v7.0 --format svg > states.svg

Exit code: 0, 1 where several kernels are meant, 2 where the file says
something wrong, or 20 where there are more states than --max-states.
${SEE_ROOT}`
