/* SPDX-License-Identifier: MIT */
/*
 * racers - a toy of base threads that is made out of a scenario, with one race among much noise.
 *
 * The driver "writer" publishes a place before it is filled; the driver "reader" looks there when a
 * packet for port 80 is among the packets.  Every other driver, packet and disturbance is a thread
 * that only keeps itself busy.  What goes wrong takes one preemption, between two steps of the
 * writer, and "memory" that was told to fail does not help it.
 */
#pragma once

#include "base/atomic.h"
#include "base/sim_control.h"
#include "base/thread.h"
#include "explore/scenario.h"
#include "explore/search.h"
#include "explore/shrink.h"

#include <stdio.h>
#include <string.h>

#define RACERS_MAX 16u

struct racers {
	const struct scenario *scenario; /* borrowed */
	struct atom32 published, filled, noise;
	struct thread *threads[RACERS_MAX];
	uint32_t n;
	bool failing; /* allocations are asked about */
};

static struct racers racers;

/* The controlled world is not for sanitizers that would be put back with it (sim_control.h). */
static inline bool racers_supported(void)
{
#if (defined(BASE_ASAN) && defined(__clang__)) || defined(BASE_TSAN)
	return false;
#else
	return true;
#endif
}

static inline void racers_write(void *unused)
{
	(void)unused;
	atom32_store(&racers.published, 1);
	atom32_store(&racers.filled, 1);
}

static inline void racers_read(void *unused)
{
	struct explore_finding f = {.rule = EXPLORE_StaleCompletion, .driver = "reader"};

	(void)unused;
	if (!atom32_load(&racers.published) || atom32_load(&racers.filled))
		return;
	snprintf(f.sentence, sizeof(f.sentence), "reader found nothing where something was due");
	f.here.thread = thread_id();
	f.place = 0x1234;
	explore_found(&f, false);
}

static inline void racers_make_noise(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 2; i++)
		atom32_add(&racers.noise, 1);
	(void)sim_choose_named(2, "noise");
}

static inline void racers_start(const char *name, void (*fn)(void *))
{
	if (racers.n < RACERS_MAX && thread_start(&racers.threads[racers.n], name, fn, NULL) == 0)
		racers.n++;
}

static inline bool racers_have_packet(const struct scenario *s)
{
	for (uint32_t i = 0; i < s->n_packets; i++)
		if (s->packets[i].dst_port == 80)
			return true;
	return false;
}

static inline void racers_start_driver(const char *name)
{
	if (strcmp(name, "writer") == 0)
		racers_start(name, racers_write);
	else if (strcmp(name, "reader") == 0 && racers_have_packet(racers.scenario))
		racers_start(name, racers_read);
	else
		racers_start(name, racers_make_noise);
}

static inline void racers_run(void *unused)
{
	const struct scenario *s = racers.scenario;

	(void)unused;
	racers.n = 0;
	for (uint32_t i = 0; i < s->n_drivers; i++)
		racers_start_driver(s->drivers[i]);
	for (uint32_t i = 1; i < s->n_packets; i++)
		racers_start("packet", racers_make_noise);
	for (uint32_t i = 0; i < s->n_disturbances; i++)
		racers_start("disturbance", racers_make_noise);
	for (uint32_t i = 0; i < racers.n; i++)
		thread_join(racers.threads[i]);
}

static inline wfp_err racers_make(void *ctx, const struct scenario *s, struct explore_subject *out,
				  struct buf *why)
{
	(void)ctx;
	if (s->n_drivers == 0) {
		buf_append_str(why, "a scenario needs drivers");
		return ERR_INVALID_PARAMETER;
	}
	racers = (struct racers){.scenario = s};
	*out = (struct explore_subject){.run = racers_run};
	return ERR_OK;
}

static inline void racers_drop(void *ctx, struct explore_subject *s)
{
	(void)ctx;
	(void)s;
}

static const struct explore_maker racers_maker = {.make = racers_make, .drop = racers_drop};
