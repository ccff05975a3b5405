/* SPDX-License-Identifier: MIT */
/*
 * platform_fate - every verdict worked out once more, by other means.
 *
 * From each classify the engine hands over who spoke for which sublayer; the documented rules are
 * applied to that in the plainest way, and must come to the same.  The answer to each packet must
 * then follow from what its classifies came to: what was blocked last is not accepted, what is
 * still held is not accepted, and what nobody stopped is not dropped.  Thread: the worker.
 */
#include "explore/platform_world.h"
#include "explore/verdict.h"

#include "engine/pend.h"
#include "engine/trail.h"
#include "model/catalogue.h"

#include <string.h>

static const char *layer_name(uint16_t id)
{
	const struct model_layer *layer = model_layer_by_id(id);

	return layer ? layer->name : "an unknown layer";
}

static bool decides_nothing(uint16_t layer)
{
	return layer == MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4 ||
	       layer == MODEL_LAYER_ALE_FLOW_ESTABLISHED_V6;
}

static bool is_stream(uint16_t layer)
{
	return layer == MODEL_LAYER_STREAM_V4 || layer == MODEL_LAYER_STREAM_V6;
}

/*
 * From the highest sublayer down: while nobody has taken the right to decide, the last word counts;
 * afterwards a callout may still block, and nobody may do anything else.
 */
static bool is_blocked(const struct engine_trail *trail)
{
	bool blocked = false, open = true;

	for (unsigned i = 0; i < trail->n; i++) {
		const struct model_netevent_word *word = &trail->words[i];
		const bool blocks = word->action == MODEL_ACTION_BLOCK;

		if (word->pended)
			continue;
		if (open)
			blocked = blocks;
		else if (blocks && word->callout_id)
			blocked = true;
		if (word->hard)
			open = false;
	}
	return blocked;
}

static bool somebody_pended(const struct engine_trail *trail)
{
	for (unsigned i = 0; i < trail->n; i++)
		if (trail->words[i].pended)
			return true;
	return false;
}

static bool follows(const struct engine_indication *ind, const struct engine_trail *trail,
		    enum engine_outcome outcome)
{
	if (trail->more)
		return true; /* not everybody is known */
	if (somebody_pended(trail))
		return outcome == ENGINE_PENDED;
	/* Somebody pended and did not say so: a block for good, but the operation is resumed. */
	if (outcome == ENGINE_PENDED)
		return ind->op && is_blocked(trail);
	if (!decides_nothing(ind->layer) && is_blocked(trail))
		return outcome == ENGINE_BLOCK || outcome == ENGINE_ABSORB;
	return outcome == ENGINE_PERMIT;
}

void platform_fate_heard(void *world, const struct engine_indication *ind,
			 const struct engine_trail *trail, const struct engine_verdict *v)
{
	static const char *const outcomes[] = {
		[ENGINE_PERMIT] = "permit",
		[ENGINE_BLOCK] = "block",
		[ENGINE_ABSORB] = "absorb",
		[ENGINE_PENDED] = "pended",
	};
	struct platform_world *w = world;

	if (!follows(ind, trail, v->outcome))
		verdict_found(EXPLORE_WrongVerdict, "",
			      "the decisions at %s do not amount to '%s', which was the outcome",
			      layer_name(ind->layer), outcomes[v->outcome]);
	w->words[w->n_words++ % PLATFORM_WORDS] = (struct platform_word){
		.packet = is_stream(ind->layer) ? NULL : ind->layer_data, /* else bytes */
		.op = ind->op ? pend_handle(ind->op) : 0,
		.layer = ind->layer,
		.outcome = (uint8_t)v->outcome,
	};
}

/* ---- the answers -------------------------------------------------------------------------- */

/* The word before `at`, counted from the end of the run so far; NULL: too long ago. */
static const struct platform_word *word_before(const struct platform_world *w, uint32_t at)
{
	if (at >= w->n_words || at >= PLATFORM_WORDS)
		return NULL;
	return &w->words[(w->n_words - 1 - at) % PLATFORM_WORDS];
}

/* Is it the last word at its layer about its packet? */
static bool is_last(const struct platform_world *w, uint32_t at)
{
	const struct platform_word *word = word_before(w, at), *later;

	for (uint32_t i = 0; i < at; i++) {
		later = word_before(w, i);
		if (later->packet == word->packet && later->layer == word->layer)
			return false;
	}
	return true;
}

struct hold_query {
	uint64_t op;
	bool held;
};

static void compare_hold(void *ctx, const struct pend_info *info)
{
	struct hold_query *q = ctx;

	q->held |= info->handle == q->op;
}

static bool is_held(const struct platform_world *w, uint64_t op)
{
	struct hold_query q = {.op = op};

	pend_list(w->engine, compare_hold, &q);
	return q.held;
}

static void check_accepted(const struct platform_world *w, const struct packet *p, uint32_t number)
{
	const struct platform_word *word;

	for (uint32_t i = 0; (word = word_before(w, i)); i++) {
		if (word->packet != p || word->outcome == ENGINE_PERMIT || !is_last(w, i))
			continue;
		if (word->outcome == ENGINE_BLOCK)
			verdict_found(EXPLORE_WrongVerdict, "",
				      "packet %u was accepted, but blocked at %s", number,
				      layer_name(word->layer));
		if (word->outcome == ENGINE_PENDED && is_held(w, word->op))
			verdict_found(EXPLORE_WrongVerdict, "",
				      "packet %u was accepted while it is held at %s", number,
				      layer_name(word->layer));
	}
}

/* Whoever stopped anything in this run may have been the reason. */
static bool somebody_stopped(const struct platform_world *w)
{
	const struct platform_word *word;

	for (uint32_t i = 0; (word = word_before(w, i)); i++)
		if (word->outcome != ENGINE_PERMIT)
			return true;
	return false;
}

void platform_fate_answered(struct platform_world *w, const struct packet *p, enum port_verdict v,
			    const struct port_reason *why)
{
	const uint32_t number = (uint32_t)p->token + 1;

	if (w->n_words > PLATFORM_WORDS)
		return; /* some of what was said is forgotten */
	if (v == PORT_ACCEPT)
		check_accepted(w, p, number);
	else if (!(why->what && why->what[0]) && !somebody_stopped(w))
		verdict_found(EXPLORE_WrongVerdict, "",
			      "packet %u was dropped, but nobody blocked it", number);
}
