/* SPDX-License-Identifier: MIT */
/*
 * pend_pool - all pended operations of one engine: the part that struct engine owns.
 *
 * The engine creates one pool, hands it out with engine_pend_pool, and forwards engine_stop,
 * engine_tick and engine_counters_get.  Everybody else uses pend.h.
 */
#pragma once

#include "engine/engine.h"

struct pend_pool;
struct engine_callout;

MUST_CHECK wfp_err pend_pool_create(struct pend_pool **out, struct engine *e,
				    const struct engine_config *config);
/* Every operation must have ended.  NULL is fine. */
void pend_pool_destroy(struct pend_pool *pool);

/* Refuses new pends and revokes every hold.  Any thread, no lock held. */
void pend_pool_stop(struct pend_pool *pool);
/* Revokes the holds whose time has run out.  Any one thread, no lock held. */
void pend_pool_tick(struct pend_pool *pool, uint64_t now);
/* Fills pended_now, joined, completed_before_return and resumed. */
void pend_pool_count(struct pend_pool *pool, struct engine_counters *out);
/*
 * A registration has ended: the classify handles it did not release are reported by name
 * (ClassifyHandleBalance) and freed.  After the rundown, before the callout's memory goes.
 */
void pend_pool_callout_gone(struct pend_pool *pool, const struct engine_callout *c);

/* Implemented by the engine. */
struct pend_pool *engine_pend_pool(const struct engine *e);
