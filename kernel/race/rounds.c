static uint64_t random_state = 1;
static uint64_t random_below(uint64_t n)	/* splitmix64 */
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return n ? (z ^ z >> 31) % n : 0;
}

/* How long each operation takes alone, in ns. */
static int64_t cost[THREADS][OPS_MAX], whole[THREADS], longest;

static int calibrate(void)
{
	for (int t = 0; t < THREADS; t++) {
		for (int op = 0; op < ops_of[t]; op++)
			cost[t][op] = INT64_MAX;
		for (int i = 0; i < 20; i++) {
			if (one_round(t))
				return -1;
			for (int op = 0; op < ops_of[t]; op++)
				if (control->took[t][op] < cost[t][op])
					cost[t][op] = control->took[t][op];
		}
		for (int op = 0; op < ops_of[t]; op++)
			whole[t] += cost[t][op];
		if (whole[t] > longest)
			longest = whole[t];
	}
	return 0;
}

/*
 * When each operation would begin if the trace took its time on one CPU: the time of a step is the
 * time of its operation, divided by the steps that the trace makes in it.
 */
static int64_t due[THREADS][OPS_MAX];

static void follow_trace(void)
{
	int steps[THREADS][OPS_MAX] = { 0 };
	int64_t at[THREADS] = { 0 }, latest = 0;

	for (int i = 0; i < PARTS; i++)
		steps[trace[i].thread][trace[i].op] += trace[i].steps;
	for (int i = 0; i < PARTS; i++) {
		int t = trace[i].thread, op = trace[i].op;

		/* A thread cannot be held up: its own time goes on while others have their turn. */
		if (at[t] < latest && !due[t][op])
			at[t] = latest;
		if (!due[t][op])
			due[t][op] = at[t] + 1;
		at[t] += cost[t][op] * trace[i].steps / steps[t][op];
		if (at[t] > latest)
			latest = at[t];
	}
}

static int64_t best[BEST_MAX][THREADS][OPS_MAX];
static unsigned long best_n;

static int64_t jitter(int64_t spread)
{
	return (int64_t)random_below(2 * spread + 1) - spread;
}

static void choose_delays(void)
{
	int64_t starts[THREADS] = { 0 }, least = INT64_MAX;
	int64_t spread = longest >> random_below(7);
	int how = random_below(4), anchor = random_below(THREADS);

	for (int t = 0; t < THREADS; t++)
		for (int op = 0; op < ops_of[t]; op++)
			control->delay[t][op] = random_below(3) ? 0 : random_below(longest >> random_below(6));
	if (best_n && random_below(3)) {
		unsigned long which = random_below(best_n < BEST_MAX ? best_n : BEST_MAX);

		memcpy(control->delay, best[which], sizeof(control->delay));
		for (int t = 0; t < THREADS; t++)
			starts[t] = control->delay[t][0] + jitter(spread / 8 + 1);
	} else if (PARTS && how < 2) {
		for (int t = 0; t < THREADS; t++) {
			starts[t] = due[t][0] + jitter(spread);
			for (int op = 1; op < ops_of[t]; op++) {
				int64_t gap = due[t][op] - due[t][op - 1] - cost[t][op - 1];

				control->delay[t][op] = gap > 0 ? gap : 0;
			}
		}
	} else if (how < 3) {
		/* The others begin anywhere from too early to too late to meet the anchor. */
		for (int t = 0; t < THREADS; t++)
			starts[t] = t == anchor ? 0 : (int64_t)random_below(whole[anchor] + whole[t]) - whole[t];
	}
	for (int t = 0; t < THREADS; t++)
		if (starts[t] < least)
			least = starts[t];
	for (int t = 0; t < THREADS; t++)
		control->delay[t][0] = starts[t] - least;
}

static void choose_affinity(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), how = random_below(16), first = random_below(cpus);

	for (int t = 0; t < THREADS; t++)
		control->affinity[t] = how == 0 ? first : how == 1 ? -1 : (first + t) % cpus;
	atomic_fetch_add(&control->epoch, 1);
}

static struct outcome outcomes[OUTCOMES_MAX];
static unsigned long seen[OUTCOMES_MAX], others;
static int distinct;

static void print_outcome(const char *what, const struct outcome *o, unsigned long n)
{
	printf("%s %lu", what, n);
	for (int r = 0; r < RESULTS; r++)
		printf(" %d", o->results[r]);
	for (int p = 0; p < PAGES; p++)
		printf(" %d", o->guards[p]);
	printf("\n");
	fflush(stdout);
}

static int is_wanted(const struct outcome *o)
{
	for (int i = 0; i < WANTED; i++)
		if (!memcmp(wanted[i].results, o->results, sizeof(o->results)) &&
		    !memcmp(wanted[i].guards, o->guards, sizeof(o->guards)))
			return 1;
	return 0;
}

/* Counts the outcome of a round; whether it is one that is looked for. */
static int count_outcome(void)
{
	struct outcome o;
	int i;

	memset(&o, 0, sizeof(o));
	memcpy(o.results, final, sizeof(o.results));
	memcpy(o.guards, control->guards, sizeof(o.guards));
	for (i = 0; i < distinct && memcmp(&outcomes[i], &o, sizeof(o)); i++)
		;
	if (i < distinct) {
		seen[i]++;
	} else if (distinct < OUTCOMES_MAX) {
		outcomes[distinct] = o;
		seen[distinct++] = 1;
	} else {
		others++;
	}
	return is_wanted(&o);
}

/* rounds (0: no end), seconds, seed, hits after which it is enough (0: never) */
int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t end = now() + (uint64_t)((argc > 2 ? strtod(argv[2], NULL) : 10) * 1e9);
	unsigned long enough = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	unsigned long n, hits = 0, bad = 0;

	random_state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	prepare();
	if (calibrate()) {
		printf("setup %s\n", strerror(errno));
		fflush(stdout);
		_exit(2);
	}
	follow_trace();
	for (n = 0; (!rounds || n < rounds) && now() < end && !atomic_load(&control->stop) &&
	     (!enough || hits < enough); n++) {
		if (n % 128 == 0)
			choose_affinity();
		choose_delays();
		if (one_round(-1)) {
			bad++;
			continue;
		}
		if (count_outcome()) {
			memcpy(best[best_n++ % BEST_MAX], control->delay, sizeof(control->delay));
			hits++;
		}
	}
	for (int i = 0; i < distinct; i++)
		print_outcome("outcome", &outcomes[i], seen[i]);
	printf("rounds %lu hits %lu failed %lu uncounted %lu\n", n, hits, bad, others);
	fflush(stdout);
	/* The threads wait for a round that does not come; they end with the process. */
	all_do(END);
	_exit(hits != 0);
}
