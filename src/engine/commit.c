/* SPDX-License-Identifier: MIT */
/*
 * commit - how policy changes: stage, build, ask, make it last, publish, wait, tell.
 *
 * A commit is one turn.  Staging finds every error and allocates everything; callouts may then
 * refuse the filters that name them; after the snapshot is published nothing can fail.  What the
 * old snapshot used is freed, and deletions are told, after a grace period: no classify uses it
 * then.
 */
#include <string.h>

#include "base/mem.h"
#include "engine/registry.h"
#include "engine/snapshot.h"

/* [T] all: the policy as of the last commit, by key and by id. */
struct engine_policy {
	struct htable filters;	 /* struct policy_filter by id */
	struct htable sublayers; /* struct policy_sublayer by key */
};

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
	struct callout_slot **objects; /* slots of added callout objects */
	size_t n_objects;
	size_t n_removed_objects;
	const struct policy_filter **scratch;	/* the added filters of one layer */
	const struct policy_filter **leftovers; /* the removed filters of one layer */
	bool touched[MODEL_LAYERS_MAX];
	bool resort; /* a known sublayer changes its weight */
	struct engine_snapshot *next;
};

/* ---- looking up ---------------------------------------------------------------------------- */

static struct policy_filter *find_filter(const struct engine_policy *p, uint64_t id)
{
	struct hnode *n = htable_first(&p->filters, hash_u64(id));

	for (; n; n = htable_next(n)) {
		struct policy_filter *f = CONTAINER_OF(n, struct policy_filter, node);

		if (f->filter->id == id && !f->removing)
			return f;
	}
	return NULL;
}

static struct policy_sublayer *find_sublayer(const struct engine_policy *p, const struct guid *key)
{
	struct hnode *n = htable_first(&p->sublayers, engine_guid_hash(key));

	for (; n; n = htable_next(n)) {
		struct policy_sublayer *s = CONTAINER_OF(n, struct policy_sublayer, node);

		if (guid_equal(&s->key, key) && !s->removing)
			return s;
	}
	return NULL;
}

/* ---- staging: what it changes, unstage takes back -------------------------------------------- */

static wfp_err stage_removed_filters(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_remove_filters; i++) {
		struct policy_filter *f = find_filter(c->e->policy, c->d->remove_filters[i]);

		if (!f)
			return ERR_FILTER_NOT_FOUND;
		f->removing = true;
		f->sublayer->n_filters--;
		c->removed[c->n_removed++] = f;
		c->touched[f->filter->layer] = true;
	}
	return ERR_OK;
}

static struct policy_sublayer *sublayer_insert(struct engine_policy *p, const struct guid *key,
					       uint16_t weight)
{
	struct policy_sublayer *s = mem_zalloc(sizeof(*s));

	if (s) {
		s->key = *key;
		s->weight = s->next_weight = weight;
		htable_insert(&p->sublayers, &s->node, engine_guid_hash(key));
	}
	return s;
}

static wfp_err stage_added_sublayers(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_add_sublayers; i++) {
		const struct model_sublayer *add = &c->d->add_sublayers[i];
		struct policy_sublayer *s = find_sublayer(c->e->policy, &add->key);

		if (s) {
			c->resort = c->resort || s->next_weight != add->weight;
			s->next_weight = add->weight;
			continue;
		}
		s = sublayer_insert(c->e->policy, &add->key, add->weight);
		if (!s)
			return ERR_NO_MEMORY;
		c->new_sublayers[c->n_new_sublayers++] = s;
	}
	return ERR_OK;
}

static wfp_err filter_node_create(struct commit *c, struct model_filter *f,
				  struct policy_filter **out)
{
	struct policy_sublayer *sublayer = find_sublayer(c->e->policy, &f->sublayer);
	struct policy_filter *node;
	wfp_err err;

	if (!sublayer)
		return ERR_SUBLAYER_NOT_FOUND;
	if (find_filter(c->e->policy, f->id))
		return ERR_ALREADY_EXISTS;
	node = mem_zalloc(sizeof(*node));
	if (!node)
		return ERR_NO_MEMORY;
	if (MODEL_ACTION_IS_CALLOUT(f->action)) {
		err = engine_slot_get(c->e, &f->callout, 0, &node->slot);
		if (err) {
			mem_free(node);
			return err;
		}
	}
	node->filter = model_filter_get(f);
	node->sublayer = sublayer;
	sublayer->n_filters++;
	htable_insert(&c->e->policy->filters, &node->node, hash_u64(f->id));
	*out = node;
	return ERR_OK;
}

static wfp_err stage_added_filters(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_add_filters; i++) {
		struct model_filter *f = c->d->add_filters[i];
		wfp_err err = filter_node_create(c, f, &c->added[c->n_added]);

		if (err)
			return err;
		c->n_added++;
		c->touched[f->layer] = true;
	}
	return ERR_OK;
}

static wfp_err stage_removed_sublayers(struct commit *c)
{
	for (size_t i = 0; i < c->d->n_remove_sublayers; i++) {
		struct policy_sublayer *s = find_sublayer(c->e->policy, &c->d->remove_sublayers[i]);

		if (!s)
			return ERR_SUBLAYER_NOT_FOUND;
		if (s->n_filters > 0)
			return ERR_IN_USE;
		s->removing = true;
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

static void filter_node_free(struct engine *e, struct policy_filter *f)
{
	htable_remove(&e->policy->filters, &f->node);
	if (f->slot)
		engine_slot_put(e, f->slot);
	model_filter_put(f->filter);
	mem_free(f);
}

static void sublayer_free(struct engine *e, struct policy_sublayer *s)
{
	htable_remove(&e->policy->sublayers, &s->node);
	mem_free(s);
}

/* Also the weights of known sublayers: those of the last commit are in ->weight. */
static void unstage_sublayers(struct commit *c)
{
	struct hnode *n = NULL;

	while ((n = htable_walk(&c->e->policy->sublayers, n)) != NULL) {
		struct policy_sublayer *s = CONTAINER_OF(n, struct policy_sublayer, node);

		s->removing = false;
		s->next_weight = s->weight;
	}
	while (c->n_new_sublayers > 0)
		sublayer_free(c->e, c->new_sublayers[--c->n_new_sublayers]);
}

static void unstage(struct commit *c)
{
	while (c->n_removed_objects > 0)
		engine_slot_find(c->e, &c->d->remove_callouts[--c->n_removed_objects])->removing =
			false;
	while (c->n_objects > 0)
		engine_slot_put(c->e, c->objects[--c->n_objects]);
	while (c->n_added > 0) {
		struct policy_filter *f = c->added[--c->n_added];

		f->sublayer->n_filters--;
		filter_node_free(c->e, f);
	}
	unstage_sublayers(c);
	while (c->n_removed > 0) {
		struct policy_filter *f = c->removed[--c->n_removed];

		f->removing = false;
		f->sublayer->n_filters++;
	}
}

/* ---- building ------------------------------------------------------------------------------ */

static struct engine_snapshot *current(const struct engine *e)
{
	return rcu_load(&e->snapshot);
}

/* Those of one layer that a classify sees. */
static uint32_t pick(struct policy_filter *const *filters, size_t n, unsigned layer,
		     const struct policy_filter **out)
{
	uint32_t picked = 0;

	for (size_t i = 0; i < n; i++)
		if (filters[i]->filter->layer == layer &&
		    !(filters[i]->filter->flags & MODEL_FILTER_DISABLED))
			out[picked++] = filters[i];
	return picked;
}

static struct engine_layer_change change_at(const struct commit *c, unsigned layer)
{
	return (struct engine_layer_change){
		.added = c->scratch,
		.n_added = pick(c->added, c->n_added, layer, c->scratch),
		.removed = c->leftovers,
		.n_removed = pick(c->removed, c->n_removed, layer, c->leftovers),
		.resort = c->resort,
	};
}

/* The layers of `next` that are not those of the current snapshot. */
static void free_new_layers(const struct commit *c)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		if (c->next->layers[i] != current(c->e)->layers[i])
			mem_free(c->next->layers[i]);
	mem_free(c->next);
}

static wfp_err build(struct commit *c)
{
	const struct engine_snapshot *old = current(c->e);

	c->next = mem_dup(old, sizeof(*old));
	if (!c->next)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++) {
		struct engine_layer_change change;
		struct engine_layer *layer = NULL;
		wfp_err err;

		c->touched[i] = c->touched[i] || (c->resort && old->layers[i]);
		if (!c->touched[i])
			continue;
		change = change_at(c, i);
		err = engine_layer_build(&layer, old->layers[i], &change);
		if (err) {
			free_new_layers(c);
			return err;
		}
		c->next->layers[i] = layer;
	}
	return ERR_OK;
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

static void settle_sublayers(struct engine *e)
{
	struct engine_policy *p = e->policy;
	struct hnode *n = htable_walk(&p->sublayers, NULL), *next;

	for (; n; n = next) {
		struct policy_sublayer *s = CONTAINER_OF(n, struct policy_sublayer, node);

		next = htable_walk(&p->sublayers, n);
		s->weight = s->next_weight;
		if (s->removing)
			sublayer_free(e, s);
	}
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

static void free_old_layers(const struct commit *c, struct engine_snapshot *old)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		if (old->layers[i] != c->next->layers[i])
			mem_free(old->layers[i]);
	mem_free(old);
}

static void publish(struct commit *c)
{
	struct engine_snapshot *old = current(c->e);

	rcu_publish(&c->e->snapshot, c->next);
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		if (c->touched[i])
			atom64_add(&c->e->generations[i], 1);
	rcu_wait();
	free_old_layers(c, old);
	notify_deleted(c->removed, c->n_removed);
	while (c->n_removed > 0)
		filter_node_free(c->e, c->removed[--c->n_removed]);
	settle_sublayers(c->e);
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
	free_new_layers(c);
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
	c->added = array(c->d->n_add_filters, sizeof(struct policy_filter *));
	c->scratch = array(c->d->n_add_filters, sizeof(struct policy_filter *));
	c->removed = array(c->d->n_remove_filters, sizeof(struct policy_filter *));
	c->leftovers = array(c->d->n_remove_filters, sizeof(struct policy_filter *));
	c->new_sublayers = array(c->d->n_add_sublayers, sizeof(struct policy_sublayer *));
	c->objects = array(c->d->n_add_callouts, sizeof(struct callout_slot *));
	return c->added && c->scratch && c->removed && c->leftovers && c->new_sublayers &&
			       c->objects
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
	mem_free(c.new_sublayers);
	mem_free(c.leftovers);
	mem_free(c.removed);
	mem_free(c.scratch);
	mem_free(c.added);
	return err;
}

uint64_t engine_generation(const struct engine *e, uint16_t layer)
{
	return layer < MODEL_LAYERS_MAX ? atom64_load(&e->generations[layer]) : 0;
}

/* ---- the beginning and the end ------------------------------------------------------------- */

static wfp_err insert_builtin_sublayers(struct engine_policy *p)
{
	const struct model_builtin *b;

	for (unsigned i = 0; (b = model_sublayer_builtin(i)) != NULL; i++)
		if (!sublayer_insert(p, &b->key, b->weight))
			return ERR_NO_MEMORY;
	return ERR_OK;
}

static void policy_free(struct engine *e)
{
	struct hnode *n = htable_walk(&e->policy->filters, NULL), *next;

	for (; n; n = next) {
		next = htable_walk(&e->policy->filters, n);
		filter_node_free(e, CONTAINER_OF(n, struct policy_filter, node));
	}
	for (n = htable_walk(&e->policy->sublayers, NULL); n; n = next) {
		next = htable_walk(&e->policy->sublayers, n);
		sublayer_free(e, CONTAINER_OF(n, struct policy_sublayer, node));
	}
	htable_destroy(&e->policy->sublayers);
	htable_destroy(&e->policy->filters);
	mem_free(e->policy);
}

static wfp_err policy_alloc(struct engine_policy **out)
{
	struct engine_policy *p = mem_zalloc(sizeof(*p));
	wfp_err err;

	if (!p)
		return ERR_NO_MEMORY;
	err = htable_init(&p->filters, 0);
	if (err)
		goto undo_alloc;
	err = htable_init(&p->sublayers, 32);
	if (err)
		goto undo_filters;
	*out = p;
	return ERR_OK;
undo_filters:
	htable_destroy(&p->filters);
undo_alloc:
	mem_free(p);
	return err;
}

wfp_err engine_policy_create(struct engine *e)
{
	struct engine_snapshot *empty = mem_zalloc(sizeof(*empty));
	wfp_err err;

	if (!empty)
		return ERR_NO_MEMORY;
	err = policy_alloc(&e->policy);
	if (err)
		goto undo_snapshot;
	err = insert_builtin_sublayers(e->policy);
	if (err)
		goto undo_policy;
	rcu_publish(&e->snapshot, empty);
	return ERR_OK;
undo_policy:
	policy_free(e);
undo_snapshot:
	mem_free(empty);
	return err;
}

void engine_policy_destroy(struct engine *e)
{
	struct engine_snapshot *s = current(e);

	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		mem_free(s->layers[i]);
	mem_free(s);
	engine_slots_forget_policy(e);
	policy_free(e);
}
