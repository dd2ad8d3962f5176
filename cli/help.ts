/** What stands below the options in `--help`: examples, and what the exit code means. */
import { SERIES } from '../model/kernels/series.ts'
import { exitHelp } from './exit.ts'

export const ROOT_HELP: string = `
Examples:
  mmcheck race.litmus             check a litmus file
  mmcheck install+collapse        check one scenario of the catalogue
  mmcheck                         check the whole catalogue
  mmcheck replay 66c5             print a counterexample that was kept
  mmcheck list                    what the catalogue has

A litmus file:
  MM guard-vs-collapse
  kernel v6.15
  { shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
  P0 { r0 = guard_install(a[0]); r1 = read(a[0]); }
  P1 { collapse(f); }
  exists (P0:r0 = 0 /\\ ~(P0:r1 = SEGV))

'mmcheck list --operations' and 'mmcheck list --kernels' say what can
stand in one.

${exitHelp()}`

const SEE_ROOT = "'mmcheck --help' lists the exit codes of all verbs."

export const CHECK_HELP: string = `
Examples:
  mmcheck check race.litmus --kernel v6.15,v7.0
  mmcheck check - < race.litmus
  mmcheck check install+collapse --kernel v7.0 \\
      --without retract_page_tables.recheck
  mmcheck check race.litmus --json | jq '.cells[].verdict'
  mmcheck check race.litmus --reduce por
  mmcheck check race.litmus --reduce auto --memory 2G
  mmcheck check race.litmus --engine auto --memory 12G
  mmcheck check large.litmus --order depth-first --memory 2G
  mmcheck check install+read --liveness
  mmcheck check race.litmus --engine smt --any-start --depth 25
  mmcheck check race.litmus --engine smt --solver z3 --smt-log queries

--reduce por leaves out interleavings that differ in nothing but the
order of independent steps. Verdicts, outcomes, labels reached and the
shortest race stay what they are; counts of states become smaller. The wasm
engine does it unless '--engine explicit' is given, by one worker.

--reduce symmetry keeps one of the states that become one another where
threads that do the same change places, each with the page that it is at, and
tells how many the full search would have. In a trace nothing is renamed. It is
for threads that are alike; a call that walks over pages keeps these apart.

--reduce auto explores in full, which is quicker for most, and begins anew
with por where four or more threads have passed 2000000 states, or where the
states do not fit --memory. It says which of the two it was, and why.

--memory is 4G for the wasm engine unless it is given. A search past that is
as exact, and as fast to a sixth: one worker goes on alone, with its table in
parts of 256 MiB and further states outside the memory that it began in.

--order depth-first is for a world that does not fit. Breadth first (the
default) stores every state, gives the shortest race, and stops where memory
ends. Depth first keeps the path that it is on; of the other states those that
fit --memory: the rest are forgotten, and explored again where they come up
again. So it sees everything with less memory and more time (little more where
half of the states fit, and soon many times as much where a third does), and
'holds' is worth the same; but states are not counted then, and one that is
entered again counts again for --max-states. It ends with the first violation,
whose race is hardly the shortest: give its id to 'mmcheck minimise'. Where
that takes too long, try 'simulate': it stores nothing, and never says 'holds'.

--any-start begins in every well-formed state, and not only in the one of
the file: page tables, entries, guards, flags, anon_vma, page cache and file
sizes are the solver's to choose; VMAs and processes stay as they are. A race
that it finds is printed with a litmus file of its own, whose world is
written out.

--solver asks a program that reads SMT-LIB 2 in place of the Z3 that comes
with mmcheck; 'mmcheck doctor' names those that are here. --smt-log keeps
each query with its answer as a file that any solver reads.

--liveness asks of every scenario whether its operations end on every
fair run. Where a thread goes on for ever (keep_reading) that is asked
in any case. A run that never ends is shown as steps to a loop, and the
loop; which runs count as fair is printed with it.

${exitHelp()}`

export const REPLAY_HELP: string = `
Examples:
  mmcheck replay 66c5
  mmcheck replay 66c5 --format html --output race.html
  mmcheck replay found.json --format table
  mmcheck replay found.itf.json
  mmcheck replay - < found.json

mail and svg fold what changes nothing shared, unless there is --full.
html is one page that loads nothing: step through the race with the arrow
keys. itf is Apalache's trace format, and can be read back; shiviz is a log
for ShiViz; litmus is the scenario, for 'mmcheck check'.

Exit code: 10 where the violation is there again, 2 where the counterexample
cannot be read or is not one of today's model. ${SEE_ROOT}`

export const EXPLAIN_HELP: string = `
Examples:
  mmcheck explain 66c5
  mmcheck explain GuardStays
  mmcheck explain MM101

Exit code: 0, or 2 where there is nothing of that name.
${SEE_ROOT}`

export const LIST_HELP: string = `
Examples:
  mmcheck list
  mmcheck list --operations
  mmcheck list retract_page_tables --kernel v6.15

Exit code: 0, or 1 where there is no such routine or kernel.
${SEE_ROOT}`

export const EXPORT_HELP: string = `
Examples:
  mmcheck export install+collapse --kernel v7.0 > race.pml
  mmcheck export install+collapse --format tla --output .
  mmcheck export race.litmus --kernel v7.0 --no-assertions

The head of each file says how to run it, and how many states to expect.

Exit code: 0, 1 where several kernels are meant and there is no --output,
or 2 where the file says something wrong. ${SEE_ROOT}`

export const MATRIX_HELP: string = `
Examples:
  mmcheck matrix
  mmcheck matrix --world shmem-huge --op guard_install --table
  mmcheck matrix --kernel v7.0 --triples --world shmem
  mmcheck matrix --longterm-pins

A cell has one thread per operation, on a mapping of two pages under one
page table. 'mmcheck list --worlds' says what stands in each world. Whole
worlds are held against what is recorded for them. '--longterm-pins' prints the
twelve tests of cow.c as a commit message could quote them.

Exit code: 0 where all is as recorded, 10 where it is not (or, with --op,
where something is violated). ${SEE_ROOT}`

export const CONFORM_HELP: string = `
Examples:
  mmcheck conform race.litmus
  mmcheck conform install+read --time 60s --seed 7
  mmcheck conform --random --runs 5000
  mmcheck conform --random --world anon-private-fork memfd-huge --seed 7
  mmcheck conform selftest-cow-vmsplice_child-thp

The model is chosen by what the kernel does, then by its number, and the first
line says why; '--kernel v6.18' takes another. A litmus file: '*' marks an
outcome that the model allows, '!' one that it does not. A page of the model
is a block of real pages, so that a page table is full or empty on both sides
at once. Of a file with page frames, whole operations are run one after the
other, in every order, each time in fresh processes.

Exit code: 0, 10 where kernel and model disagree, 77 where the machine lacks
what is needed. ${SEE_ROOT}`

export const CONFIRM_HELP: string = `
Examples:
  mmcheck confirm 66c5
  mmcheck confirm 66c5 --time 60s --output race.c
  mmcheck confirm 66c5 --record       # in counterexamples/corpus/confirmed.json

What is recorded is shown by 'explain' and 'replay'.

Of a run that never ends it shows as much as can be seen: a call that has not
returned after the time, beside a thread that goes on and on, how often its
loop went round, and that it returns once that thread stops. Of a deadlock: a
thread that sleeps in its call though all others have returned. On a busy
machine give it more time.

Exit code: 10 where the violation was seen, 20 where it was not, 77 where the
machine lacks what is needed or the kernel cannot show it. ${SEE_ROOT}`

export const NECESSITY_HELP: string = `
Examples:
  mmcheck necessity install+collapse
  mmcheck necessity race.litmus --kernel v6.18,v7.0 --json
  mmcheck check install+collapse --kernel v7.0 \\
      --mutate 'retract_page_tables.ptl_lock: drop lock'

Exit code: 0 whatever is needed, 20 where a search ended at a limit, or 2
where the file says something wrong.
${SEE_ROOT}`

export const SERIES_HELP: string = `
Series: ${SERIES.map((s) => s.name).join(', ')};
proposals beside each other: nosigbus; kernels beside each other: gup-kernels

Examples:
  mmcheck series vm-maybe-guard
  mmcheck series vm-maybe-guard install+collapse --json
  mmcheck series nosigbus
  mmcheck series gup-longterm
  mmcheck series gup-kernels
  mmcheck check install+collapse --kernel vm-maybe-guard-v4+6b

Exit code: 10 where some point of the series breaks what its base keeps
whole (of proposals: where one breaks what was asked for; of gup-kernels:
where a run differs from what is known of a kernel), 20 where a search ended
at a limit, 1 where there is no such series.
${SEE_ROOT}`

export const DOCTOR_HELP: string = `
Example:
  mmcheck doctor --json

Exit code: 0. ${SEE_ROOT}`
