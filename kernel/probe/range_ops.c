/* Contents of several pages at once, as cow.c of the selftests fills and compares them; and what goes with them. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The byte that all of them are, or MIXED. */
int byte_of(const unsigned char *bytes, size_t n)
{
	return memcmp(bytes, bytes + 1, n - 1) ? MIXED : bytes[0];
}

/* `load PAGE N` */
int op_load(const struct op *op, struct result *r)
{
	r->ret = byte_of((unsigned char *)address(op->argv[0]), op->argv[1] * PAGE);
	return 0;
}

/* `store PAGE N BYTE` */
int op_store(const struct op *op, struct result *r)
{
	(void)r;
	memset(address(op->argv[0]), op->argv[2], op->argv[1] * PAGE);
	return 0;
}

/* `clear_refs KIND`: 4 for soft-dirty, which write-protects what is mapped (Documentation/filesystems/proc.rst). */
int op_clear_refs(const struct op *op, struct result *r)
{
	char digit = '0' + op->argv[0];
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC), ret, err;

	(void)r;
	if (fd < 0)
		return -1;
	ret = write(fd, &digit, 1) == 1 ? 0 : -1;
	err = errno;
	close(fd);
	errno = err;
	return ret;
}
