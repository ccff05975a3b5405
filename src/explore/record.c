/* SPDX-License-Identifier: MIT */
/*
 * record - the watcher that keeps a run.
 *
 * During the run only addresses are kept, because looking up a name may allocate; names are given
 * when the run has ended and what it left is still there.  Out of memory makes the record
 * incomplete, and never the run different.
 */
#include "explore/record.h"

#include "base/hash.h"
#include "base/thread.h"
#include "explore/name.h"
#include "explore/strategy.h"

#include <stdio.h>
#include <string.h>

#define FIRST_ROOM 1024u

/* Room for `more` elements behind the n there are, in an array that outlives rewinds. */
static bool reserve(struct explore_record *r, void **array, uint32_t n, uint32_t more,
		    uint32_t *room, size_t size)
{
	uint32_t wanted = *room ? *room : FIRST_ROOM;
	void *grown;

	while (wanted < n + more)
		wanted *= 2;
	if (wanted == *room)
		return true;
	grown = sim_control_realloc(*array, wanted * size);
	if (!grown) {
		r->failed = true;
		return false;
	}
	*array = grown;
	*room = wanted;
	return true;
}

/* ---- objects ----------------------------------------------------------------------------------
 */

static uint32_t *index_slot(const struct explore_record *r, const void *address)
{
	uint32_t at = (uint32_t)hash_u64((uintptr_t)address) & (r->index_size - 1);

	while (r->index[at] && r->objects[r->index[at]].address != address)
		at = (at + 1) & (r->index_size - 1);
	return &r->index[at];
}

/* At most half of the index is used. */
static bool grow_index(struct explore_record *r)
{
	uint32_t size = r->index_size ? r->index_size * 2 : 2 * FIRST_ROOM;
	uint32_t *old = r->index, *index;

	if (2 * (r->n_objects + 1) < r->index_size)
		return true;
	index = sim_control_alloc(size * sizeof(*index));
	if (!index) {
		r->failed = true;
		return false;
	}
	r->index = index;
	r->index_size = size;
	for (uint32_t i = 1; i < r->n_objects; i++)
		*index_slot(r, r->objects[i].address) = i;
	sim_control_free(old);
	return true;
}

/* 0: none, or out of memory. */
static uint32_t object_of(struct explore_record *r, const void *address)
{
	uint32_t *slot;

	if (!address || !grow_index(r) ||
	    !reserve(r, (void **)&r->objects, r->n_objects, 1, &r->objects_room,
		     sizeof(*r->objects)))
		return 0;
	slot = index_slot(r, address);
	if (!*slot) {
		r->objects[r->n_objects] = (struct record_object){.address = address};
		*slot = r->n_objects++;
	}
	return *slot;
}

static uint32_t touch(struct explore_record *r, const void *address, uint32_t thread, bool writes)
{
	uint32_t object = object_of(r, address);
	uint64_t who = UINT64_C(1) << thread % 64;

	if (!object)
		return 0;
	r->objects[object].threads |= who;
	if (writes)
		r->objects[object].writers |= who;
	return object;
}

/* ---- watching ---------------------------------------------------------------------------------
 */

static struct record_event *add_event(struct explore_record *r, enum record_kind kind,
				      uint32_t thread)
{
	struct record_event *e;

	if (!reserve(r, (void **)&r->events, r->n_events, 1, &r->events_room, sizeof(*r->events)))
		return NULL;
	e = &r->events[r->n_events++];
	*e = (struct record_event){.kind = (uint8_t)kind, .thread = thread, .what = ""};
	return e;
}

static void add_stack(struct explore_record *r, struct record_event *e)
{
	if (!r->stacks || !reserve(r, (void **)&r->frames, r->n_frames, EXPLORE_FRAMES,
				   &r->frames_room, sizeof(*r->frames)))
		return;
	e->stack = r->n_frames;
	e->n_frames = sim_control_stack(e->thread, &r->frames[r->n_frames], EXPLORE_FRAMES);
	r->n_frames += e->n_frames;
}

/* Keeps the names that the record has; a run begins. */
static void on_begin(void *ctx)
{
	struct explore_record *r = ctx;

	r->n_events = 0;
	r->n_frames = 0;
	r->n_objects = 1;
	r->n_findings = 0;
	if (r->index)
		memset(r->index, 0, r->index_size * sizeof(*r->index));
}

/* What a thread was picked for is the first step that it takes then. */
static bool was_picked_for(const struct explore_record *r, uint32_t thread)
{
	const struct record_event *last = r->n_events ? &r->events[r->n_events - 1] : NULL;

	return last && last->kind == RECORD_PICK && last->thread == thread;
}

static void on_step(void *ctx, uint32_t thread, const struct sim_op *op)
{
	struct explore_record *r = ctx;
	bool chosen = was_picked_for(r, thread);
	struct record_event *e = add_event(r, RECORD_STEP, thread);

	if (!e)
		return;
	e->chosen = chosen;
	e->note = op->note;
	e->access = op->access;
	e->sync = op->sync;
	e->what = op->what ? op->what : "";
	e->object = touch(r, op->object, thread, op->access == SIM_WRITE);
	e->object2 = touch(r, op->object2, thread, true);
	add_stack(r, e);
}

static void keep_names(struct explore_record *r, const struct sim_view *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->threads[i].id < RECORD_THREADS && v->threads[i].name)
			snprintf(r->threads[v->threads[i].id], sizeof(r->threads[0]), "%s",
				 v->threads[i].name);
}

static void on_pick(struct explore_record *r, const struct explore_choice *c,
		    const struct sim_view *v)
{
	const struct sim_thread *t = search_thread(v, c->what);
	struct record_event *e = add_event(r, RECORD_PICK, c->what);

	keep_names(r, v);
	if (!e)
		return;
	e->preempts = c->preempts;
	e->what = t && t->next.what ? t->next.what : "";
	e->object = t ? object_of(r, t->next.object) : 0;
}

static void on_choice(void *ctx, const struct explore_choice *c, const struct sim_view *v)
{
	struct explore_record *r = ctx;
	uint32_t running = r->n_events ? r->events[r->n_events - 1].thread : 0;
	struct record_event *e;

	if (v) {
		on_pick(r, c, v);
		return;
	}
	e = add_event(r, RECORD_VALUE, running);
	if (!e)
		return;
	e->what = explore_asks();
	e->value = c->what;
	e->of = c->of;
}

/* Who made it: said by the finding, or running, or crashed. */
static uint32_t thread_of_finding(const struct explore_finding *f)
{
	if (f->here.thread)
		return f->here.thread;
	return sim_controlled() ? thread_id() : sim_control_crash().thread;
}

static void on_found(void *ctx, const struct explore_finding *f)
{
	struct explore_record *r = ctx;
	struct record_event *e = add_event(r, RECORD_FOUND, thread_of_finding(f));

	if (e)
		e->value = r->n_findings;
	if (r->n_findings < RECORD_FINDINGS)
		r->findings[r->n_findings] = *f;
	r->n_findings++;
}

/* What the run left is still there: blocks can be looked up. */
static void on_end(void *ctx, enum sim_end end)
{
	struct explore_record *r = ctx;

	uint32_t unknown = 0;

	r->end = end;
	for (uint32_t i = 1; i < r->n_objects; i++) {
		struct record_object *o = &r->objects[i];

		if (!explore_name_object(o->address, o->name, RECORD_NAME))
			snprintf(o->name, RECORD_NAME, "#%u", ++unknown);
	}
}

/* ---- one run ----------------------------------------------------------------------------------
 */

wfp_err explore_record_run(struct explore_record *r, const struct explore_subject *s,
			   const struct explore_schedule *schedule,
			   const struct record_options *options, struct buf *why)
{
	struct explore_watcher watcher = {.ctx = r,
					  .begin = on_begin,
					  .step = on_step,
					  .choice = on_choice,
					  .found = on_found,
					  .end = on_end};
	struct explore_session *session;
	struct explore_result result;
	wfp_err err;

	r->stacks = options->stacks;
	explore_watch(&watcher); /* before the world is opened: who watches is put back with it */
	err = explore_session_open(&session, s, &options->limits, why);
	if (!err) {
		explore_session_replay(session, schedule, &result);
		explore_session_close(session);
		explore_result_free(&result);
	}
	explore_unwatch(&watcher);
	return !err && r->failed ? ERR_NO_MEMORY : err;
}

void explore_record_free(struct explore_record *r)
{
	sim_control_free(r->events);
	sim_control_free(r->objects);
	sim_control_free(r->index);
	sim_control_free(r->frames);
	*r = (struct explore_record){0};
}

uint32_t explore_record_found(const struct explore_record *r, uint64_t place)
{
	for (uint32_t i = 0; i < r->n_events; i++) {
		const struct record_event *e = &r->events[i];

		if (e->kind == RECORD_FOUND && e->value < RECORD_FINDINGS &&
		    r->findings[e->value].place == place)
			return i + 1;
	}
	return 0;
}

const char *explore_record_thread(const struct explore_record *r, uint32_t id, char room[32])
{
	if (id == SIM_TIME)
		return "the clock";
	if (id < RECORD_THREADS && r->threads[id][0])
		return r->threads[id];
	snprintf(room, 32, "thread %u", id);
	return room;
}
