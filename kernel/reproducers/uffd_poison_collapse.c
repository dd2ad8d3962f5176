// SPDX-License-Identifier: MIT
/*
 * UFFDIO_POISON against a collapse of the file: does the page stay poisoned?
 *
 *   cc -O2 -Wall -Wextra -o uffd_poison_collapse uffd_poison_collapse.c
 *   ./uffd_poison_collapse [ROUNDS]
 *
 * A shmem file is mapped twice. One mapping is registered with userfaultfd
 * for missing pages, and its first page is poisoned. MADV_COLLAPSE of the
 * other mapping takes the page table of the first one away, for which
 * retract_page_tables() asks only whether it is registered for write
 * protection. Each round is done with the collapse, and without. One thread,
 * unprivileged, with UFFD_USER_MODE_ONLY. Exit code: 0 every poisoned page
 * raised SIGBUS to the end, 10 one did not, 77 something that is needed is
 * missing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFDIO_POISON
#define UFFD_FEATURE_POISON (1 << 14)
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 updated;
};
#define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif

static const size_t huge = 2UL << 20;
static sigjmp_buf escape;

static void on_sigbus(int signal)
{
	siglongjmp(escape, signal);
}

static int missing(const char *what)
{
	printf("skip: %s: %s\n", what, strerror(errno));
	return 77;
}

/* Whether a load of the page raises SIGBUS. */
static int poisoned(const volatile char *page)
{
	if (sigsetjmp(escape, 1) != 0)
		return 1;
	(void)*page;
	return 0;
}

/* A mapping of the file, aligned to a huge page; the rest of `area` is left unused. */
static char *map_aligned(int fd, void **area)
{
	*area = mmap(NULL, 2 * huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*area == MAP_FAILED)
		return MAP_FAILED;
	uintptr_t start = ((uintptr_t)*area + huge - 1) & ~(huge - 1);

	return mmap((void *)start, huge, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
}

/* 0: poisoned to the end; 1: not any more; 77: cannot tell. */
static int one_round(int collapse)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("poison", 0), uffd = -1, result = 77;
	void *areas[2] = { MAP_FAILED, MAP_FAILED };

	if (fd < 0 || ftruncate(fd, (off_t)huge) != 0)
		return missing("memfd_create()");
	char *armed = map_aligned(fd, &areas[0]), *other = map_aligned(fd, &areas[1]);

	if (armed == MAP_FAILED || other == MAP_FAILED) {
		result = missing("mmap()");
		goto out;
	}
	for (size_t at = 0; at < huge; at += size)
		other[at] = 'd';
	armed[size] = 'd';
	uffd = (int)syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_POISON };
	struct uffdio_register reg = { .range = { (uintptr_t)armed, huge }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_poison poison = { .range = { (uintptr_t)armed, size } };

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) != 0)
		result = missing("userfaultfd with UFFD_FEATURE_POISON");
	else if (ioctl(uffd, UFFDIO_REGISTER, &reg) != 0)
		result = missing("UFFDIO_REGISTER");
	else if (ioctl(uffd, UFFDIO_POISON, &poison) != 0 || !poisoned(armed))
		result = missing("UFFDIO_POISON");
	else if (collapse && madvise(other, huge, MADV_COLLAPSE) != 0)
		result = missing("MADV_COLLAPSE");
	else
		result = poisoned(armed) ? 0 : 1;
out:
	if (uffd >= 0)
		close(uffd);
	for (int i = 0; i < 2; i++)
		if (areas[i] != MAP_FAILED)
			munmap(areas[i], 2 * huge);
	close(fd);
	return result;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100, lost[2] = { 0, 0 };

	signal(SIGBUS, on_sigbus);
	for (int i = 0; i < 2 * rounds; i++) {
		int result = one_round(i % 2);

		if (result == 77)
			return 77;
		lost[i % 2] += result;
	}
	printf("poison lost: %d of %d rounds with MADV_COLLAPSE, %d of %d without\n", lost[1], rounds, lost[0], rounds);
	return lost[0] + lost[1] > 0 ? 10 : 0;
}
