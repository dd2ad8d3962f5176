/* Results as lines of JSON. */
#include "probe.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

void add_data(struct result *r, const char *format, ...)
{
	uint32_t at = atomic_load(&shared->arena_used);
	size_t room = ARENA_BYTES - at;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(shared->arena + at, room, format, args);
	va_end(args);
	/* What does not fit is left out whole: the line stays well formed, since the reader checks its data. */
	if (n < 0 || (size_t)n >= room)
		return;
	if (!r->data_len)
		r->data = at;
	r->data_len += n;
	atomic_store(&shared->arena_used, at + n);
}

void report(const struct sequence *s, const char *end, int how)
{
	printf("{\"id\":%ld,\"end\":\"%s\",\"how\":%d,\"ops\":[", s->id, end, how);
	for (int i = 0; i < s->n; i++) {
		const struct result *r = &shared->results[i];

		printf("%s[%d,%lld,%d,%d,%d", i ? "," : "", r->state, (long long)r->ret, r->err, r->sig, r->code);
		if (r->data_len)
			printf(",%.*s", (int)r->data_len, shared->arena + r->data);
		printf("]");
	}
	printf("]}\n");
}
