/* SPDX-License-Identifier: MIT */
/*
 * load - the two steps of a start: the boot-time set, then everything that was kept.
 *
 * Each step is one transaction of a session of its own.  The second deletes the boot-time filters
 * and adds them again out of force, in the commit that brings the persistent ones: so packets meet
 * the one set or the other, never none.  Called by the host program, once each, before there are
 * clients.
 *
 * A record that has no meaning any more (an upgrade took its layer, damage its bytes) is left out
 * and logged, and so is what refers to it: a host that comes up without one filter is better off
 * than one that does not come up.  It stays in the store, for an upgrade that knows it again.
 */
#include "bfe/persist.h"

#include "base/log.h"
#include "bfe/store.h"
#include "rpc/codec.h"

/* ---- one record ---------------------------------------------------------------------------------
 */

static wfp_err restore_object(struct bfe_session *s, const struct store_record *record)
{
	const struct model_blob sd = {.size = (uint32_t)record->sd_size,
				      .data = (uint8_t *)(uintptr_t)record->sd};
	struct model_object *o;
	wfp_err err;

	if (record->kind != MODEL_FILTER &&
	    bfe_object_find(s->bfe, (enum model_kind)record->kind, &record->key))
		return ERR_OK; /* came with the boot-time set */
	err = rpc_object_unpack(record->data, record->size, &o);
	return err ? err : bfe_object_restore(s, o, record->sd ? &sd : NULL);
}

static wfp_err restore_sd(struct bfe_session *s, const struct store_record *record)
{
	const struct model_blob sd = {.size = (uint32_t)record->sd_size,
				      .data = (uint8_t *)(uintptr_t)record->sd};

	if (record->kind == BFE_RECORD_LAYER)
		return bfe_security_restore(s, BFE_SECURED_LAYERS, &record->key, &sd);
	if (record->kind >= BFE_RECORD_CONTAINER)
		return bfe_security_restore(
			s, (enum bfe_secured)(record->kind - BFE_RECORD_CONTAINER), NULL, &sd);
	return bfe_security_restore(s, (enum bfe_secured)(record->kind - BFE_RECORD_BUILTIN),
				    &record->key, &sd);
}

/* Errors of the store do not come this way, so that lack of memory is all that ends the reading. */
static wfp_err leave_out(const struct store_record *record, wfp_err err)
{
	char key[GUID_TEXT];

	if (!err || err == ERR_NO_MEMORY)
		return err;
	log_error("the kept %s %s is not loaded: %s (0x%08x, %s)",
		  record->kind < MODEL_KINDS ? model_kind_name((enum model_kind)record->kind)
					     : "security descriptor",
		  guid_format(&record->key, key), err_name(err), err, err_text(err));
	return ERR_OK;
}

static wfp_err restore(void *ctx, const struct store_record *record)
{
	return leave_out(record, record->kind < MODEL_KINDS ? restore_object(ctx, record)
							    : restore_sd(ctx, record));
}

static wfp_err restore_boot(void *ctx, const struct store_record *record)
{
	bool boot = record->lifetime == STORE_BOOTTIME && record->kind < MODEL_KINDS;

	return boot ? leave_out(record, restore_object(ctx, record)) : ERR_OK;
}

/* ---- the steps ----------------------------------------------------------------------------------
 */

typedef wfp_err step_fn(struct bfe_session *s, const char *path);

static wfp_err run(struct bfe_session *s, step_fn *step, const char *path)
{
	wfp_err err = bfe_txn_begin(s, 0);

	if (err)
		return err;
	s->bfe->loading = true;
	err = step(s, path);
	if (err)
		bfe_txn_roll_back(s);
	else
		err = bfe_txn_commit(s);
	s->bfe->loading = false;
	return err;
}

static wfp_err in_session(struct bfe *b, step_fn *step, const char *path)
{
	const struct bfe_session_config config = {.kernel = true};
	struct bfe_session *s;
	wfp_err err = bfe_session_open(b, &config, &s);

	if (err)
		return err;
	err = run(s, step, path);
	bfe_session_close(s);
	return err;
}

static wfp_err boot_step(struct bfe_session *s, const char *path)
{
	struct store *store = s->bfe->config.store;
	wfp_err err;

	s->bfe->booting = true;
	err = store_load_boot(path, restore_boot, s);
	if (!store)
		return err == ERR_FILE_NOT_FOUND ? ERR_OK : err;
	return err == ERR_FILE_NOT_FOUND || err == ERR_FILE_CORRUPT
		       ? store_load(store, restore_boot, s)
		       : err;
}

wfp_err bfe_load_boot(struct bfe *b, const char *store_path)
{
	return in_session(b, boot_step, store_path);
}

static void delete_boot_filters(struct bfe_session *s)
{
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++) {
		struct list *l, *next;

		LIST_FOR_EACH_SAFE (l, next, &s->bfe->filters[i]) {
			struct bfe_object *o = LIST_ENTRY(l, struct bfe_object, all);

			if (!o->deleted && o->lifetime == BFE_BOOTTIME)
				bfe_object_remove(s, o);
		}
	}
}

static wfp_err load_number(struct store *store, const char *name, uint64_t *out)
{
	uint64_t value = *out;
	wfp_err err = store_get_option(store, name, &value);

	if (err && err != ERR_WIN32_NOT_FOUND)
		return err;
	if (value > *out)
		*out = value;
	return ERR_OK;
}

static wfp_err load_numbers(struct bfe *b)
{
	struct store *store = b->config.store;
	wfp_err err;

	if (!store)
		return ERR_OK;
	err = bfe_options_load(b);
	if (!err)
		err = load_number(store, BFE_NEXT_FILTER, &b->next_filter);
	return err ? err : load_number(store, BFE_NEXT_CONTEXT, &b->next_context);
}

static wfp_err load_step(struct bfe_session *s, UNUSED const char *path)
{
	struct bfe *b = s->bfe;
	wfp_err err;

	b->booting = false;
	delete_boot_filters(s);
	err = load_numbers(b);
	if (err || !b->config.store)
		return err;
	return store_load(b->config.store, restore, s);
}

wfp_err bfe_load(struct bfe *b)
{
	return in_session(b, load_step, NULL);
}

static wfp_err recover_step(struct bfe_session *s, UNUSED const char *path)
{
	s->bfe->booting = false;
	return load_numbers(s->bfe);
}

wfp_err bfe_recover(struct bfe *b)
{
	return in_session(b, recover_step, NULL);
}
