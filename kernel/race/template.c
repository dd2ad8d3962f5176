//@HEADER@
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFDIO_POISON	/* as UFFDIO_ZEROPAGE: a range, a mode, and how far it got */
#define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_zeropage)
#endif
#define SELF_THREAD (-10000)	/* PIDFD_SELF_THREAD */

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define OUTCOMES_MAX 64
#define BEST_MAX 16
#define OPS_MAX 16
#define NO_RETURN 9999			/* the result of a call that has not returned */

//@SIZES@

struct mapping {
	int process, file;		/* file -1: anonymous */
	int first, pages;		/* in model pages: of the file, and how many */
	int prot, shared;
};
enum how { READ, WRITE, GUARD };
struct fill {
	int mapping, page;
	enum how how;
};
struct outcome {
	int results[RESULTS + 1];
	unsigned char guards[PAGES + 1];
};
struct part {				/* one thread has the CPU for some steps of one of its operations */
	int thread, op, steps;
};

//@PROGRAM@

/*
 * Geometry. A page table of the model has PTES entries, a real one 512: a page of the model is a block
 * of 512 / PTES pages here, aligned as in its table. Calls are made on whole blocks, so that a table
 * is full, empty or free of guards here exactly when it is so in the model; accesses and observations
 * are of the first page of a block; who reads again and again reads its last page, which a walk comes to last.
 * Where nothing is collapsed, a page of the model is one page here, unless it is to take long.
 */
#define BLOCK (BLOCK_PAGES * PAGE)
#define REGION (4096 * HUGE)
#define BASE 0x200000000000UL

static char *block(int m, int page)
{
	return (char *)BASE + m * REGION + (mappings[m].first % PTES + page) * BLOCK;
}

/* What all processes share. */
static struct control {
	_Atomic uint32_t phase, acknowledged, go, finished, ready;
	atomic_int stop, failed, epoch;
	_Atomic uint64_t start;
	int alone;			/* calibration: only this thread runs; -1: all */
	int affinity[THREADS];		/* -1: any CPU */
	int64_t delay[THREADS][OPS_MAX];	/* ns, before each operation */
	int64_t took[THREADS][OPS_MAX];
	atomic_int keeping, release;	/* how many go on and on; they are to end */
	_Atomic uint64_t begun[THREADS][OPS_MAX], ended[THREADS][OPS_MAX];	/* ns; 0: not yet */
	_Atomic uint64_t reads[THREADS], faults[THREADS];
	int results[RESULTS + 1];
	unsigned char guards[PAGES + 1];
	pid_t tid[THREADS];
} *control;

enum phase { UNMAP, MAP, OBSERVE, END };

static int files[FILES + 1], direct[FILES + 1];
static __attribute__((unused)) int uffd = -1;
static int pagemap;
static int me;				/* the number of this process */
static __thread sigjmp_buf trap;
static __thread volatile int trapped;

#define CHECK(x) do { if ((x) < 0) { perror(#x); exit(2); } } while (0)

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void wait_for(_Atomic uint32_t *word, uint32_t value)
{
	for (uint32_t seen; (seen = atomic_load(word)) != value;)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

/* The same for so long at most; whether it came to it. */
static int wait_ms(_Atomic uint32_t *word, uint32_t value, int ms)
{
	uint64_t end = now() + ms * 1000000ULL;

	for (uint32_t seen; (seen = atomic_load(word)) != value;) {
		struct timespec slice = { 0, 1000000 };

		if (now() >= end)
			return 0;
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &slice, NULL, 0);
	}
	return 1;
}

static void wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1 << 20, NULL, NULL, 0);
}

static void pin(int cpu)
{
	static cpu_set_t all;
	cpu_set_t one;

	if (!CPU_COUNT(&all))
		sched_getaffinity(getpid(), sizeof(all), &all);
	CPU_ZERO(&one);
	if (cpu >= 0)
		CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), cpu < 0 ? &all : &one);
}

/* A poisoned page has a code of its own, where the kernel has CONFIG_MEMORY_FAILURE. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	trapped = sig == SIGBUS && info->si_code == BUS_MCEERR_AR ? sig + 128 : sig;
	siglongjmp(trap, 1);
}

/* Waits for the moment at which an operation of a thread is to begin, which is relative to what went before. */
static __thread uint64_t previous;
static void before(int thread, int op)
{
	uint64_t at = previous + control->delay[thread][op];

	while (KEEPERS && !keeps[thread] && control->alone < 0 && atomic_load(&control->keeping) < KEEPERS)
		sched_yield();
	for (int spins = 0; now() < at; spins++)
		if (spins % 1024 == 1023)
			sched_yield();
	previous = now();
	atomic_store_explicit(&control->begun[thread][op], previous, memory_order_relaxed);
}

static void after(int thread, int op, int r, int value)
{
	uint64_t end = now();

	control->took[thread][op] = end - previous;
	atomic_store_explicit(&control->ended[thread][op], end, memory_order_relaxed);
	previous = end;
	if (r >= 0)
		control->results[r] = value;
}

static __attribute__((unused)) void call(int thread, int op, int r, int ret)
{
	after(thread, op, r, ret ? -errno : 0);
}

static int touch(char *at, int write)	/* 0, or the signal; 128 more where the page is poisoned */
{
	if (sigsetjmp(trap, 1))
		return trapped;
	if (write)
		*(volatile char *)at = 'w';
	else
		(void)*(volatile char *)at;
	return 0;
}

static __attribute__((unused)) int process_advise(const struct iovec *ranges, int n, int advice)
{
	long done = syscall(SYS_process_madvise, SELF_THREAD, ranges, n, advice, 0);	/* bytes */

	return done < 0 ? -errno : (int)(done / BLOCK);
}

static __attribute__((unused)) int punch_hole(int fd, int first, int pages)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * BLOCK, pages * BLOCK);
}

static __attribute__((unused)) int direct_write(int f, int first, int pages)
{
	static char data[64 * PAGE] __attribute__((aligned(4096)));
	size_t size = pages * BLOCK;

	return pwrite(direct[f], data, size, first * BLOCK) == (ssize_t)size ? 0 : -1;
}

static __attribute__((unused)) int uffd_register(char *at, size_t size, int mode)
{
	struct uffdio_register arg = { .range = { (uintptr_t)at, size }, .mode = mode };

	return ioctl(uffd, UFFDIO_REGISTER, &arg);
}

static __attribute__((unused)) int uffd_protect(char *at, size_t size)
{
	struct uffdio_writeprotect arg = { { (uintptr_t)at, size }, UFFDIO_WRITEPROTECT_MODE_WP };

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &arg);
}

static __attribute__((unused)) int uffd_copy(char *at)
{
	static char data[PAGE] __attribute__((aligned(4096)));
	struct uffdio_copy arg = { (uintptr_t)at, (uintptr_t)data, PAGE, 0, 0 };

	return ioctl(uffd, UFFDIO_COPY, &arg);
}

static __attribute__((unused)) int uffd_fill(char *at, unsigned long request)
{
	struct uffdio_zeropage arg = { { (uintptr_t)at, PAGE }, 0, 0 };

	return ioctl(uffd, request, &arg);
}

static __attribute__((unused)) int uffd_wake(char *at, size_t size)
{
	struct uffdio_range arg = { (uintptr_t)at, size };

	return ioctl(uffd, UFFDIO_WAKE, &arg);
}

/*
 * Loads from a page until one raises a signal. A fault that is counted has put a page into the table: one that
 * raises a signal is not (mm_account_fault(), mm/memory.c).
 */
static __attribute__((unused)) void keep_reading(int thread, int op, int r, char *at)
{
	struct rusage usage;
	long before_;

	trapped = 0;
	touch(at, 0);
	getrusage(RUSAGE_THREAD, &usage);
	before_ = usage.ru_minflt;
	atomic_fetch_add(&control->keeping, 1);
	before(thread, op);
	if (!sigsetjmp(trap, 1)) {
		while (!atomic_load_explicit(&control->release, memory_order_relaxed)) {
			for (int i = 0; i < 4096; i++)
				(void)*(volatile char *)at;
			getrusage(RUSAGE_THREAD, &usage);
			atomic_store(&control->faults[thread], usage.ru_minflt - before_);
			atomic_fetch_add(&control->reads[thread], 4096);
		}
	}
	getrusage(RUSAGE_THREAD, &usage);
	atomic_store(&control->faults[thread], usage.ru_minflt - before_);
	after(thread, op, r, trapped);
}

//@THREADS@

static int map_one(int m)
{
	const struct mapping *p = &mappings[m];
	int flags = MAP_FIXED | (p->shared ? MAP_SHARED : MAP_PRIVATE) | (p->file < 0 ? MAP_ANONYMOUS : 0) |
		    (KEEPERS ? MAP_NORESERVE : 0);
	off_t offset = p->file < 0 ? 0 : p->first * (off_t)BLOCK;
	size_t size = p->pages * BLOCK;

	if (mmap(block(m, 0), size, p->prot, flags, p->file < 0 ? -1 : files[p->file], offset) == MAP_FAILED)
		return -1;
	/* No page here is to become part of a huge one by a fault alone; EINVAL where the kernel has none. */
	madvise(block(m, 0), size, MADV_NOHUGEPAGE);
	return 0;
}

static int filled(int m, int page)
{
	for (int i = 0; i < FILLS; i++)
		if (fills[i].mapping == m && fills[i].page == page)
			return 1;
	return 0;
}

static int fill_one(int m)
{
	int any = 0, bad = 0;

	for (int i = 0; i < FILLS; i++) {
		if (fills[i].mapping != m)
			continue;
		any = 1;
		if (fills[i].how == GUARD)
			bad |= madvise(block(m, fills[i].page), BLOCK, MADV_GUARD_INSTALL);
		else if (UFFD && BLOCK > PAGE)	/* a file with holes is not collapsed where somebody waits for its missing pages */
			bad |= madvise(block(m, fills[i].page), BLOCK,
				       fills[i].how == WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
		else
			bad |= touch(block(m, fills[i].page), fills[i].how == WRITE);
	}
	/* A fault may map more of a large folio than was asked for. */
	for (int page = 0; any && page < mappings[m].pages; page++)
		if (!filled(m, page))
			bad |= madvise(block(m, page), BLOCK, MADV_DONTNEED);
	if (mappings[m].file >= 0 && BLOCK > PAGE)
		madvise(block(m, 0), mappings[m].pages * BLOCK, MADV_HUGEPAGE);
	return bad ? -1 : 0;
}

static int observe(int m, int page)	/* bit 58 of a pagemap entry: guard region */
{
	uint64_t entry = 0;

	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)block(m, page) / PAGE * sizeof(entry)) != sizeof(entry))
		atomic_store(&control->failed, 1);
	return entry >> 58 & 1;
}

static void do_phase(enum phase phase)
{
	int n = 0;

	for (int m = 0; m < MAPPINGS; m++) {
		int mine = mappings[m].process == me;

		if (phase == UNMAP && mine)
			munmap(block(m, 0), mappings[m].pages * BLOCK);
		if (phase == MAP && mine && (map_one(m) || fill_one(m)))
			atomic_store(&control->failed, 1);
		for (int page = 0; page < mappings[m].pages; page++, n++)
			if (phase == OBSERVE && mine)
				control->guards[n] = observe(m, page);
	}
}

/* The first process tells the others what to do, and waits until they have done it. */
static void all_do(enum phase phase)
{
	uint32_t round = atomic_load(&control->phase) / 4 * 4 + 4;

	do_phase(phase);
	if (PROCESSES == 1)
		return;
	atomic_store(&control->acknowledged, 0);
	atomic_store(&control->phase, round + phase);
	wake(&control->phase);
	wait_for(&control->acknowledged, PROCESSES - 1);
}

/* One large folio of the page cache under the whole file: a write of many pages, in a file system that has them. */
static int large_folio(int f)
{
	static char data[16 * PAGE];

	/* The file stays longer than in the model: cutting it would split the folio. */
	return pwrite(files[f], data, sizeof(data), 0) != sizeof(data) || fsync(files[f]);
}

static int reset_file(int f)
{
	char *at = (char *)BASE - HUGE;
	int bad = ftruncate(files[f], 0) || ftruncate(files[f], file_pages[f] * BLOCK);

	if (HUGE_CACHE && BLOCK == PAGE)
		return large_folio(f) || bad ? -1 : 0;
	for (int c = 0; HUGE_CACHE && c < file_pages[f] / PTES; c++) {
		if (mmap(at, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, files[f], c * HUGE) == MAP_FAILED)
			return -1;
		*(volatile char *)at = 'h';
		bad |= madvise(at, HUGE, MADV_COLLAPSE);
		munmap(at, HUGE);
	}
	return bad ? -1 : 0;
}

static void (*on_start)(int thread);

static void *run_thread(void *arg)
{
	int thread = (intptr_t)arg, epoch = 0;
	uint32_t n = 0;

	control->tid[thread] = syscall(SYS_gettid);
	if (on_start)
		on_start(thread);
	for (;;) {
		while (atomic_load(&control->go) == n && !atomic_load(&control->stop))
			syscall(SYS_futex, &control->go, FUTEX_WAIT, n, NULL, NULL, 0);
		if (atomic_load(&control->stop))
			return NULL;
		n = atomic_load(&control->go);
		if (epoch != atomic_load(&control->epoch)) {
			epoch = atomic_load(&control->epoch);
			pin(control->affinity[thread]);
		}
		if (control->alone < 0 || control->alone == thread) {
			uint32_t all = control->alone < 0 ? THREADS : 1;

			if (atomic_fetch_add(&control->ready, 1) + 1 == all)
				atomic_store(&control->start, now() + 2000);
			for (int spins = 0; !atomic_load(&control->start); spins++)
				if (spins % 256 == 255)
					sched_yield();
			previous = atomic_load(&control->start);
			bodies[thread]();
		}
		if (atomic_fetch_add(&control->finished, 1) + 1 == THREADS)
			wake(&control->finished);
	}
}

static void start_threads(void)
{
	pthread_t t;

	for (intptr_t i = 0; i < THREADS; i++)
		if (thread_process[i] == me)
			CHECK(-pthread_create(&t, NULL, run_thread, (void *)i));
}

static void serve(void)			/* what a process other than the first does */
{
	for (uint32_t seen = 0, word;;) {
		while ((word = atomic_load(&control->phase)) == seen)
			syscall(SYS_futex, &control->phase, FUTEX_WAIT, seen, NULL, NULL, 0);
		seen = word;
		do_phase(word % 4);
		if (atomic_fetch_add(&control->acknowledged, 1) + 1 == PROCESSES - 1)
			wake(&control->acknowledged);
		if (word % 4 == END)
			_exit(0);
	}
}

static int final[RESULTS + 1];		/* results at the end of a round */

static void begin_round(int alone)
{
	control->alone = alone;
	for (int r = 0; r < RESULTS; r++)
		control->results[r] = NO_RETURN;
	memset((void *)control->begun, 0, sizeof(control->begun));
	memset((void *)control->ended, 0, sizeof(control->ended));
	atomic_store(&control->ready, 0);
	atomic_store(&control->start, 0);
	atomic_store(&control->finished, 0);
	atomic_fetch_add(&control->go, 1);
	wake(&control->go);
}

static int returned(int thread)
{
	int last = ops_of[thread] - 1;

	return last < 0 || atomic_load(&control->ended[thread][last]);
}

static int asleep(int thread)
{
	char path[64], stat[256] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)control->tid[thread]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, stat, sizeof(stat) - 1) < 0)
		stat[0] = 0;
	close(fd);
	state = strrchr(stat, ')');
	return state && strchr("SD", state[2]);
}

/*
 * Until every thread has returned, or until those that have not sleep and have slept all the time that is given them
 * after the others: a thread that only waits for a CPU is waited for.
 */
static void wait_for_end(void)
{
	while (!wait_ms(&control->finished, THREADS, WAIT_MS)) {
		int sleepers = 1;

		for (int t = 0; t < THREADS; t++)
			sleepers &= returned(t) || asleep(t);
		if (sleepers)
			return;
	}
}

/* Wakes whoever waits for userfaultfd, so that the next round can begin. */
static int let_go(void)
{
	for (int n = 0; n < 2000; n++) {
		for (int m = 0; UFFD && m < MAPPINGS; m++)
			if (mappings[m].process == 0)
				uffd_wake(block(m, 0), mappings[m].pages * BLOCK);
		if (wait_ms(&control->finished, THREADS, 1))
			return 0;
	}
	return -1;
}

/* A fresh state. */
static int set_up(void)
{
	all_do(UNMAP);
	atomic_store(&control->failed, 0);
	for (int f = 0; f < FILES; f++)
		if (reset_file(f))
			return -1;
	all_do(MAP);
	return atomic_load(&control->failed) ? -1 : 0;
}

/* One round: a fresh state, all threads (or the one that is measured), and what came of it. */
static __attribute__((unused)) int one_round(int alone)
{
	if (set_up())
		return -1;
	begin_round(alone);
	if (WAIT_MS)
		wait_for_end();
	else
		wait_for(&control->finished, THREADS);
	memcpy(final, control->results, sizeof(final));
	all_do(OBSERVE);
	if (atomic_load(&control->finished) != THREADS && let_go())
		atomic_store(&control->stop, 1);
	return atomic_load(&control->failed) ? -1 : 0;
}

static void finish(int sig)
{
	(void)sig;
	atomic_store(&control->stop, 1);
}

/* A file without a name, in the working directory if it can be. */
static int local_file(void)
{
	static const char *const places[] = { ".", "/var/tmp", "/tmp" };
	int fd = -1;

	for (int i = 0; i < 3 && fd < 0; i++)
		fd = open(places[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd;
}

static int reopen(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
}

static int open_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURES };

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	return uffd < 0 ? -1 : ioctl(uffd, UFFDIO_API, &api);
}

static void start_processes(void)
{
	for (int p = 1; p < PROCESSES; p++) {
		pid_t pid = fork();

		CHECK(pid);
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			me = p;
			break;
		}
	}
	CHECK(pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	start_threads();
	if (me)
		serve();
}

static void prepare(void)
{
	struct sigaction faults = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(control == MAP_FAILED ? -1 : 0);
	sigaction(SIGSEGV, &faults, NULL);
	sigaction(SIGBUS, &faults, NULL);
	signal(SIGTERM, finish);
	signal(SIGINT, finish);
	for (int f = 0; f < FILES; f++) {
		CHECK(files[f] = file_plain[f] ? local_file() : memfd_create("race", MFD_CLOEXEC));
		if (file_plain[f])
			CHECK(direct[f] = reopen(files[f]));
	}
	if (UFFD)
		CHECK(open_uffd());
	start_processes();
}

//@MAIN@
