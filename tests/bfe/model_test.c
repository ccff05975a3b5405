/* SPDX-License-Identifier: MIT */
/*
 * The base filtering engine against a stupid model: arrays of what exists, copied when a
 * transaction begins, read-only ones included, and when an enumeration is created.
 *
 * Several sessions act in turn, whether or not another one is in a transaction; after each step
 * what each session finds by key and counts is compared with its copy.
 */
#include "bfe_world.h"

#include "base/rng.h"

enum { PROVIDER, CONTEXT, SUBLAYER, CALLOUT, FILTER, KINDS };

#define KEYS	 5u
#define SESSIONS 4u /* sessions 0 and 1 are static, the others are dynamic */
#define STATICS	 2u
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

enum txn { NONE, WRITING, READING };

struct run {
	struct world w;
	struct rng rng;
	struct bfe_session *s[SESSIONS];
	enum txn txn[SESSIONS];
	struct state seen[SESSIONS]; /* what a reading session sees */
	struct state now, committed; /* now: what the writer sees */
	int writer;		     /* the session in a writing transaction, or NOBODY */
	size_t builtin[KINDS];
	struct bfe_enum *open; /* NULL: none */
	int open_by;
	size_t open_count; /* what it has still to give */
};

static const enum model_kind model_kinds[KINDS] = {MODEL_PROVIDER, MODEL_PROVIDER_CONTEXT,
						   MODEL_SUBLAYER, MODEL_CALLOUT, MODEL_FILTER};
static const wfp_err missing[KINDS] = {ERR_PROVIDER_NOT_FOUND, ERR_PROVIDER_CONTEXT_NOT_FOUND,
				       ERR_SUBLAYER_NOT_FOUND, ERR_CALLOUT_NOT_FOUND,
				       ERR_FILTER_NOT_FOUND};

static unsigned any(struct run *r, unsigned n)
{
	return rng_below(&r->rng, n);
}

/* May the session write now?  Else the error. */
static wfp_err may_write(const struct run *r, unsigned s)
{
	if (r->txn[s] == READING)
		return ERR_INCOMPATIBLE_TXN;
	return r->writer == NOBODY || r->writer == (int)s ? ERR_OK : ERR_TIMEOUT;
}

/* A call outside of a transaction is one of its own. */
static void written(struct run *r, unsigned s)
{
	if (r->txn[s] != WRITING)
		r->committed = r->now;
}

/* ---- adding -----------------------------------------------------------------------------------
 */

static wfp_err expect_add(const struct run *r, unsigned s, unsigned kind, unsigned key,
			  const int uses[KINDS])
{
	static const unsigned order[] = {SUBLAYER, PROVIDER, CALLOUT, CONTEXT};
	wfp_err err = may_write(r, s);

	if (err)
		return err;
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

static wfp_err add_model_filter(struct run *r, unsigned s, unsigned key, const int uses[KINDS],
				uint64_t *id)
{
	struct model_filter f = draft(0);

	f.key = key_of(key + 1);
	f.provider = key_or_zero(uses[PROVIDER]);
	f.sublayer = key_or_zero(uses[SUBLAYER]);
	f.callout = key_or_zero(uses[CALLOUT]);
	f.context_key = key_or_zero(uses[CONTEXT]);
	if (uses[CALLOUT] != NOBODY)
		f.action = MODEL_ACTION_CALLOUT_TERMINATING;
	if (uses[CONTEXT] != NOBODY)
		f.flags |= MODEL_FILTER_HAS_PROVIDER_CONTEXT;
	return filter_add(r->s[s], &f, id);
}

static wfp_err do_add(struct run *r, unsigned s, unsigned kind, unsigned key, const int uses[KINDS],
		      uint64_t *id)
{
	struct model_object o = object_draft(model_kinds[kind], key + 1);
	struct bfe_added added = {.id = 0};
	wfp_err err;

	if (kind == FILTER)
		return add_model_filter(r, s, key, uses, id);
	o.provider = key_or_zero(uses[PROVIDER]);
	o.context_type = MODEL_CONTEXT_GENERAL;
	o.weight = 100;
	err = bfe_object_add(r->s[s], &o, NULL, &added);
	*id = added.id;
	return err;
}

static void step_add(struct run *r, unsigned s)
{
	unsigned kind = any(r, KINDS), key = any(r, KEYS);
	int uses[KINDS] = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY};
	uint64_t id = 0;
	wfp_err want;

	for (unsigned k = PROVIDER; k < FILTER; k++)
		if ((kind == FILTER || (k == PROVIDER && kind != PROVIDER)) && any(r, 3))
			uses[k] = (int)any(r, KEYS);
	want = expect_add(r, s, kind, key, uses);
	CHECK_ERR(do_add(r, s, kind, key, uses, &id), want);
	if (want)
		return;
	r->now.t[kind][key] =
		(struct thing){.there = true, .owner = s < STATICS ? NOBODY : (int)s, .id = id};
	memcpy(r->now.t[kind][key].uses, uses, sizeof(uses));
	written(r, s);
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
	wfp_err err = may_write(r, s);

	if (err)
		return err;
	if (!t->there)
		return missing[kind];
	if (t->owner != NOBODY && t->owner != (int)s)
		return ERR_WRONG_SESSION;
	if (t->owner == NOBODY && s >= STATICS)
		return ERR_DYNAMIC_SESSION_IN_PROGRESS;
	return in_use(r, kind, key) ? ERR_IN_USE : ERR_OK;
}

static void step_delete(struct run *r, unsigned s)
{
	unsigned kind = any(r, KINDS), key = any(r, KEYS);
	const struct thing *t = &r->now.t[kind][key];
	wfp_err want = expect_delete(r, s, kind, key);

	if (t->there && t->id && any(r, 2))
		CHECK_ERR(bfe_object_delete_by_id(r->s[s], model_kinds[kind], t->id), want);
	else
		CHECK_ERR(delete_key(r->s[s], model_kinds[kind], key + 1), want);
	if (want)
		return;
	r->now.t[kind][key].there = false;
	written(r, s);
}

/* ---- transactions and sessions ------------------------------------------------------------------
 */

static void end(struct run *r, unsigned s, bool commit)
{
	if (r->txn[s] == WRITING) {
		if (commit)
			r->committed = r->now;
		else
			r->now = r->committed;
		r->writer = NOBODY;
	}
	r->txn[s] = NONE;
}

static void step_begin(struct run *r, unsigned s)
{
	if (any(r, 2)) {
		CHECK_OK(bfe_txn_begin(r->s[s], BFE_TXN_READ_ONLY));
		r->txn[s] = READING;
		r->seen[s] = r->committed;
		return;
	}
	CHECK_ERR(bfe_txn_begin(r->s[s], 0), may_write(r, s));
	if (r->writer != NOBODY)
		return;
	r->txn[s] = WRITING;
	r->writer = (int)s;
}

static void step_txn(struct run *r, unsigned s)
{
	bool commit = any(r, 2);

	if (r->txn[s] == NONE) {
		step_begin(r, s);
		return;
	}
	CHECK_ERR(bfe_txn_begin(r->s[s], 0), ERR_TXN_IN_PROGRESS);
	CHECK_OK(commit ? bfe_txn_commit(r->s[s]) : bfe_txn_abort(r->s[s]));
	end(r, s, commit);
}

static void open_session(struct run *r, unsigned s)
{
	CHECK_OK(session_open(r->w.bfe, s < STATICS ? 0 : BFE_SESSION_DYNAMIC, 1, &r->s[s]));
}

/* Not while another one writes: what a dynamic session owns would go later. */
static void step_close(struct run *r, unsigned s)
{
	if (r->writer != NOBODY && r->writer != (int)s)
		return;
	bfe_session_close(r->s[s]);
	end(r, s, false);
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			if (r->now.t[k][i].owner == (int)s)
				r->now.t[k][i].there = false;
	r->committed = r->now;
	if (r->open_by == (int)s)
		r->open = NULL;
	open_session(r, s);
}

/* ---- seeing -----------------------------------------------------------------------------------
 */

static const struct state *view_of(const struct run *r, unsigned s)
{
	if (r->txn[s] == READING)
		return &r->seen[s];
	return r->txn[s] == WRITING ? &r->now : &r->committed;
}

static size_t count_in(const struct run *r, const struct state *state, unsigned kind)
{
	size_t n = r->builtin[kind];

	for (unsigned i = 0; i < KEYS; i++)
		n += state->t[kind][i].there;
	return n;
}

/* Begins one, or looks at the rest of the one that is open. */
static void step_enum(struct run *r, unsigned s)
{
	unsigned kind = any(r, KINDS);
	const struct bfe_template t = all_of(model_kinds[kind]);
	struct model_object *o;

	if (!r->open) {
		CHECK_OK(bfe_enum_create(r->s[s], &t, &r->open));
		r->open_by = (int)s;
		r->open_count = count_in(r, view_of(r, s), kind);
		return;
	}
	for (; (o = bfe_enum_next(r->open)) != NULL; r->open_count--)
		model_object_put(o);
	CHECK_EQ_U(r->open_count, 0);
	bfe_enum_destroy(r->open);
	r->open = NULL;
}

/* What must be true for a session after each step. */
static void compare(struct run *r, unsigned s)
{
	const struct state *state = view_of(r, s);
	unsigned kind = any(r, KINDS);
	bool want = false;

	for (unsigned i = 0; i < KEYS; i++) {
		const struct thing *t = &state->t[kind][i];
		struct model_object *o;

		CHECK(there(r->s[s], model_kinds[kind], i + 1) == t->there);
		if (!t->there || !t->id)
			continue;
		CHECK_OK(bfe_object_get_by_id(r->s[s], model_kinds[kind], t->id, &o));
		model_object_put(o);
	}
	CHECK_EQ_U(count_of(r->s[s], model_kinds[kind]), count_in(r, state, kind));
	for (unsigned i = 0; i < KEYS; i++)
		want = want || r->committed.t[FILTER][i].there;
	CHECK(in_force(&r->w) == want);
}

static void step(struct run *r)
{
	unsigned s = any(r, SESSIONS), what = any(r, 24);

	/* Mostly whoever can. */
	if (r->writer != NOBODY && any(r, 4))
		s = (unsigned)r->writer;
	if (what < 12)
		step_add(r, s);
	else if (what < 16)
		step_delete(r, s);
	else if (what < 20)
		step_txn(r, s);
	else if (what < 23)
		step_enum(r, s);
	else
		step_close(r, s);
	compare(r, any(r, SESSIONS));
}

static void random_run(uint64_t seed)
{
	struct run r = {.w = world_open(), .writer = NOBODY, .open_by = NOBODY};

	harness_use_seed(seed);
	rng_seed(&r.rng, seed);
	for (unsigned k = 0; k < KINDS; k++)
		r.builtin[k] = count_of(r.w.s, model_kinds[k]);
	for (unsigned s = 0; s < SESSIONS; s++)
		open_session(&r, s);
	for (int i = 0; i < STEPS; i++)
		step(&r);
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
