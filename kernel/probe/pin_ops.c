/*
 * References to a page that outlive its mapping: vmsplice() (FOLL_GET, read only) and a fixed buffer of
 * io_uring (FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM), and what a read through them gives.
 */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int ends[2] = { -1, -1 };

/* `vmsplice PAGE [N]`: the first byte of the page, or as much of N pages as a pipe takes, by reference. */
int op_vmsplice(const struct op *op, struct result *r)
{
	struct iovec part = { address(op->argv[0]), op->argc > 1 ? op->argv[1] * PAGE : 1 };

	(void)r;
	if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	return vmsplice(ends[1], &part, 1, 0) > 0 ? 0 : -1;
}

/* `pipe_read`: the byte that fills the pipe by now, or MIXED. */
int op_pipe_read(const struct op *op, struct result *r)
{
	static unsigned char bytes[PAGE];
	int seen = NOTHING;
	ssize_t n;

	(void)op;
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		seen = both(seen, byte_of(bytes, n));
	if (seen == NOTHING)
		return -1;
	r->ret = seen;
	return 0;
}

static int ring = -1, sink = -1;
static struct io_uring_params params;
static char *submissions, *completions;
static struct io_uring_sqe *entries;
static char *pinned;
static size_t pinned_size;

static unsigned int *at(char *base, unsigned int offset)
{
	return (unsigned int *)(base + offset);
}

static int open_ring(void)
{
	size_t sq, cq;

	ring = syscall(SYS_io_uring_setup, 1, &params);
	sink = memfd_create("sink", MFD_CLOEXEC);
	if (ring < 0 || sink < 0)
		return -1;
	sq = params.sq_off.array + params.sq_entries * sizeof(unsigned int);
	cq = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	submissions = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	completions = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	entries = mmap(NULL, params.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		       IORING_OFF_SQES);
	return submissions == MAP_FAILED || completions == MAP_FAILED || entries == MAP_FAILED ? -1 : 0;
}

/* `uring_pin PAGE [N]` */
int op_uring_pin(const struct op *op, struct result *r)
{
	struct iovec buffer = { address(op->argv[0]), (op->argc > 1 ? op->argv[1] : 1) * PAGE };

	(void)r;
	if (ring < 0 && open_ring())
		return -1;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1))
		return -1;
	pinned = buffer.iov_base;
	pinned_size = buffer.iov_len;
	return 0;
}

/* `uring_unpin` */
int op_uring_unpin(const struct op *op, struct result *r)
{
	(void)op;
	(void)r;
	return syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
}

/* `uring_read`: the byte that fills the pinned pages, or MIXED; the kernel writes them to a file. */
int op_uring_read(const struct op *op, struct result *r)
{
	unsigned int tail, head, mask;
	struct io_uring_cqe *done;
	unsigned char *seen;

	(void)op;
	if (ring < 0 || !pinned) {
		errno = EBADF;
		return -1;
	}
	tail = *at(submissions, params.sq_off.tail);
	mask = *at(submissions, params.sq_off.ring_mask);
	memset(&entries[tail & mask], 0, sizeof(*entries));
	entries[tail & mask].opcode = IORING_OP_WRITE_FIXED;
	entries[tail & mask].fd = sink;
	entries[tail & mask].addr = (uintptr_t)pinned;
	entries[tail & mask].len = pinned_size;
	at(submissions, params.sq_off.array)[tail & mask] = tail & mask;
	__atomic_store_n(at(submissions, params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	head = *at(completions, params.cq_off.head);
	done = (struct io_uring_cqe *)(completions + params.cq_off.cqes) + (head & *at(completions, params.cq_off.ring_mask));
	__atomic_store_n(at(completions, params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	if (done->res < 0 || (size_t)done->res != pinned_size) {
		errno = done->res < 0 ? -done->res : EIO;
		return -1;
	}
	seen = mmap(NULL, pinned_size, PROT_READ, MAP_SHARED, sink, 0);
	if (seen == MAP_FAILED)
		return -1;
	r->ret = byte_of(seen, pinned_size);
	munmap(seen, pinned_size);
	return 0;
}
