/* What the kernel tells of pages and VMAs: /proc/self/pagemap, PAGEMAP_SCAN, /proc/self/smaps, mincore(2). */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
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

/*
 * Files of /proc/self stay open as long as their process lives: each is of the memory that the process had when it
 * opened them, so that a child opens its own.
 */
static int pagemap_fd = -1, smaps_fd = -1;

void forget_proc(void)
{
	if (pagemap_fd >= 0)
		close(pagemap_fd);
	if (smaps_fd >= 0)
		close(smaps_fd);
	pagemap_fd = smaps_fd = -1;
}

static int opened(int *fd, const char *path)
{
	if (*fd < 0)
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd;
}

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
	static uint64_t entries[PAGES_MAX];
	int fd;

	if (too_many(n))
		return -1;
	fd = opened(&pagemap_fd, "/proc/self/pagemap");
	if (fd < 0)
		return -1;
	memset(entries, 0, n * sizeof(entries[0]));
	/* What cannot be read, as no address, is no page. */
	for (int64_t i = 0; i < n; i += stride == 1 ? n : 1) {
		size_t size = (stride == 1 ? n : 1) * sizeof(entries[0]);
		off_t at = (BASE / PAGE + op->argv[0] + i * stride) * sizeof(entries[0]);

		if (pread(fd, &entries[i], size, at) < 0)
			entries[i] = 0;
	}
	add_text(r, "[", 1);
	for (int64_t i = 0; i < n; i++) {
		uint64_t bits = 0;

		for (size_t b = 0; b < sizeof(pagemap_bits) / sizeof(pagemap_bits[0]); b++)
			bits |= (entries[i] >> pagemap_bits[b] & 1) << b;
		if (i)
			add_text(r, ",", 1);
		add_number(r, bits);
	}
	add_text(r, "]", 1);
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
	int fd = opened(&pagemap_fd, "/proc/self/pagemap"), n;

	if (fd < 0)
		return -1;
	n = ioctl(fd, SCAN_IOCTL, &arg);
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

/* One record of smaps is longer, and the kernel makes no other when a read has this much. */
#define SMAPS_CHUNK 600

static uint64_t hex(const char **at)
{
	uint64_t n = 0;

	for (;; ++*at) {
		char c = **at;

		if (c >= '0' && c <= '9')
			n = n << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (c - 'a' + 10);
		else
			return n;
	}
}

/* What is looked for in smaps, and how far that is. */
struct look {
	uint64_t first, end;
	int inside, last, count, over;
};

static void take_line(struct look *l, struct result *r, const char *line, size_t size)
{
	const char *at = line;

	/* What smaps says of a VMA begins with a capital, where addresses have none. */
	if (line[0] < 'A' || line[0] > 'Z') {
		uint64_t from = hex(&at), to = *at == '-' ? (at++, hex(&at)) : from;

		l->inside = from < l->end && to > l->first;
		if (l->inside) {
			if (l->count++)
				add_text(r, ",", 1);
			add_text(r, "[", 1);
			add_number(r, (int64_t)(from - BASE) / (int64_t)PAGE);
			add_text(r, ",", 1);
			add_number(r, (to - from) / PAGE);
			add_text(r, ",\"", 2);
			add_text(r, at + 1, 4);
			add_text(r, "\"", 1);
		}
		l->last = to >= l->end;
		l->over = from >= l->end;
	} else if (l->inside && size > 8 && !memcmp(line, "VmFlags:", 8)) {
		at = line + 8;
		while (*at == ' ')
			at++;
		while (size && line[size - 1] == ' ')
			size--;
		add_text(r, ",\"", 2);
		if (line + size > at)
			add_text(r, at, line + size - at);
		add_text(r, "\"]", 2);
		l->inside = 0;
		l->over = l->last;
	}
}

/* `vmas PAGE N`: every VMA in the range, as [page, n, "rw-p", "VmFlags"]. */
int op_vmas(const struct op *op, struct result *r)
{
	char text[2 * SMAPS_CHUNK], *newline;
	struct look l = { .first = (uintptr_t)address(op->argv[0]) };
	size_t have = 0;
	off_t offset = 0;
	int fd = opened(&smaps_fd, "/proc/self/smaps");

	if (fd < 0)
		return -1;
	l.end = l.first + op->argv[1] * PAGE;
	add_text(r, "[", 1);
	while (!l.over) {
		ssize_t got = pread(fd, text + have, SMAPS_CHUNK, offset);
		char *line = text;

		if (got <= 0)
			break;
		offset += got;
		have += got;
		while (!l.over && (newline = memchr(line, '\n', text + have - line))) {
			take_line(&l, r, line, newline - line);
			line = newline + 1;
		}
		have = text + have - line;
		if (have > SMAPS_CHUNK)		/* no line is so long */
			break;
		memmove(text, line, have);
	}
	add_text(r, "]", 1);
	return 0;
}

/* `mincore PAGE N`: 0 or 1 per page. */
int op_mincore(const struct op *op, struct result *r)
{
	static unsigned char pages[PAGES_MAX];

	if (too_many(op->argv[1]) || mincore(address(op->argv[0]), op->argv[1] * PAGE, pages))
		return -1;
	add_text(r, "[", 1);
	for (int64_t i = 0; i < op->argv[1]; i++) {
		if (i)
			add_text(r, ",", 1);
		add_number(r, pages[i] & 1);
	}
	add_text(r, "]", 1);
	return 0;
}
