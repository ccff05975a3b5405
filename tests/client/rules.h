/* SPDX-License-Identifier: MIT */
/*
 * rules - the rules of the base filtering engine, as plainly as they can be written.
 *
 * Written from docs/design/bfe.md alone: arrays of what exists, copied when a transaction begins or
 * an enumeration is created. It says which errors a call may answer with; where several things are
 * wrong at once the documents do not say which comes first, so any of them is right.
 */
#pragma once

#include "base/err.h"
#include "base/compiler.h"

#include <string.h>

enum { PROVIDER, CONTEXT, SUBLAYER, CALLOUT, FILTER, KINDS };

#define KEYS	 6u
#define LAYERS	 2u
#define NOBODY	 (-1)
#define SESSIONS 5u
#define SERIALS	 (1u << 21)

enum life { DYNAMIC, STATIC, PERSISTENT, BOOTTIME };

/* Rights that tests take away, as their values are documented. */
#define RIGHT_ADD_LINK 0x2u
#define RIGHT_READ     0x80u
#define RIGHT_DELETE   0x10000u

enum { SHAPE_REMOTE_PORT = 1, SHAPE_PROTOCOL = 2, SHAPE_REMOTE_ADDRESS = 4, SHAPE_LOCAL_PORT = 8 };
#define SHAPES 16u

enum weight_kind { WEIGHT_AUTO, WEIGHT_RANGE, WEIGHT_EXACT };

struct thing {
	bool there;
	enum life life;
	uint64_t owner;	 /* of a dynamic one: the number of its session */
	uint64_t serial; /* which of all that ever had this key */
	int uses[KINDS]; /* keys, or NOBODY */
	uint64_t id;	 /* learned when it was added */
	unsigned layer;	 /* callouts and filters */
	uint16_t weight; /* sublayers: asked for, then given */
	/* filters */
	uint32_t action;
	unsigned shape, port;
	enum weight_kind weight_kind;
	uint64_t asked_weight, effective; /* effective: learned, 0 until then */
	bool weighed;
};

struct state {
	struct thing t[KINDS][KEYS];
};

enum txn { NONE, WRITING, READING };

struct member {
	uint64_t number; /* different for each session that ever was; 0: closed */
	bool dynamic;
	enum txn txn;
	struct state seen; /* of a reading one */
};

struct rules {
	struct state now, committed; /* now: what the writer sees */
	struct member member[SESSIONS];
	int writer; /* the member in a writing transaction, or NOBODY */
	uint64_t numbers, serials, commits;
	uint32_t *denied; /* by serial: rights that nobody has; counts at once, for every view */
	const uint16_t *builtin_weights;
	unsigned n_builtin_weights;
};

static const wfp_err rules_missing[KINDS] = {ERR_PROVIDER_NOT_FOUND, ERR_PROVIDER_CONTEXT_NOT_FOUND,
					     ERR_SUBLAYER_NOT_FOUND, ERR_CALLOUT_NOT_FOUND,
					     ERR_FILTER_NOT_FOUND};

/* ---- what a call may answer ------------------------------------------------------------------ */

#define FAULTS 16u

struct faults {
	wfp_err list[FAULTS];
	unsigned n;
};

static void fault(struct faults *f, bool is, wfp_err err)
{
	BUG_ON(f->n == FAULTS);
	if (is)
		f->list[f->n++] = err;
}

static bool faults_allow(const struct faults *f, wfp_err got)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->list[i] == got)
			return true;
	return f->n == 0 && got == ERR_OK;
}

/* ---- views ----------------------------------------------------------------------------------- */

static const struct state *rules_view(const struct rules *r, unsigned m)
{
	if (r->member[m].txn == READING)
		return &r->member[m].seen;
	return r->member[m].txn == WRITING ? &r->now : &r->committed;
}

static bool is_denied(const struct rules *r, const struct thing *t, uint32_t right)
{
	return r->denied[t->serial] & right;
}

static bool is_kept(enum life life)
{
	return life >= PERSISTENT;
}

/* Whether the member may write; the state is looked at by who may alone. */
static bool rules_may_write(const struct rules *r, unsigned m, struct faults *f)
{
	fault(f, r->member[m].txn == READING, ERR_INCOMPATIBLE_TXN);
	fault(f, r->member[m].txn == NONE && r->writer != NOBODY, ERR_TIMEOUT);
	return r->member[m].txn == WRITING || (r->member[m].txn == NONE && r->writer == NOBODY);
}

/* ---- adding ---------------------------------------------------------------------------------- */

static bool rules_outlives(const struct rules *r, const struct thing *used, const struct thing *t,
			   bool used_is_provider)
{
	switch (used->life) {
	case DYNAMIC:
		return t->life == DYNAMIC && used->owner == t->owner;
	case STATIC:
		return !is_kept(t->life);
	default:
		return !is_kept(t->life) || used_is_provider || used->uses[PROVIDER] == NOBODY ||
		       used->uses[PROVIDER] == t->uses[PROVIDER];
	}
}

static void rules_use(const struct rules *r, const struct thing *t, unsigned kind, struct faults *f)
{
	const struct thing *used;

	if (t->uses[kind] == NOBODY)
		return;
	used = &r->now.t[kind][t->uses[kind]];
	fault(f, !used->there, rules_missing[kind]);
	if (!used->there)
		return;
	fault(f, !rules_outlives(r, used, t, kind == PROVIDER), ERR_LIFETIME_MISMATCH);
	fault(f, is_denied(r, used, RIGHT_ADD_LINK), ERR_ACCESS_DENIED);
	fault(f, kind == CALLOUT && used->layer != t->layer, ERR_INCOMPATIBLE_LAYER);
}

/* t: as it would be; its life is what its session makes of it. */
static void rules_add(const struct rules *r, unsigned m, unsigned kind, unsigned key,
		      const struct thing *t, bool asks_kept, struct faults *f)
{
	fault(f, r->member[m].dynamic && asks_kept, ERR_DYNAMIC_SESSION_IN_PROGRESS);
	if (!rules_may_write(r, m, f))
		return;
	fault(f, r->now.t[kind][key].there, ERR_ALREADY_EXISTS);
	for (unsigned k = 0; k < FILTER; k++)
		rules_use(r, t, k, f);
}

static bool weight_is_taken(const struct rules *r, int weight)
{
	for (unsigned i = 0; i < r->n_builtin_weights; i++)
		if (r->builtin_weights[i] == weight)
			return true;
	for (unsigned i = 0; i < KEYS; i++)
		if (r->now.t[SUBLAYER][i].there && r->now.t[SUBLAYER][i].weight == weight)
			return true;
	return false;
}

/* The next free one: below in the upper half, above in the lower; so few here that there is one. */
static uint16_t rules_weight(const struct rules *r, uint16_t wanted)
{
	int weight = wanted;

	while (weight_is_taken(r, weight))
		weight += wanted >= 32768 ? -1 : 1;
	return (uint16_t)weight;
}

/* ---- deleting and descriptors ---------------------------------------------------------------- */

static bool rules_in_use(const struct rules *r, unsigned kind, unsigned key)
{
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			if (r->now.t[k][i].there && r->now.t[k][i].uses[kind] == (int)key)
				return true;
	return false;
}

static void rules_owner(const struct rules *r, unsigned m, const struct thing *t, struct faults *f)
{
	fault(f, t->life == DYNAMIC && t->owner != r->member[m].number, ERR_WRONG_SESSION);
	fault(f, t->life != DYNAMIC && r->member[m].dynamic, ERR_DYNAMIC_SESSION_IN_PROGRESS);
}

/* Outside of a transaction who may not delete it does not wait for who writes. */
static bool rules_refuses_at_once(const struct rules *r, unsigned m, const struct thing *committed)
{
	struct faults owner = {.n = 0};

	rules_owner(r, m, committed, &owner);
	return r->member[m].txn == NONE && committed->there && owner.n == 0 &&
	       is_denied(r, committed, RIGHT_DELETE);
}

static void rules_delete(const struct rules *r, unsigned m, unsigned kind, unsigned key,
			 struct faults *f)
{
	const struct thing *t = &r->now.t[kind][key];

	if (rules_refuses_at_once(r, m, &r->committed.t[kind][key])) {
		fault(f, true, ERR_ACCESS_DENIED);
		return;
	}
	if (!rules_may_write(r, m, f))
		return;
	fault(f, !t->there, rules_missing[kind]);
	if (!t->there)
		return;
	rules_owner(r, m, t, f);
	fault(f, is_denied(r, t, RIGHT_DELETE), ERR_ACCESS_DENIED);
	fault(f, rules_in_use(r, kind, key), ERR_IN_USE);
}

/* A transaction of its own, so never inside another one. */
static void rules_set_security(const struct rules *r, unsigned m, unsigned kind, unsigned key,
			       struct faults *f)
{
	const struct thing *t = &r->now.t[kind][key];

	fault(f, r->member[m].txn != NONE, ERR_TXN_IN_PROGRESS);
	fault(f, r->member[m].txn == NONE && r->writer != NOBODY, ERR_TIMEOUT);
	if (f->n > 0)
		return;
	fault(f, !t->there, rules_missing[kind]);
	if (t->there)
		rules_owner(r, m, t, f);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static bool rules_lives(const struct rules *r, uint64_t number)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		if (r->member[i].number == number)
			return true;
	return false;
}

/* What the dead own goes as soon as nobody writes.  False: there was nothing. */
static bool rules_bury(struct rules *r)
{
	bool any = false;

	for (unsigned k = 0; k < KINDS && r->writer == NOBODY; k++)
		for (unsigned i = 0; i < KEYS; i++) {
			struct thing *t = &r->now.t[k][i];

			if (t->there && t->life == DYNAMIC && !rules_lives(r, t->owner)) {
				t->there = false;
				any = true;
			}
		}
	return any;
}

static void rules_begin(struct rules *r, unsigned m, bool read_only)
{
	r->member[m].txn = read_only ? READING : WRITING;
	if (read_only)
		r->member[m].seen = r->committed;
	else
		r->writer = (int)m;
}

/* Rolled back or over; what was to be committed the caller has committed. */
static void rules_end(struct rules *r, unsigned m)
{
	if (r->member[m].txn == WRITING) {
		r->now = r->committed;
		r->writer = NOBODY;
	}
	r->member[m].txn = NONE;
}

static void rules_open(struct rules *r, unsigned m, bool dynamic)
{
	r->member[m].number = ++r->numbers;
	r->member[m].dynamic = dynamic;
	r->member[m].txn = NONE;
}

/* Only what is kept is still there after a start. */
static void rules_restart(struct rules *r)
{
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			if (!is_kept(r->committed.t[k][i].life))
				r->committed.t[k][i].there = false;
	r->now = r->committed;
}

/* ---- what a template asks for ---------------------------------------------------------------- */

struct wish {
	int provider, layer, callout; /* NOBODY: any */
	unsigned port;		      /* filters: a condition on the remote port; 0: none */
	bool contained;		      /* else overlapping */
	bool sorted, best, boot_only, boot_too;
};

static bool wish_port(const struct wish *w, const struct thing *t)
{
	if (!w->port)
		return true;
	if (t->shape & SHAPE_REMOTE_PORT && t->port != w->port)
		return false;
	/* Contained: the filter has everything that the template describes. */
	return !w->contained || !(t->shape & ~(unsigned)SHAPE_REMOTE_PORT);
}

static bool wish_matches(const struct wish *w, unsigned kind, const struct thing *t)
{
	if (w->provider != NOBODY && t->uses[PROVIDER] != w->provider)
		return false;
	if (w->layer != NOBODY && t->layer != (unsigned)w->layer)
		return false;
	if (kind != FILTER)
		return true;
	if (w->callout != NOBODY && t->uses[CALLOUT] != w->callout)
		return false;
	if (w->boot_only ? t->life != BOOTTIME : t->life == BOOTTIME && !w->boot_too)
		return false;
	return wish_port(w, t);
}
