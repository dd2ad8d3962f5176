/*
 * userfaultfd, from the thread that has the faults: nothing here waits. A missing page that is
 * touched hangs the process unless UFFD_FEATURE_SIGBUS is on; the watchdog makes that a result.
 */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later headers. */
#ifndef UFFDIO_POISON
#define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_range_mode)
#endif

/* The layout that zeropage, continue and poison share: a range, a mode, and how far the kernel got. */
struct uffdio_range_mode {
	struct uffdio_range range;
	__u64 mode;
	__s64 done;
};

static int uffd = -1;
static char source[PAGE * 4] __attribute__((aligned(4096)));

static struct uffdio_range range_of(const struct op *op)
{
	struct uffdio_range range = { (uintptr_t)address(op->argv[0]), op->argv[1] * PAGE };

	return range;
}

/* `uffd_open FLAGS FEATURES`; the result is what the kernel offers. */
int op_uffd_open(const struct op *op, struct result *r)
{
	struct uffdio_api api = { .api = UFFD_API, .features = op->argv[1] };

	uffd = syscall(SYS_userfaultfd, (int)op->argv[0] | O_CLOEXEC | O_NONBLOCK);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		return -1;
	add_data(r, "%llu", (unsigned long long)api.features);
	return 0;
}

/* `uffd_register PAGE N MODE` */
int op_uffd_register(const struct op *op, struct result *r)
{
	struct uffdio_register reg = { .range = range_of(op), .mode = op->argv[2] };

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -1;
	add_data(r, "%llu", (unsigned long long)reg.ioctls);
	return 0;
}

int op_uffd_unregister(const struct op *op, struct result *r)
{
	struct uffdio_range range = range_of(op);

	(void)r;
	return ioctl(uffd, UFFDIO_UNREGISTER, &range);
}

/* `uffd_writeprotect PAGE N MODE` */
int op_uffd_writeprotect(const struct op *op, struct result *r)
{
	struct uffdio_writeprotect wp = { .range = range_of(op), .mode = op->argv[2] };

	(void)r;
	return ioctl(uffd, UFFDIO_WRITEPROTECT, &wp);
}

/* `uffd_copy PAGE N MODE`: at most four pages of 'u'. The result tells how much was copied, in bytes. */
int op_uffd_copy(const struct op *op, struct result *r)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)address(op->argv[0]),
		.src = (uintptr_t)source,
		.len = op->argv[1] * PAGE,
		.mode = op->argv[2],
	};
	int ret;

	if (copy.len > sizeof(source)) {
		errno = EINVAL;
		return -1;
	}
	memset(source, 'u', sizeof(source));
	ret = ioctl(uffd, UFFDIO_COPY, &copy);
	add_data(r, "%lld", (long long)copy.copy);
	return ret;
}

static int by_range(const struct op *op, struct result *r, unsigned long request)
{
	struct uffdio_range_mode arg = { .range = range_of(op), .mode = op->argv[2] };
	int ret = ioctl(uffd, request, &arg);

	add_data(r, "%lld", (long long)arg.done);
	return ret;
}

int op_uffd_zeropage(const struct op *op, struct result *r)
{
	return by_range(op, r, UFFDIO_ZEROPAGE);
}

int op_uffd_poison(const struct op *op, struct result *r)
{
	return by_range(op, r, UFFDIO_POISON);
}

int op_uffd_continue(const struct op *op, struct result *r)
{
	return by_range(op, r, UFFDIO_CONTINUE);
}

/* `uffd_event`: EAGAIN where there is none, else its kind. */
int op_uffd_event(const struct op *op, struct result *r)
{
	struct uffd_msg message;

	(void)op;
	if (read(uffd, &message, sizeof(message)) != sizeof(message))
		return -1;
	r->ret = message.event;
	return 0;
}
