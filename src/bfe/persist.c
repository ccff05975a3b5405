/* SPDX-License-Identifier: MIT */
/*
 * persist - what is written to the store, and when.
 *
 * A transaction's persistent and boot-time objects are written in one transaction of the store,
 * from inside the engine's commit: after everything that can fail, before anything is visible.  An
 * object that a boot-time filter refers to is kept with the boot-time set, because the filter is of
 * no use without it.  Descriptors and options are written by the calls that change them.  Called by
 * the writer, no lock held.
 */
#include "bfe/persist.h"

#include "base/buf.h"
#include "bfe/store.h"
#include "rpc/codec.h"

static const struct guid no_key;

/* ---- objects ------------------------------------------------------------------------------------
 */

/* Flags that a start has computed are not kept. */
static wfp_err pack(const struct bfe_object *o, struct buf *out)
{
	struct model_object object = model_object_draft(o->o);
	struct model_filter filter;

	if (o->disabled && object.kind == MODEL_PROVIDER)
		object.flags &= ~MODEL_PROVIDER_DISABLED;
	if (o->disabled && object.kind == MODEL_FILTER) {
		filter = model_filter_draft(object.filter);
		filter.flags &= ~(uint32_t)MODEL_FILTER_DISABLED;
		object.flags = filter.flags;
		object.filter = &filter;
	}
	return rpc_object_pack(&object, out);
}

static wfp_err put_object(struct store *store, const struct bfe_object *o, const struct bfe_sd *sd)
{
	bool boot = o->lifetime == BFE_BOOTTIME || o->boot_refs;
	struct store_record record = {
		.kind = o->o->kind,
		.key = o->o->key,
		.lifetime = boot ? STORE_BOOTTIME : STORE_PERSISTENT,
		.sd = sd->blob->data,
		.sd_size = sd->blob->size,
	};
	struct buf data;
	wfp_err err;

	buf_init(&data);
	err = pack(o, &data);
	record.data = data.data;
	record.size = data.len;
	if (!err)
		err = store_put(store, &record);
	buf_free(&data);
	return err;
}

/* What boot-time filters come to need, or need no more, changes its place. */
static wfp_err move_used(struct store *store, struct bfe_object *filter)
{
	wfp_err err = ERR_OK;

	if (filter->lifetime != BFE_BOOTTIME)
		return ERR_OK;
	for (unsigned k = 0; !err && k < MODEL_KINDS; k++) {
		struct bfe_object *used = filter->uses[k];

		if (!used || !bfe_is_kept(used->lifetime) || used->deleted || used->stored)
			continue;
		err = put_object(store, used, used->sd);
		used->stored = true;
	}
	return err;
}

static void forget_stored(struct list *journal)
{
	struct list *l;

	LIST_FOR_EACH (l, journal) {
		struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, txn);

		for (unsigned k = 0; k < MODEL_KINDS; k++)
			if (o->uses[k])
				o->uses[k]->stored = false;
	}
}

static wfp_err write_deleted(struct store *store, struct bfe_session *s)
{
	wfp_err err = ERR_OK;
	struct list *l;

	LIST_FOR_EACH (l, &s->deleted) {
		struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, txn);

		if (!bfe_is_kept(o->lifetime))
			continue;
		err = store_delete(store, o->o->kind, &o->o->key);
		if (!err)
			err = move_used(store, o);
		if (err)
			break;
	}
	return err;
}

static wfp_err write_added(struct store *store, struct bfe_session *s)
{
	wfp_err err = ERR_OK;
	struct list *l;

	LIST_FOR_EACH (l, &s->added) {
		struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, txn);

		if (!bfe_is_kept(o->lifetime))
			continue;
		err = put_object(store, o, o->sd);
		if (!err)
			err = move_used(store, o);
		if (err)
			break;
	}
	return err;
}

static wfp_err write_journal(struct store *store, struct bfe_session *s)
{
	wfp_err err;

	forget_stored(&s->deleted);
	forget_stored(&s->added);
	err = write_deleted(store, s);
	if (!err)
		err = write_added(store, s);
	if (!err)
		err = store_set_option(store, BFE_NEXT_FILTER, s->bfe->next_filter);
	return err ? err : store_set_option(store, BFE_NEXT_CONTEXT, s->bfe->next_context);
}

wfp_err bfe_persist_journal(void *ctx)
{
	struct bfe_session *s = ctx;
	struct store *store = s->bfe->config.store;
	wfp_err err = store_begin(store);

	if (err)
		return err;
	err = write_journal(store, s);
	if (!err)
		return store_commit(store);
	store_rollback(store);
	return err;
}

bool bfe_persist_needed(const struct bfe_session *s)
{
	const struct list *const journals[] = {&s->added, &s->deleted};
	const struct list *l;

	if (!s->bfe->config.store || s->bfe->loading)
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(journals); i++)
		LIST_FOR_EACH (l, journals[i])
			if (bfe_is_kept(LIST_ENTRY(l, struct bfe_object, txn)->lifetime))
				return true;
	return false;
}

/* ---- descriptors and options --------------------------------------------------------------------
 */

static wfp_err commit_or_roll_back(struct store *store, wfp_err err)
{
	if (!err)
		return store_commit(store);
	store_rollback(store);
	return err;
}

static wfp_err put_alone(struct store *store, const struct store_record *record)
{
	wfp_err err = store_begin(store);

	return err ? err : commit_or_roll_back(store, store_put(store, record));
}

static wfp_err put_object_alone(struct store *store, const struct bfe_object *o,
				const struct bfe_sd *sd)
{
	wfp_err err = store_begin(store);

	return err ? err : commit_or_roll_back(store, put_object(store, o, sd));
}

wfp_err bfe_persist_object_sd(struct bfe *b, const struct bfe_object *o, const struct bfe_sd *sd)
{
	const struct store_record record = {
		.kind = BFE_RECORD_BUILTIN + o->o->kind,
		.key = o->o->key,
		.lifetime = STORE_PERSISTENT,
		.sd = sd->blob->data,
		.sd_size = sd->blob->size,
	};

	if (!b->config.store || b->loading)
		return ERR_OK;
	if (o->lifetime == BFE_BUILTIN)
		return put_alone(b->config.store, &record);
	return bfe_is_kept(o->lifetime) ? put_object_alone(b->config.store, o, sd) : ERR_OK;
}

wfp_err bfe_persist_container_sd(struct bfe *b, enum bfe_secured what, const struct guid *layer,
				 const struct bfe_sd *sd)
{
	const struct store_record record = {
		.kind = layer ? BFE_RECORD_LAYER : BFE_RECORD_CONTAINER + (uint32_t)what,
		.key = layer ? *layer : no_key,
		.lifetime = STORE_PERSISTENT,
		.sd = sd->blob->data,
		.sd_size = sd->blob->size,
	};

	return b->config.store && !b->loading ? put_alone(b->config.store, &record) : ERR_OK;
}

wfp_err bfe_persist_option(struct bfe *b, const char *name, uint32_t value)
{
	struct store *store = b->config.store;
	wfp_err err;

	if (!store)
		return ERR_OK;
	err = store_begin(store);
	return err ? err : commit_or_roll_back(store, store_set_option(store, name, value));
}
