/* SPDX-License-Identifier: MIT */
/*
 * fwpm - policy from kernel mode: sessions, transactions, providers, sublayers, callouts, filters.
 *
 * Each function checks its IRQL and its handle, turns the public struct into the model's (strings
 * become UTF-8, values are passed as they are because the layouts agree) and calls the base
 * filtering engine.  A session that the driver forgets is closed when it is unloaded.
 */
#include <fwpmk.h>

#include "base/buf.h"
#include "base/utf.h"
#include "ntshim/ob.h"

/* [I] all */
struct session {
	struct nt_object object;
	struct bfe_session *bfe;
};

/* UTF-8 strings of one call. */
struct texts {
	char *name, *description, *extra;
};

/* ---- strings and keys ----------------------------------------------------------------------- */

/* NULL stays NULL; half of a surrogate pair becomes U+FFFD. */
static wfp_err text_from_wide(char **out, const WCHAR *s)
{
	const WCHAR *end = s;
	struct buf b;
	wfp_err err;

	*out = NULL;
	if (!s)
		return ERR_OK;
	while (*end)
		end++;
	buf_init(&b);
	while (s < end) {
		uint8_t bytes[UTF8_MAX];
		uint32_t c = utf16_next(&s, end);

		buf_append(&b, bytes, utf8_put(bytes, c == UTF_BAD ? 0xfffd : c));
	}
	err = buf_err(&b);
	if (!err)
		*out = buf_steal(&b);
	if (!*out)
		err = ERR_NO_MEMORY;
	buf_free(&b);
	return err;
}

static void texts_free(struct texts *t)
{
	mem_free(t->name);
	mem_free(t->description);
	mem_free(t->extra);
}

static wfp_err texts_from_display(struct texts *t, const FWPM_DISPLAY_DATA0 *d, const WCHAR *extra)
{
	wfp_err err;

	*t = (struct texts){0};
	err = text_from_wide(&t->name, d->name);
	if (!err)
		err = text_from_wide(&t->description, d->description);
	if (!err)
		err = text_from_wide(&t->extra, extra);
	if (err)
		texts_free(t);
	return err;
}

/* NULL becomes the zero key. */
static struct guid key_from(const GUID *key)
{
	struct guid g = {0};

	STATIC_ASSERT(sizeof(GUID) == sizeof(struct guid), "one layout");
	if (key)
		memcpy(&g, key, sizeof(g));
	return g;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static struct session *session_of(struct nt_object *ob)
{
	return CONTAINER_OF(ob, struct session, object);
}

static void session_destroy(struct nt_object *ob)
{
	bfe_session_close(session_of(ob)->bfe);
	mem_free(session_of(ob));
}

/* A reference; the status to return in *status when it is NULL. */
static struct session *session_ref(HANDLE engine, const char *function, NTSTATUS *status)
{
	struct nt_object *ob;

	*status = STATUS_NOT_SUPPORTED;
	if (!nt_irql_ok(PASSIVE_LEVEL, function))
		return NULL;
	*status = STATUS_INVALID_HANDLE;
	ob = nt_handle_ref(engine, NT_KIND_ENGINE);
	if (!ob) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, function);
		return NULL;
	}
	return session_of(ob);
}

static NTSTATUS session_put(struct session *s, wfp_err err)
{
	nt_object_put(&s->object);
	return nt_status(err);
}

static wfp_err session_create(struct session **out, const FWPM_SESSION0 *public)
{
	bool dynamic = public && (public->flags & FWPM_SESSION_FLAG_DYNAMIC);
	struct bfe_session_config config = {
		.key = key_from(public ? &public->sessionKey : NULL),
		.flags = dynamic ? BFE_SESSION_DYNAMIC : 0,
		.txn_wait_ms = public ? public->txnWaitTimeoutInMSec : 0,
		.kernel = true,
	};
	struct session *s = mem_zalloc(sizeof(*s));
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	err = bfe_session_open(nt.bfe, &config, &s->bfe);
	if (err) {
		mem_free(s);
		return err;
	}
	nt_object_init(&s->object, NT_KIND_ENGINE, session_destroy);
	*out = s;
	return ERR_OK;
}

NTSTATUS FwpmEngineOpen0(const WCHAR *server, UINT32 authn, SEC_WINNT_AUTH_IDENTITY_W *identity,
			 const FWPM_SESSION0 *session, HANDLE *engine)
{
	struct session *s;
	wfp_err err;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpmEngineOpen0"))
		return STATUS_NOT_SUPPORTED;
	if (!engine)
		return STATUS_FWP_NULL_POINTER;
	if (server || identity)
		return STATUS_INVALID_PARAMETER;
	err = session_create(&s, session);
	if (err)
		return nt_status(err);
	err = nt_handle_open(&s->object, engine);
	return session_put(s, err);
}

NTSTATUS FwpmEngineClose0(HANDLE engine)
{
	struct nt_object *ob;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpmEngineClose0"))
		return STATUS_NOT_SUPPORTED;
	if (!engine)
		return STATUS_SUCCESS;
	ob = nt_handle_take(engine, NT_KIND_ENGINE);
	if (!ob) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "FwpmEngineClose0");
		return STATUS_INVALID_HANDLE;
	}
	nt_object_put(ob);
	return STATUS_SUCCESS;
}

NTSTATUS FwpmTransactionBegin0(HANDLE engine, UINT32 flags)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmTransactionBegin0", &status);
	bool read_only = flags & FWPM_TXN_READ_ONLY;

	if (!s)
		return status;
	return session_put(s, bfe_txn_begin(s->bfe, read_only ? BFE_TXN_READ_ONLY : 0));
}

NTSTATUS FwpmTransactionCommit0(HANDLE engine)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmTransactionCommit0", &status);

	return s ? session_put(s, bfe_txn_commit(s->bfe)) : status;
}

NTSTATUS FwpmTransactionAbort0(HANDLE engine)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmTransactionAbort0", &status);

	return s ? session_put(s, bfe_txn_abort(s->bfe)) : status;
}

/* ---- providers and sublayers ---------------------------------------------------------------- */

/* A driver's data is only read. */
static struct model_blob blob_from(const FWP_BYTE_BLOB *in)
{
	return (struct model_blob){.size = in->size, .data = in->data};
}

/* Adds the draft with the strings of t, which end here. */
static wfp_err add_with_texts(struct session *s, struct model_object *draft, struct texts *t,
			      struct bfe_added *out)
{
	wfp_err err;

	draft->name = t->name;
	draft->description = t->description;
	draft->service = t->extra;
	err = bfe_object_add(s->bfe, draft, NULL, out);
	texts_free(t);
	return err;
}

static wfp_err provider_add(struct session *s, const FWPM_PROVIDER0 *in)
{
	struct model_object draft = {.kind = MODEL_PROVIDER};
	struct texts t;
	wfp_err err;

	if (!in)
		return ERR_NULL_POINTER;
	err = texts_from_display(&t, &in->displayData, in->serviceName);
	if (err)
		return err;
	draft.key = key_from(&in->providerKey);
	draft.flags = in->flags;
	draft.data = blob_from(&in->providerData);
	return add_with_texts(s, &draft, &t, NULL);
}

NTSTATUS FwpmProviderAdd0(HANDLE engine, const FWPM_PROVIDER0 *provider, PSECURITY_DESCRIPTOR sd)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmProviderAdd0", &status);

	return s ? session_put(s, provider_add(s, provider)) : status;
}

static wfp_err sublayer_add(struct session *s, const FWPM_SUBLAYER0 *in)
{
	struct model_object draft = {.kind = MODEL_SUBLAYER};
	struct texts t;
	wfp_err err;

	if (!in)
		return ERR_NULL_POINTER;
	err = texts_from_display(&t, &in->displayData, NULL);
	if (err)
		return err;
	draft.key = key_from(&in->subLayerKey);
	draft.provider = key_from(in->providerKey);
	draft.flags = in->flags;
	draft.data = blob_from(&in->providerData);
	draft.weight = in->weight;
	return add_with_texts(s, &draft, &t, NULL);
}

NTSTATUS FwpmSubLayerAdd0(HANDLE engine, const FWPM_SUBLAYER0 *sublayer, PSECURITY_DESCRIPTOR sd)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmSubLayerAdd0", &status);

	return s ? session_put(s, sublayer_add(s, sublayer)) : status;
}

/* ---- callouts ------------------------------------------------------------------------------- */

static wfp_err callout_add(struct session *s, const FWPM_CALLOUT0 *in, UINT32 *id)
{
	struct model_object draft = {.kind = MODEL_CALLOUT};
	const struct model_layer *layer;
	struct bfe_added added;
	struct guid key;
	struct texts t;
	wfp_err err;

	if (!in)
		return ERR_NULL_POINTER;
	key = key_from(&in->applicableLayer);
	layer = model_layer_by_key(&key);
	if (!layer)
		return ERR_LAYER_NOT_FOUND;
	err = texts_from_display(&t, &in->displayData, NULL);
	if (err)
		return err;
	draft.key = key_from(&in->calloutKey);
	draft.provider = key_from(in->providerKey);
	draft.flags = in->flags;
	draft.data = blob_from(&in->providerData);
	draft.layer = layer->id;
	err = add_with_texts(s, &draft, &t, &added);
	if (!err && id)
		*id = (UINT32)added.id;
	return err;
}

NTSTATUS FwpmCalloutAdd0(HANDLE engine, const FWPM_CALLOUT0 *callout, PSECURITY_DESCRIPTOR sd,
			 UINT32 *id)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmCalloutAdd0", &status);

	return s ? session_put(s, callout_add(s, callout, id)) : status;
}

NTSTATUS FwpmCalloutDeleteById0(HANDLE engine, UINT32 id)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmCalloutDeleteById0", &status);

	return s ? session_put(s, bfe_object_delete_by_id(s->bfe, MODEL_CALLOUT, id)) : status;
}

/* ---- filters -------------------------------------------------------------------------------- */

/* Values are borrowed from the caller: what is kept of the filter is copied below us. */
static wfp_err condition_from(struct model_condition *out, const FWPM_FILTER_CONDITION0 *in,
			      const struct model_layer *layer)
{
	int field;

	out->field_key = key_from(&in->fieldKey);
	field = model_field_index(layer, &out->field_key);
	if (field < 0)
		return ERR_CONDITION_NOT_FOUND;
	if ((unsigned)in->matchType >= MODEL_MATCHES)
		return ERR_MATCH_TYPE_MISMATCH;
	out->field = (int16_t)field;
	out->match = (uint8_t)in->matchType;
	memcpy(&out->value, &in->conditionValue, sizeof(out->value));
	return ERR_OK;
}

static wfp_err conditions_from(struct model_filter *draft, const FWPM_FILTER0 *in,
			       const struct model_layer *layer)
{
	wfp_err err = ERR_OK;

	draft->n_conditions = in->numFilterConditions;
	if (draft->n_conditions == 0)
		return ERR_OK;
	if (!in->filterCondition)
		return ERR_NULL_POINTER;
	draft->conditions = mem_zalloc_array(draft->n_conditions, sizeof(*draft->conditions));
	if (!draft->conditions)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < draft->n_conditions && !err; i++)
		err = condition_from(&draft->conditions[i], &in->filterCondition[i], layer);
	if (err)
		mem_free(draft->conditions);
	return err;
}

static void draft_from(struct model_filter *draft, const FWPM_FILTER0 *in, uint16_t layer)
{
	*draft = (struct model_filter){
		.key = key_from(&in->filterKey),
		.layer = layer,
		.sublayer = key_from(&in->subLayerKey),
		.flags = in->flags,
		.action = in->action.type,
		.context = in->rawContext,
		.provider = key_from(in->providerKey),
		.data = blob_from(&in->providerData),
	};
	if (MODEL_ACTION_IS_CALLOUT(in->action.type))
		draft->callout = key_from(&in->action.calloutKey);
	else
		draft->filter_type = key_from(&in->action.filterType);
	if (in->flags & FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT)
		draft->context_key = key_from(&in->providerContextKey);
	memcpy(&draft->requested_weight, &in->weight, sizeof(draft->requested_weight));
}

static wfp_err filter_add(struct session *s, const FWPM_FILTER0 *in, UINT64 *id)
{
	const struct model_layer *layer;
	struct model_filter draft;
	struct bfe_added added;
	struct guid key;
	struct texts t;
	wfp_err err;

	if (!in)
		return ERR_NULL_POINTER;
	key = key_from(&in->layerKey);
	layer = model_layer_by_key(&key);
	if (!layer)
		return ERR_LAYER_NOT_FOUND;
	draft_from(&draft, in, layer->id);
	err = texts_from_display(&t, &in->displayData, NULL);
	if (err)
		return err;
	draft.name = t.name;
	draft.description = t.description;
	err = conditions_from(&draft, in, layer);
	if (err)
		goto undo_texts;
	err = bfe_object_add(s->bfe, &(struct model_object){.kind = MODEL_FILTER, .filter = &draft},
			     NULL, &added);
	if (!err && id)
		*id = added.id;
	mem_free(draft.conditions);
undo_texts:
	texts_free(&t);
	return err;
}

NTSTATUS FwpmFilterAdd0(HANDLE engine, const FWPM_FILTER0 *filter, PSECURITY_DESCRIPTOR sd,
			UINT64 *id)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmFilterAdd0", &status);

	return s ? session_put(s, filter_add(s, filter, id)) : status;
}

NTSTATUS FwpmFilterDeleteById0(HANDLE engine, UINT64 id)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, "FwpmFilterDeleteById0", &status);

	return s ? session_put(s, bfe_object_delete_by_id(s->bfe, MODEL_FILTER, id)) : status;
}

/* ---- deleting by key ------------------------------------------------------------------------ */

static NTSTATUS delete_by_key(HANDLE engine, const GUID *key, const char *function,
			      enum model_kind kind)
{
	NTSTATUS status;
	struct session *s = session_ref(engine, function, &status);
	struct guid g;

	if (!s)
		return status;
	if (!key)
		return session_put(s, ERR_NULL_POINTER);
	g = key_from(key);
	return session_put(s, bfe_object_delete(s->bfe, kind, &g));
}

NTSTATUS FwpmProviderDeleteByKey0(HANDLE engine, const GUID *key)
{
	return delete_by_key(engine, key, "FwpmProviderDeleteByKey0", MODEL_PROVIDER);
}

NTSTATUS FwpmSubLayerDeleteByKey0(HANDLE engine, const GUID *key)
{
	return delete_by_key(engine, key, "FwpmSubLayerDeleteByKey0", MODEL_SUBLAYER);
}

NTSTATUS FwpmCalloutDeleteByKey0(HANDLE engine, const GUID *key)
{
	return delete_by_key(engine, key, "FwpmCalloutDeleteByKey0", MODEL_CALLOUT);
}

NTSTATUS FwpmFilterDeleteByKey0(HANDLE engine, const GUID *key)
{
	return delete_by_key(engine, key, "FwpmFilterDeleteByKey0", MODEL_FILTER);
}

/* ---- the service's state -------------------------------------------------------------------- */

/* The base filtering engine lives as long as the kernel, so its state never changes. */
FWPM_SERVICE_STATE FwpmBfeStateGet0(void)
{
	return FWPM_SERVICE_RUNNING;
}

NTSTATUS FwpmBfeStateSubscribeChanges0(void *device, FWPM_SERVICE_STATE_CHANGE_CALLBACK0 callback,
				       void *context, HANDLE *change)
{
	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpmBfeStateSubscribeChanges0"))
		return STATUS_NOT_SUPPORTED;
	if (!callback || !change)
		return STATUS_FWP_NULL_POINTER;
	*change = nt_driver_current();
	return STATUS_SUCCESS;
}

NTSTATUS FwpmBfeStateUnsubscribeChanges0(HANDLE change)
{
	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpmBfeStateUnsubscribeChanges0"))
		return STATUS_NOT_SUPPORTED;
	return change == nt_driver_current() ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}
