// MADV_GUARD_INSTALL racing with MADV_COLLAPSE on shmem: the guard is lost.
//
// MADV_COLLAPSE of a range whose page cache is already one huge folio, but
// which is mapped by PTEs, goes to collapse_pte_mapped_thp():
//   steps 1, 2  check, then clear the PTEs under ptl, drop ptl
//   step 4  take pmd lock and ptl, check pmd_same() ONLY, unlink the table,
//           then install the huge pmd
// A guard marker written under ptl between 2 and 4 is freed with the table:
// MADV_GUARD_INSTALL has returned 0, and the page is accessible.
//
// gcc -O2 -Wall -Wextra -pthread guard_collapse_race.c -o guard_collapse_race
// ./guard_collapse_race [seconds]     unprivileged; memfd; needs >= 2 CPUs, x86
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>	/* and sched.h */
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define COLLAPSE 25			/* MADV_COLLAPSE */
#define GUARD_INSTALL 102		/* MADV_GUARD_INSTALL */
#define HUGE (2UL << 20)
#define PAGE 4096UL
#define K 100				/* the page that is guarded */
#define CHECK(x) do { if ((x) < 0) { perror(#x); exit(1); } } while (0)

static int fd, pagemap;
static char *p;				/* 2 MiB aligned */
static sigjmp_buf jb;
static atomic_ulong go, done, install_at;
static atomic_int stop, install_ret;

static void pin(int cpu)
{
	cpu_set_t s = { 0 };
	CPU_SET(cpu, &s);
	CHECK(sched_setaffinity(0, sizeof(s), &s));
}

static void on_segv(int sig) { (void)sig; siglongjmp(jb, 1); }

static int read_faults(char *a)
{
	return sigsetjmp(jb, 1) ? 1 : (*(volatile char *)a, 0);
}
static int pagemap_guard(char *a)	/* PM_GUARD_REGION, bit 58 */
{
	uint64_t v;
	CHECK(pread(pagemap, &v, 8, (uintptr_t)a / PAGE * 8));
	return v >> 58 & 1;
}

static void map(void)
{
	if (mmap(p, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != p)
		CHECK(-1);
}

/* A fresh mapping of the huge folio, by PTEs; the PTE of page K is empty. */
static void map_by_ptes(void)
{
	map();
	CHECK(madvise(p, HUGE, MADV_NOHUGEPAGE));
	CHECK(madvise(p, HUGE, MADV_POPULATE_READ));
	CHECK(madvise(p, HUGE, MADV_HUGEPAGE));
	CHECK(madvise(p + K * PAGE, PAGE, MADV_DONTNEED));
}

static void *installer(void *arg)
{
	(void)arg;
	pin(1);
	for (unsigned long n = 0;; atomic_store(&done, ++n)) {
		while (atomic_load(&go) == n)
			if (atomic_load(&stop))
				return NULL;
		while (__rdtsc() < install_at);
		install_ret = madvise(p + K * PAGE, PAGE, GUARD_INSTALL);
	}
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	unsigned long rounds = 0, lost = 0, kept_ok = 0, kept_fail = 0, inst_fail = 0;
	uint64_t start, t, dur = ~0UL;
	pthread_t th;
	int ret, guard, segv;

	pin(0);
	signal(SIGSEGV, on_segv);
	CHECK(fd = memfd_create("race", 0));
	CHECK(ftruncate(fd, HUGE));
	CHECK(pagemap = open("/proc/self/pagemap", O_RDONLY));
	p = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));

	map();				/* make the page cache one huge folio */
	memset(p, 'x', HUGE);
	CHECK(madvise(p, HUGE, COLLAPSE));

	for (int i = 0; i < 200; i++) {	/* how long does a collapse take? */
		map_by_ptes();
		start = __rdtsc();
		CHECK(madvise(p, HUGE, COLLAPSE));
		t = __rdtsc() - start;
		dur = t < dur ? t : dur;
	}
	map_by_ptes();			/* control: no race */
	CHECK(madvise(p + K * PAGE, PAGE, GUARD_INSTALL));
	ret = madvise(p, HUGE, COLLAPSE);
	printf("install, then collapse: collapse %d (%s), guard %d\n", ret,
	       ret ? strerror(errno) : "ok", pagemap_guard(p + K * PAGE));

	CHECK(-pthread_create(&th, NULL, installer, NULL));
	while (time(NULL) < end) {
		map_by_ptes();
		start = __rdtsc() + 4000;
		install_at = start + rand() % (dur + dur / 2);
		atomic_store(&go, ++rounds);
		while (__rdtsc() < start);
		ret = madvise(p, HUGE, COLLAPSE);
		while (atomic_load(&done) != rounds);
		guard = pagemap_guard(p + K * PAGE);
		segv = read_faults(p + K * PAGE);
		if (install_ret)
			inst_fail++;
		else if (guard && segv)
			ret ? kept_fail++ : kept_ok++;
		else if (!guard && !segv && !lost++)
			printf("round %lu: install = 0, collapse = %d, page reads '%c'\n",
			       rounds, ret, p[K * PAGE]);
	}
	stop = 1;
	pthread_join(th, NULL);
	printf("%lu rounds: guard LOST %lu; kept, collapse ok %lu; kept, collapse failed %lu; install failed %lu\n",
	       rounds, lost, kept_ok, kept_fail, inst_fail);
	if (lost)
		printf("one lost guard per %.1f rounds\n", (double)rounds / lost);
	return lost != 0;
}
