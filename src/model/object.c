/* SPDX-License-Identifier: MIT */
/*
 * object - making the immutable copy of an object's draft.
 *
 * Called by the base filtering engine and by whoever decodes objects, on any thread.
 */
#include "model/object.h"

#include "base/mem.h"

#include <string.h>

static const char *const kind_names[MODEL_KINDS] = {
	[MODEL_PROVIDER] = "provider", [MODEL_PROVIDER_CONTEXT] = "provider context",
	[MODEL_SUBLAYER] = "sublayer", [MODEL_CALLOUT] = "callout",
	[MODEL_FILTER] = "filter",
};

const char *model_kind_name(enum model_kind kind)
{
	return kind_names[kind];
}

static wfp_err copy_text(char **out, const char *text)
{
	if (!text)
		return ERR_OK;
	*out = mem_strdup(text);
	return *out ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err copy_blob(struct model_blob *out, const struct model_blob *in)
{
	if (!in->size)
		return ERR_OK;
	out->data = mem_dup(in->data, in->size);
	if (!out->data)
		return ERR_NO_MEMORY;
	out->size = in->size;
	return ERR_OK;
}

static void object_free(struct model_object *o)
{
	model_filter_put(o->filter);
	mem_free(o->policy.data);
	mem_free(o->service);
	mem_free(o->data.data);
	mem_free(o->description);
	mem_free(o->name);
	mem_free(o);
}

/* A filter keeps its texts and data itself; the object shows those that are small. */
static wfp_err copy_filter(struct model_object *o, const struct model_filter *draft)
{
	wfp_err err;

	if (!draft)
		return ERR_NULL_POINTER;
	err = model_filter_create(&o->filter, draft);
	if (err)
		return err;
	o->key = o->filter->key;
	o->flags = o->filter->flags;
	o->provider = o->filter->provider;
	return ERR_OK;
}

static wfp_err copy_rest(struct model_object *o, const struct model_object *draft)
{
	wfp_err err = copy_text(&o->name, draft->name);

	if (!err)
		err = copy_text(&o->description, draft->description);
	if (!err)
		err = copy_text(&o->service, draft->service);
	if (!err)
		err = copy_blob(&o->data, &draft->data);
	return err ? err : copy_blob(&o->policy, &draft->policy);
}

static wfp_err check_draft(const struct model_object *draft)
{
	if (draft->kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	if (draft->kind == MODEL_FILTER)
		return ERR_OK;
	if (!draft->name || !*draft->name)
		return ERR_NULL_DISPLAY_NAME;
	if (draft->kind == MODEL_PROVIDER_CONTEXT && draft->context_type >= MODEL_CONTEXT_TYPES)
		return ERR_INVALID_ENUMERATOR;
	return ERR_OK;
}

wfp_err model_object_create(struct model_object **out, const struct model_object *draft)
{
	struct model_object *o;
	wfp_err err = check_draft(draft);

	if (err)
		return err;
	o = mem_alloc(sizeof(*o));
	if (!o)
		return ERR_NO_MEMORY;
	*o = *draft;
	atom32_init(&o->refs, 1);
	o->name = NULL;
	o->description = NULL;
	o->service = NULL;
	o->data = (struct model_blob){0};
	o->policy = (struct model_blob){0};
	o->filter = NULL;
	err = o->kind == MODEL_FILTER ? copy_filter(o, draft->filter) : copy_rest(o, draft);
	if (err) {
		object_free(o);
		return err;
	}
	*out = o;
	return ERR_OK;
}

struct model_object model_object_draft(const struct model_object *o)
{
	struct model_object draft = {.kind = o->kind};
	const size_t rest = offsetof(struct model_object, kind);

	memcpy((uint8_t *)&draft + rest, (const uint8_t *)o + rest, sizeof(draft) - rest);
	return draft;
}

struct model_object *model_object_get(struct model_object *o)
{
	atom32_add(&o->refs, 1);
	return o;
}

void model_object_put(struct model_object *o)
{
	if (o && atom32_sub(&o->refs, 1) == 0)
		object_free(o);
}
