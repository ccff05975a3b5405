/* SPDX-License-Identifier: MIT */
/*
 * netevent_template - which events an enumeration or a subscription is about.
 *
 * Checked and copied when it is made, so that matching is a walk over sound conditions.  No lock,
 * no memory while matching, any thread.
 */
#pragma once

#include "bfe/netevents.h"

struct netevent_template;

/* NULL: everything.  Errors: see bfe_netevents_enum_create. */
MUST_CHECK wfp_err netevent_template_create(struct netevent_template **out,
					    const struct bfe_netevent_template *t);
void netevent_template_destroy(struct netevent_template *t); /* NULL is fine */

bool netevent_template_matches(const struct netevent_template *t, const struct model_netevent *e);
