/* System calls on mappings and files. Constants come as the numbers that the kernel knows. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum file_kind { MEMFD, LOCAL_FILE, MEMFD_HUGETLB };

static int fd_of(int64_t slot)
{
	return slot >= 0 && slot < FDS_MAX ? fds[slot] : -1;
}

static int keep(int64_t slot, int fd)
{
	if (fd < 0)
		return -1;
	if (slot < 0 || slot >= FDS_MAX) {
		close(fd);
		errno = EBADF;
		return -1;
	}
	if (fds[slot] >= 0)
		close(fds[slot]);
	fds[slot] = fd;
	return 0;
}

static int local_file(void)
{
	char path[4096];
	int fd = open(file_directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if ((size_t)snprintf(path, sizeof(path), "%s/probe.XXXXXX", file_directory) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* `open SLOT KIND PAGES` */
int op_open(const struct op *op, struct result *r)
{
	int fd = -1;

	(void)r;
	switch (op->argv[1]) {
	case MEMFD:
		fd = memfd_create("probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		break;
	case LOCAL_FILE:
		fd = local_file();
		break;
	case MEMFD_HUGETLB:
		fd = memfd_create("probe", MFD_CLOEXEC | MFD_HUGETLB);
		break;
	default:
		errno = EINVAL;
	}
	if (keep(op->argv[0], fd))
		return -1;
	return ftruncate(fd, op->argv[2] * PAGE);
}

/* `reopen SLOT FROM FLAGS`: the same file with other flags of open(2), as O_RDONLY. */
int op_reopen(const struct op *op, struct result *r)
{
	char path[64];

	(void)r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd_of(op->argv[1]));
	return keep(op->argv[0], open(path, op->argv[2] | O_CLOEXEC));
}

/* `fill SLOT PAGES`: page i holds the byte 'a' + i % 26. */
int op_fill(const struct op *op, struct result *r)
{
	char page[PAGE];

	(void)r;
	for (int64_t i = 0; i < op->argv[1]; i++) {
		memset(page, 'a' + i % 26, sizeof(page));
		if (pwrite(fd_of(op->argv[0]), page, sizeof(page), i * PAGE) != sizeof(page))
			return -1;
	}
	return 0;
}

/* `seal SLOT SEALS` */
int op_seal(const struct op *op, struct result *r)
{
	(void)r;
	return fcntl(fd_of(op->argv[0]), F_ADD_SEALS, (int)op->argv[1]);
}

/* `mmap PAGE N PROT FLAGS SLOT OFFSET`: always at that page; SLOT is -1 for anonymous memory. */
int op_mmap(const struct op *op, struct result *r)
{
	void *at = mmap(address(op->argv[0]), op->argv[1] * PAGE, op->argv[2], op->argv[3] | MAP_FIXED,
			op->argv[4] < 0 ? -1 : fd_of(op->argv[4]), op->argv[5] * PAGE);

	(void)r;
	return at == MAP_FAILED ? -1 : 0;
}

int op_munmap(const struct op *op, struct result *r)
{
	(void)r;
	return munmap(address(op->argv[0]), op->argv[1] * PAGE);
}

int op_mprotect(const struct op *op, struct result *r)
{
	(void)r;
	return mprotect(address(op->argv[0]), op->argv[1] * PAGE, op->argv[2]);
}

int op_mlock(const struct op *op, struct result *r)
{
	(void)r;
	return mlock(address(op->argv[0]), op->argv[1] * PAGE);
}

int op_munlock(const struct op *op, struct result *r)
{
	(void)r;
	return munlock(address(op->argv[0]), op->argv[1] * PAGE);
}

/* `mremap PAGE N NEW_N FLAGS NEW_PAGE`; the result is the new page where the call succeeds. */
int op_mremap(const struct op *op, struct result *r)
{
	char *at = mremap(address(op->argv[0]), op->argv[1] * PAGE, op->argv[2] * PAGE, op->argv[3],
			  address(op->argv[4]));

	if (at == MAP_FAILED)
		return -1;
	r->ret = (int64_t)(at - (char *)BASE) / (int64_t)PAGE;
	return 0;
}

/* `madvise PAGE N ADVICE` */
int op_madvise(const struct op *op, struct result *r)
{
	(void)r;
	return madvise(address(op->argv[0]), op->argv[1] * PAGE, op->argv[2]);
}

/* `process_madvise PIDFD ADVICE PAGE N [PAGE N...]`; PIDFD may be PIDFD_SELF. The result is in bytes. */
int op_process_madvise(const struct op *op, struct result *r)
{
	struct iovec ranges[ARGS_MAX / 2];
	int n = 0;
	int64_t ret;

	for (int i = 2; i + 1 < op->argc; i += 2) {
		ranges[n].iov_base = address(op->argv[i]);
		ranges[n++].iov_len = op->argv[i + 1] * PAGE;
	}
	ret = syscall(SYS_process_madvise, (int)op->argv[0], ranges, n, (int)op->argv[1], 0);
	if (ret < 0)
		return -1;
	r->ret = ret;
	return 0;
}

/* `ftruncate SLOT PAGES` */
int op_ftruncate(const struct op *op, struct result *r)
{
	(void)r;
	return ftruncate(fd_of(op->argv[0]), op->argv[1] * PAGE);
}

/* `punch SLOT PAGE N` */
int op_punch(const struct op *op, struct result *r)
{
	(void)r;
	return fallocate(fd_of(op->argv[0]), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, op->argv[1] * PAGE,
			 op->argv[2] * PAGE);
}
