#include <sys/ptrace.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
#define SYSCALL_EXIT 2			/* PTRACE_SYSCALL_INFO_EXIT */
#define RESTARTNOINTR (-513)		/* -ERESTARTNOINTR of include/linux/errno.h, which only a tracer sees */
#define RELEASED_MS 5000

/* As struct ptrace_syscall_info of <linux/ptrace.h>, of a call that has returned. */
struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t ip, sp;
	int64_t value;
	uint8_t is_error, more[64];
};

static int traced;

static void be_traced(void)
{
	CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSTOP);
}

/* Counts how often calls of the child's threads leave the kernel only to be made again. */
static int trace_child(pid_t child)
{
	unsigned long restarts = 0;
	int status = 0, code = 2;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		struct call_info info = { 0 };
		int sig = 0;

		if (!WIFSTOPPED(status)) {
			if (tid == child)
				code = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(info), &info) > 0)
				restarts += info.op == SYSCALL_EXIT && info.value == RESTARTNOINTR;
		} else if (WSTOPSIG(status) == SIGSTOP) {
			ptrace(PTRACE_SETOPTIONS, tid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
		} else {
			sig = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)sig);
	}
	printf("restarts %lu\n", restarts);
	return code;
}

/* A reader that waits for a CPU loses its turn; who may not have more of it than others takes what there is. */
static void hurry(int thread)
{
	if (keeps[thread])
		setpriority(PRIO_PROCESS, control->tid[thread], -10);
	else if (traced)
		be_traced();
}

static int all_returned(void)		/* but for those that go on and on */
{
	for (int t = 0; t < THREADS; t++)
		if (!keeps[t] && !returned(t))
			return 0;
	return 1;
}

static unsigned long total(const _Atomic uint64_t *of)
{
	unsigned long sum = 0;

	for (int t = 0; t < THREADS; t++)
		sum += atomic_load(&of[t]);
	return sum;
}

static unsigned long rounds, turned, most;
static uint64_t took[THREADS][OPS_MAX], longest[THREADS][OPS_MAX];

static void count_round(void)
{
	unsigned long faults = total(control->faults);

	rounds++;
	turned += faults > 0;
	if (faults > most)
		most = faults;
	for (int t = 0; t < THREADS; t++)
		for (int op = 0; op < ops_of[t] && !keeps[t]; op++) {
			uint64_t ns = atomic_load(&control->ended[t][op]) - atomic_load(&control->begun[t][op]);

			took[t][op] += ns;
			if (ns > longest[t][op])
				longest[t][op] = ns;
		}
}

/*
 * What has begun and not returned; then whoever goes on and on is told to end, and the call has its time. Whether
 * there was anything.
 */
static int tell_held(void)
{
	uint64_t at = now();
	int any = 0;

	for (int t = 0; t < THREADS; t++)
		for (int op = 0; op < ops_of[t] && !keeps[t]; op++) {
			uint64_t begun = atomic_load(&control->begun[t][op]);

			if (!begun || atomic_load(&control->ended[t][op]))
				continue;
			any = 1;
			printf("held %d %d %.3f %lu %lu\n", t, op, (at - begun) / 1e6, total(control->reads),
			       total(control->faults));
		}
	fflush(stdout);
	at = now();
	atomic_store(&control->release, 1);
	for (int ms = 0; ms < RELEASED_MS && !all_returned(); ms++)
		wait_ms(&control->finished, THREADS, 1);
	if (!all_returned())
		printf("stuck\n");
	else if (any)
		printf("released %.3f\n", (now() - at) / 1e6);
	return any;
}

/* A round in which everybody runs; whether all that have to return did so in time. */
static int endless_round(uint64_t end)
{
	atomic_store(&control->release, 0);
	atomic_store(&control->keeping, 0);
	for (int t = 0; t < THREADS; t++) {
		atomic_store(&control->reads[t], 0);
		atomic_store(&control->faults[t], 0);
	}
	begin_round(-1);
	while (!all_returned()) {
		wait_ms(&control->finished, THREADS, 1);
		if (now() >= end && !all_returned())
			return !tell_held();
	}
	atomic_store(&control->release, 1);
	wait_for(&control->finished, THREADS);
	count_round();
	return 1;
}

/* How long each call takes where nobody goes on and on: the least of some times, in ns. */
static int measure_alone(void)
{
	for (int t = 0; t < THREADS; t++) {
		uint64_t least[OPS_MAX];

		if (keeps[t])
			continue;
		memset(least, 0xff, sizeof(least));
		for (int i = 0; i < (BLOCK > PAGE ? 3 : 20); i++) {
			if (set_up())
				return -1;
			begin_round(t);
			wait_for(&control->finished, THREADS);
			for (int op = 0; op < ops_of[t]; op++)
				if ((uint64_t)control->took[t][op] < least[op])
					least[op] = control->took[t][op];
		}
		for (int op = 0; op < ops_of[t]; op++)
			printf("alone %d %d %.3f\n", t, op, least[op] / 1e3);
	}
	return 0;
}

static void refuse(void)
{
	printf("setup %s\n", strerror(errno));
	fflush(stdout);
	_exit(2);
}

/* seconds; `trace` to count restarted system calls, which takes time of its own */
int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 10;
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), held = 0;
	uint64_t end;

	if (argc > 2 && !strcmp(argv[2], "trace")) {
		pid_t child = fork();

		CHECK(child);
		if (child)
			return trace_child(child);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		traced = 1;
	}
	on_start = hurry;
	prepare();
	for (int t = 0, callers = 0, keepers = 0; t < THREADS; t++)
		control->affinity[t] = keeps[t] ? (cpus - 1 - keepers++ % cpus) : callers++ % cpus;
	atomic_fetch_add(&control->epoch, 1);
	if (measure_alone())
		refuse();
	end = now() + (uint64_t)(seconds * 1e9);
	while (!held && now() < end && !atomic_load(&control->stop)) {
		if (set_up())
			refuse();
		held = !endless_round(end);
	}
	printf("calls %lu %lu %lu\n", rounds, turned, most);
	for (int t = 0; t < THREADS; t++)
		for (int op = 0; op < ops_of[t] && !keeps[t]; op++)
			printf("op %d %d %.3f %.3f\n", t, op, rounds ? took[t][op] / 1e3 / rounds : 0.0,
			       longest[t][op] / 1e3);
	fflush(stdout);
	_exit(held);
}
