/*
 * The probe reads sequences from standard input and runs each in a fresh child process, in a process
 * group of its own. A crash, a signal or a hang of the child is a result like any other: the parent
 * kills the group when its time is up, since not every system call ends for a signal that is handled.
 *
 *	probe DIRECTORY [N]	local files are made there, and have no name once they are open;
 *				all processes run on the Nth CPU (from 0, round and round) of those that we may use
 */
#include "probe.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that SIGKILL does not end in this time is left to the kernel. */
#define STUCK_MS 2000

struct shared *shared;
const char *file_directory = ".";
int fds[FDS_MAX];

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* Whether the process ended in time. */
static int ended(pid_t pid, int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0)
		return poll(&p, 1, ms) == 1;
	for (int waited = 0; waited < ms; waited++) {
		siginfo_t info = { 0 };

		if (!waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) && info.si_pid)
			return 1;
		usleep(1000);
	}
	return 0;
}

static void reap_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void clear_results(int n)
{
	shared->turn = 0;
	shared->arena_used = 0;
	memset(shared->results, 0, sizeof(shared->results[0]) * n);
}

static void run(const struct sequence *s)
{
	int status = 0, pidfd, in_time;
	int forks = 0;
	pid_t pid;

	for (int i = 0; i < s->n; i++)
		forks |= op_kinds[s->ops[i].number].run == op_fork;
	clear_results(s->n);
	pid = fork();
	if (pid < 0) {
		report(s, "nofork", errno);
		return;
	}
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_sequence(s);
	}
	pidfd = pidfd_of(pid);
	in_time = ended(pid, pidfd, s->timeout_ms);
	if (!in_time)
		kill(pid, SIGKILL);
	if (!in_time || forks)
		kill(-pid, SIGKILL);
	if (!in_time && !ended(pid, pidfd, STUCK_MS)) {
		report(s, "stuck", 0);
	} else {
		waitpid(pid, &status, 0);
		if (!in_time)
			report(s, "timeout", 0);
		else if (WIFSIGNALED(status))
			report(s, "signal", WTERMSIG(status));
		else
			report(s, "exit", WEXITSTATUS(status));
	}
	if (pidfd >= 0)
		close(pidfd);
	if (!in_time || forks)
		reap_orphans();
}

/*
 * The next line of standard input; NULL at its end. Answers are written before we wait for more: as long as there is
 * something to do, they gather.
 */
static char *next_line(void)
{
	static char input[1 << 18];
	static size_t from, to;

	for (;;) {
		char *newline = memchr(input + from, '\n', to - from), *line = input + from;
		ssize_t n;

		if (newline) {
			*newline = 0;
			from = newline + 1 - input;
			return line;
		}
		flush_output();
		memmove(input, input + from, to - from);
		to -= from;
		from = 0;
		n = to < sizeof(input) ? read(STDIN_FILENO, input + to, sizeof(input) - to) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		to += n;
	}
}

/* A child that begins on another CPU than its parent waits for that to wake up. */
static void stay_on(int n)
{
	cpu_set_t may, one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(may), &may))
		return;
	for (n %= CPU_COUNT(&may); !CPU_ISSET(cpu, &may) || n--; cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

int main(int argc, char **argv)
{
	static struct sequence s;
	const char *wrong;
	char *line;

	if (argc > 1)
		file_directory = argv[1];
	if (argc > 2)
		stay_on(atoi(argv[2]));
	for (int i = 0; i < FDS_MAX; i++)
		fds[i] = -1;
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* The parent may be killed; nothing should go on without it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("{\"probe\":1,\"page\":%ld}\n", sysconf(_SC_PAGESIZE));
	fflush(stdout);
	while ((line = next_line())) {
		wrong = parse_sequence(line, &s);
		if (wrong)
			report_refused(s.id, wrong);
		else
			run(&s);
	}
	return 0;
}
