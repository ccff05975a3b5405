/* SPDX-License-Identifier: MIT */
/*
 * faults - a strategy that fails one allocation in each run.
 *
 *	look      the plain run: places are met, none fails
 *	alone     for each place in turn: the plain schedule, and it fails where it is met first
 *	combined  for each place in turn: the schedules of `bound` with one preemption, likewise
 *
 * A place met in any run is appended, so alone comes back to places that combined has met first.
 * The strategy's functions are called as strategy.h says; their state is found through a pointer
 * that is set before the world is opened.
 */
#include "explore/faults.h"

#include "base/hash.h"
#include "base/sim_control.h"
#include "base/thread.h"
#include "explore/faults_log.h"
#include "explore/strategy.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_SECONDS	 60u
#define DEFAULT_FINDINGS 16u
#define INDEX_SIZE	 (2 * FAULTS_MAX)
#define NOBODY		 UINT32_MAX

enum phase { PHASE_LOOK, PHASE_ALONE, PHASE_COMBINED };

struct faults {
	struct fault_place *places;
	uint32_t n;
	uint32_t *index; /* number of a place + 1, open addressing by hash */
	bool combine, full;
	struct fault_log *log; /* NULL: none is kept */
	wfp_err log_err;

	enum phase phase;
	uint32_t failing; /* the place that fails in this run; NOBODY: none */
	bool failed;	  /* it has, in this run */
	bool bound_open;
};

static struct faults *faults;

/* ---- places -----------------------------------------------------------------------------------
 */

static uint64_t hash_of(void *const *frames, uint32_t n)
{
	uint64_t h = n;

	for (uint32_t i = 0; i < n; i++)
		h = hash_u64(h ^ (uintptr_t)frames[i]);
	return h;
}

/* The running thread's, which is about to allocate.  NOBODY: there is no room. */
static uint32_t place_here(struct faults *f)
{
	struct fault_place here = {0};
	uint64_t hash;
	uint32_t at;

	here.n = sim_control_stack(thread_id(), here.frames, FAULTS_FRAMES);
	hash = hash_of(here.frames, here.n);
	for (at = hash % INDEX_SIZE; f->index[at]; at = (at + 1) % INDEX_SIZE)
		if (f->places[f->index[at] - 1].hash == hash)
			return f->index[at] - 1;
	if (f->n == FAULTS_MAX) {
		f->full = true;
		return NOBODY;
	}
	here.hash = hash;
	f->places[f->n] = here;
	f->index[at] = ++f->n;
	return f->n - 1;
}

/* The first place that this was not done to; NOBODY: it was done to all. */
static uint32_t first_without(struct faults *f, unsigned what)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (!(f->places[i].done & (what | FAULT_KNOWN)))
			return i;
	return NOBODY;
}

/* ---- the strategy -----------------------------------------------------------------------------
 */

static void begin_run(struct search *s, enum phase phase, uint32_t failing)
{
	struct faults *f = faults;

	if (phase != PHASE_COMBINED)
		s->round = SEARCH_ANY;
	f->phase = phase;
	f->failing = failing;
	f->failed = false;
}

static bool next_alone(struct search *s, struct faults *f)
{
	uint32_t i = first_without(f, FAULT_ALONE);

	if (i == NOBODY)
		return false;
	begin_run(s, PHASE_ALONE, i);
	return true;
}

static void close_bound(struct search *s, struct faults *f)
{
	if (f->bound_open)
		strategy_bound.close(s);
	f->bound_open = false;
}

/* The next schedule with the place that is at hand, or the first one with the next place. */
static bool next_combined(struct search *s, struct faults *f)
{
	while (f->combine) {
		if (f->bound_open && strategy_bound.next(s)) {
			begin_run(s, PHASE_COMBINED, f->failing);
			return true;
		}
		if (f->bound_open)
			f->places[f->failing].done |= FAULT_COMBINED;
		close_bound(s, f);
		f->failing = first_without(f, FAULT_COMBINED);
		if (f->failing == NOBODY || strategy_bound.open(s))
			return false;
		f->bound_open = true;
	}
	return false;
}

static wfp_err faults_open(struct search *s)
{
	begin_run(s, PHASE_LOOK, NOBODY);
	return ERR_OK;
}

static bool faults_next(struct search *s)
{
	struct faults *f = faults;

	if (s->out->runs == 0)
		return true;
	if (f->log)
		f->log_err = fault_log_mark(f->log, f->places, f->n);
	if (f->log_err)
		return false;
	if (!f->bound_open && next_alone(s, f))
		return true;
	return next_combined(s, f) || next_alone(s, f);
}

static uint32_t faults_pick(struct search *s, const struct sim_view *v)
{
	if (faults->phase == PHASE_COMBINED)
		return strategy_bound.pick(s, v);
	return search_plain(search_options(s, v), v->running);
}

/* The choices that are allocations, by what they are asked for. */
static bool is_allocation(const char *asks)
{
	return strcmp(asks, "memory") == 0 || strcmp(asks, "clone") == 0;
}

/* Whether this allocation is the one that fails.  Other choices are the plain ones. */
static uint32_t faults_choose(struct search *s, uint32_t n)
{
	struct faults *f = faults;

	/* For the schedules it is a choice with one value, whatever that is. */
	if (f->phase == PHASE_COMBINED && strategy_bound.choose(s, 1) == SEARCH_CUT)
		return SEARCH_CUT;
	if (!is_allocation(s->asks) || n != 2)
		return 0;
	if (place_here(f) != f->failing || f->failing == NOBODY || f->failed)
		return 0;
	f->failed = true;
	return 1;
}

/* A place that the plain schedule does not come to any more counts as well: it was tried. */
static void faults_ended(struct search *s, enum sim_end end)
{
	struct faults *f = faults;

	if (f->phase == PHASE_ALONE)
		f->places[f->failing].done |= FAULT_ALONE;
}

static void faults_close(struct search *s)
{
	close_bound(s, faults);
}

const struct strategy strategy_faults = {
	.open = faults_open,
	.next = faults_next,
	.pick = faults_pick,
	.choose = faults_choose,
	.ended = faults_ended,
	.close = faults_close,
};

/* ---- all of it --------------------------------------------------------------------------------
 */

static wfp_err open_faults(const struct faults_options *o, struct buf *why)
{
	struct faults *f = sim_control_alloc(sizeof(*f));

	if (!f)
		return ERR_NO_MEMORY;
	faults = f;
	f->combine = !o->alone;
	f->places = sim_control_alloc(FAULTS_MAX * sizeof(*f->places));
	f->index = sim_control_alloc(INDEX_SIZE * sizeof(*f->index));
	if (!f->places || !f->index)
		return ERR_NO_MEMORY;
	return o->log ? fault_log_open(&f->log, o->log, why) : ERR_OK;
}

static void close_faults(void)
{
	struct faults *f = faults;

	if (!f)
		return;
	fault_log_close(f->log);
	sim_control_free(f->places);
	sim_control_free(f->index);
	sim_control_free(f);
	faults = NULL;
}

static void count_places(const struct faults *f, struct faults_result *out)
{
	out->places = f->n;
	out->full = f->full;
	for (uint32_t i = 0; i < f->n; i++) {
		out->alone += (f->places[i].done & FAULT_ALONE) != 0;
		out->combined += (f->places[i].done & FAULT_COMBINED) != 0;
		out->known += (f->places[i].done & FAULT_KNOWN) != 0;
	}
}

static wfp_err run_faults(const struct explore_subject *s, const struct faults_options *o,
			  struct faults_result *out, struct buf *why)
{
	struct explore_limits limits = o->limits;
	wfp_err err;

	limits.seconds = limits.seconds ? limits.seconds : DEFAULT_SECONDS;
	limits.findings = limits.findings ? limits.findings : DEFAULT_FINDINGS;
	limits.bound = 1;
	limits.jobs = 1;
	err = explore_search(s, EXPLORE_FAULTS, &limits, NULL, &out->search, why);
	if (err)
		return err;
	count_places(faults, out);
	err = faults->log_err;
	if (!err && faults->log)
		err = fault_log_write(faults->log, o->log, faults->places, faults->n);
	if (err)
		buf_append_str(why, "the log of faults could not be kept");
	return err;
}

wfp_err explore_faults(const struct explore_subject *s, const struct faults_options *o,
		       struct faults_result *out, struct buf *why)
{
	struct faults_result result = {0};
	wfp_err err = open_faults(o, why);

	if (!err)
		err = run_faults(s, o, &result, why);
	close_faults();
	if (err)
		faults_result_free(&result);
	else
		*out = result;
	return err;
}

void faults_result_free(struct faults_result *r)
{
	explore_result_free(&r->search);
}

static void claim_part(uint32_t done, uint32_t of, const char *what, struct buf *out)
{
	if (done == of)
		buf_printf(out, "each of %" PRIu32 " allocation sites failed once%s", of, what);
	else
		buf_printf(out, "%" PRIu32 " of %" PRIu32 " allocation sites failed once%s", done,
			   of, what);
}

void faults_claim_print(const struct faults_result *r, struct buf *out)
{
	uint32_t of = r->places - r->known;

	claim_part(r->alone, of, "", out);
	if (r->combined > 0 && of > 0) {
		buf_append_str(out, ", ");
		claim_part(r->combined, of, " in every schedule with at most one preemption", out);
	}
	if (r->known > 0)
		buf_printf(out, ", %" PRIu32 " known from before", r->known);
	if (r->full)
		buf_append_str(out, "; there are more");
}
