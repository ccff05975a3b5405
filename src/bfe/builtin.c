/* SPDX-License-Identifier: MIT */
/*
 * builtin - the objects that are there from the start, from the tables of the catalogue.
 *
 * They belong to nobody, cannot be deleted, and any object may refer to them.  Called once, by
 * bfe_create, before anybody else knows the base filtering engine.
 */
#include "bfe/state.h"

#include "engine/callout.h"

#include <string.h>

/* A draft only borrows, and is only read. */
static char *borrow(const char *text)
{
	return text && *text ? (char *)(uintptr_t)text : NULL;
}

static const struct model_builtin *builtin_provider(const char *name)
{
	const struct model_builtin *row;

	for (unsigned i = 0; name && (row = model_provider_builtin(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static struct model_object draft_of(enum model_kind kind, const struct model_builtin *row)
{
	struct model_object draft = {
		.kind = kind,
		.key = row->key,
		.name = borrow(row->display_name),
		.flags = row->flags,
		.service = borrow(row->service),
		.weight = row->weight,
		.layer = row->layer,
	};
	const struct model_builtin *provider = builtin_provider(row->provider);

	if (provider)
		draft.provider = provider->key;
	if (kind == MODEL_PROVIDER_CONTEXT)
		draft.context_type = row->context_type;
	return draft;
}

static wfp_err give_id(struct bfe *b, struct bfe_object *o, unsigned index)
{
	uint32_t id;
	wfp_err err;

	if (o->o->kind == MODEL_PROVIDER_CONTEXT)
		o->o->id = BFE_BUILTIN_ID + index;
	if (o->o->kind != MODEL_CALLOUT)
		return ERR_OK;
	err = engine_callout_id_reserve(b->engine, &o->o->key, &id);
	if (err)
		return err;
	o->reserved = true;
	o->o->id = id;
	return ERR_OK;
}

static wfp_err add(struct bfe *b, enum model_kind kind, const struct model_builtin *row,
		   unsigned index)
{
	struct model_object draft = draft_of(kind, row), *payload;
	struct bfe_object *o;
	wfp_err err = model_object_create(&payload, &draft);

	if (!err)
		err = bfe_object_create(&o, payload);
	if (err)
		return err;
	o->label = row->name;
	if (!guid_is_zero(&draft.provider))
		o->uses[MODEL_PROVIDER] = bfe_object_find(b, MODEL_PROVIDER, &draft.provider);
	err = give_id(b, o, index);
	if (!err)
		err = bfe_sd_builtin(b, (enum bfe_secured)kind, &o->sd);
	if (err) {
		bfe_object_free(b, o);
		return err;
	}
	bfe_object_insert_builtin(b, o);
	return ERR_OK;
}

wfp_err bfe_builtins_add(struct bfe *b)
{
	static const struct {
		enum model_kind kind;
		const struct model_builtin *(*row)(unsigned i);
	} tables[] = {
		{MODEL_PROVIDER, model_provider_builtin},
		{MODEL_PROVIDER_CONTEXT, model_context_builtin},
		{MODEL_SUBLAYER, model_sublayer_builtin},
		{MODEL_CALLOUT, model_callout_builtin},
	};
	const struct model_builtin *row;
	wfp_err err = ERR_OK;

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (unsigned i = 0; !err && (row = tables[t].row(i)) != NULL; i++)
			err = add(b, tables[t].kind, row, i);
	return err;
}
