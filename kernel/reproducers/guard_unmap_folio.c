// unmap_mapping_folio() drops guard markers: a guard region is lost.
//
// A folio that is about to leave the page cache while somebody still maps it
// is unmapped alone, by unmap_mapping_folio(), with ZAP_FLAG_DROP_MARKER.
// zap_nonpresent_ptes() drops guard markers by that flag, and looks at no
// folio before it does: every guard at the folio's pages goes, in every VMA.
//
// 1  no race, one thread: a direct write to page 1 of a large folio unmaps
//    page 1 alone; the folio is still mapped by page 2; the guard on page 0
//    goes. Wants a file system with large folios and O_DIRECT (ext4, XFS).
// 2  race, shmem: one thread punches a hole into a guarded page while another
//    reads the page through a second mapping (fault-around does not wait).
//
// gcc -O2 -Wall -Wextra -pthread guard_unmap_folio.c -o guard_unmap_folio
// ./guard_unmap_folio FILE [seconds]   unprivileged; FILE is overwritten
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define GUARD_INSTALL 102		/* MADV_GUARD_INSTALL */
#define PAGE 4096UL
#define FOLIO (64UL << 10)
#define CHECK(x) do { if ((long)(x) < 0) { perror(#x); exit(2); } } while (0)

static int pagemap;
static atomic_int stop;

static int guard(char *a)		/* PM_GUARD_REGION, bit 58 */
{
	uint64_t v;
	CHECK(pread(pagemap, &v, 8, (uintptr_t)a / PAGE * 8));
	return v >> 58 & 1;
}

static char *map(int fd, size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		CHECK(-1);
	return p;
}

/* Guard on page 0; page `touch` is mapped or not; page 1 is written directly. */
static int direct_write(const char *path, int touch)
{
	int fd, direct, kept;
	char *buf = NULL, *a;

	CHECK(fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
	CHECK(-posix_memalign((void **)&buf, FOLIO, FOLIO));
	memset(buf, 'x', FOLIO);
	CHECK(pwrite(fd, buf, FOLIO, 0));	/* one large folio */
	CHECK(fsync(fd));
	CHECK(direct = open(path, O_RDWR | O_DIRECT));
	a = map(fd, FOLIO);
	CHECK(madvise(a, FOLIO, MADV_RANDOM));	/* no readahead */
	CHECK(madvise(a, PAGE, GUARD_INSTALL));
	if (touch)
		(void)*(volatile char *)(a + touch * PAGE);
	CHECK(pwrite(direct, buf, PAGE, PAGE));
	kept = guard(a);
	munmap(a, FOLIO);
	close(direct);
	close(fd);
	free(buf);
	return kept;
}

static void *reader(void *b)
{
	while (!stop)
		(void)*(volatile char *)b;
	return NULL;
}

static unsigned long punch(int seconds, int race, unsigned long *rounds)
{
	time_t end = time(NULL) + seconds;
	unsigned long lost = 0;
	pthread_t th;
	char *a, *b;
	int fd;

	CHECK(fd = memfd_create("punch", 0));
	CHECK(ftruncate(fd, PAGE));
	a = map(fd, PAGE);
	b = map(fd, PAGE);
	stop = 0;
	if (race)
		CHECK(-pthread_create(&th, NULL, reader, b));
	for (*rounds = 0; time(NULL) < end; ++*rounds) {
		if (!race)
			(void)*(volatile char *)b;
		CHECK(madvise(a, PAGE, GUARD_INSTALL));
		CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
		lost += !guard(a);
	}
	stop = 1;
	if (race)
		pthread_join(th, NULL);
	return lost;
}

int main(int argc, char **argv)
{
	int seconds = argc > 2 ? atoi(argv[2]) : 10, lost = 0, i;
	unsigned long rounds, n;

	if (argc < 2)
		return fprintf(stderr, "usage: %s FILE [seconds]\n", argv[0]), 2;
	CHECK(pagemap = open("/proc/self/pagemap", O_RDONLY));
	for (i = 0; i < 100; i++)
		lost += !direct_write(argv[1], 2);
	printf("direct write, page 2 mapped: guard on page 0 lost %d of 100\n", lost);
	for (n = i = 0; i < 100; i++)
		n += !direct_write(argv[1], 0);
	printf("direct write, nothing mapped: guard on page 0 lost %lu of 100\n", n);
	n = punch(seconds, 1, &rounds);
	printf("punch, second mapping read meanwhile: lost %lu of %lu\n", n, rounds);
	lost += n != 0;
	n = punch(seconds, 0, &rounds);
	printf("punch, second mapping read before: lost %lu of %lu\n", n, rounds);
	return lost != 0;
}
