/* SPDX-License-Identifier: MIT */
/*
 * The base filtering engine against a stupid model: arrays of what exists, copied when a
 * transaction begins and copied back when it is aborted.
 */
#include "bfe_world.h"

#include "base/rng.h"

enum { PROVIDER, SUBLAYER, CALLOUT, FILTER, KINDS };

#define KEYS	 6u
#define SESSIONS 3u /* session 0 is static, the others are dynamic */
#define STEPS	 400
#define NOBODY	 (-1)

struct thing {
	bool there;
	int owner;	 /* a dynamic session, or NOBODY */
	int uses[KINDS]; /* keys, or NOBODY */
	uint64_t id;
};

struct state {
	struct thing t[KINDS][KEYS];
};

struct run {
	struct world w;
	struct rng rng;
	struct bfe_session *s[SESSIONS];
	struct state now, before; /* before: when the transaction began */
	int in_txn;		  /* the session that has one, or NOBODY */
	bool read_only;
};

static const enum model_kind model_kinds[KINDS] = {MODEL_PROVIDER, MODEL_SUBLAYER, MODEL_CALLOUT,
						   MODEL_FILTER};
static const wfp_err missing[KINDS] = {ERR_PROVIDER_NOT_FOUND, ERR_SUBLAYER_NOT_FOUND,
				       ERR_CALLOUT_NOT_FOUND, ERR_FILTER_NOT_FOUND};

static unsigned any(struct run *r, unsigned n)
{
	return rng_below(&r->rng, n);
}

/* ---- adding -----------------------------------------------------------------------------------
 */

static wfp_err expect_add(const struct run *r, unsigned s, unsigned kind, unsigned key,
			  const int uses[KINDS])
{
	static const unsigned order[] = {SUBLAYER, PROVIDER, CALLOUT};

	if (r->now.t[kind][key].there)
		return ERR_ALREADY_EXISTS;
	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		unsigned k = order[i];
		const struct thing *t = uses[k] == NOBODY ? NULL : &r->now.t[k][uses[k]];

		if (t && !t->there)
			return missing[k];
		if (t && t->owner != NOBODY && t->owner != (int)s)
			return ERR_LIFETIME_MISMATCH;
	}
	return ERR_OK;
}

static struct guid key_or_zero(int key)
{
	return key == NOBODY ? (struct guid){0} : key_of((uint32_t)key + 1);
}

static wfp_err do_add(struct run *r, unsigned s, unsigned kind, unsigned key, const int uses[KINDS],
		      uint64_t *id)
{
	struct guid k = key_of(key + 1), provider = key_or_zero(uses[PROVIDER]);
	struct model_filter f = draft(0);
	struct bfe_added callout = {.id = 0};
	wfp_err err;

	switch (kind) {
	case PROVIDER:
		return object_add(
			r->s[s],
			&(struct model_object){.kind = MODEL_PROVIDER, .key = k, .name = text("p")},
			NULL);
	case SUBLAYER:
		return object_add(r->s[s],
				  &(struct model_object){.kind = MODEL_SUBLAYER,
							 .key = k,
							 .provider = provider,
							 .name = text("l"),
							 .weight = 100},
				  NULL);
	case CALLOUT:
		err = bfe_object_add(r->s[s],
				     &(struct model_object){.kind = MODEL_CALLOUT,
							    .key = k,
							    .provider = provider,
							    .name = text("c"),
							    .layer = CONNECT},
				     NULL, &callout);
		*id = callout.id;
		return err;
	default:
		f.key = k;
		f.provider = provider;
		f.sublayer = key_or_zero(uses[SUBLAYER]);
		f.callout = key_or_zero(uses[CALLOUT]);
		if (uses[CALLOUT] != NOBODY)
			f.action = MODEL_ACTION_CALLOUT_TERMINATING;
		return filter_add(r->s[s], &f, id);
	}
}

static void step_add(struct run *r, unsigned s)
{
	unsigned kind = any(r, KINDS), key = any(r, KEYS);
	int uses[KINDS] = {NOBODY, NOBODY, NOBODY, NOBODY};
	uint64_t id = 0;
	wfp_err want;

	for (unsigned k = PROVIDER; k < FILTER; k++)
		if ((kind == FILTER || (k == PROVIDER && kind != PROVIDER)) && any(r, 3))
			uses[k] = (int)any(r, KEYS);
	want = expect_add(r, s, kind, key, uses);
	if (r->in_txn == (int)s && r->read_only)
		want = ERR_INCOMPATIBLE_TXN;
	CHECK_ERR(do_add(r, s, kind, key, uses, &id), want);
	if (want)
		return;
	r->now.t[kind][key] = (struct thing){.there = true, .owner = s ? (int)s : NOBODY, .id = id};
	memcpy(r->now.t[kind][key].uses, uses, sizeof(uses));
}

/* ---- deleting ---------------------------------------------------------------------------------
 */

static bool in_use(const struct run *r, unsigned kind, unsigned key)
{
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			if (r->now.t[k][i].there && r->now.t[k][i].uses[kind] == (int)key)
				return true;
	return false;
}

static wfp_err expect_delete(const struct run *r, unsigned s, unsigned kind, unsigned key)
{
	const struct thing *t = &r->now.t[kind][key];

	if (r->in_txn == (int)s && r->read_only)
		return ERR_INCOMPATIBLE_TXN;
	if (!t->there)
		return missing[kind];
	if (t->owner != NOBODY && t->owner != (int)s)
		return ERR_WRONG_SESSION;
	if (t->owner == NOBODY && s)
		return ERR_DYNAMIC_SESSION_IN_PROGRESS;
	return in_use(r, kind, key) ? ERR_IN_USE : ERR_OK;
}

static void step_delete(struct run *r, unsigned s)
{
	unsigned kind = any(r, KINDS), key = any(r, KEYS);
	struct guid k = key_of(key + 1);
	wfp_err want = expect_delete(r, s, kind, key);
	if (kind == FILTER && r->now.t[kind][key].there && any(r, 2))
		CHECK_ERR(filter_delete(r->s[s], r->now.t[kind][key].id), want);
	else
		CHECK_ERR(bfe_object_delete(r->s[s], model_kinds[kind], &k), want);
	if (!want)
		r->now.t[kind][key].there = false;
}

/* ---- transactions and sessions ------------------------------------------------------------------
 */

static void step_txn(struct run *r, unsigned s)
{
	if (r->in_txn == NOBODY) {
		r->read_only = any(r, 8) == 0;
		CHECK_OK(bfe_txn_begin(r->s[s], r->read_only ? BFE_TXN_READ_ONLY : 0));
		r->before = r->now;
		r->in_txn = (int)s;
	} else if (any(r, 2)) {
		CHECK_OK(bfe_txn_commit(r->s[s]));
		r->in_txn = NOBODY;
	} else {
		CHECK_OK(bfe_txn_abort(r->s[s]));
		r->now = r->before;
		r->in_txn = NOBODY;
	}
}

static void step_close(struct run *r, unsigned s)
{
	bfe_session_close(r->s[s]);
	if (r->in_txn == (int)s) {
		r->now = r->before;
		r->in_txn = NOBODY;
	}
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			if (s && r->now.t[k][i].owner == (int)s)
				r->now.t[k][i].there = false;
	CHECK_OK(session_open(r->w.bfe, s ? BFE_SESSION_DYNAMIC : 0, 0, &r->s[s]));
}

/* What must be true after each step. */
static void compare(struct run *r)
{
	const struct state *committed = r->in_txn == NOBODY ? &r->now : &r->before;
	bool want = false;

	for (unsigned i = 0; i < KEYS; i++) {
		const struct thing *f = &r->now.t[FILTER][i];

		want = want || committed->t[FILTER][i].there;
		if (f->there || r->in_txn == NOBODY)
			CHECK(f->id == 0 || knows_filter(&r->w, f->id) == f->there);
	}
	CHECK(in_force(&r->w) == want);
}

static void random_run(uint64_t seed)
{
	struct run r = {.w = world_open(), .in_txn = NOBODY};

	harness_use_seed(seed);
	rng_seed(&r.rng, seed);
	for (unsigned s = 0; s < SESSIONS; s++)
		CHECK_OK(session_open(r.w.bfe, s ? BFE_SESSION_DYNAMIC : 0, 0, &r.s[s]));
	for (int i = 0; i < STEPS; i++) {
		unsigned s = r.in_txn == NOBODY ? any(&r, SESSIONS) : (unsigned)r.in_txn;
		unsigned what = any(&r, 20);

		if (what < 11)
			step_add(&r, s);
		else if (what < 16)
			step_delete(&r, s);
		else if (what < 19)
			step_txn(&r, s);
		else
			step_close(&r, s);
		compare(&r);
	}
	for (unsigned s = 0; s < SESSIONS; s++)
		bfe_session_close(r.s[s]);
	world_close(&r.w);
}

TEST(random_transactions_do_what_the_model_does)
{
	uint64_t first = test_seed();

	for (uint64_t seed = first; seed < first + 20; seed++)
		random_run(seed);
}
