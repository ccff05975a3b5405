/* SPDX-License-Identifier: MIT */
/*
 * maintainer - a thread of the daemon that keeps the engine's indexes in shape.
 *
 * Building an index can take a while, and neither a worker nor who commits should wait for it.
 * Thread: the one that runs the daemon starts and stops it.
 */
#pragma once

#include "engine/engine.h"

struct maintainer;

MUST_CHECK wfp_err maintainer_start(struct maintainer **out, struct engine *e);
/* Waits for what it is about; NULL is fine. */
void maintainer_stop(struct maintainer *m);
