/* SPDX-License-Identifier: MIT */
/*
 * codec - providers, provider contexts, sublayers and callouts as messages, layers, and objects as
 * bytes.  Filters are in codec_filter.c.
 *
 * Called by both ends of a connection and by the store, on any thread.
 */
#include "rpc/codec.h"

#include "rpc/codec_parts.h"
#include "rpc/frame.h"
#include "rpc/policy.h"
#include "rpc/wfp.pb-c.h"

#include <string.h>

#define FLAG_NAME_MAX 16u

typedef wfp_err encode_fn(struct arena *a, const struct model_object *o, Openwfp__Object *out);
typedef wfp_err decode_fn(struct arena *a, const Openwfp__Object *m, struct model_object *draft);

/* ---- parts -------------------------------------------------------------------------------------
 */

wfp_err rpc_texts_encode(struct arena *a, const char *name, const char *description,
			 struct Openwfp__DisplayData **out)
{
	Openwfp__DisplayData *m;

	if (!name && !description)
		return ERR_OK;
	m = arena_alloc(a, sizeof(*m));
	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__DisplayData)OPENWFP__DISPLAY_DATA__INIT;
	m->name = (char *)(uintptr_t)name;
	m->description = (char *)(uintptr_t)description;
	*out = m;
	return ERR_OK;
}

void rpc_texts_decode(const struct Openwfp__DisplayData *m, char **name, char **description)
{
	*name = m ? m->name : NULL;
	*description = m ? m->description : NULL;
}

void rpc_blob_encode(const struct model_blob *blob, int *has, struct ProtobufCBinaryData *out)
{
	*has = blob->size > 0;
	*out = (ProtobufCBinaryData){blob->size, blob->data};
}

void rpc_blob_decode(int has, const struct ProtobufCBinaryData *in, struct model_blob *out)
{
	*out = (struct model_blob){0};
	if (has && in->len > 0)
		*out = (struct model_blob){(uint32_t)in->len, in->data};
}

/* What every kind but the provider has: its members are called alike in all messages. */
#define ENCODE_COMMON(m, o)                                                                        \
	do {                                                                                       \
		(m)->has_flags = true;                                                             \
		(m)->flags = (o)->flags;                                                           \
		rpc_blob_encode(&(o)->data, &(m)->has_providerdata, &(m)->providerdata);           \
	} while (0)
#define DECODE_COMMON(m, o)                                                                        \
	do {                                                                                       \
		(o)->flags = (m)->flags;                                                           \
		rpc_blob_decode((m)->has_providerdata, &(m)->providerdata, &(o)->data);            \
		rpc_texts_decode((m)->displaydata, &(o)->name, &(o)->description);                 \
	} while (0)

/* ---- providers ---------------------------------------------------------------------------------
 */

static wfp_err encode_provider(struct arena *a, const struct model_object *o, Openwfp__Object *out)
{
	Openwfp__Provider *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__Provider)OPENWFP__PROVIDER__INIT;
	ENCODE_COMMON(m, o);
	rpc_key_encode(&o->key, &m->has_providerkey, &m->providerkey);
	m->servicename = o->service;
	out->provider = m;
	return rpc_texts_encode(a, o->name, o->description, &m->displaydata);
}

static wfp_err decode_provider(struct arena *a, const Openwfp__Object *m,
			       struct model_object *draft)
{
	const Openwfp__Provider *from = m->provider;

	DECODE_COMMON(from, draft);
	draft->service = from->servicename;
	return rpc_key_decode(from->has_providerkey, &from->providerkey, &draft->key);
}

/* ---- provider contexts -------------------------------------------------------------------------
 */

/* The member of ContextPolicy that belongs to each type. */
static const Openwfp__ContextPolicy__PolicyCase policies[MODEL_CONTEXT_TYPES] = {
#define POLICY(type, member) [MODEL_CONTEXT_##type] = OPENWFP__CONTEXT_POLICY__POLICY_##member
	POLICY(IPSEC_KEYING, KEYING_POLICY),
	POLICY(IKE_QM_TRANSPORT, IKE_QM_TRANSPORT_POLICY),
	POLICY(IKE_QM_TUNNEL, IKE_QM_TUNNEL_POLICY),
	POLICY(AUTHIP_QM_TRANSPORT, AUTHIP_QM_TRANSPORT_POLICY),
	POLICY(AUTHIP_QM_TUNNEL, AUTHIP_QM_TUNNEL_POLICY),
	POLICY(IKE_MM, IKE_MM_POLICY),
	POLICY(AUTHIP_MM, AUTH_IP_MM_POLICY),
	POLICY(CLASSIFY_OPTIONS, CLASSIFY_OPTIONS),
	POLICY(GENERAL, DATA_BUFFER),
	POLICY(IKEV2_QM_TUNNEL, IKE_V2_QM_TUNNEL_POLICY),
	POLICY(IKEV2_MM, IKE_V2_MM_POLICY),
	POLICY(IPSEC_DOSP, IDP_OPTIONS),
	POLICY(IKEV2_QM_TRANSPORT, IKE_V2_QM_TRANSPORT_POLICY),
	POLICY(NETWORK_CONNECTION_POLICY, NETWORK_CONNECTION_POLICY),
#undef POLICY
};

/* The object keeps its policy packed. */
static wfp_err encode_policy(struct arena *a, const struct model_blob *policy,
			     Openwfp__ContextPolicy **out)
{
	ProtobufCMessage *m;
	wfp_err err;

	if (policy->size == 0)
		return ERR_OK;
	err = rpc_message_unpack(a, &openwfp__context_policy__descriptor, policy->data,
				 policy->size, &m);
	if (!err)
		*out = (Openwfp__ContextPolicy *)m;
	return err;
}

static wfp_err encode_context(struct arena *a, const struct model_object *o, Openwfp__Object *out)
{
	Openwfp__ProviderContext *m = arena_alloc(a, sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__ProviderContext)OPENWFP__PROVIDER_CONTEXT__INIT;
	ENCODE_COMMON(m, o);
	rpc_key_encode(&o->key, &m->has_providercontextkey, &m->providercontextkey);
	rpc_key_encode(&o->provider, &m->has_providerkey, &m->providerkey);
	m->has_type = m->has_providercontextid = true;
	m->type = o->context_type;
	m->providercontextid = o->id;
	out->providercontext = m;
	err = encode_policy(a, &o->policy, &m->policy);
	return err ? err : rpc_texts_encode(a, o->name, o->description, &m->displaydata);
}

static wfp_err decode_policy(struct arena *a, const Openwfp__ProviderContext *m,
			     struct model_blob *out)
{
	size_t len;
	wfp_err err;

	if (m->type >= MODEL_CONTEXT_TYPES)
		return ERR_INVALID_ENUMERATOR;
	if (!m->policy || m->policy->policy_case == 0)
		return ERR_OK;
	if (m->policy->policy_case != policies[m->type])
		return ERR_TYPE_MISMATCH;
	err = rpc_policy_check(m->policy);
	if (err)
		return err;
	len = openwfp__context_policy__get_packed_size(m->policy);
	out->data = arena_alloc(a, len);
	if (!out->data)
		return ERR_NO_MEMORY;
	out->size = (uint32_t)openwfp__context_policy__pack(m->policy, out->data);
	return ERR_OK;
}

static wfp_err decode_context(struct arena *a, const Openwfp__Object *m, struct model_object *draft)
{
	const Openwfp__ProviderContext *from = m->providercontext;
	wfp_err err;

	DECODE_COMMON(from, draft);
	draft->context_type = from->type;
	draft->id = from->providercontextid;
	err = rpc_key_decode(from->has_providercontextkey, &from->providercontextkey, &draft->key);
	if (!err)
		err = rpc_key_decode(from->has_providerkey, &from->providerkey, &draft->provider);
	return err ? err : decode_policy(a, from, &draft->policy);
}

/* ---- sublayers ---------------------------------------------------------------------------------
 */

static wfp_err encode_sublayer(struct arena *a, const struct model_object *o, Openwfp__Object *out)
{
	Openwfp__SubLayer *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__SubLayer)OPENWFP__SUB_LAYER__INIT;
	ENCODE_COMMON(m, o);
	rpc_key_encode(&o->key, &m->has_sublayerkey, &m->sublayerkey);
	rpc_key_encode(&o->provider, &m->has_providerkey, &m->providerkey);
	m->has_weight = true;
	m->weight = o->weight;
	out->sublayer = m;
	return rpc_texts_encode(a, o->name, o->description, &m->displaydata);
}

static wfp_err decode_sublayer(struct arena *a, const Openwfp__Object *m,
			       struct model_object *draft)
{
	const Openwfp__SubLayer *from = m->sublayer;
	wfp_err err;

	DECODE_COMMON(from, draft);
	if (from->weight > UINT16_MAX)
		return ERR_OUT_OF_BOUNDS;
	draft->weight = (uint16_t)from->weight;
	err = rpc_key_decode(from->has_sublayerkey, &from->sublayerkey, &draft->key);
	return err ? err
		   : rpc_key_decode(from->has_providerkey, &from->providerkey, &draft->provider);
}

/* ---- callouts ----------------------------------------------------------------------------------
 */

static wfp_err encode_callout(struct arena *a, const struct model_object *o, Openwfp__Object *out)
{
	const struct model_layer *layer = model_layer_by_id(o->layer);
	Openwfp__Callout *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__Callout)OPENWFP__CALLOUT__INIT;
	ENCODE_COMMON(m, o);
	rpc_key_encode(&o->key, &m->has_calloutkey, &m->calloutkey);
	rpc_key_encode(&o->provider, &m->has_providerkey, &m->providerkey);
	rpc_key_encode(&layer->key, &m->has_applicablelayer, &m->applicablelayer);
	m->has_calloutid = true;
	m->calloutid = (uint32_t)o->id;
	out->callout = m;
	return rpc_texts_encode(a, o->name, o->description, &m->displaydata);
}

static wfp_err decode_callout(struct arena *a, const Openwfp__Object *m, struct model_object *draft)
{
	const Openwfp__Callout *from = m->callout;
	wfp_err err;

	DECODE_COMMON(from, draft);
	draft->id = from->calloutid;
	err = rpc_key_decode(from->has_calloutkey, &from->calloutkey, &draft->key);
	if (!err)
		err = rpc_key_decode(from->has_providerkey, &from->providerkey, &draft->provider);
	return err ? err
		   : rpc_layer_decode(from->has_applicablelayer, &from->applicablelayer,
				      &draft->layer);
}

/* ---- any kind ----------------------------------------------------------------------------------
 */

static const struct kind {
	Openwfp__Object__ObjectCase member;
	encode_fn *encode;
	decode_fn *decode;
} kinds[MODEL_KINDS] = {
#define KIND(kind, member, verb)                                                                   \
	[MODEL_##kind] = {OPENWFP__OBJECT__OBJECT_##member, encode_##verb, decode_##verb}
	KIND(PROVIDER, PROVIDER, provider),
	KIND(PROVIDER_CONTEXT, PROVIDER_CONTEXT, context),
	KIND(SUBLAYER, SUB_LAYER, sublayer),
	KIND(CALLOUT, CALLOUT, callout),
#undef KIND
	[MODEL_FILTER] = {OPENWFP__OBJECT__OBJECT_FILTER, rpc_filter_encode, rpc_filter_decode},
};

wfp_err rpc_object_encode(struct arena *a, const struct model_object *o,
			  struct Openwfp__Object *out)
{
	*out = (Openwfp__Object)OPENWFP__OBJECT__INIT;
	out->object_case = kinds[o->kind].member;
	return kinds[o->kind].encode(a, o, out);
}

wfp_err rpc_object_decode(struct arena *a, const struct Openwfp__Object *m,
			  struct model_object *draft)
{
	*draft = (struct model_object){0};
	if (!m || m->object_case == OPENWFP__OBJECT__OBJECT__NOT_SET)
		return ERR_NULL_POINTER;
	for (unsigned i = 0; i < MODEL_KINDS; i++)
		if (kinds[i].member == m->object_case) {
			draft->kind = (enum model_kind)i;
			return kinds[i].decode(a, m, draft);
		}
	return ERR_INVALID_ENUMERATOR;
}

wfp_err rpc_object_pack(const struct model_object *o, struct buf *out)
{
	struct arena a;
	Openwfp__Object m;
	wfp_err err;

	arena_init(&a, SIZE_MAX);
	err = rpc_object_encode(&a, o, &m);
	if (!err) {
		rpc_message_pack(&m.base, out);
		err = buf_err(out);
	}
	arena_free(&a);
	return err;
}

wfp_err rpc_object_unpack(const void *data, size_t len, struct model_object **out)
{
	struct model_object draft;
	ProtobufCMessage *m;
	struct arena a;
	wfp_err err;

	arena_init(&a, RPC_TRUSTED_MAX);
	err = rpc_message_unpack(&a, &openwfp__object__descriptor, data, len, &m);
	if (!err)
		err = rpc_object_decode(&a, (Openwfp__Object *)m, &draft);
	if (!err)
		err = model_object_create(out, &draft);
	arena_free(&a);
	return err;
}

/* ---- layers ------------------------------------------------------------------------------------
 */

/* FWPM_LAYER_FLAG_*, by the names that the catalogue shows. */
static const struct {
	char name[FLAG_NAME_MAX];
	uint32_t flag;
} layer_flags[] = {{"KERNEL", 1}, {"BUILTIN", 2}, {"CLASSIFY_MOSTLY", 4}, {"BUFFERED", 8}};

static uint32_t flags_of(const struct model_layer *layer)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(layer_flags); i++)
		if (strstr(layer->flags, layer_flags[i].name))
			flags |= layer_flags[i].flag;
	return flags;
}

static const struct guid *default_sublayer(const struct model_layer *layer)
{
	static const struct guid none;
	const struct model_builtin *sublayer;

	for (unsigned i = 0; (sublayer = model_sublayer_builtin(i)); i++)
		if (strcmp(sublayer->name, layer->default_sublayer) == 0)
			return &sublayer->key;
	return &none;
}

static void encode_field(const struct model_field *field, Openwfp__Field *out)
{
	*out = (Openwfp__Field)OPENWFP__FIELD__INIT;
	rpc_key_encode(field->key, &out->has_fieldkey, &out->fieldkey);
	out->has_type = out->has_datatype = true;
	out->type = field->field_type;
	out->datatype = field->type;
}

/* In the order of the newest schema, which is also that of the indices; others are not shown. */
static wfp_err encode_fields(struct arena *a, const struct model_layer *layer, Openwfp__Layer *out)
{
	Openwfp__Field *m = arena_alloc(a, layer->n_fields * sizeof(*m));

	out->field = arena_zalloc(a, layer->n_fields, sizeof(*out->field));
	if (!m || !out->field)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; i < layer->n_fields; i++) {
		int at = layer->fields[i].index[MODEL_SCHEMA_2026];

		if (at < 0)
			continue;
		encode_field(&layer->fields[i], &m[i]);
		out->field[at] = &m[i];
		out->n_field++;
	}
	return ERR_OK;
}

wfp_err rpc_layer_encode(struct arena *a, const struct model_layer *layer,
			 struct Openwfp__Layer *out)
{
	wfp_err err;

	*out = (Openwfp__Layer)OPENWFP__LAYER__INIT;
	rpc_key_encode(&layer->key, &out->has_layerkey, &out->layerkey);
	rpc_key_encode(default_sublayer(layer), &out->has_defaultsublayerkey,
		       &out->defaultsublayerkey);
	out->has_flags = out->has_layerid = true;
	out->flags = flags_of(layer);
	out->layerid = layer->id;
	err = rpc_texts_encode(a, layer->display_name, NULL, &out->displaydata);
	return err ? err : encode_fields(a, layer, out);
}
