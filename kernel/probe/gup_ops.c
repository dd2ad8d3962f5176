/*
 * Long-term pins that only read (FOLL_PIN | FOLL_LONGTERM), by the test module of the kernel: mm/gup_test.c and
 * mm/gup_test.h of v6.18, CONFIG_GUP_TEST, through debugfs. The module keeps one pin for the whole machine, and
 * lets go of it when the file is closed.
 */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUP_TEST "/sys/kernel/debug/gup_test"

/* Of mm/gup_test.h, which is no header of user space. */
struct longterm_pin {
	uint64_t addr, size;
	uint32_t flags;		/* 1: FOLL_WRITE, 2: pin_user_pages_fast() */
};
#define LONGTERM_START _IOW('g', 7, struct longterm_pin)
#define LONGTERM_STOP _IO('g', 8)
#define LONGTERM_READ _IOW('g', 9, uint64_t)

_Static_assert(sizeof(struct longterm_pin) == 24, "as the kernel lays it out");

static int device = -1;
static size_t pinned;

/* `gup_pin PAGE N FLAGS`: ENOENT where the kernel has no such device, EINVAL where somebody else has a pin. */
int op_gup_pin(const struct op *op, struct result *r)
{
	struct longterm_pin pin = {
		.addr = (uintptr_t)address(op->argv[0]),
		.size = op->argv[1] * PAGE,
		.flags = op->argv[2],
	};

	(void)r;
	if (device < 0)
		device = open(GUP_TEST, O_RDWR | O_CLOEXEC);
	if (device < 0 || ioctl(device, LONGTERM_START, &pin))
		return -1;
	pinned = pin.size;
	return 0;
}

/* `gup_read`: the byte that fills the pinned pages, or MIXED; the kernel copies them for us. */
int op_gup_read(const struct op *op, struct result *r)
{
	unsigned char *copy;
	uint64_t to;
	int ret, err;

	(void)op;
	if (device < 0 || !pinned) {
		errno = EBADF;
		return -1;
	}
	copy = mmap(NULL, pinned, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return -1;
	to = (uintptr_t)copy;
	ret = ioctl(device, LONGTERM_READ, &to);
	err = errno;
	if (!ret)
		r->ret = byte_of(copy, pinned);
	munmap(copy, pinned);
	errno = err;
	return ret;
}

int op_gup_unpin(const struct op *op, struct result *r)
{
	(void)op;
	(void)r;
	return ioctl(device, LONGTERM_STOP);
}
