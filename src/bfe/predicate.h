/* SPDX-License-Identifier: MIT */
/*
 * predicate - conditions as sets of values: is one inside others, do they meet?
 *
 * For enumeration templates (template.c), on any thread.  A condition stands for the values that
 * satisfy it (engine/match.h); several on one field stand for their union.  Both conditions must
 * have been checked against the same field (model_filter_create).  Numbers and flags are exact but
 * for one case, which docs/design/bfe.md names; where only an approximation is to be had (a suffix
 * inside several suffixes), "inside" errs to no and "meets" to yes.
 */
#pragma once

#include "model/filter.h"

/* No value satisfies it. */
bool bfe_predicate_empty(const struct model_condition *t);
/* Every value that satisfies t satisfies one of these n. */
bool bfe_predicate_inside(const struct model_condition *t, const struct model_condition *of,
			  uint32_t n);
/* Some value satisfies t and one of these n. */
bool bfe_predicate_meets(const struct model_condition *t, const struct model_condition *of,
			 uint32_t n);
