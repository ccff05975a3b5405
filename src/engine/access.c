/* SPDX-License-Identifier: MIT */
/*
 * access - the right to match, asked of the one access check that there is.
 *
 * Of the generic rights only GENERIC_ALL holds it.  Called by the evaluation of conditions, on any
 * thread.
 */
#include "engine/access.h"

#include "model/access.h"

bool engine_access_granted(const struct model_blob *sd, const struct model_value *who)
{
	static const struct model_access_map map = {.all = ENGINE_ACCESS_MATCH_FILTER};

	return model_access_check_value(sd, who, &map, ENGINE_ACCESS_MATCH_FILTER, NULL) == ERR_OK;
}
