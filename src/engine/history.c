/* SPDX-License-Identifier: MIT */
/*
 * history - see history.h; staged and settled in turns by commits, read inside RCU sections.
 */
#include "engine/history.h"

#include <string.h>

#include "base/mem.h"
#include "engine/match.h"

bool engine_view_touched(const struct engine_view *v, uint64_t since,
			 const struct model_value *values, unsigned n_values)
{
	const struct history_block *b = v->newest;

	if (since >= v->version)
		return false;
	for (;; b = b->older) {
		for (uint32_t i = 0; i < b->n; i++)
			if (engine_match_filter(b->filters[i], values, n_values))
				return true;
		/* The block before may be gone: nobody needs it. */
		if (b->before <= since)
			return false;
	}
}

static void block_free(struct history_block *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		model_filter_put(b->filters[i]);
	mem_free(b);
}

/* Even a block without filters costs something. */
static uint32_t weight(uint32_t n)
{
	return n > 0 ? n : 1;
}

/* How far back one can go when the newest block has n filters; `version` when it has too many. */
static uint64_t floor_with(const struct engine_history *h, uint64_t version, uint32_t n)
{
	const struct history_block *b = h->oldest;
	uint32_t total = h->n + weight(n);

	for (; b && total > HISTORY_MAX; b = b->newer)
		total -= weight(b->n);
	if (total > HISTORY_MAX)
		return version;
	return b ? b->before : version - 1;
}

static struct history_block *block_new(const struct engine_history *h, uint64_t version, uint32_t n)
{
	struct history_block *b = mem_zalloc(sizeof(*b) + n * sizeof(struct model_filter *));

	if (!b)
		return NULL;
	b->version = version;
	b->before = version - 1;
	b->older = h->newest;
	return b;
}

wfp_err history_begin(struct history_next **out, const struct engine_history *h, uint64_t version,
		      uint32_t n, bool wholesale)
{
	struct history_next *next = mem_zalloc(sizeof(*next));

	if (!next)
		return ERR_NO_MEMORY;
	memcpy(next->uses, h->uses, sizeof(next->uses));
	next->n_callouts = h->n_callouts;
	next->version = version;
	next->floor = wholesale ? version : floor_with(h, version, n);
	if (next->floor < version) {
		next->block = block_new(h, version, n);
		if (!next->block) {
			mem_free(next);
			return ERR_NO_MEMORY;
		}
	}
	*out = next;
	return ERR_OK;
}

/* by: 1, or UINT32_MAX for one less. */
static void count(struct history_next *next, const struct model_filter *f, uint32_t by)
{
	if (MODEL_ACTION_IS_CALLOUT(f->action))
		next->n_callouts += by;
	for (uint32_t i = 0; i < f->n_conditions; i++)
		if (i == 0 || f->conditions[i].field != f->conditions[i - 1].field)
			next->uses[f->conditions[i].field] += by;
}

static void tell(struct history_next *next, struct model_filter *f)
{
	if (next->block)
		next->block->filters[next->block->n++] = model_filter_get(f);
}

void history_add(struct history_next *next, struct model_filter *f)
{
	count(next, f, 1);
	tell(next, f);
}

void history_remove(struct history_next *next, struct model_filter *f)
{
	count(next, f, UINT32_MAX);
	tell(next, f);
}

struct engine_view history_view(const struct history_next *next)
{
	struct engine_view v = {
		.version = next->version,
		.floor = next->floor,
		.n_callouts = next->n_callouts,
		.newest = next->block,
	};

	for (unsigned i = 0; i < HISTORY_FIELDS; i++)
		if (next->uses[i] > 0)
			v.fields |= UINT64_C(1) << i;
	return v;
}

void history_undo(struct history_next *next)
{
	if (next && next->block)
		block_free(next->block);
	mem_free(next);
}

void history_free(struct history_block **blocks)
{
	while (*blocks) {
		struct history_block *b = *blocks;

		*blocks = b->newer;
		block_free(b);
	}
}

/* From now on `newer` is the link among what is forgotten; readers do not know it. */
static void forget_oldest(struct engine_history *h, struct history_block **forgotten)
{
	struct history_block *b = h->oldest;

	h->oldest = b->newer;
	if (!h->oldest)
		h->newest = NULL;
	h->n -= weight(b->n);
	b->newer = *forgotten;
	*forgotten = b;
}

void history_settle(struct engine_history *h, struct history_next *next,
		    struct history_block **forgotten)
{
	memcpy(h->uses, next->uses, sizeof(h->uses));
	h->n_callouts = next->n_callouts;
	while (h->oldest && h->oldest->version <= next->floor)
		forget_oldest(h, forgotten);
	if (next->block) {
		if (h->newest)
			h->newest->newer = next->block;
		else
			h->oldest = next->block;
		h->newest = next->block;
		h->n += weight(next->block->n);
	}
	mem_free(next);
}

void history_clear(struct engine_history *h)
{
	history_free(&h->oldest);
}
