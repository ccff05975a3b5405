/* SPDX-License-Identifier: MIT */
/*
 * race_watch - from steps and accesses to findings.
 *
 * All state is in memory of sim_control_alloc; the pointer to it is set before the world is opened.
 */
#include "explore/race_watch.h"

#include "base/hash.h"
#include "base/team.h"
#include "base/thread.h"
#include "explore/race.h"
#include "explore/search.h"
#include "explore/tsan.h"
#include "ntshim/nt.h"

#include <stdio.h>
#include <string.h>

#define SAID	     64u    /* different races of one run that are told apart */
#define STACKS	     32768u /* different stacks of one run that are kept */
#define STACKS_FULL  (STACKS / 4 * 3)
#define STACK_FRAMES 24u

struct kept_stack {
	uint32_t run; /* 0: free */
	uint32_t n;
	uint64_t hash;
	void *frames[STACK_FRAMES];
};

static struct watch {
	struct explore_watcher watcher;
	struct race *race;
	uint32_t run;
	bool running; /* while the world is prepared nobody tells what orders its threads */
	/* In all runs of all members of a team: two that add at once count for one. */
	volatile uint64_t *lost;
	uint32_t n_said;
	uint64_t said[SAID]; /* hashes of the two places */
	bool keep;	     /* stacks of accesses */
	uint32_t n_stacks;
	struct kept_stack *stacks; /* STACKS of them, index 0 unused; NULL: never asked for */
} * watch;

/* ---- stacks of accesses --------------------------------------------------------------------- */

static uint64_t hash_frames(void *const *frames, uint32_t n)
{
	uint64_t h = n;

	for (uint32_t i = 0; i < n; i++)
		h = hash_u64(h ^ (uintptr_t)frames[i]);
	return h;
}

/* Of the running thread, which makes this access: instrumented code knows its own calls. */
static uint32_t stack_now(const struct race_access *a, void **frames, uint32_t max)
{
	return a->pc ? tsan_stack(frames, max) : sim_control_stack(a->thread, frames, max);
}

/* The number under which the stack of this access is kept; 0: it is not. */
static uint32_t stack_keep(struct watch *w, const struct race_access *a)
{
	void *frames[STACK_FRAMES];
	uint32_t n = stack_now(a, frames, STACK_FRAMES);
	uint64_t hash = hash_frames(frames, n);
	uint32_t i = (uint32_t)(hash % (STACKS - 1)) + 1;

	while (w->stacks[i].run == w->run) {
		if (w->stacks[i].hash == hash)
			return i;
		i = i + 1 < STACKS ? i + 1 : 1;
	}
	if (w->n_stacks >= STACKS_FULL)
		return 0;
	w->n_stacks++;
	w->stacks[i].run = w->run;
	w->stacks[i].hash = hash;
	w->stacks[i].n = n;
	memcpy(w->stacks[i].frames, frames, n * sizeof(frames[0]));
	return i;
}

static void stack_recall(const struct watch *w, const struct race_access *a,
			 struct explore_stack *out)
{
	const struct kept_stack *kept = a->stack ? &w->stacks[a->stack] : NULL;

	out->thread = a->thread;
	if (kept) {
		out->n = kept->n;
		memcpy(out->frames, kept->frames, kept->n * sizeof(kept->frames[0]));
	} else if (a->pc) {
		out->n = 1;
		out->frames[0] = (void *)(uintptr_t)a->pc;
	}
}

/* ---- findings ------------------------------------------------------------------------------- */

/* The same in whichever order the two came. */
static uint64_t place_of(const struct race_pair *p)
{
	return hash_u64(((uintptr_t)p->now.pc | (uintptr_t)p->now.by) + EXPLORE_DataRace) +
	       hash_u64(((uintptr_t)p->before.pc | (uintptr_t)p->before.by) + EXPLORE_DataRace);
}

static bool is_new(struct watch *w, uint64_t both)
{
	for (uint32_t i = 0; i < w->n_said; i++)
		if (w->said[i] == both)
			return false;
	if (w->n_said == SAID)
		return false;
	w->said[w->n_said++] = both;
	return true;
}

static const char *access_name(const struct race_access *a)
{
	static const char *const names[2][2] = {{"a read", "a write"},
						{"an atomic read", "an atomic write"}};

	return a->by ? a->by : names[a->atomic][a->write];
}

static void say(struct watch *w, const struct race_pair *p)
{
	const struct nt_driver *d = thread_slot_get(THREAD_SLOT_DRIVER);
	struct explore_finding f = {.rule = EXPLORE_DataRace, .place = place_of(p)};

	snprintf(f.driver, sizeof(f.driver), "%s", d ? nt_driver_name(d) : "");
	snprintf(f.sentence, sizeof(f.sentence),
		 "%s of %u bytes at %p by thread %u, and %s by thread %u that nothing orders",
		 access_name(&p->now), (unsigned)p->now.size, p->now.address,
		 (unsigned)p->now.thread, access_name(&p->before), (unsigned)p->before.thread);
	f.here.thread = p->now.thread;
	f.here.n = stack_now(&p->now, f.here.frames, EXPLORE_FRAMES);
	stack_recall(w, &p->before, &f.there);
	explore_found(&f, true);
}

static void note(struct race_access a)
{
	struct race_pair p;

	if (!watch || !watch->running)
		return;
	a.thread = thread_id();
	if (watch->keep)
		a.stack = stack_keep(watch, &a);
	if (race_access(watch->race, &a, &p) && is_new(watch, place_of(&p)))
		say(watch, &p);
}

/* The kernel does it for a driver: gives a block back, copies, compares. */
static void note_for_caller(const struct sim_op *op)
{
	if (sim_own_stack(op->object))
		return;
	note((struct race_access){.address = op->object,
				  .size = op->size,
				  .write = op->access == SIM_WRITE,
				  .by = op->what});
}

void race_watch_plain(const void *address, uint32_t size, bool write, const void *pc)
{
	note((struct race_access){.address = address, .size = size, .write = write, .pc = pc});
}

void race_watch_atomic(const void *address, uint32_t size, bool write, const void *pc)
{
	note((struct race_access){
		.address = address, .size = size, .write = write, .atomic = true, .pc = pc});
}

/* ---- a watcher of the search ----------------------------------------------------------------- */

static void on_step(void *ctx, uint32_t thread, const struct sim_op *op)
{
	struct watch *w = ctx;

	if (!op->object || (op->quiet && !op->note))
		return;
	if (op->size > 0) {
		if (op->note)
			note_for_caller(op);
		return;
	}
	race_sync(w->race, thread, op->object, op->sync);
	if (op->object2)
		race_sync(w->race, thread, op->object2, SIM_SYNC_RELEASE);
}

/* Where nobody tells of accesses there is nothing that steps could order. */
static void on_begin(void *ctx)
{
	struct watch *w = ctx;

	w->watcher.step = tsan_is_used() ? on_step : NULL;
	race_begin(w->race);
	w->run++;
	w->running = true;
	w->n_said = 0;
	w->n_stacks = 0;
}

static void on_end(void *ctx, enum sim_end end)
{
	struct watch *w = ctx;

	(void)end;
	w->running = false;
	*w->lost += race_lost(w->race);
}

wfp_err race_watch_open(void)
{
	struct watch *w = sim_control_alloc(sizeof(*w));
	wfp_err err = ERR_NO_MEMORY;

	if (!w)
		return err;
	w->lost = team_share(sizeof(*w->lost));
	if (w->lost)
		err = race_create(&w->race);
	if (err) {
		team_unshare((void *)(uintptr_t)w->lost, sizeof(*w->lost));
		sim_control_free(w);
		return err;
	}
	w->watcher.ctx = w;
	w->watcher.begin = on_begin;
	w->watcher.end = on_end;
	watch = w;
	explore_watch(&w->watcher);
	return ERR_OK;
}

void race_watch_close(void)
{
	if (!watch)
		return;
	explore_unwatch(&watch->watcher);
	race_destroy(watch->race);
	team_unshare((void *)(uintptr_t)watch->lost, sizeof(*watch->lost));
	sim_control_free(watch->stacks);
	sim_control_free(watch);
	watch = NULL;
}

wfp_err race_watch_stacks(bool on)
{
	if (!watch)
		return ERR_OK;
	if (on && !watch->stacks)
		watch->stacks = sim_control_alloc(STACKS * sizeof(*watch->stacks));
	if (on && !watch->stacks)
		return ERR_NO_MEMORY;
	watch->keep = on;
	return ERR_OK;
}

uint64_t race_watch_lost(void)
{
	return watch ? *watch->lost : 0;
}
