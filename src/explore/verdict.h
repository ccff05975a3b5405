/* SPDX-License-Identifier: MIT */
/*
 * verdict - what a run of the platform is found guilty of.
 *
 * The engine reports broken rules, and verdict_report makes findings of them; the rest is found at
 * the end: packets without an answer, what an unload left, how the run ended.
 */
#pragma once

#include "base/buf.h"
#include "base/sim_control.h"
#include "engine/engine.h"
#include "explore/finding.h"
#include "explore/scenario.h"

struct platform_world;

/* A finding that ends the run.  driver: "" when nobody's in particular. */
void verdict_found(enum explore_rule rule, const char *driver, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* engine_config.report: on the thread that broke the rule.  The run goes on. */
void verdict_report(void *world, const struct engine_report *r);
/* Nothing happens any more, and a packet has no answer or something is held. */
void verdict_lost(struct platform_world *w);
/* What nt_driver_unload said of driver i. */
void verdict_unloaded(struct platform_world *w, uint32_t i, wfp_err err, const struct buf *why);
/* Outside, after the run. */
void verdict_end(const struct scenario *s, enum sim_end how);
