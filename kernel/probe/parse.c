/*
 * A request is one line: `ID TIMEOUT_MS;PROC OP ARG...;PROC OP ARG...`. All arguments are decimal
 * integers; addresses are pages from BASE.
 */
#include "probe.h"
#include <stdlib.h>
#include <string.h>

const struct op_kind op_kinds[] = {
	{ "open", 3, op_open },
	{ "reopen", 3, op_reopen },
	{ "fill", 2, op_fill },
	{ "seal", 2, op_seal },
	{ "mmap", 6, op_mmap },
	{ "munmap", 2, op_munmap },
	{ "mprotect", 3, op_mprotect },
	{ "mlock", 2, op_mlock },
	{ "munlock", 2, op_munlock },
	{ "mremap", 5, op_mremap },
	{ "madvise", 3, op_madvise },
	{ "process_madvise", 4, op_process_madvise },
	{ "ftruncate", 2, op_ftruncate },
	{ "punch", 3, op_punch },
	{ "fork", 1, op_fork },
	{ "exit", 0, op_exit },
	{ "wait", 1, op_wait },
	{ "read", 1, op_read },
	{ "write", 2, op_write },
	{ "load", 2, op_load },
	{ "store", 3, op_store },
	{ "clear_refs", 1, op_clear_refs },
	{ "sysread", 1, op_sysread },
	{ "syswrite", 1, op_syswrite },
	{ "vm_readv", 1, op_vm_readv },
	{ "vm_writev", 1, op_vm_writev },
	{ "vmsplice", 1, op_vmsplice },
	{ "pipe_read", 0, op_pipe_read },
	{ "uring_pin", 1, op_uring_pin },
	{ "uring_unpin", 0, op_uring_unpin },
	{ "uring_read", 0, op_uring_read },
	{ "gup_pin", 3, op_gup_pin },
	{ "gup_read", 0, op_gup_read },
	{ "gup_unpin", 0, op_gup_unpin },
	{ "uffd_open", 2, op_uffd_open },
	{ "uffd_register", 3, op_uffd_register },
	{ "uffd_unregister", 2, op_uffd_unregister },
	{ "uffd_writeprotect", 3, op_uffd_writeprotect },
	{ "uffd_copy", 3, op_uffd_copy },
	{ "uffd_zeropage", 3, op_uffd_zeropage },
	{ "uffd_poison", 3, op_uffd_poison },
	{ "uffd_continue", 3, op_uffd_continue },
	{ "uffd_event", 0, op_uffd_event },
	{ "pagemap", 2, op_pagemap },
	{ "scan", 3, op_scan },
	{ "vmas", 2, op_vmas },
	{ "mincore", 2, op_mincore },
};
const int op_kinds_count = sizeof(op_kinds) / sizeof(op_kinds[0]);

static int find_kind(const char *name)
{
	for (int i = 0; i < op_kinds_count; i++)
		if (!strcmp(op_kinds[i].name, name))
			return i;
	return -1;
}

static int number(const char *text, int64_t *into)
{
	char *end;

	if (!text || !*text)
		return 0;
	*into = strtoll(text, &end, 10);
	return !*end;
}

static const char *parse_op(char *text, struct op *op)
{
	char *save, *word = strtok_r(text, " ", &save);
	int64_t proc;

	if (!number(word, &proc) || proc < 0 || proc >= PROCS_MAX)
		return "process number";
	op->proc = proc;
	word = strtok_r(NULL, " ", &save);
	op->number = word ? find_kind(word) : -1;
	if (op->number < 0)
		return "unknown operation";
	for (op->argc = 0; (word = strtok_r(NULL, " ", &save)); op->argc++)
		if (op->argc == ARGS_MAX || !number(word, &op->argv[op->argc]))
			return "argument";
	return op->argc < op_kinds[op->number].argc_min ? "too few arguments" : NULL;
}

const char *parse_sequence(char *line, struct sequence *s)
{
	char *save_part, *save_word;
	char *part = strtok_r(line, ";", &save_part);
	int64_t id, timeout;
	const char *wrong;

	s->id = -1;
	s->n = 0;
	if (!part || !number(strtok_r(part, " ", &save_word), &id) ||
	    !number(strtok_r(NULL, " ", &save_word), &timeout))
		return "head";
	s->id = id;
	s->timeout_ms = timeout;
	while ((part = strtok_r(NULL, ";", &save_part))) {
		if (s->n == OPS_MAX)
			return "too many operations";
		wrong = parse_op(part, &s->ops[s->n++]);
		if (wrong)
			return wrong;
	}
	return NULL;
}
