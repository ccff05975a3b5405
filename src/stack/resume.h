/* SPDX-License-Identifier: MIT */
/*
 * resume - what happens to a held authorization when its answer comes; inside ALE only.
 */
#pragma once

#include "stack/authorize.h"

/* ale.resumed is opened: the last hold of the operation is gone. */
void resume_flow(struct stack_worker *w, struct letter *l);

/* ---- authorize.c's half --------------------------------------------------------------------- */

uint64_t authorize_generation(const struct journey *j);
/* One question on the newest policy; a pended operation is left in ale.op. */
void authorize_ask(struct journey *j, bool reauthorize, bool may_absorb, struct engine_verdict *v);
/* The flow is PERMITTED or BLOCKED from here on. */
void authorize_remember(struct ale *a, const struct engine_verdict *v);
/* The sink is told of the answer; before it is remembered. */
void authorize_permitted(const struct journey *j, const struct engine_verdict *v);
void authorize_blocked(struct journey *j, const struct engine_verdict *v);
