/* SPDX-License-Identifier: MIT */
/*
 * retire - what commits have replaced and classifies may still use, until a grace period has
 * passed.
 *
 * A commit that has to tell nobody does not wait: what it replaced lies here, and whoever waits
 * next frees all of it.  So that a flood of commits cannot fill the memory, the list is bounded:
 * the writer that fills it waits.  Thread: the turn.
 */
#pragma once

#include "engine/change.h"
#include "engine/state.h"

/*
 * A grace period costs about as much as ten commits of one filter, so shared by so many commits it
 * is cheap; each of them leaves some 10 KiB.
 */
#define ENGINE_RETIRED_MAX	 64u
#define ENGINE_RETIRED_BYTES_MAX (4u << 20)

/* The version that the change has made is visible: it is no longer the caller's. */
void engine_retire(struct engine *e, struct policy_change *c);
/* It is time to wait. */
bool engine_retired_full(const struct engine *e);
/* Frees everything.  After a grace period that began when all of it was retired. */
void engine_retired_free(struct engine *e);
