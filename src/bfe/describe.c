/* SPDX-License-Identifier: MIT */
/*
 * describe - the names behind the ids and keys of a verdict.
 *
 * Called by whoever shows a verdict, also while a transaction is open: any object in the tables is
 * good, but one that was added again under the same key comes before the one it replaces.
 */
#include "bfe/state.h"

#include <string.h>

/* Cuts before a character that does not fit whole. */
static void copy_name(char out[BFE_NAME_MAX], const char *name)
{
	size_t len = strlen(name);

	if (len >= BFE_NAME_MAX) {
		len = BFE_NAME_MAX - 1;
		while (len > 0 && ((uint8_t)name[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, name, len);
	out[len] = '\0';
}

/* Built-in ones are called as the headers call them. */
static const char *name_of(const struct bfe_object *o)
{
	if (o->label)
		return o->label;
	return o->o->kind == MODEL_FILTER ? o->o->filter->name : o->o->name;
}

/* REQUIRES(b->lock).  NULL: none that is not dead. */
static const struct bfe_object *any_by_id(const struct bfe *b, enum model_kind kind, uint64_t id)
{
	struct hnode *n = id ? htable_first(&b->by_id[kind], hash_u64(id)) : NULL;

	for (; n; n = htable_next(n)) {
		const struct bfe_object *o = CONTAINER_OF(n, struct bfe_object, by_id);

		if (o->o->id == id && o->died == BFE_NEVER)
			return o;
	}
	return NULL;
}

static void describe_filter(const struct bfe_object *o, struct bfe_filter_info *out)
{
	static const struct {
		enum model_kind kind;
		size_t offset;
	} names[] = {
		{MODEL_SUBLAYER, offsetof(struct bfe_filter_info, sublayer)},
		{MODEL_PROVIDER, offsetof(struct bfe_filter_info, provider)},
		{MODEL_CALLOUT, offsetof(struct bfe_filter_info, callout)},
	};

	copy_name(out->name, name_of(o));
	copy_name(out->layer, model_layer_by_id(o->o->filter->layer)->name);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct bfe_object *used = o->uses[names[i].kind];

		copy_name((char *)out + names[i].offset, used ? name_of(used) : "");
	}
}

bool bfe_filter_describe(struct bfe *b, uint64_t id, struct bfe_filter_info *out)
{
	const struct bfe_object *o;

	lock_take(&b->lock);
	o = any_by_id(b, MODEL_FILTER, id);
	if (o)
		describe_filter(o, out);
	lock_drop(&b->lock);
	return o != NULL;
}

bool bfe_callout_describe(struct bfe *b, uint32_t id, char name[BFE_NAME_MAX])
{
	const struct bfe_object *o;

	lock_take(&b->lock);
	o = any_by_id(b, MODEL_CALLOUT, id);
	if (o)
		copy_name(name, name_of(o));
	lock_drop(&b->lock);
	return o != NULL;
}

bool bfe_sublayer_describe(struct bfe *b, const struct guid *key, char name[BFE_NAME_MAX])
{
	bool found = false;
	struct hnode *n;

	lock_take(&b->lock);
	n = htable_first(&b->by_key[MODEL_SUBLAYER], bfe_guid_hash(key));
	for (; n && !found; n = htable_next(n)) {
		const struct bfe_object *o = CONTAINER_OF(n, struct bfe_object, by_key);

		found = guid_equal(&o->o->key, key) && o->died == BFE_NEVER;
		if (found)
			copy_name(name, name_of(o));
	}
	lock_drop(&b->lock);
	return found;
}
