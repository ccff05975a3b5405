/* SPDX-License-Identifier: MIT */
/*
 * report - the threads of a controlled run as it stands or has ended: where each is, and what it
 * waits for.
 *
 * Stacks are walked by their frame pointers and never left: a frame that is not above the last one
 * on the same stack ends the walk.  Called by the explorer, and by whoever runs.
 */
#include "base/sim/control.h"
#include "base/sim/world.h"

#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <unistd.h>

/* ---- who waits for what --------------------------------------------------------------------- */

/* What the gate belongs to: a thread that is joined, or a lock and who holds it. */
static void gate_explain(const struct sim_waitq *gate, struct sim_wait *w)
{
	const struct lock *l = CONTAINER_OF(gate, struct lock, waiting);

	for (const struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (gate == &t->ended) {
			w->waits_for = t->id;
			w->object = t;
			return;
		}
	w->waits_for = l->owner ? l->owner->id : 0;
	w->object = l;
}

static struct sim_wait wait_of(const struct thread *t)
{
	struct sim_wait w = {.thread = t->id, .name = t->view->name};

	if (t->waits_in) {
		w.waits_kind = t->waits_in->kind;
		w.waits_name = t->waits_in->name;
		w.object = t->waits_in;
	} else if (t->gate && t->gate->shut) {
		w.waits_kind = t->gate->kind;
		w.waits_name = t->gate->name;
		gate_explain(t->gate, &w);
	} else if (t->can && !t->ready) {
		w.waits_kind = t->view->next.what;
		w.object = t->view->next.object;
	}
	return w;
}

uint32_t sim_control_waits(struct sim_wait *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t id = 1; n < max && id <= control_view()->n; id++) {
		const struct thread *t = control_thread(id);

		if (t && !t->done)
			out[n++] = wait_of(t);
	}
	return n;
}

/* ---- stacks --------------------------------------------------------------------------------- */

/* A frame: the caller's frame, then where it goes on. */
struct frame {
	struct frame *outer;
	void *pc;
};

static bool is_on_stack(const struct thread *t, const struct frame *f)
{
	const char *stack = t->stack, *at = (const char *)f;

	return at >= stack && at + sizeof(*f) <= stack + t->stack_size &&
	       (uintptr_t)f % sizeof(void *) == 0;
}

static uint32_t walk(const struct thread *t, const struct frame *f, void **frames, uint32_t n,
		     uint32_t max)
{
	while (n < max && is_on_stack(t, f) && f->pc) {
		frames[n++] = f->pc;
		if (f->outer <= f)
			break;
		f = f->outer;
	}
	return n;
}

/* A signal took the thread where it was, not at a point. */
static bool is_crashed(const struct thread *t)
{
	return !control_on && control->crash.signal && control->crash.thread == t->id;
}

uint32_t sim_control_stack(uint32_t thread, void **frames, uint32_t max)
{
	const struct thread *t = control ? control_thread(thread) : NULL;

	if (!t || max == 0)
		return 0;
	if (control_on && t == world.self)
		return walk(t, __builtin_frame_address(0), frames, 0, max);
	if (is_crashed(t)) {
		frames[0] = control->crash_pc;
		return walk(t, control->crash_frame, frames, 1, max);
	}
	frames[0] = fiber_pc(t);
	return frames[0] ? walk(t, fiber_frame(t), frames, 1, max) : 0;
}

/* ---- the same addresses in each process ------------------------------------------------------ */

#define MARK "OPENWFP_FIXED_ADDRESSES"

/* The mark keeps a system that does not obey from doing it again and again. */
wfp_err sim_fix_addresses(char **argv)
{
	int now = personality(0xffffffff);

	if (now >= 0 && (now & ADDR_NO_RANDOMIZE))
		return ERR_OK;
	if (now < 0 || getenv(MARK) || personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
		return ERR_NOT_SUPPORTED;
	if (setenv(MARK, "1", 1) != 0)
		return ERR_NO_MEMORY;
	execv("/proc/self/exe", argv);
	return err_from_errno(errno);
}
