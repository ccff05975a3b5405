/* SPDX-License-Identifier: MIT */
/*
 * policy_value - a condition's value as a policy writes it.
 *
 * Either {"type": "FWP_UINT16", "value": 443} or the value alone, which then is of the field's
 * type; "10.0.0.0/8" is a mask, "80-90" and [80, 90] are ranges.
 */
#pragma once

#include "bfe/policy_json.h"
#include "model/catalogue.h"

/* *out is the caller's to clear. */
MUST_CHECK wfp_err policy_value(const struct policy_place *p, const struct model_field *field,
				const json_t *v, struct model_value *out);
