/* SPDX-License-Identifier: MIT */
/*
 * policy - the tables of filters, sublayers and sets.
 *
 * A set is there while a filter points to it.  Sets are found by sublayer and layer when a filter
 * is added and through the filter afterwards.  Thread: the turn.
 */
#include "engine/policy.h"

#include "base/mem.h"
#include "base/rng.h"
#include "engine/change.h"
#include "engine/registry.h"
#include "engine/slab.h"

/* ---- sublayers ------------------------------------------------------------------------------ */

struct policy_sublayer *policy_sublayer_find(const struct engine_policy *p, const struct guid *key)
{
	struct hnode *n = htable_first(&p->sublayers, engine_guid_hash(p->seed, key));

	for (; n; n = htable_next(n)) {
		struct policy_sublayer *s = CONTAINER_OF(n, struct policy_sublayer, node);

		if (guid_equal(&s->key, key) && !s->removing)
			return s;
	}
	return NULL;
}

struct policy_sublayer *policy_sublayer_add(struct engine_policy *p, const struct guid *key,
					    uint16_t weight)
{
	struct policy_sublayer *s = mem_zalloc(sizeof(*s));

	if (s) {
		s->key = *key;
		s->weight = s->next_weight = weight;
		htable_insert(&p->sublayers, &s->node, engine_guid_hash(p->seed, key));
	}
	return s;
}

void policy_sublayer_free(struct engine_policy *p, struct policy_sublayer *s)
{
	htable_remove(&p->sublayers, &s->node);
	mem_free(s);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static uint64_t set_hash(const struct policy_sublayer *s, uint16_t layer)
{
	return hash_u64(s->node.hash + layer);
}

static struct policy_set *set_find(const struct engine_policy *p, const struct policy_sublayer *of,
				   uint16_t layer)
{
	struct hnode *n = htable_first(&p->sets, set_hash(of, layer));

	for (; n; n = htable_next(n)) {
		struct policy_set *s = CONTAINER_OF(n, struct policy_set, node);

		if (s->sublayer == of && s->layer == layer)
			return s;
	}
	return NULL;
}

/* Found or made; NULL: no memory.  Whoever gets it becomes a member, or puts it back. */
static struct policy_set *set_get(struct engine_policy *p, struct policy_sublayer *of,
				  uint16_t layer)
{
	struct policy_set *s = set_find(p, of, layer);

	if (!s) {
		s = mem_zalloc(sizeof(*s));
		if (!s)
			return NULL;
		s->sublayer = of;
		s->layer = layer;
		list_init(&s->filters);
		list_init(&s->added);
		list_init(&s->removed);
		htable_insert(&p->sets, &s->node, set_hash(of, layer));
	}
	s->members++;
	return s;
}

static void set_put(struct engine_policy *p, struct policy_set *s)
{
	if (--s->members > 0)
		return;
	htable_remove(&p->sets, &s->node);
	mem_free(s);
}

void policy_set_settle(struct policy_set *s)
{
	s->n = policy_set_next(s);
	s->n_added = s->n_removed = 0;
	s->touched = false;
	s->emptied = s->emptied || s->n == 0;
	list_splice_tail(&s->filters, &s->added);
}

void policy_set_keep(struct policy_set *s, struct list *gone)
{
	s->members++;
	s->keep = gone;
	s->put_back = s->emptied = false;
}

void policy_set_release(struct engine_policy *p, struct policy_set *s, struct policy_change *c)
{
	c->n_filters += list_count(s->keep);
	list_splice_tail(&c->filters, s->keep);
	s->keep = NULL;
	set_put(p, s);
}

/* ---- filters ------------------------------------------------------------------------------- */

struct policy_filter *policy_filter_find(const struct engine_policy *p, uint64_t id)
{
	struct hnode *n = htable_first(&p->filters, hash_u64(id));

	for (; n; n = htable_next(n)) {
		struct policy_filter *f = CONTAINER_OF(n, struct policy_filter, node);

		if (f->filter->id == id && !f->removing)
			return f;
	}
	return NULL;
}

/* Nobody knows what a callout looks at. */
static uint8_t looks_of(const struct engine_policy *p, const struct model_filter *f)
{
	uint8_t looks = 0;

	if (MODEL_ACTION_IS_CALLOUT(f->action))
		return ENGINE_LOOKS_AT_USER | ENGINE_LOOKS_AT_APP;
	for (uint32_t i = 0; i < f->n_conditions; i++) {
		if (guid_equal(&f->conditions[i].field_key, p->user_key))
			looks |= ENGINE_LOOKS_AT_USER;
		if (guid_equal(&f->conditions[i].field_key, p->app_key))
			looks |= ENGINE_LOOKS_AT_APP;
	}
	return looks;
}

static enum rule_word word_of(const struct model_filter *f)
{
	if (MODEL_ACTION_IS_CALLOUT(f->action))
		return RULE_ASK;
	if (f->action == MODEL_ACTION_CONTINUE)
		return RULE_CONTINUE;
	if (f->action == MODEL_ACTION_BLOCK)
		return RULE_BLOCK;
	return f->flags & MODEL_FILTER_CLEAR_ACTION_RIGHT ? RULE_HARD_PERMIT : RULE_PERMIT;
}

static wfp_err filter_alloc(struct engine *e, struct model_filter *f, struct policy_filter **out)
{
	struct policy_filter *node = slab_zalloc(_Alignof(struct policy_filter), sizeof(*node));
	wfp_err err = ERR_OK;

	if (!node)
		return ERR_NO_MEMORY;
	if (MODEL_ACTION_IS_CALLOUT(f->action))
		err = engine_slot_get(e, &f->callout, 0, &node->slot);
	if (err) {
		slab_free(node, _Alignof(struct policy_filter), sizeof(*node));
		return err;
	}
	list_init(&node->link);
	node->filter = model_filter_get(f);
	node->word = (uint8_t)word_of(f);
	*out = node;
	return ERR_OK;
}

static void filter_release(struct engine *e, struct policy_filter *f)
{
	if (f->slot)
		engine_slot_put(e, f->slot);
	policy_filter_free(f);
}

wfp_err policy_filter_add(struct engine *e, struct model_filter *f, struct policy_filter **out)
{
	struct policy_sublayer *sublayer = policy_sublayer_find(e->policy, &f->sublayer);
	struct policy_filter *node;
	wfp_err err;

	if (!sublayer)
		return ERR_SUBLAYER_NOT_FOUND;
	if (policy_filter_find(e->policy, f->id))
		return ERR_ALREADY_EXISTS;
	err = filter_alloc(e, f, &node);
	if (err)
		return err;
	node->looks = looks_of(e->policy, f);
	node->set = set_get(e->policy, sublayer, f->layer);
	if (!node->set) {
		filter_release(e, node);
		return ERR_NO_MEMORY;
	}
	sublayer->n_filters++;
	if (policy_filter_seen(node)) {
		list_add_tail(&node->set->added, &node->link);
		node->set->n_added++;
	}
	htable_insert(&e->policy->filters, &node->node, hash_u64(f->id));
	*out = node;
	return ERR_OK;
}

void policy_filter_unadd(struct engine *e, struct policy_filter *f)
{
	htable_remove(&e->policy->filters, &f->node);
	f->set->sublayer->n_filters--;
	if (policy_filter_seen(f)) {
		list_del(&f->link);
		f->set->n_added--;
	}
	set_put(e->policy, f->set);
	filter_release(e, f);
}

void policy_filter_remove(struct policy_filter *f)
{
	f->removing = true;
	f->set->sublayer->n_filters--;
	if (policy_filter_seen(f)) {
		list_del(&f->link);
		list_add_tail(&f->set->removed, &f->link);
		f->set->n_removed++;
	}
}

/* To the front, among the old ones, as most are. */
void policy_filter_unremove(struct policy_filter *f)
{
	f->removing = false;
	f->set->sublayer->n_filters++;
	if (policy_filter_seen(f)) {
		list_del(&f->link);
		list_add_head(&f->set->filters, &f->link);
		f->set->n_removed--;
		f->set->put_back = true;
	}
}

void policy_filter_settle(struct engine_policy *p, struct policy_filter *f,
			  struct policy_change *change)
{
	struct policy_set *set = f->set;

	htable_remove(&p->filters, &f->node);
	list_del(&f->link);
	if (set->keep && policy_filter_seen(f)) {
		list_add_tail(set->keep, &f->link);
	} else {
		list_add_tail(&change->filters, &f->link);
		change->n_filters++;
	}
	f->set = NULL;
	set_put(p, set);
}

void policy_filter_free(struct policy_filter *f)
{
	policy_rules_free(&f->rules, f->n_rules);
	model_filter_put(f->filter);
	slab_free(f, _Alignof(struct policy_filter), sizeof(*f));
}

/* ---- the beginning and the end ------------------------------------------------------------- */

static wfp_err insert_builtin_sublayers(struct engine_policy *p)
{
	const struct model_builtin *b;

	for (unsigned i = 0; (b = model_sublayer_builtin(i)) != NULL; i++)
		if (!policy_sublayer_add(p, &b->key, b->weight))
			return ERR_NO_MEMORY;
	return ERR_OK;
}

static void filters_free(struct engine *e)
{
	struct hnode *n = htable_walk(&e->policy->filters, NULL), *next;

	for (; n; n = next) {
		struct policy_filter *f = CONTAINER_OF(n, struct policy_filter, node);

		next = htable_walk(&e->policy->filters, n);
		set_put(e->policy, f->set);
		filter_release(e, f);
	}
}

void policy_tables_destroy(struct engine *e)
{
	struct engine_policy *p = e->policy;
	struct hnode *n, *next;

	filters_free(e);
	for (n = htable_walk(&p->sublayers, NULL); n; n = next) {
		next = htable_walk(&p->sublayers, n);
		policy_sublayer_free(p, CONTAINER_OF(n, struct policy_sublayer, node));
	}
	BUG_ON(p->sets.count != 0);
	htable_destroy(&p->sets);
	htable_destroy(&p->sublayers);
	htable_destroy(&p->filters);
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		history_clear(&p->histories[i]);
	mem_free(p);
}

static wfp_err tables_init(struct engine_policy *p)
{
	wfp_err err = htable_init(&p->filters, 0);

	if (err)
		return err;
	err = htable_init(&p->sublayers, 32);
	if (err)
		goto undo_filters;
	err = htable_init(&p->sets, 0);
	if (err)
		goto undo_sublayers;
	return ERR_OK;
undo_sublayers:
	htable_destroy(&p->sublayers);
undo_filters:
	htable_destroy(&p->filters);
	return err;
}

wfp_err policy_tables_create(struct engine *e)
{
	struct engine_policy *p = mem_zalloc(sizeof(*p));
	wfp_err err = p ? tables_init(p) : ERR_NO_MEMORY;

	if (err) {
		mem_free(p);
		return err;
	}
	list_init(&p->retired);
	p->user_key = model_condition_key("ALE_USER_ID");
	p->app_key = model_condition_key("ALE_APP_ID");
	p->seed = entropy_u64();
	e->policy = p;
	err = insert_builtin_sublayers(p);
	if (err)
		policy_tables_destroy(e);
	return err;
}
