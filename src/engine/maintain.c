/* SPDX-License-Identifier: MIT */
/*
 * maintain - builds indexes anew beside the turns, when many small commits have made them slow.
 *
 * One turn notes what there is, the building has none, and another turn brings in what has changed
 * meanwhile and publishes.  While a set is maintained, what a commit removes from it is kept for
 * us, and no commit takes the rules of what stays away: its index stays one, by the same plan.
 * Thread: any outside of callouts, one at a time.
 */
#include "engine/engine.h"

#include <string.h>

#include "base/mem.h"
#include "base/thread.h"
#include "engine/change.h"
#include "engine/policy.h"
#include "engine/retire.h"

/* What the new index has for a filter: rules that it has already, or by another plan its own. */
struct made {
	struct policy_filter *filter;
	union policy_rules rules;
	uint8_t n_rules;
};

struct job_set {
	struct policy_set *set;
	struct made *made;
	uint32_t n;
	struct list gone; /* removed meanwhile */
	struct index *index;
};

struct job {
	struct engine *e;
	uint16_t layer;
	struct key_plan key;
	bool new_plan;
	struct engine_plan *plan; /* the new one */
	struct policy_change *change;
	bool published;
	uint32_t n_sets;
	struct job_set *sets;
};

/* ---- the first turn ------------------------------------------------------------------------ */

static const struct engine_layer *layer_now(const struct engine *e, unsigned layer)
{
	const struct engine_snapshot *s = rcu_load(&e->snapshot);

	return s->layers[layer];
}

/* How many filters of a layer have a condition on each field. */
static const uint32_t *uses_now(const struct engine *e, unsigned layer)
{
	return e->policy->histories[layer].uses;
}

static bool plan_stale(const struct engine *e, unsigned layer)
{
	const struct engine_layer *l = layer_now(e, layer);

	return l->plan && key_plan_stale(&l->plan->key, uses_now(e, layer), HISTORY_FIELDS);
}

/* The indexes of the layer that are to be built: all of them if the plan is stale. */
static uint32_t count_wanted(const struct engine_layer *l, bool all)
{
	uint32_t n = 0;

	for (uint32_t i = 0; l && i < l->n_sublayers; i++)
		n += l->sublayers[i].index && (all || index_decayed(l->sublayers[i].index));
	return n;
}

/* False: nothing is to be done. */
static bool choose_layer(struct job *j)
{
	for (uint16_t i = 0; i < MODEL_LAYERS_MAX; i++) {
		const struct engine_layer *l = layer_now(j->e, i);

		j->layer = i;
		j->new_plan = l && plan_stale(j->e, i);
		if (l && count_wanted(l, j->new_plan) > 0)
			return true;
	}
	return false;
}

static wfp_err note_set(struct job *j, struct policy_set *set)
{
	struct job_set *s = &j->sets[j->n_sets];
	const struct list *l;

	s->made = mem_zalloc_array(set->n ? set->n : 1, sizeof(*s->made));
	if (!s->made)
		return ERR_NO_MEMORY;
	LIST_FOR_EACH (l, &set->filters) {
		struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		s->made[s->n++] = (struct made){f, f->rules, j->new_plan ? 0 : f->n_rules};
		f->noted = true;
	}
	s->set = set;
	list_init(&s->gone);
	policy_set_keep(set, &s->gone);
	j->n_sets++;
	return ERR_OK;
}

static wfp_err note_plan(struct job *j, const struct engine_plan *old)
{
	j->key = old->key;
	if (!j->new_plan)
		return ERR_OK;
	j->plan = edit_alloc(&j->change->edit, sizeof(*j->plan));
	if (!j->plan)
		return ERR_NO_MEMORY;
	key_plan_make(&j->key, j->layer, uses_now(j->e, j->layer), HISTORY_FIELDS);
	j->plan->key = j->key;
	return ERR_OK;
}

static wfp_err note_layer(struct job *j)
{
	const struct engine_layer *l = layer_now(j->e, j->layer);
	wfp_err err = policy_change_begin(&j->change, ++j->e->policy->changes);

	if (err)
		return err;
	j->sets = mem_zalloc_array(count_wanted(l, j->new_plan), sizeof(*j->sets));
	err = j->sets ? note_plan(j, l->plan) : ERR_NO_MEMORY;
	for (uint32_t i = 0; i < l->n_sublayers && !err; i++) {
		const struct index *ix = l->sublayers[i].index;

		if (ix && (j->new_plan || index_decayed(ix)))
			err = note_set(j, l->sublayers[i].set);
	}
	return err;
}

/* ---- outside of any turn ----------------------------------------------------------------------
 */

static wfp_err make_rules(struct job *j, struct job_set *s)
{
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < s->n; i++) {
		struct made *m = &s->made[i];

		if (!err)
			err = policy_rules_make(&m->rules, &m->n_rules, m->filter, &j->key);
	}
	return err;
}

static size_t append_rules(const struct index_rule **list, const union policy_rules *r, uint8_t n)
{
	if (n == 1)
		list[0] = r->one;
	else
		memcpy(list, r->many, n * sizeof(*list));
	return n;
}

static wfp_err build_set(struct job *j, struct job_set *s)
{
	const struct index_rule **list;
	wfp_err err = j->new_plan ? make_rules(j, s) : ERR_OK;
	size_t n = 0;

	if (err)
		return err;
	for (uint32_t i = 0; i < s->n; i++)
		n += s->made[i].n_rules;
	list = mem_zalloc_array(n ? n : 1, sizeof(*list));
	if (!list)
		return ERR_NO_MEMORY;
	n = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		sched_point("a filter is indexed");
		n += append_rules(&list[n], &s->made[i].rules, s->made[i].n_rules);
	}
	err = index_build(&s->index, &j->change->edit, list, n, j->key.words);
	mem_free(list);
	return err;
}

/* ---- the second turn ----------------------------------------------------------------------- */

/* Each filter gets the rules that were made for it. */
static wfp_err swap_rules(struct job *j, struct job_set *s)
{
	wfp_err err = policy_change_reserve(j->change, s->n);

	for (uint32_t i = 0; i < s->n && !err; i++) {
		struct made *m = &s->made[i];

		policy_change_swap(j->change, m->filter, m->rules, m->n_rules);
		m->n_rules = 0;
	}
	return err;
}

static wfp_err add_new(struct job *j, struct job_set *s, struct policy_filter *f)
{
	wfp_err err = j->new_plan ? policy_change_rules(j->change, f, &j->key) : ERR_OK;

	return err ? err
		   : index_change(&s->index, &j->change->edit, s->index, policy_rules_of(f),
				  f->n_rules, NULL, 0);
}

/* New filters are at the end of the list, unless a commit that was undone has put some back. */
static wfp_err catch_up(struct job *j, struct job_set *s)
{
	const struct policy_set *set = s->set;
	wfp_err err = j->new_plan ? swap_rules(j, s) : ERR_OK;
	const struct list *l;

	LIST_FOR_EACH (l, &s->gone) {
		const struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		if (!err && f->noted)
			err = index_change(&s->index, &j->change->edit, s->index, NULL, 0,
					   policy_rules_of(f), f->n_rules);
	}
	for (l = set->filters.prev; l != &set->filters && !err; l = l->prev) {
		struct policy_filter *f = LIST_ENTRY(l, struct policy_filter, link);

		if (!f->noted)
			err = add_new(j, s, f);
		else if (!set->put_back)
			break;
	}
	return err;
}

static struct engine_sublayer *sublayer_of(struct engine_layer *l, const struct policy_set *set)
{
	for (uint32_t i = 0; i < l->n_sublayers; i++)
		if (l->sublayers[i].set == set)
			return &l->sublayers[i];
	return NULL;
}

/* Nothing is left of what was built for a set that had no filter for a time. */
static wfp_err replace_index(struct job *j, struct engine_layer *next, struct job_set *s)
{
	struct engine_sublayer *sublayer = sublayer_of(next, s->set);
	wfp_err err;

	if (!sublayer || s->set->emptied)
		return policy_change_drop_index(j->change, s->index);
	err = catch_up(j, s);
	if (!err)
		err = policy_change_drop_index(j->change, sublayer->index);
	sublayer->index = s->index;
	return err;
}

static void replace_plan(struct job *j, struct engine_layer *next)
{
	policy_change_drop(j->change, next->plan);
	next->plan = j->plan;
}

static wfp_err next_layer(struct job *j, struct engine_layer **out)
{
	struct engine_layer *l = edit_own(&j->change->edit, *out);
	wfp_err err = l ? ERR_OK : ERR_NO_MEMORY;

	for (uint32_t i = 0; i < j->n_sets && !err; i++)
		err = replace_index(j, l, &j->sets[i]);
	if (!err && j->new_plan)
		replace_plan(j, l);
	*out = l;
	return err;
}

/*
 * Is something left of what was noted?  Then the layer still has its plan.  Another one is of no
 * use if a sublayer has come to have an index meanwhile, which is by the old one: next time.
 */
static bool worth_publishing(const struct job *j)
{
	const struct engine_layer *l = layer_now(j->e, j->layer);
	bool left = false;

	for (uint32_t i = 0; l && i < l->n_sublayers; i++) {
		const struct engine_sublayer *s = &l->sublayers[i];

		left = left || policy_set_maintained(s->set);
		if (j->new_plan && s->index && !policy_set_maintained(s->set))
			return false;
	}
	return left;
}

/* The policy is the same, so no generation grows. */
static wfp_err publish(struct job *j)
{
	struct engine_snapshot *s;
	wfp_err err;

	if (!worth_publishing(j))
		return ERR_OK;
	s = edit_own(&j->change->edit, rcu_load(&j->e->snapshot));
	err = s ? next_layer(j, &s->layers[j->layer]) : ERR_NO_MEMORY;
	if (err)
		return err;
	policy_change_keep(j->change);
	rcu_publish(&j->e->snapshot, s);
	j->published = true;
	return ERR_OK;
}

/* What was removed meanwhile, and what this has replaced or not, goes the way of all changes. */
static void let_go(struct job *j)
{
	for (uint32_t i = 0; i < j->n_sets; i++)
		policy_set_release(j->e->policy, j->sets[i].set, j->change);
	engine_retire(j->e, j->change);
	if (engine_retired_full(j->e)) {
		rcu_wait();
		engine_retired_free(j->e);
	}
}

static void job_free(struct job *j)
{
	for (uint32_t i = 0; i < j->n_sets; i++) {
		struct job_set *s = &j->sets[i];

		for (uint32_t k = 0; j->new_plan && k < s->n; k++)
			policy_rules_free(&s->made[k].rules, s->made[k].n_rules);
		mem_free(s->made);
	}
	mem_free(j->sets);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static wfp_err build_and_publish(struct job *j)
{
	wfp_err err = ERR_OK;

	engine_turn_end(j->e);
	for (uint32_t i = 0; i < j->n_sets && !err; i++)
		err = build_set(j, &j->sets[i]);
	BUG_ON(engine_turn_begin(j->e)); /* we had one */
	return err ? err : publish(j);
}

static wfp_err maintain_in_turn(struct job *j)
{
	wfp_err err;

	if (!choose_layer(j))
		return ERR_OK;
	err = note_layer(j);
	if (!err)
		err = build_and_publish(j);
	if (!j->change)
		return err;
	if (!j->published)
		policy_change_revert(j->change);
	let_go(j);
	job_free(j);
	return err;
}

wfp_err engine_maintain(struct engine *e)
{
	struct job j = {.e = e};
	wfp_err err = engine_turn_begin(e);

	if (err)
		return err;
	if (!e->policy->maintaining) {
		e->policy->maintaining = true;
		err = maintain_in_turn(&j);
		e->policy->maintaining = false;
	}
	engine_turn_end(e);
	return err;
}
