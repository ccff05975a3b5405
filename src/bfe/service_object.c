/* SPDX-License-Identifier: MIT */
/*
 * service_object - adding, deleting and showing objects, and their security descriptors.
 *
 * On the client's thread; these calls wait for whoever has the transaction lock.
 */
#include "bfe/service_state.h"

#include "base/mem.h"
#include "model/access.h"
#include "rpc/codec_event.h"
#include "rpc/codec_parts.h"

wfp_err service_kind(int has, Openwfp__Kind kind, enum model_kind *out)
{
	if (!has)
		return ERR_NULL_POINTER;
	/* The protocol counts the stored kinds from 1, in the same order. */
	if (kind < OPENWFP__KIND__PROVIDER || kind > OPENWFP__KIND__FILTER)
		return ERR_INVALID_ENUMERATOR;
	*out = (enum model_kind)(kind - OPENWFP__KIND__PROVIDER);
	return ERR_OK;
}

static wfp_err decode_key(const Openwfp__Which *m, struct guid *key)
{
	return rpc_key_decode(true, &m->key, key);
}

wfp_err service_add(struct service_client *c, const Openwfp__Request *request,
		    struct service_answer *answer)
{
	const Openwfp__Add *m = request->add;
	struct model_object draft;
	struct model_blob sd;
	struct bfe_added added;
	wfp_err err = rpc_object_decode(&answer->arena, m->object, &draft);

	if (err)
		return err;
	rpc_blob_decode(m->has_sd, &m->sd, &sd);
	err = bfe_object_add(c->session, &draft, sd.size ? &sd : NULL, &added);
	if (err)
		return err;
	answer->key = added.key;
	answer->added = (Openwfp__Added)OPENWFP__ADDED__INIT;
	rpc_key_encode(&answer->key, &answer->added.has_key, &answer->added.key);
	answer->added.has_id = true;
	answer->added.id = added.id;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_ADDED;
	answer->reply.added = &answer->added;
	return ERR_OK;
}

wfp_err service_delete(struct service_client *c, const Openwfp__Request *request,
		       struct service_answer *answer)
{
	const Openwfp__Which *m = request->delete_;
	enum model_kind kind;
	struct guid key;
	wfp_err err = service_kind(m->has_kind, m->kind, &kind);

	if (err)
		return err;
	switch (m->which_case) {
	case OPENWFP__WHICH__WHICH_KEY:
		err = decode_key(m, &key);
		return err ? err : bfe_object_delete(c->session, kind, &key);
	case OPENWFP__WHICH__WHICH_ID:
		return bfe_object_delete_by_id(c->session, kind, m->id);
	default:
		return ERR_NULL_POINTER;
	}
}

/* ---- showing -----------------------------------------------------------------------------------
 */

static wfp_err get_object(struct service_client *c, const Openwfp__Which *m,
			  struct service_answer *answer)
{
	struct model_object *o;
	enum model_kind kind;
	struct guid key;
	wfp_err err = service_kind(m->has_kind, m->kind, &kind);

	if (!err && m->which_case == OPENWFP__WHICH__WHICH_KEY)
		err = decode_key(m, &key);
	if (!err)
		err = service_hold_room(answer, 1);
	if (err)
		return err;
	err = m->which_case == OPENWFP__WHICH__WHICH_KEY
		      ? bfe_object_get(c->session, kind, &key, &o)
		      : bfe_object_get_by_id(c->session, kind, m->id, &o);
	if (err)
		return err;
	service_hold(answer, o);
	return rpc_object_encode(&answer->arena, o, &answer->object);
}

static const struct model_layer *find_layer(const Openwfp__Which *m)
{
	struct guid key;

	if (m->which_case == OPENWFP__WHICH__WHICH_ID)
		return m->id <= UINT16_MAX ? model_layer_by_id((uint16_t)m->id) : NULL;
	return decode_key(m, &key) ? NULL : model_layer_by_key(&key);
}

static wfp_err get_layer(struct service_client *c, const Openwfp__Which *m,
			 struct service_answer *answer)
{
	const struct model_layer *layer = find_layer(m);
	Openwfp__Layer *out = arena_alloc(&answer->arena, sizeof(*out));
	wfp_err err = layer ? bfe_layer_check(c->session, layer->id, MODEL_RIGHT_READ)
			    : ERR_LAYER_NOT_FOUND;

	if (err)
		return err;
	if (!out)
		return ERR_NO_MEMORY;
	answer->object.object_case = OPENWFP__OBJECT__OBJECT_LAYER;
	answer->object.layer = out;
	return rpc_layer_encode(&answer->arena, layer, out);
}

static wfp_err get_connection(struct service_client *c, const Openwfp__Which *m,
			      struct service_answer *answer)
{
	struct {
		struct model_connection connection;
		Openwfp__Connection message;
	} *out = arena_alloc(&answer->arena, sizeof(*out));
	wfp_err err = service_monitor_check(c, BFE_SECURED_CONNECTIONS, MODEL_RIGHT_READ);

	if (err)
		return err;
	if (!out)
		return ERR_NO_MEMORY;
	if (m->which_case != OPENWFP__WHICH__WHICH_ID)
		return ERR_INVALID_PARAMETER;
	err = bfe_connections_get(bfe_monitor_connections(c->service->config.monitor), m->id,
				  &out->connection);
	if (err)
		return err;
	rpc_connection_encode(&out->connection, &out->message);
	answer->object.object_case = OPENWFP__OBJECT__OBJECT_CONNECTION;
	answer->object.connection = &out->message;
	return ERR_OK;
}

wfp_err service_get(struct service_client *c, const Openwfp__Request *request,
		    struct service_answer *answer)
{
	const Openwfp__Which *m = request->get;
	wfp_err err;

	if (m->which_case == OPENWFP__WHICH__WHICH__NOT_SET)
		return ERR_NULL_POINTER;
	answer->object = (Openwfp__Object)OPENWFP__OBJECT__INIT;
	if (m->has_kind && m->kind == OPENWFP__KIND__LAYER)
		err = get_layer(c, m, answer);
	else if (m->has_kind && m->kind == OPENWFP__KIND__CONNECTION)
		err = get_connection(c, m, answer);
	else
		err = get_object(c, m, answer);
	if (err)
		return err;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_OBJECT;
	answer->reply.object = &answer->object;
	return ERR_OK;
}

/* ---- security descriptors ----------------------------------------------------------------------
 */

static const struct {
	Openwfp__Kind kind;
	enum bfe_secured secured;
} secured[] = {
	{OPENWFP__KIND__PROVIDER, (enum bfe_secured)MODEL_PROVIDER},
	{OPENWFP__KIND__PROVIDER_CONTEXT, (enum bfe_secured)MODEL_PROVIDER_CONTEXT},
	{OPENWFP__KIND__SUB_LAYER, (enum bfe_secured)MODEL_SUBLAYER},
	{OPENWFP__KIND__CALLOUT, (enum bfe_secured)MODEL_CALLOUT},
	{OPENWFP__KIND__FILTER, (enum bfe_secured)MODEL_FILTER},
	{OPENWFP__KIND__LAYER, BFE_SECURED_LAYERS},
	{OPENWFP__KIND__ENGINE, BFE_SECURED_ENGINE},
	{OPENWFP__KIND__NET_EVENT, BFE_SECURED_NET_EVENTS},
	{OPENWFP__KIND__CONNECTION, BFE_SECURED_CONNECTIONS},
	{OPENWFP__KIND__IPSEC_SA_DB, BFE_SECURED_IPSEC_SA_DB},
	{OPENWFP__KIND__IKEEXT_SA_DB, BFE_SECURED_IKEEXT_SA_DB},
	{OPENWFP__KIND__IPSEC_DOSP, BFE_SECURED_IPSEC_DOSP},
	{OPENWFP__KIND__KEY_MANAGER, BFE_SECURED_KEY_MANAGERS},
	{OPENWFP__KIND__VSWITCH_EVENT, BFE_SECURED_VSWITCH_EVENTS},
};

static wfp_err find_secured(int has, Openwfp__Kind kind, enum bfe_secured *out)
{
	if (!has)
		return ERR_NULL_POINTER;
	for (size_t i = 0; i < ARRAY_LEN(secured); i++)
		if (secured[i].kind == kind) {
			*out = secured[i].secured;
			return ERR_OK;
		}
	return ERR_NOT_SUPPORTED;
}

wfp_err service_security_get(struct service_client *c, const Openwfp__Request *request,
			     struct service_answer *answer)
{
	const Openwfp__SecurityGet *m = request->securityget;
	struct model_blob *sd;
	enum bfe_secured what;
	struct guid key;
	wfp_err err = find_secured(m->has_kind, m->kind, &what);

	if (!err)
		err = rpc_key_decode(m->has_key, &m->key, &key);
	if (!err)
		err = bfe_security_get(c->session, what, &key, m->securityinfo, &sd);
	if (err)
		return err;
	answer->block = sd;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_SD;
	answer->reply.sd = (ProtobufCBinaryData){sd->size, sd->data};
	return ERR_OK;
}

wfp_err service_security_set(struct service_client *c, const Openwfp__Request *request,
			     struct service_answer *answer)
{
	const Openwfp__SecuritySet *m = request->securityset;
	struct model_blob sd;
	enum bfe_secured what;
	struct guid key;
	wfp_err err = find_secured(m->has_kind, m->kind, &what);

	if (!err)
		err = rpc_key_decode(m->has_key, &m->key, &key);
	if (err)
		return err;
	rpc_blob_decode(m->has_sd, &m->sd, &sd);
	return sd.size ? bfe_security_set(c->session, what, &key, m->securityinfo, &sd)
		       : ERR_NULL_POINTER;
}
