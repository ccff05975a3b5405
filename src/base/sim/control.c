/* SPDX-License-Identifier: MIT */
/*
 * control - a controlled world's beginning and end, and the runs between.
 *
 * The explorer stays on the stack of the program; the world's threads have stacks of their own.
 * A run goes from the explorer to the world's main thread, and comes back wherever it ends: what
 * runs then is never run again until the rewind has put everything back to where sim_ready was.
 * Called by the explorer, but for what the world itself calls (sim_ready, sim_stop).
 */
#include "base/sim/control.h"

#include "base/sim/blocks.h"
#include "base/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Under a sanitizer frames are large. */
#ifdef BASE_ASAN
#define STACK_SIZE ((size_t)1 << 20)
#else
#define STACK_SIZE ((size_t)1 << 18)
#endif

/* A sanitizer whose state is among the program's variables would be put back with them. */
#if (defined(BASE_ASAN) && defined(__clang__)) || defined(BASE_TSAN)
#define SUPPORTED false
#else
#define SUPPORTED true
#endif

struct control *control;
bool control_on;

bool sim_controlled(void)
{
	return control_on;
}

/* ---- memory of the explorer ----------------------------------------------------------------- */

void *sim_control_alloc(size_t size)
{
	return calloc(1, size > 0 ? size : 1);
}

void *sim_control_realloc(void *p, size_t size)
{
	return realloc(p, size > 0 ? size : 1);
}

void sim_control_free(void *p)
{
	free(p);
}

/* ---- stacks --------------------------------------------------------------------------------- */

static size_t slot_size(void)
{
	return STACK_SIZE + snapshot_page_size();
}

static void stacks_end(void)
{
	munmap(control->stacks, SIM_THREADS_MAX * slot_size());
}

static wfp_err stacks_begin(void)
{
	size_t all = SIM_THREADS_MAX * slot_size();

	control->stacks = mmap(NULL, all, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (control->stacks == MAP_FAILED)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < SIM_THREADS_MAX; i++)
		BUG_ON(mprotect(control->stacks + i * slot_size(), snapshot_page_size(),
				PROT_NONE));
	return ERR_OK;
}

/* That of the thread that is admitted next. */
wfp_err control_stack_lend(void **stack, size_t *size)
{
	if (world.ids >= SIM_THREADS_MAX) {
		if (control->exploring)
			control_leave(SIM_END_MEMORY);
		return ERR_NO_MEMORY;
	}
	*stack = control->stacks + world.ids * slot_size() + snapshot_page_size();
	*size = STACK_SIZE;
	return ERR_OK;
}

static wfp_err stacks_ready(void)
{
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < SIM_THREADS_MAX && !err; i++)
		err = snapshot_add(&control->snapshot,
				   control->stacks + i * slot_size() + snapshot_page_size(),
				   STACK_SIZE);
	return err;
}

bool control_in_stacks(const void *page)
{
	return (size_t)((const char *)page - control->stacks) < SIM_THREADS_MAX * slot_size();
}

bool sim_place_find(const void *address, struct sim_place *out)
{
	size_t at = control ? (size_t)((const char *)address - control->stacks) : SIZE_MAX;

	if (at >= SIM_THREADS_MAX * slot_size())
		return control && blocks_place(address, out);
	*out = (struct sim_place){.thread = (uint32_t)(at / slot_size()) + 1,
				  .offset = at % slot_size()};
	return true;
}

/* ---- leaving the world ---------------------------------------------------------------------- */

void control_leave(enum sim_end end)
{
	struct thread *from = world.self;

	control->end = end;
	control_on = false;
	world.self = &world.outside;
	fiber_switch(from, &control->explorer);
	abort();
}

void control_bug(const char *text)
{
	snprintf(control->crash_text, sizeof(control->crash_text), "%s", text);
	control->crash = (struct sim_crash){.text = control->crash_text, .thread = world.self->id};
	control_leave(SIM_END_BUG);
}

void sim_stop(void)
{
	BUG_ON(!control_on);
	control_leave(SIM_END_STOPPED);
}

void sim_done(void)
{
	BUG_ON(!control_on);
	control_leave(SIM_END_DONE);
}

/* ---- the world's first thread --------------------------------------------------------------- */

/* Whoever was started after the world was ready must be joined. */
static bool anybody_left(void)
{
	for (const struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (t != control->main && t != &world.outside && t->id > control->threads_at_ready)
			return true;
	return false;
}

static void main_thread(void *unused)
{
	(void)unused;
	control->fn(control->arg);
	BUG_ON(world.self->lock_depth > 0 || world.self->rcu_depth > 0);
	control_leave(anybody_left() ? SIM_END_LEFTOVERS : SIM_END_DONE);
}

void sim_ready(void)
{
	if (!control_on || control->exploring)
		return;
	BUG_ON(world.self != control->main);
	control_settle();
	control->prepared = true;
	control_on = false;
	fiber_switch(control->main, &control->explorer);
}

/* ---- what the explorer calls ---------------------------------------------------------------- */

static void enter(void)
{
	control->crash = (struct sim_crash){.text = ""};
	control->asked = false;
	world.self = control->main;
	control_on = true;
	fiber_switch(&control->explorer, control->main);
}

static wfp_err remember(void)
{
	struct snapshot *s = &control->snapshot;
	wfp_err err = blocks_ready(s);

	if (!err)
		err = stacks_ready();
	if (!err)
		err = snapshot_add_program(s);
	world.self = &world.outside;
	control->threads_at_ready = world.ids;
	control->exploring = true;
	return err ? err : snapshot_take(s);
}

/* Its memory is the first of its own range. */
static wfp_err start_main(void)
{
	wfp_err err;

	control_on = true;
	err = world_create(&control->main, main_thread, NULL);
	if (!err)
		world_admit(control->main, "main");
	control_on = false;
	return err;
}

/* Nobody else will say why, unless main came back before it was ready: then it knows. */
static void report_preparation(void)
{
	struct sim_wait waits[SIM_THREADS_MAX];
	uint32_t n = sim_control_waits(waits, SIM_THREADS_MAX);

	if (control->end == SIM_END_DONE || control->end == SIM_END_LEFTOVERS)
		return;
	fprintf(stderr, "SIM the world was not ready: end %d, signal %d at %p, %s\n",
		(int)control->end, control->crash.signal, control->crash.address,
		control->crash.text);
	for (uint32_t i = 0; i < n; i++)
		if (waits[i].waits_kind)
			fprintf(stderr, "  thread %u (%s) waits for %s %s\n", waits[i].thread,
				waits[i].name, waits[i].waits_kind, waits[i].waits_name);
}

static wfp_err prepare(void)
{
	wfp_err err;

	world_begin(0);
	control_points_reset();
	err = start_main();
	if (err)
		return err;
	enter();
	return control->prepared ? remember() : ERR_OPERATION_ABORTED;
}

/* Each part, and what undoes it, in the order in which they need each other. */
static wfp_err parts_begin(void)
{
	wfp_err err = snapshot_begin(&control->snapshot);

	if (err)
		return err;
	err = blocks_begin();
	if (err)
		goto undo_snapshot;
	err = stacks_begin();
	if (err)
		goto undo_blocks;
	err = trap_begin();
	if (err)
		goto undo_stacks;
	return ERR_OK;
undo_stacks:
	stacks_end();
undo_blocks:
	blocks_end();
undo_snapshot:
	snapshot_end(&control->snapshot);
	return err;
}

wfp_err control_loaded(const void *base)
{
	wfp_err err;

	if (control->n_loaded == CONTROL_OBJECTS)
		return ERR_NO_MEMORY;
	err = snapshot_keep(&control->loaded[control->n_loaded], base);
	if (err)
		return err;
	control->n_loaded++;
	snapshot_note_object(base);
	return ERR_OK;
}

/*
 * The next world finds everything as this one did.  What was loaded stays mapped, so that addresses
 * in its code can still be named, and looks as if it had just been loaded.
 */
static void put_back(struct control *closed)
{
	while (closed->n_loaded > 0)
		snapshot_put_back(&closed->loaded[--closed->n_loaded]);
	snapshot_put_back(&closed->before);
	snapshot_forget_objects();
}

/* With the program's variables as they are when there is no world. */
static wfp_err create(const struct sim_controller *c, void (*main)(void *), void *arg)
{
	struct control *created = calloc(1, sizeof(*created));
	wfp_err err;

	if (!created)
		return ERR_NO_MEMORY;
	created->controller = *c;
	created->fn = main;
	created->arg = arg;
	err = snapshot_keep(&created->before, NULL);
	if (err) {
		free(created);
		return err;
	}
	control = created;
	return ERR_OK;
}

wfp_err sim_control_open(const struct sim_controller *c, void (*main)(void *), void *arg)
{
	struct control *failed;
	wfp_err err;

	if (!SUPPORTED)
		return ERR_NOT_SUPPORTED;
	BUG_ON(control);
	err = create(c, main, arg);
	if (err)
		return err;
	err = parts_begin();
	if (err) {
		failed = control;
		control = NULL;
		put_back(failed);
		free(failed);
		return err;
	}
	err = prepare();
	if (err) {
		report_preparation();
		sim_control_close();
	}
	return err;
}

enum sim_end sim_control_run(void)
{
	enter();
	return control->end;
}

/* What cannot be touched first: it may have been written to before. */
void sim_control_rewind(void)
{
	blocks_rewound(&control->snapshot);
	fiber_forget(control->stacks, SIM_THREADS_MAX * slot_size());
	snapshot_rewind(&control->snapshot);
	control_on = false;
	world.self = &world.outside;
}

void sim_control_close(void)
{
	struct control *closed = control;

	snapshot_end(&closed->snapshot);
	trap_end();
	fiber_forget(closed->stacks, SIM_THREADS_MAX * slot_size());
	stacks_end();
	blocks_end();
	control = NULL;
	control_on = false;
	world_end();
	put_back(closed);
	free(closed);
}

void sim_control_break(bool on)
{
	control->breaks = on;
}

struct sim_crash sim_control_crash(void)
{
	return control->crash;
}

uint32_t sim_choose_named(uint32_t n, const char *what)
{
	return control_on ? control_choose(n, what) : sim_choose(n);
}
