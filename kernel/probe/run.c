/* In the child: one operation after the other, each by the process that it names; signals are results. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct sequence *sequence;
static int me;
static pid_t children[PROCS_MAX];
static sigjmp_buf trap;
static volatile sig_atomic_t trapped, trapped_code;
static char signal_stack[64 * 1024];

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	trapped = sig;
	trapped_code = info->si_code;
	siglongjmp(trap, 1);
}

static void catch_signals(void)
{
	stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static void run_op(const struct op *op, struct result *r)
{
	int64_t ret;

	r->state = RUNNING;
	trapped = 0;
	errno = 0;
	/* The handler blocks nothing (SA_NODEFER, no mask), so that there is no mask to restore. */
	if (sigsetjmp(trap, 0)) {
		r->sig = trapped;
		r->code = trapped_code;
		r->ret = -1;
	} else {
		ret = op_kinds[op->number].run(op, r);
		r->err = ret < 0 ? errno : 0;
		if (ret < 0 || !r->ret)
			r->ret = ret;
	}
	r->state = DONE;
}

/* Whether the process that an operation waits for is known to be gone. */
static int gone(int proc)
{
	if (me || proc == me)
		return 0;
	if (!children[proc])
		return 1;
	if (waitpid(children[proc], NULL, WNOHANG) != children[proc])
		return 0;
	children[proc] = 0;
	return 1;
}

static void wait_for_turn(int i)
{
	for (int spins = 0; atomic_load(&shared->turn) == i; spins++) {
		if (gone(sequence->ops[i].proc)) {
			/* The operation may have been its last: exit() ends the turn, and then the process. */
			if (atomic_load(&shared->turn) != i)
				return;
			shared->results[i].state = NO_PROCESS;
			atomic_store(&shared->turn, i + 1);
			return;
		}
		if (spins < 200)
			sched_yield();
		else
			usleep(20);
	}
}

static void run_from(int first) __attribute__((noreturn));
static void run_from(int first)
{
	for (int i = first; i < sequence->n; i++) {
		const struct op *op = &sequence->ops[i];

		while (atomic_load(&shared->turn) < i)
			wait_for_turn(atomic_load(&shared->turn));
		if (op->proc != me) {
			wait_for_turn(i);
			continue;
		}
		run_op(op, &shared->results[i]);
		atomic_store(&shared->turn, i + 1);
	}
	for (int p = 0; p < PROCS_MAX; p++)
		if (!me && children[p])
			waitpid(children[p], NULL, 0);
	_exit(0);
}

/* `fork PROC`: the new process performs the later operations of that number. */
int op_fork(const struct op *op, struct result *r)
{
	int proc = op->argv[0];
	pid_t pid;

	(void)r;
	if (me || proc <= 0 || proc >= PROCS_MAX || children[proc]) {
		errno = EINVAL;
		return -1;
	}
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid) {
		children[proc] = pid;
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	forget_proc();
	me = proc;
	/* The operation after this one is the first that the child may perform. */
	run_from((int)(op - sequence->ops) + 1);
}

int op_exit(const struct op *op, struct result *r)
{
	(void)op;
	if (!me)
		return 0;
	r->state = DONE;
	atomic_store(&shared->turn, (int)(op - sequence->ops) + 1);
	_exit(0);
}

/* `wait PROC`: until a process that has been told to exit is gone, and its mm with it. */
int op_wait(const struct op *op, struct result *r)
{
	int proc = op->argv[0];

	(void)r;
	if (me || proc <= 0 || proc >= PROCS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (children[proc] && waitpid(children[proc], NULL, 0) != children[proc])
		return -1;
	children[proc] = 0;
	return 0;
}

int op_read(const struct op *op, struct result *r)
{
	r->ret = *(volatile unsigned char *)address(op->argv[0]);
	return 0;
}

int op_write(const struct op *op, struct result *r)
{
	(void)r;
	*(volatile unsigned char *)address(op->argv[0]) = op->argv[1];
	return 0;
}

void run_sequence(const struct sequence *s)
{
	sequence = s;
	catch_signals();
	run_from(0);
}
