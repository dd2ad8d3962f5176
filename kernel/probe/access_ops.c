/* Access to memory by the kernel on behalf of the process: what faults there is an error, not a signal. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

static int with_pipe(int (*use)(int in, int out, char *at), char *at)
{
	int ends[2], ret, err;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	ret = use(ends[0], ends[1], at);
	err = errno;
	close(ends[0]);
	close(ends[1]);
	errno = err;
	return ret;
}

static int read_into(int in, int out, char *at)
{
	return write(out, "s", 1) == 1 ? (int)read(in, at, 1) : -1;
}

static int write_from(int in, int out, char *at)
{
	(void)in;
	return write(out, at, 1);
}

/* `sysread PAGE`: read(2) of one byte into the page. */
int op_sysread(const struct op *op, struct result *r)
{
	(void)r;
	return with_pipe(read_into, address(op->argv[0]));
}

/* `syswrite PAGE`: write(2) of one byte from the page. */
int op_syswrite(const struct op *op, struct result *r)
{
	(void)r;
	return with_pipe(write_from, address(op->argv[0]));
}

static int copy(int64_t page, int to_page)
{
	char byte = 'v';
	struct iovec local = { &byte, 1 }, remote = { address(page), 1 };

	return to_page ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0) :
			 process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
}

int op_vm_readv(const struct op *op, struct result *r)
{
	(void)r;
	return copy(op->argv[0], 0);
}

int op_vm_writev(const struct op *op, struct result *r)
{
	(void)r;
	return copy(op->argv[0], 1);
}
