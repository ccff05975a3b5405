/* SPDX-License-Identifier: MIT */
/*
 * random_world - the engine and the rules side by side: answers, objects and events compared.
 */
#pragma once

#include "kinds.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/rng.h"

#define SUBS   6u
#define EVENTS 256u
#define LAST   40u
#define CODES  32u
#define LOW_60 (UINT64_MAX >> 4)

struct event {
	uint64_t commit; /* 0: heard */
	uint32_t type;
	GUID key;
	uint64_t id;
};

struct sub {
	bool live;
	HANDLE handle;
	unsigned member, kind;
	uint32_t flags;
	int provider; /* NOBODY: no template */
	struct event want[EVENTS], got[EVENTS];
	unsigned n_want, n_got; /* n_got: guarded by the lock */
};

struct open_enum {
	HANDLE handle; /* NULL: none */
	unsigned kind, n, at, builtin;
	bool ordered;
	struct thing things[KEYS];
	unsigned keys[KEYS];
	uint16_t weights[KEYS]; /* of the filters' sublayers */
	bool seen[KEYS];
};

static struct run {
	struct rng rng;
	struct rules rules;
	HANDLE h[SESSIONS];
	struct open_enum open[SESSIONS];
	struct sub subs[SUBS];
	struct lock lock;
	struct cond changed;
	uint64_t operations;
	uint64_t last_id[KINDS], last_kept_id[KINDS];
	unsigned builtin[KINDS];
	uint16_t weights[64];
	uint64_t auto_weight[LAYERS][SHAPES];
	bool auto_known[LAYERS][SHAPES];
	char last[LAST][96];
	uint64_t n_last;
	struct count {
		wfp_err code;
		uint64_t n;
	} counts[CODES]; /* of answers */
} run;

static unsigned any(unsigned n)
{
	return rng_below(&run.rng, n);
}

static bool once_in(unsigned n)
{
	return any(n) == 0;
}

/* ---- differences ----------------------------------------------------------------------------- */

static void note(const char *what, unsigned m, unsigned kind, unsigned key)
{
	snprintf(run.last[run.n_last++ % LAST], sizeof(run.last[0]), "session %u%s%s: %s %s %u", m,
		 run.rules.member[m].dynamic ? " dynamic" : "",
		 run.rules.member[m].txn == NONE      ? ""
		 : run.rules.member[m].txn == WRITING ? " writing"
						      : " reading",
		 what, kind_calls[kind].name, key);
}

static void print_last(void)
{
	uint64_t first = run.n_last > LAST ? run.n_last - LAST : 0;

	printf("# after %" PRIu64 " operations (SEED=%" PRIu64 "), the last ones:\n",
	       run.operations, harness_seed);
	for (uint64_t i = first; i < run.n_last; i++)
		printf("# %s\n", run.last[i % LAST]);
	fflush(stdout);
}

#define AGREE(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			print_last();                                                              \
			CHECK(cond);                                                               \
		}                                                                                  \
	} while (0)

static void count_answer(wfp_err code)
{
	unsigned i = 0;

	while (run.counts[i].n && run.counts[i].code != code)
		i++;
	AGREE(i < CODES - 1);
	run.counts[i].code = code;
	run.counts[i].n++;
}

static void print_counts(void)
{
	printf("# %" PRIu64 " operations (SEED=%" PRIu64 "):", run.operations, harness_seed);
	for (unsigned i = 0; run.counts[i].n; i++)
		printf(" %s %" PRIu64, err_name(run.counts[i].code), run.counts[i].n);
	printf("\n");
}

static void agree(wfp_err got, const struct faults *f)
{
	run.operations++;
	count_answer(got);
	if (faults_allow(f, got))
		return;
	print_last();
	printf("# %s instead of:", err_name(got));
	for (unsigned i = 0; i < f->n; i++)
		printf(" %s", err_name(f->list[i]));
	printf("%s\n", f->n ? "" : " success");
	fflush(stdout);
	CHECK(!"the answer is one that the rules allow");
}

static void agree_code(wfp_err got, wfp_err want)
{
	struct faults f = {0};

	fault(&f, want != ERR_OK, want);
	agree(got, &f);
}

/* ---- what subscribers are told --------------------------------------------------------------- */

static void heard(void *context, uint32_t type, const GUID *key, uint64_t id)
{
	struct sub *s = context;

	lock_take(&run.lock);
	if (s->live && s->n_got < EVENTS)
		s->got[s->n_got++] = (struct event){.type = type, .key = *key, .id = id};
	cond_broadcast(&run.changed);
	lock_drop(&run.lock);
}

static bool same_event(const struct event *a, const struct event *b)
{
	return a->type == b->type && a->id == b->id &&
	       memcmp(&a->key, &b->key, sizeof(a->key)) == 0;
}

/* Commits come in order; in one commit any order is right. */
static void check_group(struct sub *s, unsigned first, unsigned end)
{
	bool used[EVENTS] = {false};

	for (unsigned i = first; i < end; i++) {
		unsigned j = first;

		while (j < end && (used[j] || !same_event(&s->got[i], &s->want[j])))
			j++;
		AGREE(j < end);
		used[j] = true;
	}
}

/* Waits for what must come; what must not shows up here or at the next look. */
static void sync_sub(struct sub *s)
{
	uint64_t deadline = clock_now() + 60 * CLOCK_S;
	unsigned n;

	lock_take(&run.lock);
	while (s->n_got < s->n_want && clock_now() < deadline)
		(void)!cond_wait_until(&run.changed, &run.lock, deadline);
	n = s->n_got;
	lock_drop(&run.lock);
	AGREE(n == s->n_want);
	for (unsigned i = 0, end; i < n; i = end) {
		for (end = i; end < n && s->want[end].commit == s->want[i].commit; end++)
			;
		check_group(s, i, end);
	}
	lock_take(&run.lock);
	AGREE(s->n_got == n);
	s->n_got = s->n_want = 0;
	lock_drop(&run.lock);
}

static void expect_event(struct sub *s, uint32_t type, unsigned key, const struct thing *t)
{
	uint32_t wanted = type == FWPM_CHANGE_ADD ? FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_ADD
						  : FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_DELETE;

	if (!(s->flags & wanted) || is_denied(&run.rules, t, RIGHT_READ))
		return;
	if (s->provider != NOBODY && t->uses[PROVIDER] != s->provider)
		return;
	if (s->kind == FILTER && s->provider != NOBODY && t->life == BOOTTIME)
		return;
	s->want[s->n_want++] = (struct event){.commit = run.rules.commits,
					      .type = type,
					      .key = key_guid(s->kind, key),
					      .id = t->id};
}

static void tell(struct sub *s)
{
	for (unsigned i = 0; s->live && i < KEYS; i++) {
		const struct thing *old = &run.rules.committed.t[s->kind][i];
		const struct thing *new = &run.rules.now.t[s->kind][i];

		if (old->there == new->there && old->serial == new->serial)
			continue;
		if (old->there)
			expect_event(s, FWPM_CHANGE_DELETE, i, old);
		if (new->there)
			expect_event(s, FWPM_CHANGE_ADD, i, new);
	}
}

/* by: the member whose session it is, which does not hear of it, or NOBODY. */
static void commit(int by)
{
	struct rules *r = &run.rules;

	r->commits++;
	for (unsigned i = 0; i < SUBS; i++) {
		if ((int)run.subs[i].member != by)
			tell(&run.subs[i]);
		if (run.subs[i].n_want > EVENTS / 2)
			sync_sub(&run.subs[i]);
	}
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			if (r->now.t[k][i].there && is_kept(r->now.t[k][i].life) &&
			    r->now.t[k][i].id > run.last_kept_id[k])
				run.last_kept_id[k] = r->now.t[k][i].id;
	r->committed = r->now;
}

/* A call outside of any transaction is one of its own. */
static void written(unsigned m)
{
	if (run.rules.member[m].txn != WRITING)
		commit((int)m);
}

static void bury(void)
{
	if (rules_bury(&run.rules))
		commit(NOBODY);
}

/* ---- what is shown --------------------------------------------------------------------------- */

static const GUID *layer_guid(unsigned layer)
{
	return layer ? &FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4 : &FWPM_LAYER_ALE_AUTH_CONNECT_V4;
}

static bool same_guid(const GUID *a, const GUID *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static uint32_t flags_of(unsigned kind, const struct thing *t)
{
	uint32_t flags = 0;

	if (t->life == PERSISTENT)
		flags = kind == CALLOUT ? FWPM_CALLOUT_FLAG_PERSISTENT
					: FWPM_FILTER_FLAG_PERSISTENT;
	if (t->life == BOOTTIME)
		flags = FWPM_FILTER_FLAG_BOOTTIME;
	if (kind == FILTER && t->uses[CONTEXT] != NOBODY)
		flags |= FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT;
	return flags;
}

/* The automatic weight is not documented, but these relations are. */
static void learn_auto(const struct thing *t, uint64_t weight)
{
	AGREE(weight <= LOW_60);
	AGREE(t->shape != 0 || weight == 0);
	if (run.auto_known[t->layer][t->shape])
		AGREE(run.auto_weight[t->layer][t->shape] == weight);
	run.auto_known[t->layer][t->shape] = true;
	run.auto_weight[t->layer][t->shape] = weight;
	for (unsigned s = 0; s < SHAPES; s++) {
		if (!run.auto_known[t->layer][s] || s == t->shape)
			continue;
		if ((s & t->shape) == s)
			AGREE(run.auto_weight[t->layer][s] < weight);
		if ((s & t->shape) == t->shape)
			AGREE(run.auto_weight[t->layer][s] > weight);
	}
}

static void check_weight(const struct thing *t, uint64_t weight)
{
	if (t->weight_kind == WEIGHT_EXACT) {
		AGREE(weight == t->asked_weight);
		return;
	}
	if (t->weight_kind == WEIGHT_RANGE) {
		AGREE(weight >> 60 == t->asked_weight);
		weight &= LOW_60;
	}
	learn_auto(t, weight);
}

static void check_filter(const struct thing *t, const struct shown *s)
{
	const FWPM_FILTER0 *f = s->filter;
	unsigned n = 0;

	AGREE(f->action.type == t->action);
	AGREE(key_number(&f->subLayerKey, SUBLAYER) == t->uses[SUBLAYER]);
	AGREE(t->uses[CALLOUT] == NOBODY ||
	      key_number(&f->action.calloutKey, CALLOUT) == t->uses[CALLOUT]);
	AGREE(t->uses[CONTEXT] == NOBODY ||
	      key_number(&f->providerContextKey, CONTEXT) == t->uses[CONTEXT]);
	for (unsigned bit = 1; bit < SHAPES; bit <<= 1)
		n += (t->shape & bit) != 0;
	AGREE(f->numFilterConditions == n);
	for (unsigned i = 0; i < n; i++)
		if (same_guid(&f->filterCondition[i].fieldKey, &FWPM_CONDITION_IP_REMOTE_PORT))
			AGREE(f->filterCondition[i].conditionValue.uint16 == t->port);
	check_weight(t, s->weight);
}

static void check_shown(unsigned kind, unsigned key, const struct thing *t, const void *object,
			struct shown *s)
{
	const GUID want = key_guid(kind, key);

	kind_calls[kind].show(object, s);
	AGREE(same_guid(&s->key, &want));
	AGREE(s->provider == t->uses[PROVIDER]);
	AGREE((s->flags & ~(uint32_t)FWPM_FILTER_FLAG_INDEXED) == flags_of(kind, t));
	AGREE(s->id == t->id);
	if (kind == CALLOUT || kind == FILTER)
		AGREE(same_guid(&s->layer, layer_guid(t->layer)));
	if (kind == SUBLAYER)
		AGREE(s->weight == t->weight);
	if (kind == FILTER)
		check_filter(t, s);
}

static void look(unsigned m, unsigned kind, unsigned key, bool by_id)
{
	const struct thing *t = &rules_view(&run.rules, m)->t[kind][key];
	const GUID guid = key_guid(kind, key);
	struct faults f = {0};
	struct shown shown;
	void *object = NULL;
	wfp_err err;

	note(by_id ? "get by id" : "get", m, kind, key);
	fault(&f, !t->there, rules_missing[kind]);
	fault(&f, t->there && is_denied(&run.rules, t, RIGHT_READ), ERR_ACCESS_DENIED);
	err = by_id && kind_calls[kind].get_id ? kind_calls[kind].get_id(run.h[m], t->id, &object)
					       : kind_calls[kind].get(run.h[m], &guid, &object);
	agree(err, &f);
	if (err)
		return;
	check_shown(kind, key, t, object, &shown);
	FwpmFreeMemory0(&object);
}

static void step_look(unsigned m)
{
	unsigned kind = any(KINDS), key = any(KEYS);
	const struct thing *t = &rules_view(&run.rules, m)->t[kind][key];

	look(m, kind, key, t->there && once_in(2));
}
