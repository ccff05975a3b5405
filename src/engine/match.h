/* SPDX-License-Identifier: MIT */
/*
 * match - are a filter's conditions true for the values that a layer indicates?
 *
 * Conditions on different fields are ANDed, those on one field ORed, whatever their match type.
 * An FWP_EMPTY value matches an FWP_EMPTY condition and nothing else; a value of a type that the
 * condition cannot be compared with never matches.  No lock, no memory, any thread.
 */
#pragma once

#include "model/filter.h"

bool engine_match_filter(const struct model_filter *f, const struct model_value *values,
			 unsigned n_values);
bool engine_match_condition(const struct model_condition *c, const struct model_value *v);
