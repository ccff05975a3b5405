/* SPDX-License-Identifier: MIT */
/*
 * cursor - linear search, in order of weight.
 */
#include "engine/cursor.h"

#include "engine/match.h"

void engine_cursor_begin(struct engine_cursor *c, const struct engine_sublayer *sublayer,
			 const struct model_value *values, unsigned n_values)
{
	*c = (struct engine_cursor){sublayer, values, n_values, 0};
}

const struct policy_filter *engine_cursor_next(struct engine_cursor *c)
{
	while (c->next < c->sublayer->n_filters) {
		const struct policy_filter *f = c->sublayer->filters[c->next++];

		if (engine_match_filter(f->filter, c->values, c->n_values))
			return f;
	}
	return NULL;
}
