/* SPDX-License-Identifier: MIT */
/*
 * key_plan - which fields of a layer have words in its keys.
 *
 * The fields that most filters look at come first; of equally used ones those that tell packets
 * apart best.  Eight words are enough unless that leaves filters unbounded that sixteen would
 * bound.  Called when a layer's index is built and by engine_maintain; no memory, any thread.
 */
#include "engine/key.h"

#include "base/rng.h"

#include <string.h>

/* So many filters may be asked for more packets than necessary before a plan is changed for them.
 */
#define LEFT_OUT_MAX 16u

/* Fields without a filter get words in this order, while there are some: filters will come. */
static const char *const preferred[] = {
	"IP_REMOTE_ADDRESS", "IP_DESTINATION_ADDRESS", "IP_LOCAL_ADDRESS",
	"IP_SOURCE_ADDRESS", "IP_REMOTE_PORT",	       "IP_DESTINATION_PORT",
	"IP_LOCAL_PORT",     "IP_SOURCE_PORT",	       "IP_PROTOCOL",
};

/* What has no row is never a word: security descriptors are asked, and no layer indicates signed
 * numbers or floats. */
static const struct form {
	uint8_t type, form, words, shift;
} forms[] = {
	{MODEL_UINT8, KEY_NUMBER, 1, 24},
	{MODEL_UINT16, KEY_NUMBER, 1, 16},
	{MODEL_UINT32, KEY_NUMBER, 1, 0},
	{MODEL_UINT64, KEY_NUMBER2, 2, 0},
	{MODEL_BYTE_ARRAY6_TYPE, KEY_BYTES6, 2, 16},
	{MODEL_BYTE_ARRAY16_TYPE, KEY_BYTES16, 4, 0},
	{MODEL_BYTE_BLOB_TYPE, KEY_HASH, 1, 0},
	{MODEL_SID, KEY_HASH, 1, 0},
	{MODEL_UNICODE_STRING_TYPE, KEY_HASH, 1, 0},
};

static const struct form *form_of(enum model_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].type == (uint8_t)type)
			return &forms[i];
	return NULL;
}

struct key_field key_field_make(int16_t field, enum model_type type, unsigned word)
{
	const struct form *form = form_of(type);

	if (!form)
		return (struct key_field){0};
	return (struct key_field){.field = field,
				  .type = form->type,
				  .form = form->form,
				  .word = (uint8_t)word,
				  .words = form->words,
				  .shift = form->shift};
}

/* A field that may get words, and its place among the others. */
struct candidate {
	int16_t field;
	enum model_type type;
	uint32_t uses;
	unsigned rank; /* of equally used ones the lower goes first; no two are the same */
};

static bool goes_before(const struct candidate *x, const struct candidate *y)
{
	return x->uses != y->uses ? x->uses > y->uses : x->rank < y->rank;
}

static unsigned rank_of(const struct model_field *f)
{
	const char *name = f->name + strlen("FWPM_CONDITION_");

	for (unsigned i = 0; i < ARRAY_LEN(preferred); i++)
		if (strcmp(name, preferred[i]) == 0)
			return i;
	return (unsigned)(ARRAY_LEN(preferred) + (size_t)f->index[MODEL_SCHEMA_2026]);
}

static bool candidate_of(struct candidate *out, const struct model_field *f, const uint32_t *uses,
			 unsigned n_uses)
{
	int16_t i = f->index[MODEL_SCHEMA_2026];
	const struct form *form = form_of(f->type);

	if (i < 0 || !form)
		return false;
	*out = (struct candidate){i, f->type, (unsigned)i < n_uses ? uses[i] : 0, rank_of(f)};
	return out->uses > 0 || out->rank < ARRAY_LEN(preferred);
}

/* The first candidate, or the one after *last. */
static bool next_candidate(struct candidate *last, bool first, const struct model_layer *layer,
			   const uint32_t *uses, unsigned n_uses)
{
	struct candidate best = {0}, c;
	bool found = false;

	for (unsigned i = 0; i < layer->n_fields; i++)
		if (candidate_of(&c, &layer->fields[i], uses, n_uses) &&
		    (first || goes_before(last, &c)) && (!found || goes_before(&c, &best))) {
			best = c;
			found = true;
		}
	*last = best;
	return found;
}

/* The numbers stand before the others, both in the order in which they came. */
static void plan_add(struct key_plan *plan, struct key_field f)
{
	unsigned at = plan->n_fields++;

	if (f.form == KEY_NUMBER) {
		for (; at > plan->n_numbers; at--)
			plan->fields[at] = plan->fields[at - 1];
		plan->n_numbers++;
	}
	plan->fields[at] = f;
	if (f.field >= plan->n_values)
		plan->n_values = (uint8_t)(f.field + 1);
}

/* Gives words away; returns how many uses found no room. */
static uint32_t fill(struct key_plan *out, uint8_t words, const struct model_layer *layer,
		     const uint32_t *uses, unsigned n_uses)
{
	struct candidate c = {0};
	unsigned used = 0;
	uint32_t left_out = 0;

	*out = (struct key_plan){.words = words, .layer = layer->id};
	for (bool first = true; next_candidate(&c, first, layer, uses, n_uses); first = false) {
		struct key_field f = key_field_make(c.field, c.type, used);

		if (used + f.words > words) {
			left_out += c.uses;
			continue;
		}
		plan_add(out, f);
		used += f.words;
	}
	return left_out;
}

static void choose(struct key_plan *out, uint16_t layer_id, const uint32_t *uses, unsigned n_uses)
{
	const struct model_layer *layer = model_layer_by_id(layer_id);

	*out = (struct key_plan){.words = KEY_WORDS_MAX / 2, .layer = layer_id};
	if (layer && fill(out, KEY_WORDS_MAX / 2, layer, uses, n_uses) > LEFT_OUT_MAX)
		fill(out, KEY_WORDS_MAX, layer, uses, n_uses);
}

void key_plan_make(struct key_plan *out, uint16_t layer, const uint32_t *uses, unsigned n_uses)
{
	choose(out, layer, uses, n_uses);
	out->seed = entropy_u64();
}

static uint32_t bounded(const struct key_plan *plan, const uint32_t *uses, unsigned n_uses)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < plan->n_fields; i++)
		if ((unsigned)plan->fields[i].field < n_uses)
			n += uses[plan->fields[i].field];
	return n;
}

bool key_plan_stale(const struct key_plan *plan, const uint32_t *uses, unsigned n_uses)
{
	struct key_plan other;

	choose(&other, plan->layer, uses, n_uses);
	return bounded(&other, uses, n_uses) > bounded(plan, uses, n_uses) + LEFT_OUT_MAX;
}
