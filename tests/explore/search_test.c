/* SPDX-License-Identifier: MIT */
/*
 * search - the clever searches against a stupid enumeration of every schedule, on random toys.
 */
#include "base/rng.h"
#include "explore/toys.h"
#include "harness.h"

#include <signal.h>

#ifdef __SANITIZE_ADDRESS__
#define PROGRAMS 20u
#else
#define PROGRAMS 100u
#endif
#define LEAVES_MAX 10000u
#define SET_ROOM   (1u << 17)

/* ---- sets of hashes */

struct set {
	uint64_t at[SET_ROOM];
	uint32_t n;
};

static bool set_add(struct set *s, uint64_t h)
{
	uint32_t i;

	h = h ? h : 1;
	for (i = (uint32_t)h & (SET_ROOM - 1); s->at[i] != 0; i = (i + 1) & (SET_ROOM - 1))
		if (s->at[i] == h)
			return false;
	s->at[i] = h;
	BUG_ON(++s->n > SET_ROOM / 2);
	return true;
}

static bool set_has(const struct set *s, uint64_t h)
{
	h = h ? h : 1;
	for (uint32_t i = (uint32_t)h & (SET_ROOM - 1); s->at[i] != 0; i = (i + 1) & (SET_ROOM - 1))
		if (s->at[i] == h)
			return true;
	return false;
}

static bool set_within(const struct set *a, const struct set *b)
{
	for (uint32_t i = 0; i < SET_ROOM; i++)
		if (a->at[i] != 0 && !set_has(b, a->at[i]))
			return false;
	return true;
}

/* What one way of exploring has seen. */
struct seen {
	struct set ends, traces, schedules;
	uint64_t runs, at_bound[16];
};

static struct seen all, clever;
static uint32_t jumps_allowed; /* while somebody could run */

static uint64_t hash_state(const struct toy_state *s)
{
	static const uint8_t key[16] = {1};

	return hash_siphash(key, s, sizeof(*s));
}

static bool dependent(const struct toy_event *a, const struct toy_event *b)
{
	if (a->kind == TOY_SPAWN && a->object == b->thread)
		return true;
	if (a->thread == b->thread)
		return true;
	return toy_touches(a->kind) && toy_touches(b->kind) &&
	       (a->object == b->object || (a->kind == TOY_WAIT && a->second == b->object) ||
		(b->kind == TOY_WAIT && b->second == a->object) ||
		(a->kind == TOY_WAIT && b->kind == TOY_WAIT && a->second == b->second)) &&
	       (toy_writes(a->kind) || toy_writes(b->kind));
}

/* Equal for two runs exactly when they order dependent events alike. */
static uint64_t hash_trace(const struct toy_trace *t)
{
	uint8_t clocks[TOY_EVENTS][TOY_THREADS] = {0}, counts[TOY_THREADS] = {0};
	uint64_t sum = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct toy_event *e = &t->events[i];
		uint64_t h = 0;

		for (uint32_t j = 0; j < i; j++)
			for (uint32_t k = 0; k < TOY_THREADS && dependent(&t->events[j], e); k++)
				if (clocks[j][k] > clocks[i][k])
					clocks[i][k] = clocks[j][k];
		clocks[i][e->thread] = ++counts[e->thread];
		for (uint32_t k = 0; k < TOY_THREADS; k++)
			h = hash_u64(h ^ clocks[i][k]);
		sum += hash_u64(h ^ (uint64_t)e->thread << 32 ^ (uint64_t)e->value << 40);
	}
	return hash_u64(sum);
}

static uint64_t hash_schedule(const struct toy_trace *t)
{
	uint64_t h = 1;

	for (uint32_t i = 0; i < t->n; i++)
		h = hash_u64(h + 1 + t->events[i].thread + ((uint64_t)t->events[i].value << 8));
	return h;
}

static void note(struct seen *s, const struct toy_state *state, const struct toy_trace *trace)
{
	s->runs++;
	set_add(&s->ends, hash_state(state));
	set_add(&s->traces, hash_trace(trace));
	set_add(&s->schedules, hash_schedule(trace));
	s->at_bound[trace->preemptions < 15 ? trace->preemptions : 15]++;
}

/* ---- the stupid way */

static void enumerate(const struct toy_state *s, const struct toy_trace *t, uint32_t running,
		      uint32_t jumps);

static void enter(const struct toy_state *s, const struct toy_trace *t, uint32_t thread,
		  bool preempts, uint32_t jumps)
{
	const struct toy_op *o = toy_next(toy.program, s, thread);
	uint32_t values = o->kind == TOY_CHOOSE ? o->value : 1;

	for (uint32_t v = 0; v < values; v++) {
		struct toy_state state = *s;
		struct toy_trace trace = *t;

		trace.events[trace.n++] = (struct toy_event){
			.thread = (uint8_t)thread,
			.kind = o->kind,
			.object = o->object,
			.value = (uint8_t)v,
			.second = (uint8_t)o->value,
		};
		trace.preemptions += preempts;
		toy_step(toy.program, &state, thread, v);
		enumerate(&state, &trace, thread, jumps);
	}
}

static void enumerate(const struct toy_state *s, const struct toy_trace *t, uint32_t running,
		      uint32_t jumps)
{
	bool could = running < TOY_THREADS && toy_enabled(toy.program, s, running), any = false;
	struct toy_state later = *s;

	if (all.runs > LEAVES_MAX)
		return;
	for (uint32_t i = 0; i < toy.program->threads; i++)
		if (toy_enabled(toy.program, s, i)) {
			any = true;
			enter(s, t, i, could && i != running, jumps);
		}
	toy_time(&later);
	if (later.slept != s->slept && (!any || jumps < jumps_allowed))
		enumerate(&later, t, running, jumps + any);
	else if (!any)
		note(&all, s, t);
}

/* False: too many schedules to compare with. */
static bool enumerate_all(const struct toy_program *p)
{
	struct toy_state s = toy_begin(p);
	struct toy_trace t = {0};

	toy.program = p;
	memset(&all, 0, sizeof(all));
	enumerate(&s, &t, TOY_THREADS, 0);
	return all.runs <= LEAVES_MAX;
}

/* ---- the clever ways */

static void look(void *ctx, enum sim_end end)
{
	struct explore_finding f = {.rule = EXPLORE_UseAfterFree, .sentence = "used when free"};

	toy.trace.preemptions = *(const uint32_t *)ctx;
	note(&clever, &toy.state, &toy.trace);
	if (end == SIM_END_DEADLOCK)
		f = (struct explore_finding){.rule = EXPLORE_Deadlock};
	if (toy.state.wrong || end == SIM_END_DEADLOCK)
		explore_found(&f, true);
}

static uint32_t preempted;

static void forget_preemptions(void *ctx)
{
	*(uint32_t *)ctx = 0;
}

static void count_preemptions(void *ctx, const struct explore_choice *c, const struct sim_view *v)
{
	(void)v;
	*(uint32_t *)ctx += c->preempts;
}

static struct explore_result search_along(const struct toy_program *p,
					  enum explore_strategy strategy,
					  struct explore_limits limits,
					  const struct explore_schedule *replay)
{
	static struct explore_watcher watcher = {
		.ctx = &preempted, .begin = forget_preemptions, .choice = count_preemptions};
	const struct explore_subject subject = {.ctx = &preempted, .check = look};
	struct explore_result r = {0};
	struct buf why = {0};

	toy.program = p;
	memset(&clever, 0, sizeof(clever));
	limits.findings = limits.findings ? limits.findings : 100;
	limits.time_jumps = jumps_allowed;
	explore_watch(&watcher);
	CHECK_OK(search_in_world(&toy_world, &subject, strategy, &limits, replay, &r, &why));
	explore_unwatch(&watcher);
	buf_free(&why);
	return r;
}

static struct explore_result search(const struct toy_program *p, enum explore_strategy strategy,
				    struct explore_limits limits)
{
	return search_along(p, strategy, limits, NULL);
}

/* ---- random toys */

#define PLAIN_KINDS 11u
#define WITH_TIME   12u

static void random_thread(struct rng *r, struct toy_op *ops, uint32_t n, uint32_t n_kinds)
{
	static const uint8_t kinds[] = {TOY_READ,  TOY_READ,   TOY_WRITE,  TOY_WRITE,
					TOY_ADD,   TOY_LOCK,   TOY_LOCK,   TOY_POST,
					TOY_AWAIT, TOY_CHOOSE, TOY_SIGNAL, TOY_SLEEP};
	uint32_t held = 0, i = 0;
	bool waited = false;

	while (i < n) {
		uint8_t kind = kinds[rng_below(r, n_kinds)];
		uint8_t object = (uint8_t)rng_below(r, 2);

		if (kind == TOY_LOCK && (held >> object & 1))
			kind = TOY_UNLOCK;
		if (kind == TOY_LOCK)
			held |= 1u << object;
		if (kind == TOY_UNLOCK)
			held &= ~(1u << object);
		if (kind == TOY_SIGNAL && (held & 1) && !waited && rng_below(r, 2) == 0) {
			waited = true;
			ops[i++] = (struct toy_op){TOY_WAIT, 0, 4};
			ops[i++] = (struct toy_op){TOY_RETAKE, 0, 4};
			continue;
		}
		if (kind == TOY_SIGNAL)
			object = 4;
		if (kind == TOY_POST || kind == TOY_AWAIT)
			object = (uint8_t)(object + 2);
		if (kind == TOY_CHOOSE && rng_below(r, 3) > 0)
			continue;
		ops[i++] = (struct toy_op){kind, object, 1 + rng_below(r, 2)};
	}
	for (uint8_t o = 0; o < 2; o++)
		if (held >> o & 1)
			ops[i++] = (struct toy_op){TOY_UNLOCK, o, 0};
}

static struct toy_program random_program(struct rng *r, uint32_t n_kinds)
{
	struct toy_program p = {.threads = 2 + rng_below(r, 3)};

	for (uint32_t t = 0; t < p.threads; t++)
		random_thread(r, p.ops[t], 1 + rng_below(r, 8 - p.threads), n_kinds);
	if (rng_below(r, 3) == 0) {
		p.spawned = 1u << (p.threads - 1);
		memmove(&p.ops[0][1], &p.ops[0][0], sizeof(p.ops[0]) - sizeof(p.ops[0][0]));
		p.ops[0][0] = (struct toy_op){TOY_SPAWN, (uint8_t)(p.threads - 1), 0};
	}
	return p;
}

static void print_program(const struct toy_program *p)
{
	for (uint32_t t = 0; t < p->threads; t++) {
		printf("# %s%u:", p->spawned >> t & 1 ? "spawned " : "", t);
		for (const struct toy_op *o = p->ops[t]; o->kind != TOY_END; o++)
			printf(" %s(%u,%u)", toy_op_of(o).what, o->object, o->value);
		printf("\n");
	}
	fflush(stdout);
}

TEST(all_reaches_every_end_and_every_trace_of_random_toys)
{
	struct rng r;
	uint64_t runs = 0, cut = 0, traces = 0;

	rng_seed(&r, test_seed());
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		struct toy_program p = random_program(&r, PLAIN_KINDS);
		struct explore_result result;

		if (!enumerate_all(&p))
			continue;
		result = search(&p, EXPLORE_ALL, (struct explore_limits){0});
		if (!set_within(&all.ends, &clever.ends) ||
		    !set_within(&all.traces, &clever.traces))
			print_program(&p);
		CHECK_EQ_U(result.claim, EXPLORE_CLAIM_ALL);
		CHECK(set_within(&clever.ends, &all.ends));
		CHECK(set_within(&all.ends, &clever.ends));
		CHECK(set_within(&all.traces, &clever.traces));
		CHECK_EQ_U(clever.runs, result.runs - result.cut);
		runs += clever.runs;
		cut += result.cut;
		traces += all.traces.n;
		explore_result_free(&result);
	}
	printf("# %" PRIu64 " traces, %" PRIu64 " runs, %" PRIu64 " cut\n", traces, runs, cut);
	/* Sleep sets never run a trace twice. */
	CHECK_EQ_U(runs, traces);
}

TEST(bound_runs_exactly_the_schedules_with_so_many_preemptions)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		struct toy_program p = random_program(&r, PLAIN_KINDS);
		struct explore_result result;
		uint64_t expected = 0;
		uint32_t bound = 1 + i % 4;

		if (!enumerate_all(&p))
			continue;
		result = search(&p, EXPLORE_BOUND, (struct explore_limits){.bound = bound});
		for (uint32_t b = 0; b <= bound; b++) {
			CHECK_EQ_U(result.at_bound[b], all.at_bound[b]);
			expected += all.at_bound[b];
		}
		CHECK_EQ_U(clever.schedules.n, expected);
		CHECK(set_within(&clever.schedules, &all.schedules));
		CHECK_EQ_U(result.claim, EXPLORE_CLAIM_BOUND);
		if (!result.exhausted)
			CHECK_EQ_U(result.bound, bound);
		CHECK_EQ_U(result.exhausted, expected == all.runs);
		explore_result_free(&result);
	}
}

static void compare_ends_with_time(void)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		struct toy_program p = random_program(&r, WITH_TIME);
		struct explore_result result;

		if (!enumerate_all(&p))
			continue;
		result = search(&p, EXPLORE_ALL, (struct explore_limits){0});
		if (!set_within(&all.ends, &clever.ends))
			print_program(&p);
		CHECK_EQ_U(result.claim, EXPLORE_CLAIM_ALL);
		CHECK(set_within(&clever.ends, &all.ends));
		CHECK(set_within(&all.ends, &clever.ends));
		explore_result_free(&result);
		result = search(&p, EXPLORE_BOUND, (struct explore_limits){.bound = 1});
		CHECK_EQ_U(result.at_bound[0], all.at_bound[0]);
		CHECK_EQ_U(result.at_bound[1], all.at_bound[1]);
		explore_result_free(&result);
	}
}

TEST(all_reaches_every_end_though_time_passes_at_any_moment)
{
	jumps_allowed = 2;
	compare_ends_with_time();
}

TEST(all_reaches_every_end_though_time_passes_only_when_nobody_can_run)
{
	compare_ends_with_time();
}

TEST(a_team_runs_the_same_schedules_as_one_process)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (uint32_t i = 0; i < 20; i++) {
		struct toy_program p = random_program(&r, PLAIN_KINDS);
		struct explore_result one, team;

		if (!enumerate_all(&p))
			continue;
		one = search(&p, EXPLORE_BOUND, (struct explore_limits){.bound = 3});
		team = search(&p, EXPLORE_BOUND, (struct explore_limits){.bound = 3, .jobs = 3});
		CHECK_EQ_U(team.claim, one.claim);
		CHECK_EQ_U(team.bound, one.bound);
		CHECK_EQ_U(team.exhausted, one.exhausted);
		CHECK_EQ_U(team.n_found, one.n_found);
		for (uint32_t b = 0; b <= 3; b++)
			CHECK_EQ_U(team.at_bound[b], one.at_bound[b]);
		explore_result_free(&one);
		explore_result_free(&team);
	}
}

/* ---- the race of the notes: two callouts pend, the first completes before the second has */

#define HOLDS 0
#define FREED 1

static const struct toy_program count_only = {
	.threads = 3,
	.spawned = 6,
	.ops =
		{
			{{TOY_ADD, HOLDS, 1},
			 {TOY_SPAWN, 1, 0},
			 {TOY_USE, FREED, 0},
			 {TOY_ADD, HOLDS, 1},
			 {TOY_SPAWN, 2, 0},
			 {TOY_USE, FREED, 0}},
			{{TOY_ADD, HOLDS, UINT32_MAX}, {TOY_LAST, FREED, 0}},
			{{TOY_ADD, HOLDS, UINT32_MAX}, {TOY_LAST, FREED, 0}},
		},
};

static const struct toy_program own_hold = {
	.threads = 3,
	.spawned = 6,
	.ops =
		{
			{{TOY_ADD, HOLDS, 1},
			 {TOY_ADD, HOLDS, 1},
			 {TOY_SPAWN, 1, 0},
			 {TOY_USE, FREED, 0},
			 {TOY_ADD, HOLDS, 1},
			 {TOY_SPAWN, 2, 0},
			 {TOY_USE, FREED, 0},
			 {TOY_ADD, HOLDS, UINT32_MAX},
			 {TOY_LAST, FREED, 0}},
			{{TOY_ADD, HOLDS, UINT32_MAX}, {TOY_LAST, FREED, 0}},
			{{TOY_ADD, HOLDS, UINT32_MAX}, {TOY_LAST, FREED, 0}},
		},
};

TEST(bound_finds_the_race_of_the_counting_engine_at_one_preemption)
{
	struct explore_result r =
		search(&count_only, EXPLORE_BOUND, (struct explore_limits){.findings = 1});

	CHECK_EQ_U(r.n_found, 1);
	CHECK_EQ_U(r.found->finding.rule, EXPLORE_UseAfterFree);
	CHECK_EQ_U(explore_schedule_preemptions(&r.found->schedule), 1);
	CHECK(r.found->run < 100);
	CHECK_EQ_S(r.stopped_by, "findings");
	explore_result_free(&r);
}

TEST(every_strategy_finds_the_race_of_the_counting_engine)
{
	for (enum explore_strategy s = EXPLORE_DEFAULT; s < EXPLORE_REPLAY; s++) {
		struct explore_result r = search(
			&count_only, s, (struct explore_limits){.findings = 1, .runs = 1000});

		CHECK_EQ_U(r.n_found, 1);
		explore_result_free(&r);
	}
}

TEST(the_engine_with_its_own_hold_is_explored_to_the_end)
{
	struct explore_result r = search(&own_hold, EXPLORE_ALL, (struct explore_limits){0});

	CHECK(enumerate_all(&own_hold));
	CHECK_EQ_U(r.n_found, 0);
	CHECK_EQ_U(r.claim, EXPLORE_CLAIM_ALL);
	CHECK_EQ_U(r.runs - r.cut, all.traces.n);
	CHECK(!r.stopped_by);
	explore_result_free(&r);
}

/* ---- schedules, and runs that do not end as they should */

TEST(replay_runs_the_schedule_that_was_found)
{
	struct explore_result found =
		search(&count_only, EXPLORE_ALL, (struct explore_limits){.findings = 1});
	const struct explore_schedule *schedule = &found.found->schedule;
	struct explore_result r =
		search_along(&count_only, EXPLORE_REPLAY, (struct explore_limits){0}, schedule);

	CHECK_EQ_U(r.claim, EXPLORE_CLAIM_ONE);
	CHECK_EQ_U(r.followed, schedule->n);
	CHECK_EQ_U(r.n_found, 1);
	CHECK_EQ_U(r.found->finding.place, found.found->finding.place);
	CHECK_EQ_U(r.found->schedule.n, schedule->n);
	explore_result_free(&r);
	explore_result_free(&found);
}

TEST(a_schedule_that_cannot_be_followed_goes_on_without_preempting)
{
	struct explore_choice choices[] = {{.what = 1}, {.what = 3}, {.what = 1}};
	struct explore_schedule schedule = {.choices = choices, .n = ARRAY_LEN(choices)};
	struct explore_result r =
		search_along(&count_only, EXPLORE_REPLAY, (struct explore_limits){0}, &schedule);

	CHECK_EQ_U(r.followed, 1);
	CHECK_EQ_U(r.at_bound[0], 1);
	CHECK_EQ_U(r.n_found, 0);
	explore_result_free(&r);
}

TEST(a_run_that_is_too_long_is_a_livelock)
{
	struct explore_result r =
		search(&own_hold, EXPLORE_BOUND, (struct explore_limits){.steps = 5});

	CHECK(r.n_found > 0);
	CHECK_EQ_U(r.found->finding.rule, EXPLORE_Livelock);
	CHECK_EQ_U(r.found->schedule.n, 5);
	explore_result_free(&r);
}

static void swap_programs(void *ctx)
{
	(void)ctx;
	toy.program = toy.program == &count_only ? &own_hold : &count_only;
}

TEST(a_schedule_that_goes_two_ways_is_found)
{
	struct explore_watcher w = {.begin = swap_programs};
	struct explore_result r;

	explore_watch(&w);
	r = search(&own_hold, EXPLORE_BOUND, (struct explore_limits){.findings = 1});
	explore_unwatch(&w);
	CHECK_EQ_U(r.n_found, 1);
	CHECK_EQ_U(r.found->finding.rule, EXPLORE_Nondeterminism);
	explore_result_free(&r);
}

static void die(void *ctx, uint32_t thread, const struct sim_op *op)
{
	(void)ctx;
	(void)thread;
	if (strcmp(op->what, "last") == 0)
		raise(SIGKILL);
}

TEST(a_process_of_the_search_that_dies_leaves_its_schedule)
{
	struct explore_watcher w = {.step = die};
	struct explore_result r;

	explore_watch(&w);
	r = search(&own_hold, EXPLORE_BOUND, (struct explore_limits){.jobs = 2});
	explore_unwatch(&w);
	CHECK_EQ_U(r.claim, EXPLORE_CLAIM_NONE);
	CHECK(r.n_found > 0);
	CHECK_EQ_U(r.found->finding.rule, EXPLORE_Crash);
	CHECK(r.found->schedule.n > 0);
	explore_result_free(&r);
}

TEST(a_search_without_memory_stops_and_claims_nothing)
{
	const uint64_t schedule = 101 * sizeof(struct explore_choice);
	struct explore_result r =
		search(&own_hold, EXPLORE_ALL,
		       (struct explore_limits){.steps = 100, .memory = schedule + 17000});

	CHECK_EQ_S(r.stopped_by, "memory");
	CHECK_EQ_U(r.claim, EXPLORE_CLAIM_NONE);
	CHECK(r.memory <= schedule + 17000);
	explore_result_free(&r);
}

TEST(a_claim_says_what_was_covered)
{
	static const struct {
		struct explore_result r;
		const char *text;
	} cases[] = {
		{{.claim = EXPLORE_CLAIM_ALL}, "all traces"},
		{{.claim = EXPLORE_CLAIM_BOUND, .bound = 2}, "all schedules up to 2 preemptions"},
		{{.claim = EXPLORE_CLAIM_BOUND, .bound = 4, .exhausted = true}, "all schedules"},
		{{.claim = EXPLORE_CLAIM_RANDOM, .random = 12345, .floor = 0.0004},
		 "12 345 random schedules (floor 0.0004)"},
		{{.claim = EXPLORE_CLAIM_BOUND, .bound = 1, .random = 1},
		 "all schedules up to 1 preemption, and 1 random schedule"},
		{{.claim = EXPLORE_CLAIM_ONE}, "one schedule, replayed"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = {0};

		explore_claim_print(&cases[i].r, &out);
		CHECK_EQ_S(buf_str(&out), cases[i].text);
		buf_free(&out);
	}
}
