/* The probe: performs sequences of memory operations in child processes and reports what came of them. */
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Pages are counted from a fixed far address, so that results are equal from run to run. Nothing
 * else is mapped there: below the stack and the libraries, far above the program.
 */
#define BASE 0x200000000000UL
#define PAGE 4096UL

#define OPS_MAX 256
#define ARGS_MAX 40
#define ARENA_BYTES (256 * 1024)
#define FDS_MAX 8
#define PROCS_MAX 4

struct op {
	/* Which process performs it: 0 is the first, others are made by the operation `fork`. */
	int proc;
	int number;
	int argc;
	int64_t argv[ARGS_MAX];
};

enum state { NOT_RUN, RUNNING, DONE, NO_PROCESS };

/* In memory shared by all processes, so that what a killed child has finished survives it. */
struct result {
	int state;
	int err;
	int sig;
	int code;
	int64_t ret;
	/* JSON text in the arena; no text where `data_len` is 0. */
	uint32_t data;
	uint32_t data_len;
};

struct shared {
	/* Number of the operation that is next. */
	_Atomic int turn;
	_Atomic uint32_t arena_used;
	struct result results[OPS_MAX];
	char arena[ARENA_BYTES];
};

struct sequence {
	long id;
	int timeout_ms;
	int n;
	struct op ops[OPS_MAX];
};

struct op_kind {
	const char *name;
	int argc_min;
	int (*run)(const struct op *op, struct result *r);
};

/* An operation returns -1 with errno set, or 0 and more as the system call does; `r->ret` is set from it. */
extern const struct op_kind op_kinds[];
extern const int op_kinds_count;

extern struct shared *shared;
extern const char *file_directory;
extern int fds[FDS_MAX];

static inline char *address(int64_t page)
{
	return (char *)(BASE + (uint64_t)page * PAGE);
}

/* parse.c: a line into a sequence; NULL, or what is wrong with it. */
const char *parse_sequence(char *line, struct sequence *s);

/* run.c: in the child; never returns. */
void run_sequence(const struct sequence *s) __attribute__((noreturn));
int op_fork(const struct op *op, struct result *r);
int op_exit(const struct op *op, struct result *r);
int op_wait(const struct op *op, struct result *r);
int op_read(const struct op *op, struct result *r);
int op_write(const struct op *op, struct result *r);

/* report.c: a line of JSON on standard output, which is written when it is asked for, or there is much. */
void flush_output(void);
void report(const struct sequence *s, const char *end, int how);
void report_refused(long id, const char *why);
/* Appends JSON to the data of a result: text, a number, or formatted. What does not fit is left out. */
void add_text(struct result *r, const char *text, size_t size);
void add_number(struct result *r, int64_t n);
void add_data(struct result *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* memory_ops.c */
int op_open(const struct op *op, struct result *r);
int op_reopen(const struct op *op, struct result *r);
int op_fill(const struct op *op, struct result *r);
int op_seal(const struct op *op, struct result *r);
int op_mmap(const struct op *op, struct result *r);
int op_munmap(const struct op *op, struct result *r);
int op_mprotect(const struct op *op, struct result *r);
int op_mlock(const struct op *op, struct result *r);
int op_munlock(const struct op *op, struct result *r);
int op_mremap(const struct op *op, struct result *r);
int op_madvise(const struct op *op, struct result *r);
int op_process_madvise(const struct op *op, struct result *r);
int op_ftruncate(const struct op *op, struct result *r);
int op_punch(const struct op *op, struct result *r);

/* access_ops.c: access by the kernel on behalf of the process */
int op_sysread(const struct op *op, struct result *r);
int op_syswrite(const struct op *op, struct result *r);
int op_vm_readv(const struct op *op, struct result *r);
int op_vm_writev(const struct op *op, struct result *r);

/* range_ops.c: contents of whole ranges */
#define MIXED 256
#define NOTHING (-1)
/* Of at least one byte. */
int byte_of(const unsigned char *bytes, size_t n);
static inline int both(int a, int b)
{
	return a == NOTHING || a == b ? b : b == NOTHING ? a : MIXED;
}
int op_load(const struct op *op, struct result *r);
int op_store(const struct op *op, struct result *r);
int op_clear_refs(const struct op *op, struct result *r);

/* gup_ops.c: the kernel's own test of pins */
int op_gup_pin(const struct op *op, struct result *r);
int op_gup_read(const struct op *op, struct result *r);
int op_gup_unpin(const struct op *op, struct result *r);

/* pin_ops.c: references that outlive a mapping */
int op_vmsplice(const struct op *op, struct result *r);
int op_pipe_read(const struct op *op, struct result *r);
int op_uring_pin(const struct op *op, struct result *r);
int op_uring_unpin(const struct op *op, struct result *r);
int op_uring_read(const struct op *op, struct result *r);

/* uffd_ops.c */
int op_uffd_open(const struct op *op, struct result *r);
int op_uffd_register(const struct op *op, struct result *r);
int op_uffd_unregister(const struct op *op, struct result *r);
int op_uffd_writeprotect(const struct op *op, struct result *r);
int op_uffd_copy(const struct op *op, struct result *r);
int op_uffd_zeropage(const struct op *op, struct result *r);
int op_uffd_poison(const struct op *op, struct result *r);
int op_uffd_continue(const struct op *op, struct result *r);
int op_uffd_event(const struct op *op, struct result *r);

/* observe.c */
void forget_proc(void);		/* in a new process: what the other has open tells of the other */
int op_pagemap(const struct op *op, struct result *r);
int op_scan(const struct op *op, struct result *r);
int op_vmas(const struct op *op, struct result *r);
int op_mincore(const struct op *op, struct result *r);

#endif
