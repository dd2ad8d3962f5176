// SPDX-License-Identifier: MIT
/*
 * UFFDIO_COPY onto a guard region: does the guard stay?
 *
 *   cc -O2 -Wall -Wextra -o guard_uffd_copy guard_uffd_copy.c && ./guard_uffd_copy
 *
 * Unprivileged where /proc/sys/vm/unprivileged_userfaultfd allows it, or with
 * UFFD_USER_MODE_ONLY, which is used here. Exit code: 0 the guard stayed,
 * 10 it was replaced, 77 something that is needed is missing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

static sigjmp_buf out;

static void on_signal(int number)
{
	siglongjmp(out, number);
}

static int missing(const char *what)
{
	printf("skip: %s: %s\n", what, strerror(errno));
	return 77;
}

static int try_on(const char *name, int shared, int uffd, long size, char *page)
{
	int fd = -1, code, number;
	char *map;

	if (shared) {
		fd = memfd_create("guard_uffd_copy", 0);
		if (fd < 0 || ftruncate(fd, size) != 0)
			return missing("memfd");
	}
	map = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
		   shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (map == MAP_FAILED)
		return missing("mmap");
	if (madvise(map, (size_t)size, MADV_GUARD_INSTALL) != 0)
		return missing("MADV_GUARD_INSTALL");

	struct uffdio_register reg = {
		.range = { (unsigned long)map, (unsigned long)size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	if (ioctl(uffd, UFFDIO_REGISTER, &reg) != 0)
		return missing("UFFDIO_REGISTER");

	struct uffdio_copy copy = {
		.dst = (unsigned long)map,
		.src = (unsigned long)page,
		.len = (unsigned long)size,
	};
	code = ioctl(uffd, UFFDIO_COPY, &copy);
	printf("%s: UFFDIO_COPY %s", name, code == 0 ? "succeeds" : strerror(errno));

	number = sigsetjmp(out, 1);
	if (number == 0) {
		char seen = *(volatile char *)map;

		printf(", and the page reads '%c'\n", seen);
		return 10;
	}
	printf(", and the page raises signal %d\n", number);
	return 0;
}

int main(void)
{
	static char page[65536] __attribute__((aligned(65536)));
	long size = sysconf(_SC_PAGESIZE);
	int uffd = (int)syscall(SYS_userfaultfd, O_NONBLOCK | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	int anon, shmem;

	if (uffd < 0)
		return missing("userfaultfd");
	if (ioctl(uffd, UFFDIO_API, &api) != 0)
		return missing("UFFD_FEATURE_SIGBUS");
	memset(page, 'x', sizeof(page));
	signal(SIGSEGV, on_signal);
	signal(SIGBUS, on_signal);
	anon = try_on("anonymous memory", 0, uffd, size, page);
	shmem = try_on("shared memory", 1, uffd, size, page);
	return anon > shmem ? anon : shmem;
}
