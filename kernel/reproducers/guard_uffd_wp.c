// SPDX-License-Identifier: MIT
/*
 * MADV_GUARD_INSTALL over what userfaultfd write-protects: does it return?
 *
 *   cc -O2 -Wall -Wextra -o guard_uffd_wp guard_uffd_wp.c && ./guard_uffd_wp
 *
 * In a file mapping the zap of an install leaves a marker of each protected
 * entry, and its next walk stops at the marker; so the system call is
 * restarted for ever, and only a signal that kills ends it. Each case runs in
 * a child that is killed after a second. Unprivileged, with
 * UFFD_USER_MODE_ONLY. Exit code: 0 every install returned, 10 one did not,
 * 77 something that is needed is missing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/userfaultfd.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif

struct wanted {
	const char *name;
	int shared, populate, protect;
};

static const struct wanted cases[] = {
	{ "shared memory, registered, not protected", 1, 1, 0 },
	{ "anonymous memory, protected", 0, 1, 1 },
	{ "shared memory, protected, a page there", 1, 1, 1 },
	{ "shared memory, protected, nothing there", 1, 0, 1 },
};

static int missing(const char *what)
{
	printf("skip: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	return 77;
}

static int install(const struct wanted *w)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int uffd = (int)syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_HUGETLBFS_SHMEM };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int fd = -1;
	char *map;

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) != 0)
		return missing("userfaultfd with write protection of shared memory");
	if (w->shared) {
		fd = memfd_create("guard_uffd_wp", 0);
		if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
			return missing("memfd");
	}
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   w->shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (map == MAP_FAILED)
		return missing("mmap");
	if (w->populate)
		*(volatile char *)map = 'x';
	reg.range.start = wp.range.start = (unsigned long)map;
	reg.range.len = wp.range.len = size;
	if (ioctl(uffd, UFFDIO_REGISTER, &reg) != 0)
		return missing("UFFDIO_REGISTER");
	if (w->protect && ioctl(uffd, UFFDIO_WRITEPROTECT, &wp) != 0)
		return missing("UFFDIO_WRITEPROTECT");
	if (madvise(map, size, MADV_GUARD_INSTALL) != 0)
		return missing("MADV_GUARD_INSTALL");
	return 0;
}

/* 0 if it returned in time, 10 if it had to be killed, 77 if it could not be asked. */
static int run(const struct wanted *w)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return missing("fork");
	if (pid == 0)
		_exit(install(w));
	for (int waited = 0; waited < 100; waited++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 77;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 10;
}

int main(void)
{
	int worst = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int code = run(&cases[i]);

		if (code == 77)
			return code;
		printf("%s: the install %s\n", cases[i].name, code == 0 ? "returns" : "does not return");
		fflush(stdout);
		if (code > worst)
			worst = code;
	}
	return worst;
}
