/* SPDX-License-Identifier: MIT */
/*
 * change - memory that a commit has made, to be undone, and that it has replaced, to be freed.
 *
 * A filter's rules are put in its place at once, because only the holder of the turn looks at that
 * place; what was there before is remembered, and goes back or is freed in the end.
 */
#include "engine/change.h"

#include "base/mem.h"
#include "engine/policy.h"

#define ROOM_MIN 8u

struct policy_swap {
	struct policy_filter *filter;
	union policy_rules rules; /* before */
	uint8_t n_rules;
};

wfp_err policy_change_begin(struct policy_change **out, uint64_t number)
{
	struct policy_change *c = mem_zalloc(sizeof(*c));

	if (!c)
		return ERR_NO_MEMORY;
	list_init(&c->link);
	list_init(&c->filters);
	edit_begin(&c->edit, number);
	*out = c;
	return ERR_OK;
}

/* ---- rules --------------------------------------------------------------------------------- */

void policy_rules_free(union policy_rules *rules, uint8_t n)
{
	if (n == 1)
		rule_free(rules->one);
	else if (n > 1) {
		for (uint8_t i = 0; i < n; i++)
			rule_free(rules->many[i]);
		mem_free(rules->many);
	}
}

static wfp_err make_many(struct index_rule ***out, const struct policy_filter *f,
			 const struct key_box *boxes, uint8_t n, unsigned words)
{
	struct index_rule **many = mem_zalloc_array(n, sizeof(struct index_rule *));
	wfp_err err = many ? ERR_OK : ERR_NO_MEMORY;

	for (uint8_t i = 0; i < n && !err; i++)
		err = rule_create(&many[i], f, policy_filter_order(f), f->word, &boxes[i], words);
	if (err && many)
		policy_rules_free(&(union policy_rules){.many = many}, n);
	else if (!err)
		*out = many;
	return err;
}

wfp_err policy_rules_make(union policy_rules *out, uint8_t *n, const struct policy_filter *f,
			  const struct key_plan *plan)
{
	struct key_box boxes[KEY_BOXES_MAX];
	uint8_t count = (uint8_t)key_boxes(boxes, plan, f->filter);
	wfp_err err;

	if (count == 1)
		err = rule_create(&out->one, f, policy_filter_order(f), f->word, &boxes[0],
				  plan->words);
	else
		err = make_many(&out->many, f, boxes, count, plan->words);
	if (!err)
		*n = count;
	return err;
}

/* ---- what is replaced ------------------------------------------------------------------------
 */

/* The array with room for `more`; NULL: no memory, and it is as it was. */
static void *with_room(void *array, size_t n, size_t more, size_t *room, size_t size)
{
	size_t wanted = n + more > 2 * n ? n + more : 2 * n;

	if (n + more <= *room)
		return array;
	if (wanted < ROOM_MIN)
		wanted = ROOM_MIN;
	array = mem_realloc_array(array, wanted, size);
	if (array)
		*room = wanted;
	return array;
}

wfp_err policy_change_reserve(struct policy_change *c, size_t n)
{
	struct policy_swap *swaps =
		with_room(c->swaps, c->n_swaps, n, &c->swaps_room, sizeof(*swaps));

	if (!swaps)
		return ERR_NO_MEMORY;
	c->swaps = swaps;
	return ERR_OK;
}

void policy_change_swap(struct policy_change *c, struct policy_filter *f, union policy_rules rules,
			uint8_t n)
{
	c->swaps[c->n_swaps++] = (struct policy_swap){f, f->rules, f->n_rules};
	f->rules = rules;
	f->n_rules = n;
}

wfp_err policy_change_rules(struct policy_change *c, struct policy_filter *f,
			    const struct key_plan *plan)
{
	union policy_rules rules = {0};
	uint8_t n = 0;
	wfp_err err = policy_change_reserve(c, 1);

	if (!err && plan)
		err = policy_rules_make(&rules, &n, f, plan);
	if (!err)
		policy_change_swap(c, f, rules, n);
	return err;
}

wfp_err policy_change_drop_index(struct policy_change *c, struct index *ix)
{
	struct index **indexes;

	if (!ix)
		return ERR_OK;
	indexes = with_room(c->indexes, c->n_indexes, 1, &c->indexes_room, sizeof(*indexes));
	if (!indexes)
		return ERR_NO_MEMORY;
	c->indexes = indexes;
	c->indexes[c->n_indexes++] = ix;
	c->index_bytes += index_bytes(ix);
	return ERR_OK;
}

void policy_change_drop(struct policy_change *c, void *part)
{
	if (part)
		edit_drop(&c->edit, part);
}

/* ---- its end ----------------------------------------------------------------------------------
 */

static void change_free(struct policy_change *c)
{
	mem_free(c->indexes);
	mem_free(c->swaps);
	mem_free(c);
}

void policy_change_revert(struct policy_change *c)
{
	while (c->n_swaps > 0) {
		struct policy_swap *s = &c->swaps[--c->n_swaps];

		policy_rules_free(&s->filter->rules, s->filter->n_rules);
		s->filter->rules = s->rules;
		s->filter->n_rules = s->n_rules;
	}
	c->n_indexes = c->index_bytes = 0;
	edit_undo(&c->edit);
}

void policy_change_undo(struct policy_change *c)
{
	policy_change_revert(c);
	change_free(c);
}

void policy_change_keep(struct policy_change *c)
{
	edit_keep(&c->edit);
}

void policy_change_settle(struct policy_change *c)
{
	struct list *l, *next;

	for (size_t i = 0; i < c->n_indexes; i++)
		index_free(c->indexes[i]);
	edit_settle(&c->edit);
	for (size_t i = 0; i < c->n_swaps; i++)
		policy_rules_free(&c->swaps[i].rules, c->swaps[i].n_rules);
	LIST_FOR_EACH_SAFE (l, next, &c->filters)
		policy_filter_free(LIST_ENTRY(l, struct policy_filter, link));
	change_free(c);
}

/* Each removed filter and each swap goes with about one rule. */
#define FILTER_BYTES (sizeof(struct policy_filter) + sizeof(struct index_rule) + 64)

size_t policy_change_bytes(const struct policy_change *c)
{
	return sizeof(*c) + c->edit.replaced_bytes + c->index_bytes + c->n_filters * FILTER_BYTES +
	       c->n_swaps * (FILTER_BYTES + sizeof(struct policy_swap));
}
