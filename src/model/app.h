/* SPDX-License-Identifier: MIT */
/*
 * app - an application's id (FWPM_CONDITION_ALE_APP_ID): bytes that are shared, never changed.
 *
 * A flow knows it for its whole life and every event of the flow names it, so it is counted instead
 * of copied.  Any thread.
 */
#pragma once

#include "base/atomic.h"
#include "model/value.h"

/* [I] all but refs   [A] refs */
struct model_app {
	struct atom32 refs;	/* [A] */
	struct model_blob blob; /* UTF-16 with its NUL, as everywhere; points into bytes */
	uint8_t bytes[];
};

/* The bytes are copied; one reference. */
MUST_CHECK wfp_err model_app_create(struct model_app **out, const void *bytes, uint32_t size);
struct model_app *model_app_get(struct model_app *a); /* NULL is fine, and so is put's */
void model_app_put(struct model_app *a);
