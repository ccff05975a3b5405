/* SPDX-License-Identifier: MIT */
/*
 * classify_burst - several classifies in one RCU section, on one snapshot.
 *
 * The section is as long as the burst, so a burst that is longer than ENGINE_BURST_MAX is cut: a
 * commit waits for at most that many classifies.  Packets of one layer without a cache are looked
 * for at once in the highest sublayer: the memory that one search waits for is fetched while the
 * others go on.  Thread: the owning worker; no lock, no memory.
 */
#include "engine/classify.h"
#include "engine/cursor.h"
#include "engine/state.h"

STATIC_ASSERT(ENGINE_BURST_MAX <= INDEX_BURST_MAX, "a burst is one search");

/* Packets of one layer that are all looked for in the policy. */
static bool goes_together(const struct engine_indication *inds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (inds[i].layer != inds[0].layer || inds[i].cache)
			return false;
	return n > 1 && inds[0].layer < MODEL_LAYERS_MAX;
}

static void burst(struct engine *e, const struct engine_indication *inds, unsigned n,
		  struct engine_verdict *out)
{
	struct engine_query queries[ENGINE_BURST_MAX];
	const bool together = goes_together(inds, n);
	const struct engine_snapshot *s;

	rcu_read_begin();
	s = rcu_load(&e->snapshot);
	if (together)
		engine_query_burst(queries, s->layers[inds[0].layer], inds, n);
	for (unsigned i = 0; i < n; i++)
		engine_classify_on(e, s, together ? &queries[i] : NULL, &inds[i], &out[i]);
	rcu_read_end();
}

void engine_classify_burst(struct engine *e, const struct engine_indication *inds, unsigned n,
			   struct engine_verdict *out)
{
	for (; n > ENGINE_BURST_MAX; n -= ENGINE_BURST_MAX) {
		burst(e, inds, ENGINE_BURST_MAX, out);
		inds += ENGINE_BURST_MAX;
		out += ENGINE_BURST_MAX;
	}
	burst(e, inds, n, out);
}
