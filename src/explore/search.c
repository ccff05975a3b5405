/* SPDX-License-Identifier: MIT */
/*
 * search - the loop that every strategy shares: make up a run, execute it, look at how it ended.
 *
 * Called by wfp-explore and by tests, on the one thread of the system.  The controller's functions
 * here run on the stacks of the world's threads, note what was chosen, and ask the strategy.
 */
#include "explore/strategy.h"

#include "base/sim_control.h"

#include <stdio.h>
#include <string.h>

#define CHECK_EVERY 1000u /* runs between two that are executed twice */
#define PATIENCE    5u	  /* seconds; what is said of it is below */

static struct explore_watcher *watchers;

void explore_watch(struct explore_watcher *w)
{
	w->next = watchers;
	watchers = w;
}

void explore_unwatch(struct explore_watcher *w)
{
	struct explore_watcher **at = &watchers;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
}

void search_tell_found(const struct explore_finding *f)
{
	for (const struct explore_watcher *w = watchers; w; w = w->next)
		if (w->found)
			w->found(w->ctx, f);
}

void search_stop(struct search *s, const char *reason)
{
	if (!s->out->stopped_by)
		s->out->stopped_by = reason;
}

static bool account(struct search *s, uint64_t bytes)
{
	if (s->memory + bytes > s->limits.memory) {
		search_stop(s, "memory");
		return false;
	}
	s->memory += bytes;
	if (s->memory > s->out->memory)
		s->out->memory = s->memory;
	return true;
}

void *search_grow(struct search *s, void *p, uint32_t *room, uint32_t need, size_t size)
{
	uint32_t grown = *room * 2 > need ? *room * 2 : need;
	uint64_t more = (uint64_t)(grown - *room) * size;
	void *q;

	if (need <= *room)
		return p;
	if (!account(s, more))
		return NULL;
	q = sim_control_realloc(p, grown * size);
	if (!q) {
		s->memory -= more;
		search_stop(s, "memory");
		return NULL;
	}
	memset((char *)q + *room * size, 0, more);
	*room = grown;
	return q;
}

void search_free(struct search *s, void *p, uint32_t room, size_t size)
{
	s->memory -= (uint64_t)room * size;
	sim_control_free(p);
}

const struct sim_thread *search_thread(const struct sim_view *v, uint32_t id)
{
	if (id - 1 < v->n && LIKELY(v->threads[id - 1].id == id))
		return &v->threads[id - 1];
	for (uint32_t i = 0; i < v->n; i++)
		if (v->threads[i].id == id)
			return &v->threads[i];
	return NULL;
}

uint64_t search_options(const struct search *s, const struct sim_view *v)
{
	uint64_t options = 0;

	for (uint32_t i = 0; i < v->n; i++)
		options |= (uint64_t)v->threads[i].enabled << v->threads[i].id;
	if (v->time && (options == 0 || s->jumps < s->limits.time_jumps))
		options |= search_bit(SIM_TIME);
	return options;
}

uint32_t search_plain(uint64_t options, uint32_t running)
{
	uint64_t threads = options & ~search_bit(SIM_TIME);

	if (threads & search_bit(running))
		return running;
	return threads ? (uint32_t)__builtin_ctzll(threads) : SIM_TIME;
}

/* ---- the controller */

static void record(struct search *s, struct explore_choice c, const struct sim_view *v)
{
	s->current.choices[s->current.n++] = c;
	if (s->shared)
		s->shared->n = s->current.n;
	for (const struct explore_watcher *w = watchers; w; w = w->next)
		if (w->choice)
			w->choice(w->ctx, &c, v);
}

static __attribute__((noinline)) void too_long(const struct search *s)
{
	struct explore_finding f = {.rule = EXPLORE_Livelock};

	snprintf(f.sentence, sizeof(f.sentence), "after %u steps the run has not ended",
		 s->limits.steps);
	explore_found(&f, false);
}

static void check_length(const struct search *s)
{
	if (UNLIKELY(s->current.n >= s->limits.steps))
		too_long(s);
}

static void leave(struct search *s, bool astray)
{
	s->astray = s->astray || astray;
	s->world->stop();
}

/* The same choice as in the run before; SEARCH_CUT: it cannot be made. */
static uint32_t follow(struct search *s, enum explore_choice_kind kind)
{
	const struct explore_choice *c = &s->follow.choices[s->current.n];

	return s->current.n < s->follow.n && c->kind == kind ? c->what : SEARCH_CUT;
}

static bool possible(const struct search *s, const struct sim_view *v, uint32_t who)
{
	const struct sim_thread *t = search_thread(v, who);

	return who == SIM_TIME ? v->time : t && t->enabled;
}

static bool stuck(const struct sim_view *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->threads[i].enabled)
			return false;
	return !v->time;
}

static uint32_t on_pick(void *ctx, const struct sim_view *v)
{
	struct search *s = ctx;
	const struct sim_thread *was = search_thread(v, v->running);
	bool preempts;
	uint32_t who;

	if (!(was && was->enabled) && UNLIKELY(stuck(v))) {
		if (!s->following && s->strategy->stuck)
			s->strategy->stuck(s, v);
		return SIM_TIME;
	}
	check_length(s);
	if (UNLIKELY(v->n > s->threads))
		s->threads = v->n;
	if (UNLIKELY(v->threads[v->n - 1].id >= SEARCH_THREADS)) {
		search_stop(s, "threads");
		leave(s, false);
	}
	who = s->following ? follow(s, EXPLORE_THREAD) : s->strategy->pick(s, v);
	if (UNLIKELY(who == SEARCH_CUT || !possible(s, v, who))) {
		s->cut = who == SEARCH_CUT && !s->following;
		leave(s, !s->cut);
	}
	preempts = was && was->enabled && who != v->running && who != SIM_TIME;
	s->preemptions += preempts;
	s->jumps += who == SIM_TIME && !v->only_time;
	record(s,
	       (struct explore_choice){.what = who, .kind = EXPLORE_THREAD, .preempts = preempts},
	       v);
	s->running = who;
	return who;
}

static uint32_t on_choose(void *ctx, uint32_t n, const char *what)
{
	struct search *s = ctx;
	uint32_t value;

	s->asks = what;
	check_length(s);
	value = s->following ? follow(s, EXPLORE_VALUE) : s->strategy->choose(s, n);
	if (UNLIKELY(value >= n)) {
		s->cut = value == SEARCH_CUT && !s->following;
		leave(s, !s->cut);
	}
	record(s, (struct explore_choice){.what = value, .kind = EXPLORE_VALUE, .of = (uint16_t)n},
	       NULL);
	return value;
}

static uint64_t mixed(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

static void hash_step(struct search *s, uint32_t thread, const struct sim_op *op)
{
	s->hash = mixed(s->hash, (uintptr_t)op->object ^ (uint64_t)thread << 56 ^
					 (uint64_t)op->access << 50);
	s->hash = mixed(s->hash, (uintptr_t)op->what);
}

static void on_step(void *ctx, uint32_t thread, const struct sim_op *op)
{
	struct search *s = ctx;

	if (UNLIKELY(s->hashing))
		hash_step(s, thread, op);
	for (const struct explore_watcher *w = watchers; w; w = w->next)
		if (w->step)
			w->step(w->ctx, thread, op);
}

static bool on_quiet(void *ctx, const char *lock_name)
{
	const struct search *s = ctx;

	return s->subject->quiet && s->subject->quiet(lock_name);
}

static void world_main(void *arg)
{
	struct search *s = arg;
	struct buf why = {0};

	if (s->subject->prepare)
		s->prepared = s->subject->prepare(s->subject->ctx, &why);
	if (s->prepared) {
		snprintf(s->why, sizeof(s->why), "%s", buf_str(&why));
		buf_free(&why);
		return;
	}
	buf_free(&why);
	s->world->ready();
	s->subject->run(s->subject->ctx);
}

/* ---- a run */

static enum sim_end execute(struct search *s)
{
	enum sim_end end;

	s->current.n = 0;
	s->hash = 0;
	s->rest = 0;
	s->jumps = s->preemptions = s->running = 0;
	s->cut = s->found = false;
	for (const struct explore_watcher *w = watchers; w; w = w->next)
		if (w->begin)
			w->begin(w->ctx);
	end = s->world->run();
	for (const struct explore_watcher *w = watchers; w; w = w->next)
		if (w->end)
			w->end(w->ctx, end);
	return end;
}

static const struct {
	enum explore_rule rule;
	const char *sentence; /* NULL: not wrong by itself */
} ends[] = {
	[SIM_END_DONE] = {0},
	[SIM_END_DEADLOCK] = {EXPLORE_Deadlock, "no thread can go on"},
	[SIM_END_LEFTOVERS] = {EXPLORE_PlatformBug, "threads were left when the run had ended"},
	[SIM_END_STOPPED] = {0},
	[SIM_END_CRASHED] = {EXPLORE_Crash, "the run crashed"},
	[SIM_END_BUG] = {EXPLORE_PlatformBug, "an invariant was broken"},
	[SIM_END_MEMORY] = {0},
};

/* What nobody else had a word for. */
static void judge(struct search *s, enum sim_end end)
{
	struct explore_finding f = {.rule = ends[end].rule};

	if (end == SIM_END_MEMORY)
		search_stop(s, "memory of a run");
	if (s->found || !ends[end].sentence)
		return;
	snprintf(f.sentence, sizeof(f.sentence), "%s", ends[end].sentence);
	explore_found(&f, true);
}

static void say_astray(struct search *s)
{
	struct explore_finding f = {.rule = EXPLORE_Nondeterminism};

	snprintf(f.sentence, sizeof(f.sentence), "the same schedule of %u choices went two ways",
		 s->follow.n);
	search_found_add(s, &f);
	explore_schedule_copy(&s->current, &s->follow);
	search_found_keep(s);
}

static enum sim_end follow_once(struct search *s)
{
	enum sim_end end;

	s->following = s->hashing = true;
	end = execute(s);
	s->world->rewind();
	s->following = false;
	s->astray |= s->current.n != s->follow.n;
	return end;
}

/*
 * The world has been rewound.  The run just executed, once more: it must do the same, step by step.
 * Unless its steps were hashed, that is twice.
 */
static void run_again(struct search *s, enum sim_end end)
{
	uint64_t hash;

	if (explore_schedule_copy(&s->follow, &s->current)) {
		search_stop(s, "memory");
		return;
	}
	s->astray = false;
	if (!s->hashing)
		s->astray |= follow_once(s) != end;
	hash = s->hash;
	s->astray |= follow_once(s) != end;
	if (s->astray || s->hash != hash)
		say_astray(s);
}

static void count(struct search *s, enum sim_end end)
{
	uint32_t most = ARRAY_LEN(s->out->at_bound) - 1;

	s->out->runs++;
	s->out->cut += s->cut;
	s->out->ended += end == SIM_END_STOPPED && !s->cut;
	s->out->steps += s->current.n;
	if (s->current.n > s->out->steps_max)
		s->out->steps_max = s->current.n;
	if (!s->cut && (s->round == SEARCH_ANY || s->preemptions == s->round))
		s->out->at_bound[s->preemptions < most ? s->preemptions : most]++;
}

static void run_once(struct search *s)
{
	uint32_t known = s->out->n_found;
	enum sim_end end;

	s->check_due = s->check_due || s->out->runs % CHECK_EVERY == 0;
	s->hashing = s->check_due;
	end = execute(s);
	if (!s->cut && s->subject->check)
		s->subject->check(s->subject->ctx, end);
	if (!s->cut)
		judge(s, end);
	if (end == SIM_END_DONE && !s->found)
		search_rest_keep(s);
	search_found_keep(s);
	if (!s->uncounted)
		count(s, end);
	if (s->strategy->ended)
		s->strategy->ended(s, end);
	s->world->rewind();
	s->check_due = s->check_due || s->out->n_found > known;
	if (s->check_due && !s->once && !s->cut && !s->out->stopped_by) {
		s->check_due = false;
		run_again(s, end);
	}
}

/* What is found at all by default settings is found early, and found again all the time. */
static bool nothing_new(const struct search *s)
{
	uint64_t news = s->shared ? s->shared->team->news : s->news;

	return s->asked == EXPLORE_DEFAULT && news > 0 &&
	       team_clock() >= news + PATIENCE * UINT64_C(1000000000);
}

static bool may_go_on(struct search *s)
{
	if (s->limits.runs > 0 && s->out->runs >= s->limits.runs)
		search_stop(s, "runs");
	if (s->out->n_found >= s->limits.findings || s->met)
		search_stop(s, "findings");
	if (s->shared && s->out->stopped_by && strcmp(s->out->stopped_by, "findings") == 0)
		s->shared->team->stop = 1;
	if (s->shared && s->shared->team->stop)
		search_stop(s, "findings");
	if (nothing_new(s))
		search_stop(s, "nothing new for 5 s");
	if (team_clock() >= s->deadline)
		search_stop(s, "seconds");
	return !s->out->stopped_by;
}

static void run_strategy(struct search *s, const struct strategy *strategy)
{
	s->strategy = strategy;
	s->state = NULL;
	s->check_due = true;
	s->round = SEARCH_ANY;
	s->uncounted = false;
	if (strategy->open && strategy->open(s)) {
		search_stop(s, "memory");
		return;
	}
	while (may_go_on(s) && strategy->next(s))
		run_once(s);
	if (strategy->claim)
		strategy->claim(s, s->out);
	if (strategy->close)
		strategy->close(s);
}

static void run_default(struct search *s)
{
	uint64_t now = team_clock(), deadline = s->deadline;

	s->deadline = now + (deadline - now) / 2;
	run_strategy(s, &strategy_bound);
	s->deadline = deadline;
	if (s->out->exhausted)
		return;
	if (s->out->stopped_by && strcmp(s->out->stopped_by, "seconds") == 0)
		s->out->stopped_by = NULL;
	run_strategy(s, &strategy_pct);
}

void search_run(struct search *s)
{
	static const struct strategy *const strategies[] = {
		[EXPLORE_ALL] = &strategy_all,	     [EXPLORE_BOUND] = &strategy_bound,
		[EXPLORE_PCT] = &strategy_pct,	     [EXPLORE_RANDOM] = &strategy_random,
		[EXPLORE_REPLAY] = &strategy_replay, [EXPLORE_FAULTS] = &strategy_faults,
		[EXPLORE_GUIDE] = &strategy_guide,
	};

	if (s->asked == EXPLORE_DEFAULT)
		run_default(s);
	else
		run_strategy(s, strategies[s->asked]);
}

/* ---- from the beginning to the end */

static const struct explore_limits defaults[] = {
	[EXPLORE_DEFAULT] = {.seconds = 60, .bound = 15, .processors = 2},
	[EXPLORE_ALL] = {0},
	[EXPLORE_BOUND] = {.processors = 2},
	[EXPLORE_PCT] = {.processors = 2},
	[EXPLORE_RANDOM] = {.processors = 2},
	[EXPLORE_REPLAY] = {.runs = 1},
	[EXPLORE_FAULTS] = {.processors = 2},
	[EXPLORE_GUIDE] = {.runs = 1},
};
static const struct explore_limits all_defaults = {
	.bound = 3,
	.depth = 3,
	.steps = 20000,
	.findings = 1,
	.memory = UINT64_C(1) << 30,
	.jobs = 1,
};

#define FILL(field)                                                                                \
	do {                                                                                       \
		if (l.field == 0)                                                                  \
			l.field = own->field;                                                      \
		if (l.field == 0)                                                                  \
			l.field = all_defaults.field;                                              \
	} while (0)

static struct explore_limits filled(struct explore_limits l, enum explore_strategy strategy)
{
	const struct explore_limits *own = &defaults[strategy];

	FILL(runs);
	FILL(seconds);
	FILL(bound);
	FILL(depth);
	FILL(steps);
	FILL(findings);
	FILL(memory);
	FILL(processors);
	FILL(jobs);
	if (strategy == EXPLORE_ALL || strategy == EXPLORE_REPLAY)
		l.jobs = 1;
	if (strategy == EXPLORE_ALL)
		l.processors = 0;
	if (l.steps > SEARCH_STEPS_MAX)
		l.steps = SEARCH_STEPS_MAX;
	return l;
}

/* So many seconds from now; 0, or more than the clock can count: never. */
static uint64_t deadline_in(uint64_t seconds)
{
	const uint64_t now = team_clock();

	if (seconds == 0 || seconds > (UINT64_MAX - now) / 1000000000u)
		return UINT64_MAX;
	return now + seconds * 1000000000u;
}

struct search *search_new(const struct search_world *world, const struct explore_subject *subject,
			  enum explore_strategy strategy, const struct explore_limits *limits)
{
	static const struct explore_limits none = {0};
	struct search *s = sim_control_alloc(sizeof(*s));

	if (!s)
		return NULL;
	s->world = world;
	s->subject = subject;
	s->asked = strategy;
	s->limits = filled(limits ? *limits : none, strategy);
	s->guide = s->limits.guide;
	s->out = &s->result;
	s->deadline = deadline_in(s->limits.seconds);
	s->controller = (struct sim_controller){
		.ctx = s,
		.pick = on_pick,
		.choose = on_choose,
		.step = on_step,
		.quiet = on_quiet,
		.processors = s->limits.processors,
	};
	s->current.choices = search_grow(s, NULL, &s->current.room, s->limits.steps + 1,
					 sizeof(*s->current.choices));
	s->rests = sim_control_alloc(SEARCH_RESTS * sizeof(*s->rests));
	if (s->current.choices)
		return s;
	sim_control_free(s->rests);
	sim_control_free(s);
	return NULL;
}

void search_delete(struct search *s)
{
	explore_schedule_free(&s->current);
	explore_schedule_free(&s->follow);
	sim_control_free(s->rests);
	sim_control_free(s);
}

/* Everything that points to the search is set before the world is opened: a rewind puts it back. */
wfp_err search_enter(struct search *s, struct buf *why)
{
	wfp_err err;

	search_found_hold(s);
	err = s->world->open(&s->controller, world_main, s);
	if (!err && s->limits.breaks)
		sim_control_break(true);
	if (!err)
		return ERR_OK;
	search_found_hold(NULL);
	buf_append_str(why, s->prepared ? s->why : err_text(err));
	return s->prepared ? s->prepared : err;
}

void search_leave(struct search *s)
{
	s->world->close();
	search_found_hold(NULL);
}

static wfp_err run_in_world(struct search *s, struct buf *why)
{
	wfp_err err = search_enter(s, why);
	uint64_t begun = team_clock();

	if (err)
		return err;
	if (s->limits.jobs > 1)
		err = search_run_team(s);
	else
		search_run(s);
	s->out->nanoseconds = team_clock() - begun;
	s->out->threads_max = s->threads > s->out->threads_max ? s->threads : s->out->threads_max;
	search_leave(s);
	return err;
}

wfp_err search_in_world(const struct search_world *world, const struct explore_subject *subject,
			enum explore_strategy strategy, const struct explore_limits *limits,
			const struct explore_schedule *replay, struct explore_result *out,
			struct buf *why)
{
	struct search *s = search_new(world, subject, strategy, limits);
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	s->replay = replay;
	err = run_in_world(s, why);
	if (err)
		explore_result_free(s->out);
	else
		*out = s->result;
	search_delete(s);
	return err;
}
