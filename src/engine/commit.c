/* SPDX-License-Identifier: MIT */
/*
 * commit - how policy changes: stage, build, ask, make it last, publish, wait, tell.
 *
 * A commit is one turn.  Staging and building find every error and allocate everything, at the cost
 * of what changes; callouts may then refuse the filters that name them; after the snapshot is
 * published nothing can fail.  What the old snapshot used is freed, and deletions are told, after a
 * grace period: no classify uses it then.  If nobody is told, a few commits share one (retire.c).
 */
#include "base/mem.h"
#include "engine/change.h"
#include "engine/classify.h"
#include "engine/policy.h"
#include "engine/registry.h"
#include "engine/retire.h"

/* One commit that runs; arrays as long as those of the delta. */
struct commit {
	struct engine *e;
	const struct engine_delta *d;
	struct policy_filter **added;
	size_t n_added;
	struct policy_filter **removed;
	size_t n_removed;
	struct policy_sublayer **new_sublayers;
	size_t n_new_sublayers;
	struct policy_sublayer **weighed; /* known ones that get a weight */
	size_t n_weighed;
	struct policy_sublayer **leaving;
	size_t n_leaving;
	struct callout_slot **objects; /* slots of added callout objects */
	size_t n_objects;
	size_t n_removed_objects;
	struct policy_set *sets[MODEL_LAYERS_MAX]; /* that change, chained */
	bool touched[MODEL_LAYERS_MAX];
	bool resort; /* a known sublayer changes its weight */
	struct policy_change *change;
	struct engine_snapshot *next;
	struct history_next *histories[MODEL_LAYERS_MAX]; /* of touched layers */
};

/* ---- staging: what it changes, unstage takes back -------------------------------------------- */

static void touch(struct commit *c, const struct policy_filter *f)
{
	uint16_t layer = f->filter->layer;

	c->touched[layer] = true;
	if (f->set->touched || !policy_filter_seen(f))
		return;
	f->set->touched = true;
	f->set->next_touched = c->sets[layer];
	c->sets[layer] = f->set;
}

static wfp_err stage_removed_filters(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_remove_filters; i++) {
		struct policy_filter *f = policy_filter_find(c->e->policy, c->d->remove_filters[i]);

		if (!f)
			return ERR_FILTER_NOT_FOUND;
		policy_filter_remove(f);
		c->removed[c->n_removed++] = f;
		touch(c, f);
	}
	return ERR_OK;
}

static wfp_err stage_added_sublayers(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_add_sublayers; i++) {
		const struct model_sublayer *add = &c->d->add_sublayers[i];
		struct policy_sublayer *s = policy_sublayer_find(c->e->policy, &add->key);

		if (s) {
			c->weighed[c->n_weighed++] = s;
			c->resort = c->resort || s->next_weight != add->weight;
			s->next_weight = add->weight;
			continue;
		}
		s = policy_sublayer_add(c->e->policy, &add->key, add->weight);
		if (!s)
			return ERR_NO_MEMORY;
		c->new_sublayers[c->n_new_sublayers++] = s;
	}
	return ERR_OK;
}

static wfp_err stage_added_filters(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_add_filters; i++) {
		wfp_err err = policy_filter_add(c->e, c->d->add_filters[i], &c->added[c->n_added]);

		if (err)
			return err;
		touch(c, c->added[c->n_added++]);
	}
	return ERR_OK;
}

static wfp_err stage_removed_sublayers(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_remove_sublayers; i++) {
		struct policy_sublayer *s =
			policy_sublayer_find(c->e->policy, &c->d->remove_sublayers[i]);

		if (!s)
			return ERR_SUBLAYER_NOT_FOUND;
		if (s->n_filters > 0)
			return ERR_IN_USE;
		s->removing = true;
		c->leaving[c->n_leaving++] = s;
	}
	return ERR_OK;
}

static wfp_err stage_callouts(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_remove_callouts; i++) {
		struct callout_slot *s = engine_slot_find(c->e, &c->d->remove_callouts[i]);

		if (!s || !s->in_policy || s->removing)
			return ERR_CALLOUT_NOT_FOUND;
		s->removing = true;
		c->n_removed_objects++;
	}
	for (size_t i = 0; i < c->d->n_add_callouts; i++) {
		const struct model_callout *add = &c->d->add_callouts[i];
		wfp_err err = engine_slot_get(c->e, &add->key, add->id, &c->objects[i]);

		if (err)
			return err;
		c->n_objects++;
	}
	return ERR_OK;
}

static wfp_err stage(struct commit *c)
{
	wfp_err err = stage_removed_filters(c);

	if (!err)
		err = stage_added_sublayers(c);
	if (!err)
		err = stage_added_filters(c);
	if (!err)
		err = stage_removed_sublayers(c);
	return err ? err : stage_callouts(c);
}

/* The weights of the last commit are in ->weight. */
static void unstage_sublayers(struct commit *c)
{
	while (c->n_leaving > 0)
		c->leaving[--c->n_leaving]->removing = false;
	while (c->n_weighed > 0) {
		struct policy_sublayer *s = c->weighed[--c->n_weighed];

		s->next_weight = s->weight;
	}
	while (c->n_new_sublayers > 0)
		policy_sublayer_free(c->e->policy, c->new_sublayers[--c->n_new_sublayers]);
}

static void unstage_sets(struct commit *c)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		for (; c->sets[i]; c->sets[i] = c->sets[i]->next_touched)
			c->sets[i]->touched = false;
}

static void unstage_histories(struct commit *c)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		history_undo(c->histories[i]);
}

static void unstage(struct commit *c)
{
	unstage_histories(c);
	while (c->n_removed_objects > 0)
		engine_slot_find(c->e, &c->d->remove_callouts[--c->n_removed_objects])->removing =
			false;
	while (c->n_objects > 0)
		engine_slot_put(c->e, c->objects[--c->n_objects]);
	unstage_sets(c);
	while (c->n_added > 0)
		policy_filter_unadd(c->e, c->added[--c->n_added]);
	unstage_sublayers(c);
	while (c->n_removed > 0)
		policy_filter_unremove(c->removed[--c->n_removed]);
}

/* ---- building ------------------------------------------------------------------------------ */

static struct engine_snapshot *current(const struct engine *e)
{
	return rcu_load(&e->snapshot);
}

static uint32_t count_changes(const struct policy_set *sets)
{
	uint32_t n = 0;

	for (; sets; sets = sets->next_touched)
		n += sets->n_added + sets->n_removed;
	return n;
}

static void tell_history(struct history_next *next, const struct policy_set *set)
{
	struct list *l;

	LIST_FOR_EACH (l, &set->added)
		history_add(next, LIST_ENTRY(l, struct policy_filter, link)->filter);
	LIST_FOR_EACH (l, &set->removed)
		history_remove(next, LIST_ENTRY(l, struct policy_filter, link)->filter);
}

/*
 * Without a cache nobody has older verdicts, and nothing is remembered for them; one that is made
 * meanwhile finds its first verdicts to be older than anything remembered.
 */
static wfp_err build_history(struct commit *c, unsigned i, bool resorted)
{
	const uint64_t version = atom64_load(&c->e->generations[i]) + 1;
	wfp_err err = history_begin(&c->histories[i], &c->e->policy->histories[i], version,
				    count_changes(c->sets[i]), resorted || !flow_caches_any(c->e));

	if (err)
		return err;
	for (const struct policy_set *s = c->sets[i]; s; s = s->next_touched)
		tell_history(c->histories[i], s);
	return ERR_OK;
}

static wfp_err build_layer(struct commit *c, unsigned i, struct engine_layer *old)
{
	const bool resorted = c->resort && old && engine_layer_resorted(old);
	struct engine_layer **next = &c->next->layers[i];
	wfp_err err;

	if (!c->touched[i] && !resorted)
		return ERR_OK;
	c->touched[i] = true;
	err = build_history(c, i, resorted);
	if (!err)
		err = engine_layer_build(next, old, c->sets[i], c->histories[i]->uses, c->change);
	if (!err && *next)
		(*next)->view = history_view(c->histories[i]);
	return err;
}

static wfp_err build(struct commit *c)
{
	struct engine_snapshot *old = current(c->e);
	wfp_err err = policy_change_begin(&c->change, ++c->e->policy->changes);

	if (err)
		return err;
	c->next = edit_own(&c->change->edit, old);
	err = c->next ? ERR_OK : ERR_NO_MEMORY;
	for (unsigned i = 0; i < MODEL_LAYERS_MAX && !err; i++)
		err = build_layer(c, i, old->layers[i]);
	if (err)
		policy_change_undo(c->change);
	return err;
}

/* ---- notifications: in a turn, no lock held ----------------------------------------------------
 */

static wfp_err notify(enum engine_notify what, const struct policy_filter *f)
{
	struct engine_callout *callout = f->slot ? rcu_load(&f->slot->callable) : NULL;

	if (!callout || !callout->ops->notify || f->filter->flags & MODEL_FILTER_DISABLED)
		return ERR_OK;
	lock_assert_none_held();
	return callout->ops->notify(callout->ctx, what, f->filter);
}

/* A deletion cannot be refused. */
static void notify_deleted(struct policy_filter *const *filters, size_t n)
{
	while (n > 0)
		(void)notify(ENGINE_NOTIFY_DELETE_FILTER, filters[--n]);
}

static wfp_err notify_added(const struct commit *c)
{
	for (size_t i = 0; i < c->n_added; i++)
		if (notify(ENGINE_NOTIFY_ADD_FILTER, c->added[i]) != ERR_OK) {
			notify_deleted(c->added, i);
			return ERR_CALLOUT_NOTIFICATION_FAILED;
		}
	return ERR_OK;
}

/* ---- after this nothing fails ------------------------------------------------------------------
 */

static void settle_sublayers(const struct commit *c)
{
	for (size_t i = 0; i < c->n_weighed; i++)
		c->weighed[i]->weight = c->weighed[i]->next_weight;
	for (size_t i = 0; i < c->n_leaving; i++)
		policy_sublayer_free(c->e->policy, c->leaving[i]);
}

static void settle_callouts(const struct commit *c)
{
	for (size_t i = 0; i < c->d->n_remove_callouts; i++) {
		struct callout_slot *s = engine_slot_find(c->e, &c->d->remove_callouts[i]);

		s->in_policy = false;
		s->removing = false;
		engine_slot_put(c->e, s);
	}
	for (size_t i = 0; i < c->n_objects; i++) {
		if (c->objects[i]->in_policy)
			engine_slot_put(c->e, c->objects[i]);
		c->objects[i]->in_policy = true;
	}
}

static void settle_histories(const struct commit *c)
{
	struct engine_policy *p = c->e->policy;

	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		if (c->histories[i])
			history_settle(&p->histories[i], c->histories[i], &p->forgotten);
}

/* The sets go on from what has been published. */
static void settle_sets(struct commit *c)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++) {
		for (struct policy_set *s = c->sets[i]; s; s = s->next_touched)
			policy_set_settle(s);
	}
	for (size_t i = 0; i < c->n_removed; i++)
		policy_filter_settle(c->e->policy, c->removed[i], c->change);
}

/* Whoever is told of a deletion may free at once what a classify has used. */
static bool must_wait(const struct commit *c)
{
	for (size_t i = 0; i < c->n_removed; i++)
		if (c->removed[i]->slot)
			return true;
	return c->d->n_remove_callouts > 0 || engine_retired_full(c->e);
}

static void release_slots(const struct commit *c)
{
	for (size_t i = 0; i < c->n_removed; i++) {
		if (c->removed[i]->slot)
			engine_slot_put(c->e, c->removed[i]->slot);
		c->removed[i]->slot = NULL;
	}
}

static void publish(struct commit *c)
{
	policy_change_keep(c->change);
	rcu_publish(&c->e->snapshot, c->next);
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		if (c->touched[i])
			atom64_add(&c->e->generations[i], 1);
	settle_histories(c);
	settle_sets(c);
	engine_retire(c->e, c->change);
	if (must_wait(c)) {
		rcu_wait();
		notify_deleted(c->removed, c->n_removed);
		release_slots(c);
		engine_retired_free(c->e);
	}
	settle_sublayers(c);
	settle_callouts(c);
}

/* The last thing that can fail. */
static wfp_err make_durable(const struct commit *c)
{
	wfp_err err;

	if (!c->d->durable)
		return ERR_OK;
	lock_assert_none_held();
	err = c->d->durable(c->d->durable_ctx);
	if (err)
		notify_deleted(c->added, c->n_added);
	return err;
}

static wfp_err commit_in_turn(struct commit *c)
{
	wfp_err err = stage(c);

	if (err)
		goto undo_stage;
	err = build(c);
	if (err)
		goto undo_stage;
	err = notify_added(c);
	if (err)
		goto undo_build;
	err = make_durable(c);
	if (err)
		goto undo_build;
	publish(c);
	return ERR_OK;
undo_build:
	policy_change_undo(c->change);
undo_stage:
	unstage(c);
	return err;
}

static void *array(size_t n, size_t size)
{
	return mem_zalloc_array(n ? n : 1, size);
}

static wfp_err commit_arrays(struct commit *c)
{
	const struct engine_delta *d = c->d;

	c->added = array(d->n_add_filters, sizeof(struct policy_filter *));
	c->removed = array(d->n_remove_filters, sizeof(struct policy_filter *));
	c->new_sublayers = array(d->n_add_sublayers, sizeof(struct policy_sublayer *));
	c->weighed = array(d->n_add_sublayers, sizeof(struct policy_sublayer *));
	c->leaving = array(d->n_remove_sublayers, sizeof(struct policy_sublayer *));
	c->objects = array(d->n_add_callouts, sizeof(struct callout_slot *));
	return c->added && c->removed && c->new_sublayers && c->weighed && c->leaving && c->objects
		       ? ERR_OK
		       : ERR_NO_MEMORY;
}

wfp_err engine_commit(struct engine *e, const struct engine_delta *delta)
{
	struct commit c = {.e = e, .d = delta};
	wfp_err err = engine_turn_begin(e);

	if (err)
		return err;
	err = commit_arrays(&c);
	if (!err)
		err = commit_in_turn(&c);
	engine_turn_end(e);
	mem_free(c.objects);
	mem_free(c.leaving);
	mem_free(c.weighed);
	mem_free(c.new_sublayers);
	mem_free(c.removed);
	mem_free(c.added);
	return err;
}

uint64_t engine_generation(const struct engine *e, uint16_t layer)
{
	return layer < MODEL_LAYERS_MAX ? atom64_load(&e->generations[layer]) : 0;
}

/* ---- the beginning and the end ------------------------------------------------------------- */

static wfp_err publish_empty(struct engine *e)
{
	struct engine_snapshot *empty;
	struct edit edit;

	edit_begin(&edit, ++e->policy->changes);
	empty = edit_alloc(&edit, sizeof(*empty));
	if (!empty)
		return ERR_NO_MEMORY;
	edit_keep(&edit);
	rcu_publish(&e->snapshot, empty);
	return ERR_OK;
}

wfp_err engine_policy_create(struct engine *e)
{
	wfp_err err = policy_tables_create(e);

	if (err)
		return err;
	err = publish_empty(e);
	if (err)
		policy_tables_destroy(e);
	return err;
}

void engine_policy_destroy(struct engine *e)
{
	struct engine_snapshot *s = current(e);

	rcu_wait();
	engine_retired_free(e);
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		engine_layer_free(s->layers[i]);
	edit_free_part(s);
	engine_slots_forget_policy(e);
	policy_tables_destroy(e);
}
