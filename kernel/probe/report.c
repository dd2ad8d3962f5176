/* Results as lines of JSON. */
#include "probe.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for text of a result; NULL where there is none: then it is left out whole, and whoever reads it finds that. */
static char *room(struct result *r, size_t size)
{
	uint32_t at = atomic_load(&shared->arena_used);

	if (size >= ARENA_BYTES - at)
		return NULL;
	if (!r->data_len)
		r->data = at;
	r->data_len += size;
	atomic_store(&shared->arena_used, at + size);
	return shared->arena + at;
}

void add_text(struct result *r, const char *text, size_t size)
{
	char *to = room(r, size);

	if (to)
		memcpy(to, text, size);
}

/* The digits of a number, at the end of a buffer; where they begin. */
#define DIGITS 24
static char *digits(char buffer[DIGITS], int64_t n)
{
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char *at = buffer + DIGITS;

	do
		*--at = '0' + rest % 10;
	while (rest /= 10);
	if (n < 0)
		*--at = '-';
	return at;
}

void add_number(struct result *r, int64_t n)
{
	char buffer[DIGITS], *at = digits(buffer, n);

	add_text(r, at, buffer + DIGITS - at);
}

void add_data(struct result *r, const char *format, ...)
{
	char text[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(text))
		add_text(r, text, n);
}

static char output[1 << 16];
static size_t filled;

void flush_output(void)
{
	for (size_t done = 0; done < filled;) {
		ssize_t n = write(STDOUT_FILENO, output + done, filled - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			exit(1);	/* nobody reads any more */
		done += n;
	}
	filled = 0;
}

static void put(const char *text, size_t size)
{
	while (size > sizeof(output) - filled) {
		size_t part = sizeof(output) - filled;

		memcpy(output + filled, text, part);
		filled += part;
		text += part;
		size -= part;
		flush_output();
	}
	memcpy(output + filled, text, size);
	filled += size;
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void put_number(int64_t n)
{
	char buffer[DIGITS], *at = digits(buffer, n);

	put(at, buffer + DIGITS - at);
}

static void put_head(long id, const char *end, int how)
{
	put_text("{\"id\":");
	put_number(id);
	put_text(",\"end\":\"");
	put_text(end);
	put_text("\",\"how\":");
	put_number(how);
	put_text(",\"ops\":[");
}

void report(const struct sequence *s, const char *end, int how)
{
	put_head(s->id, end, how);
	for (int i = 0; i < s->n; i++) {
		const struct result *r = &shared->results[i];
		const int64_t numbers[] = { r->state, r->ret, r->err, r->sig, r->code };

		put_text(i ? ",[" : "[");
		for (int k = 0; k < 5; k++) {
			if (k)
				put_text(",");
			put_number(numbers[k]);
		}
		if (r->data_len) {
			put_text(",");
			put(shared->arena + r->data, r->data_len);
		}
		put_text("]");
	}
	put_text("]}\n");
}

void report_refused(long id, const char *why)
{
	put_head(id, "refused", 0);
	put_text("],\"why\":\"");
	put_text(why);
	put_text("\"}\n");
}
