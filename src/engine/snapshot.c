/* SPDX-License-Identifier: MIT */
/*
 * snapshot - building the next version of one layer.
 *
 * The layer itself and its sublayers are copied; of what sublayers have, only what changes is made.
 * A few filters are an array that is made anew.  An index is changed, or built anew when a quarter
 * of it or more would change.  Which fields have words in keys is looked at only when a quarter of
 * the whole layer changes, because then all its indexes may as well be built anew.  Thread: the
 * turn.
 */
#include "engine/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/change.h"
#include "engine/policy.h"

/* Changing a part of 1 / REBUILD or more of it costs as much as building it. */
#define REBUILD 4u

struct build {
	struct policy_change *change;
	struct policy_set *touched;
	const uint32_t *uses; /* of the layer's fields, by the next version's filters */
	struct engine_layer *next;
	bool new_plan; /* of a layer that had none, or another */
};

static bool worth_building(uint32_t changes, uint32_t n)
{
	return (uint64_t)changes * REBUILD >= n;
}

static uint32_t set_changes(const struct policy_set *s)
{
	return s->n_added + s->n_removed;
}

/* ---- few filters ------------------------------------------------------------------------------
 */

static void few_insert(struct engine_few *few, const struct policy_filter *f)
{
	uint32_t at = few->n++;

	for (; at > 0; at--) {
		if (rule_before(policy_filter_order(few->filters[at - 1]), policy_filter_order(f)))
			break;
		few->filters[at] = few->filters[at - 1];
	}
	few->filters[at] = f;
}

static wfp_err few_make(struct engine_sublayer *s, struct policy_change *change)
{
	struct engine_few *few = edit_alloc(&change->edit, sizeof(*few));
	const struct list *l;

	if (!few)
		return ERR_NO_MEMORY;
	few->n = 0;
	LIST_FOR_EACH (l, &s->set->filters)
		few_insert(few, LIST_ENTRY(l, struct policy_filter, link));
	LIST_FOR_EACH (l, &s->set->added)
		few_insert(few, LIST_ENTRY(l, struct policy_filter, link));
	s->few = few;
	s->index = NULL;
	return ERR_OK;
}

/* Without an index there are no rules either. */
static wfp_err rules_drop(const struct list *filters, struct policy_change *change)
{
	wfp_err err = ERR_OK;
	const struct list *l;

	LIST_FOR_EACH (l, filters) {
		struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		if (!err && f->n_rules > 0)
			err = policy_change_rules(change, f, NULL);
	}
	return err;
}

static wfp_err few_next(struct engine_sublayer *s, const struct engine_sublayer *old,
			struct policy_change *change)
{
	wfp_err err = few_make(s, change);

	if (!err)
		err = rules_drop(&s->set->filters, change);
	if (!err)
		err = policy_change_drop_index(change, old->index);
	return err;
}

/* ---- an index ------------------------------------------------------------------------------ */

/* Rules of filters, gathered for the index. */
struct rules {
	const struct index_rule **list;
	size_t n;
};

static size_t rules_count(const struct list *filters)
{
	const struct list *l;
	size_t n = 0;

	LIST_FOR_EACH (l, filters)
		n += LIST_ENTRY(l, struct policy_filter, link)->n_rules;
	return n;
}

static void rules_append(struct rules *r, const struct list *filters)
{
	const struct list *l;

	LIST_FOR_EACH (l, filters) {
		const struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		memcpy(&r->list[r->n], policy_rules_of(f), f->n_rules * sizeof(*r->list));
		r->n += f->n_rules;
	}
}

/* Of both lists, the second may be NULL. */
static wfp_err rules_gather(struct rules *out, const struct list *filters, const struct list *more)
{
	size_t n = rules_count(filters) + (more ? rules_count(more) : 0);

	out->n = 0;
	out->list = mem_zalloc_array(n ? n : 1, sizeof(*out->list));
	if (!out->list)
		return ERR_NO_MEMORY;
	rules_append(out, filters);
	if (more)
		rules_append(out, more);
	return ERR_OK;
}

static wfp_err rules_of_added(const struct policy_set *set, const struct key_plan *plan)
{
	wfp_err err = ERR_OK;
	const struct list *l;

	LIST_FOR_EACH (l, &set->added) {
		struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		if (!err)
			err = policy_rules_make(&f->rules, &f->n_rules, f, plan);
	}
	return err;
}

/* What stays has rules already, unless the set had no index or the plan is another. */
static wfp_err rules_of_old(const struct policy_set *set, const struct key_plan *plan,
			    bool new_plan, struct policy_change *change)
{
	wfp_err err = ERR_OK;
	const struct list *l;

	LIST_FOR_EACH (l, &set->filters) {
		struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		if (!err && (new_plan || f->n_rules == 0))
			err = policy_change_rules(change, f, plan);
	}
	return err;
}

static wfp_err index_anew(struct engine_sublayer *s, const struct engine_sublayer *old,
			  const struct build *b)
{
	const struct key_plan *plan = &b->next->plan->key;
	struct rules rules;
	wfp_err err = rules_of_old(s->set, plan, b->new_plan, b->change);

	if (!err)
		err = policy_change_drop_index(b->change, old->index);
	if (!err)
		err = rules_gather(&rules, &s->set->filters, &s->set->added);
	if (err)
		return err;
	err = index_build(&s->index, &b->change->edit, rules.list, rules.n, plan->words);
	mem_free(rules.list);
	return err;
}

static wfp_err index_changed(struct engine_sublayer *s, const struct engine_sublayer *old,
			     const struct build *b)
{
	struct rules add, remove;
	wfp_err err = rules_gather(&add, &s->set->added, NULL);

	if (err)
		return err;
	err = rules_gather(&remove, &s->set->removed, NULL);
	if (!err) {
		err = index_change(&s->index, &b->change->edit, old->index, add.list, add.n,
				   remove.list, remove.n);
		mem_free(remove.list);
	}
	mem_free(add.list);
	return err;
}

static wfp_err index_next(struct engine_sublayer *s, const struct engine_sublayer *old,
			  const struct build *b)
{
	wfp_err err = rules_of_added(s->set, &b->next->plan->key);

	if (err)
		return err;
	s->few = NULL;
	if (!old->index || b->new_plan || worth_building(set_changes(s->set), s->n_filters))
		return index_anew(s, old, b);
	return index_changed(s, old, b);
}

/* ---- a sublayer -------------------------------------------------------------------------------
 */

static wfp_err sublayer_next(struct engine_sublayer *s, const struct build *b)
{
	const struct engine_sublayer old = *s;

	if (!s->set->touched && !(b->new_plan && s->index))
		return ERR_OK;
	policy_change_drop(b->change, old.few);
	return s->n_filters <= ENGINE_FEW_MAX && !policy_set_maintained(s->set)
		       ? few_next(s, &old, b->change)
		       : index_next(s, &old, b);
}

/* As it is to be, with what it has now. */
static void sublayer_take(struct engine_layer *next, const struct engine_sublayer *old,
			  struct policy_set *set)
{
	struct engine_sublayer *s = &next->sublayers[next->n_sublayers++];

	*s = old ? *old : (struct engine_sublayer){.key = set->sublayer->key, .set = set};
	s->weight = set->sublayer->next_weight;
	s->n_filters = policy_set_next(set);
	next->n_filters += s->n_filters;
}

/* Nothing is left of it. */
static wfp_err sublayer_drop(const struct engine_sublayer *s, struct policy_change *change)
{
	policy_change_drop(change, s->few);
	return policy_change_drop_index(change, s->index);
}

static bool sublayer_before(const struct engine_sublayer *x, const struct engine_sublayer *y)
{
	if (x->weight != y->weight)
		return x->weight > y->weight;
	return memcmp(&x->key, &y->key, sizeof(x->key)) < 0;
}

static int compare_sublayers(const void *x, const void *y)
{
	return sublayer_before(x, y) ? -1 : sublayer_before(y, x);
}

/* Nearly always they are in order: only those whose weight has changed are not, and new ones. */
static void sublayers_sort(struct engine_layer *l)
{
	uint32_t i = 1;

	while (i < l->n_sublayers && sublayer_before(&l->sublayers[i - 1], &l->sublayers[i]))
		i++;
	if (i < l->n_sublayers)
		qsort(l->sublayers, l->n_sublayers, sizeof(l->sublayers[0]), compare_sublayers);
}

/* ---- the plan ------------------------------------------------------------------------------ */

static wfp_err plan_make(struct engine_plan **out, const struct build *b)
{
	struct engine_plan *p = edit_alloc(&b->change->edit, sizeof(*p));

	if (!p)
		return ERR_NO_MEMORY;
	key_plan_make(&p->key, b->next->sublayers[0].set->layer, b->uses, HISTORY_FIELDS);
	*out = p;
	return ERR_OK;
}

/* One that has shrunk while it was maintained keeps its index until it is touched. */
static bool needs_plan(const struct engine_layer *l)
{
	for (uint32_t i = 0; i < l->n_sublayers; i++) {
		const struct engine_sublayer *s = &l->sublayers[i];

		if (s->n_filters > ENGINE_FEW_MAX || (s->index && !s->set->touched))
			return true;
	}
	return false;
}

/* Somebody builds an index of it by the plan that there is. */
static bool is_maintained(const struct engine_layer *l)
{
	for (uint32_t i = 0; i < l->n_sublayers; i++)
		if (policy_set_maintained(l->sublayers[i].set))
			return true;
	return false;
}

static uint32_t layer_changes(const struct policy_set *touched)
{
	uint32_t n = 0;

	for (; touched; touched = touched->next_touched)
		n += set_changes(touched);
	return n;
}

/* The old plan, unless it is time to look at it and another one is better. */
static wfp_err plan_next(struct build *b, struct engine_plan *old)
{
	b->next->plan = old;
	if (is_maintained(b->next))
		return ERR_OK;
	if (!needs_plan(b->next)) {
		b->next->plan = NULL;
		policy_change_drop(b->change, old);
		return ERR_OK;
	}
	if (old && (!worth_building(layer_changes(b->touched), b->next->n_filters) ||
		    !key_plan_stale(&old->key, b->uses, HISTORY_FIELDS)))
		return ERR_OK;
	b->new_plan = true;
	policy_change_drop(b->change, old);
	return plan_make(&b->next->plan, b);
}

/* ---- who looks at what ------------------------------------------------------------------------
 */

static uint32_t count_looking(const struct list *filters, enum engine_look look)
{
	const struct list *l;
	uint32_t count = 0;

	LIST_FOR_EACH (l, filters)
		count += (LIST_ENTRY(l, struct policy_filter, link)->looks & look) != 0;
	return count;
}

/* From what the old version has: filters that stay are not looked at. */
static void count_looks(struct engine_layer *l, const struct engine_layer *old,
			const struct policy_set *touched)
{
	l->n_user = old ? old->n_user : 0;
	l->n_app = old ? old->n_app : 0;
	for (; touched; touched = touched->next_touched) {
		l->n_user += count_looking(&touched->added, ENGINE_LOOKS_AT_USER) -
			     count_looking(&touched->removed, ENGINE_LOOKS_AT_USER);
		l->n_app += count_looking(&touched->added, ENGINE_LOOKS_AT_APP) -
			    count_looking(&touched->removed, ENGINE_LOOKS_AT_APP);
	}
}

/* ---- the layer ---------------------------------------------------------------------------------
 */

bool engine_layer_resorted(const struct engine_layer *l)
{
	for (uint32_t i = 0; i < l->n_sublayers; i++)
		if (l->sublayers[i].weight != l->sublayers[i].set->sublayer->next_weight)
			return true;
	return false;
}

static struct engine_layer *layer_alloc(struct policy_change *change, uint32_t n_sublayers)
{
	struct engine_layer *l = edit_alloc(
		&change->edit, sizeof(*l) + n_sublayers * sizeof(struct engine_sublayer));

	if (l) {
		l->n_sublayers = l->n_filters = 0;
		l->plan = NULL;
	}
	return l;
}

/* The sublayers that will be there, still with what they have. */
static wfp_err take_sublayers(struct build *b, const struct engine_layer *old)
{
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; old && i < old->n_sublayers && !err; i++) {
		const struct engine_sublayer *s = &old->sublayers[i];

		if (policy_set_next(s->set) > 0)
			sublayer_take(b->next, s, s->set);
		else
			err = sublayer_drop(s, b->change);
	}
	for (struct policy_set *set = b->touched; set; set = set->next_touched)
		if (set->n == 0 && policy_set_next(set) > 0)
			sublayer_take(b->next, NULL, set);
	return err;
}

static uint32_t count_sublayers(const struct engine_layer *old, const struct policy_set *touched)
{
	uint32_t n = old ? old->n_sublayers : 0;

	for (; touched; touched = touched->next_touched)
		n += touched->n == 0;
	return n;
}

static wfp_err layer_fill(struct build *b, const struct engine_layer *old)
{
	wfp_err err = take_sublayers(b, old);

	if (!err)
		err = plan_next(b, old ? old->plan : NULL);
	for (uint32_t i = 0; i < b->next->n_sublayers && !err; i++)
		err = sublayer_next(&b->next->sublayers[i], b);
	if (err)
		return err;
	sublayers_sort(b->next);
	count_looks(b->next, old, b->touched);
	return ERR_OK;
}

wfp_err engine_layer_build(struct engine_layer **out, struct engine_layer *old,
			   struct policy_set *touched, const uint32_t *uses,
			   struct policy_change *change)
{
	struct build b = {.change = change, .touched = touched, .uses = uses};
	wfp_err err;

	b.next = layer_alloc(change, count_sublayers(old, touched));
	if (!b.next)
		return ERR_NO_MEMORY;
	err = layer_fill(&b, old);
	if (err)
		return err;
	policy_change_drop(change, old);
	if (b.next->n_sublayers == 0) {
		policy_change_drop(change, b.next);
		b.next = NULL;
	}
	*out = b.next;
	return ERR_OK;
}

void engine_layer_free(struct engine_layer *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->n_sublayers; i++) {
		if (l->sublayers[i].few)
			edit_free_part(l->sublayers[i].few);
		index_free(l->sublayers[i].index);
	}
	if (l->plan)
		edit_free_part(l->plan);
	edit_free_part(l);
}
