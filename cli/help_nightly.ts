/** Help below the options of `nightly`, `worker`, `merge`, `diff`, `config`, `completion` and `man`. */
import { exitHelp } from './exit.ts'

const SEE_ROOT = "'mmcheck --help' lists the exit codes of all verbs."

export const NIGHTLY_HELP: string = `
Examples:
  mmcheck nightly --jobs 2 --budget 45m --resume \\
      --reporter default --reporter ktap=out.ktap --reporter junit=out.xml \\
      --reporter json=out.json --reporter html=out.html
  mmcheck nightly --shard 2/8 --reporter json=shard-2.json
  mmcheck nightly --queue redis://localhost:6379
  mmcheck nightly --tier push

Each cell is held against model/scenarios/expected.json: what holds though it
was recorded as violated is as red as the reverse.

--resume goes on with a run that was killed or ran out of its budget; counts
are those of a run that nothing disturbed. It refuses what another version,
another model or other options have left. Searches of the explicit and wasm
engines go on from their last checkpoint, of which there are none past 4 GiB of
the wasm engine; reduced ones, and those of the smt and reference engines,
begin anew, and so does a row of the sweep.

--shard splits by recorded cost; all shards need the same version and options.

Tiers: push (what the record says is quick), nightly (the catalogue, the
pairwise sweep, and the proofs of the newest kernel), weekly (the triples and
the proofs of all kernels too). A row of the sweep, one operation
against all others in one world, is a cell like any other: it has its result
on each kernel, and its place in shards, queue and budget. Once all rows of a
world are there, the world is held against its record as well; --sweep chooses
worlds and rows, and 'mmcheck matrix' shows what they find. Its cells are
searched by the explicit engine, whatever --engine says.

A recorded proof (see 'mmcheck prove') is a cell as well, with its claims as
properties: its lemmas are put to Z3 again, in a process of its own, and a
claim that is no longer shown is red. It is skipped, by name, where there is
neither the package z3-solver nor z3; '--proofs none' leaves all of them out.
With the word 'states' beside the names, as in a weekly run, the lemmas are
held against every state at the three smallest sizes, too.

--memory is of one cell; --jobs 2 may take twice as much.

${exitHelp()}`

export const WORKER_HELP: string = `
Examples:
  mmcheck worker --queue redis://localhost:6379 --jobs 4
  mmcheck worker --queue redis://localhost:6379 --idle 10m

It takes the cells of runs of the same version with the same model. Where it
is lost, others take its cells over after the lease, and begin them anew: no
checkpoint goes through the queue. SIGTERM lets it finish what it has begun.

Exit code: 0, or 2 where there is no Redis. ${SEE_ROOT}`

export const MERGE_HELP: string = `
Examples:
  mmcheck merge shard-1.json shard-2.json --reporter json=all.json
  mmcheck merge out.json --reporter html=out.html

Joins the JSON of all shards of one run; the result is that of the run
without shards. With one whole result, it prints that in other forms.

Exit code: that of the run as a whole, or 2 where the files are not all the
shards of one run. ${SEE_ROOT}`

export const DIFF_HELP: string = `
Examples:
  mmcheck diff yesterday.json today.json
  mmcheck diff yesterday.json today.json --slower 2 --json

A cell counts as slower where it took more than --slower times as long, and
more than a second longer; cells from the cache took no time.

Exit code: 0 where nothing changed (and nothing is printed), 10 where
something did, 2 where a file is no result. ${SEE_ROOT}`

export const CONFIG_HELP: string = `
Example:
  mmcheck config --show

Options may stand in mmcheck.config.json here, or in mmcheck/config.json below
$XDG_CONFIG_HOME (else ~/.config). An option of the command line wins over the
first file, and that over the second:

  {
    "format": "mmcheck-config",
    "version": { "major": 1, "minor": 0 },
    "verbs": { "nightly": { "timeout": "600s", "reporter": ["ktap=out.ktap"] } }
  }

Exit code: 0, or 2 where a file says something wrong. ${SEE_ROOT}`

export const COMPLETION_HELP: string = `
Examples:
  mmcheck completion bash > ~/.local/share/bash-completion/completions/mmcheck
  mmcheck completion zsh > ~/.zfunc/_mmcheck
  mmcheck completion fish > ~/.config/fish/completions/mmcheck.fish

Exit code: 0. ${SEE_ROOT}`

export const MAN_HELP: string = `
Example:
  mmcheck man > mmcheck.1 && man ./mmcheck.1

Exit code: 0. ${SEE_ROOT}`
