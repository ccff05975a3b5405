/* SPDX-License-Identifier: MIT */
/*
 * access - does a security descriptor let somebody match?
 *
 * A condition on ALE_USER_ID and its like carries a descriptor; it is true when the token of the
 * packet would be granted the right to match filters (FWP_ACTRL_MATCH_FILTER, "CC" in SDDL).
 */
#pragma once

#include "model/value.h"

#define ENGINE_ACCESS_MATCH_FILTER 0x1u

/*
 * who: of type TOKEN_ACCESS_INFORMATION or TOKEN_INFORMATION, else nobody is granted anything.
 * Takes no lock, allocates nothing.
 */
bool engine_access_granted(const struct model_blob *sd, const struct model_value *who);
