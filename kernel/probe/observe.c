/* What the kernel tells of pages and VMAs: /proc/self/pagemap, PAGEMAP_SCAN, /proc/self/smaps, mincore(2). */
#include "probe.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES_MAX 4096

/* Bits of a pagemap entry, from Documentation/admin-guide/mm/pagemap.rst, in the order of the answer's bits. */
static const int pagemap_bits[] = {
	58,	/* guard region */
	63,	/* present */
	62,	/* swapped */
	61,	/* file page or shared anonymous memory */
	56,	/* exclusively mapped */
	57,	/* write-protected by userfaultfd */
};

static int too_many(int64_t n)
{
	if (n > 0 && n <= PAGES_MAX)
		return 0;
	errno = EINVAL;
	return 1;
}

/* `pagemap PAGE N [STRIDE]`: a number per page, its bits as above. */
int op_pagemap(const struct op *op, struct result *r)
{
	int64_t n = op->argv[1], stride = op->argc > 2 ? op->argv[2] : 1;
	int fd;

	if (too_many(n))
		return -1;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	add_data(r, "[");
	for (int64_t i = 0; i < n; i++) {
		uint64_t entry, bits = 0;
		off_t at = (BASE / PAGE + op->argv[0] + i * stride) * sizeof(entry);

		if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry))
			entry = 0;
		for (size_t b = 0; b < sizeof(pagemap_bits) / sizeof(pagemap_bits[0]); b++)
			bits |= (entry >> pagemap_bits[b] & 1) << b;
		add_data(r, "%s%llu", i ? "," : "", (unsigned long long)bits);
	}
	add_data(r, "]");
	close(fd);
	return 0;
}

/* Of <linux/fs.h> since v6.7. */
struct page_range {
	uint64_t start, end, categories;
};
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define RANGES_MAX 256

/* `scan PAGE N CATEGORIES`: the ranges that have any of them, as [page, n, categories]. */
int op_scan(const struct op *op, struct result *r)
{
	static struct page_range ranges[RANGES_MAX];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)address(op->argv[0]),
		.end = (uintptr_t)address(op->argv[0] + op->argv[1]),
		.vec = (uintptr_t)ranges,
		.vec_len = RANGES_MAX,
		.category_anyof_mask = op->argv[2],
		.return_mask = op->argv[2],
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), n, err;

	if (fd < 0)
		return -1;
	n = ioctl(fd, SCAN_IOCTL, &arg);
	err = errno;
	close(fd);
	errno = err;
	if (n < 0)
		return -1;
	add_data(r, "[");
	for (int i = 0; i < n; i++)
		add_data(r, "%s[%lld,%lld,%llu]", i ? "," : "", (long long)((ranges[i].start - BASE) / PAGE),
			 (long long)((ranges[i].end - ranges[i].start) / PAGE),
			 (unsigned long long)ranges[i].categories);
	add_data(r, "]");
	return 0;
}

/* `vmas PAGE N`: every VMA in the range, as [page, n, "rw-p", "VmFlags"]. */
int op_vmas(const struct op *op, struct result *r)
{
	uint64_t first = (uintptr_t)address(op->argv[0]), end = first + op->argv[1] * PAGE;
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	int inside = 0, count = 0;

	if (!smaps)
		return -1;
	add_data(r, "[");
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long long from, to;
		char perms[8];

		/* What smaps says of a VMA begins with a capital, where addresses have none. */
		if (!isupper((unsigned char)line[0]) && sscanf(line, "%llx-%llx %7s", &from, &to, perms) == 3) {
			inside = from < end && to > first;
			if (inside)
				add_data(r, "%s[%lld,%lld,\"%s\"", count++ ? "," : "",
					 (long long)((int64_t)(from - BASE) / (int64_t)PAGE),
					 (long long)((to - from) / PAGE), perms);
			else if (from >= end)
				break;
		} else if (inside && !strncmp(line, "VmFlags:", 8)) {
			line[strcspn(line, "\n")] = 0;
			for (char *tail = line + strlen(line); tail > line && tail[-1] == ' '; *--tail = 0)
				;
			add_data(r, ",\"%s\"]", line + 8 + strspn(line + 8, " "));
			inside = 0;
		}
	}
	add_data(r, "]");
	fclose(smaps);
	return 0;
}

/* `mincore PAGE N`: 0 or 1 per page. */
int op_mincore(const struct op *op, struct result *r)
{
	static unsigned char pages[PAGES_MAX];

	if (too_many(op->argv[1]) || mincore(address(op->argv[0]), op->argv[1] * PAGE, pages))
		return -1;
	add_data(r, "[");
	for (int64_t i = 0; i < op->argv[1]; i++)
		add_data(r, "%s%d", i ? "," : "", pages[i] & 1);
	add_data(r, "]");
	return 0;
}
