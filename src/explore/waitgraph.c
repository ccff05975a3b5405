/* SPDX-License-Identifier: MIT */
/*
 * waitgraph - from the waits of the ended run to a sentence.
 *
 * A thread waits for one other at the most that can be named: who holds the lock, or whose end it
 * waits for.  So the circle is found by walking on from each thread and marking who was passed.
 */
#include "explore/waitgraph.h"

#include "ntshim/nt.h"

#include <inttypes.h>

/* What base does not know: the driver's spin lock has a holder, a thread object is a thread. */
static void fill_in(struct sim_wait *w)
{
	const void *object;

	if (w->waits_for || !w->waits_kind)
		return;
	if (nt_waits_for(w->thread, &object, 1) == 1) {
		w->waits_kind = "KeWaitFor";
		w->waits_name = "";
		w->object = object;
		w->waits_for = nt_thread_of(object);
	} else if (w->object && !w->waits_name) {
		w->waits_for = nt_spin_holder(w->object);
	}
}

static uint32_t index_of(const struct waitgraph *g, uint32_t thread)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->waits[i].thread == thread)
			return i;
	return g->n;
}

static uint32_t next_of(const struct waitgraph *g, uint32_t i)
{
	return g->waits[i].waits_for ? index_of(g, g->waits[i].waits_for) : g->n;
}

/* The circle that the walk from `start` runs into, if it comes back to `start`. */
static bool walk_back_to(struct waitgraph *g, uint32_t start)
{
	uint32_t at = start, n = 0;

	do {
		g->circle[n++] = at;
		at = next_of(g, at);
	} while (at < g->n && at != start && n < g->n);
	g->n_circle = at == start ? n : 0;
	return at == start;
}

void waitgraph_close(struct waitgraph *g)
{
	g->n_circle = 0;
	for (uint32_t i = 0; i < g->n; i++)
		if (walk_back_to(g, i))
			return;
}

void waitgraph_read(struct waitgraph *g)
{
	uint32_t n = sim_control_waits(g->waits, WAITGRAPH_MAX);

	g->n = 0;
	for (uint32_t i = 0; i < n && i < WAITGRAPH_MAX; i++) {
		fill_in(&g->waits[i]);
		if (g->waits[i].waits_kind)
			g->waits[g->n++] = g->waits[i];
	}
	waitgraph_close(g);
}

static void say_wait(const struct sim_wait *w, struct buf *out)
{
	buf_printf(out, "thread %" PRIu32 " (%s) waits for %s", w->thread, w->name, w->waits_kind);
	if (w->waits_name && w->waits_name[0])
		buf_printf(out, " %s", w->waits_name);
	else if (w->object)
		buf_printf(out, " %p", w->object);
	if (w->waits_for)
		buf_printf(out, " on thread %" PRIu32, w->waits_for);
}

void waitgraph_say(const struct waitgraph *g, struct buf *out)
{
	uint32_t n = g->n_circle > 0 ? g->n_circle : g->n;

	for (uint32_t i = 0; i < n; i++) {
		buf_append_str(out, i > 0 ? "; " : "");
		say_wait(&g->waits[g->n_circle > 0 ? g->circle[i] : i], out);
	}
}
