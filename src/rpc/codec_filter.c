/* SPDX-License-Identifier: MIT */
/*
 * codec_filter - filters as messages.
 *
 * The most frequent message of all: what every filter has is one block of the arena.  Called by the
 * codec, on any thread.
 */
#include "rpc/codec_parts.h"
#include "rpc/wfp.pb-c.h"

struct filter_message {
	Openwfp__Filter filter;
	Openwfp__DisplayData texts;
	Openwfp__Value weight, effective;
	Openwfp__Action action;
};

static void encode_keys(const struct model_filter *f, Openwfp__Filter *m)
{
	rpc_key_encode(&f->key, &m->has_filterkey, &m->filterkey);
	rpc_key_encode(&f->provider, &m->has_providerkey, &m->providerkey);
	rpc_key_encode(&model_layer_by_id(f->layer)->key, &m->has_layerkey, &m->layerkey);
	rpc_key_encode(&f->sublayer, &m->has_sublayerkey, &m->sublayerkey);
}

static void encode_action(const struct model_filter *f, Openwfp__Action *m)
{
	*m = (Openwfp__Action)OPENWFP__ACTION__INIT;
	m->has_type = true;
	m->type = f->action;
	rpc_key_encode(MODEL_ACTION_IS_CALLOUT(f->action) ? &f->callout : &f->filter_type,
		       &m->has_filtertype, &m->filtertype);
}

static void encode_effective(uint64_t weight, Openwfp__Value *m)
{
	*m = (Openwfp__Value)OPENWFP__VALUE__INIT;
	m->has_type = true;
	m->type = MODEL_UINT64;
	m->value_case = OPENWFP__VALUE__VALUE_UINT64;
	m->uint64 = weight;
}

static void encode_context(const struct model_filter *f, Openwfp__Filter *m)
{
	int has;

	m->context_case = OPENWFP__FILTER__CONTEXT_RAW_CONTEXT;
	m->rawcontext = f->context;
	if (!(f->flags & MODEL_FILTER_HAS_PROVIDER_CONTEXT))
		return;
	m->context_case = OPENWFP__FILTER__CONTEXT_PROVIDER_CONTEXT_KEY;
	rpc_key_encode(&f->context_key, &has, &m->providercontextkey);
	if (!has)
		m->context_case = OPENWFP__FILTER__CONTEXT__NOT_SET;
}

static void encode_plain(const struct model_filter *f, Openwfp__Filter *m)
{
	m->has_flags = m->has_filterid = true;
	m->flags = f->flags;
	m->filterid = f->id;
	rpc_blob_encode(&f->data, &m->has_providerdata, &m->providerdata);
	encode_keys(f, m);
	encode_context(f, m);
}

wfp_err rpc_filter_encode(struct arena *a, const struct model_object *o,
			  struct Openwfp__Object *out)
{
	const struct model_filter *f = o->filter;
	struct filter_message *m = arena_alloc(a, sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	m->filter = (Openwfp__Filter)OPENWFP__FILTER__INIT;
	m->texts = (Openwfp__DisplayData)OPENWFP__DISPLAY_DATA__INIT;
	m->texts.name = f->name;
	m->texts.description = f->description;
	m->filter.displaydata = &m->texts;
	m->filter.action = &m->action;
	m->filter.weight = &m->weight;
	m->filter.effectiveweight = &m->effective;
	m->filter.n_filtercondition = f->n_conditions;
	encode_plain(f, &m->filter);
	encode_action(f, &m->action);
	encode_effective(f->weight, &m->effective);
	out->filter = &m->filter;
	err = rpc_value_encode(a, &f->requested_weight, &m->weight);
	return err ? err
		   : rpc_conditions_encode(a, f->conditions, f->n_conditions,
					   &m->filter.filtercondition);
}

/* ---- decoding ----------------------------------------------------------------------------------
 */

static wfp_err decode_keys(const Openwfp__Filter *m, struct model_filter *f)
{
	wfp_err err = rpc_key_decode(m->has_filterkey, &m->filterkey, &f->key);

	if (!err)
		err = rpc_key_decode(m->has_providerkey, &m->providerkey, &f->provider);
	if (!err)
		err = rpc_key_decode(m->has_sublayerkey, &m->sublayerkey, &f->sublayer);
	return err ? err : rpc_layer_decode(m->has_layerkey, &m->layerkey, &f->layer);
}

static wfp_err decode_action(const Openwfp__Action *m, struct model_filter *f)
{
	if (!m)
		return ERR_OK; /* no action: model_filter_create says what it thinks of that */
	f->action = m->type;
	return rpc_key_decode(m->has_filtertype, &m->filtertype,
			      MODEL_ACTION_IS_CALLOUT(m->type) ? &f->callout : &f->filter_type);
}

/* On Windows the flag says which member of the union is meant. */
static wfp_err decode_context(const Openwfp__Filter *m, struct model_filter *f)
{
	bool flag = f->flags & MODEL_FILTER_HAS_PROVIDER_CONTEXT;

	switch (m->context_case) {
	case OPENWFP__FILTER__CONTEXT_RAW_CONTEXT:
		f->context = m->rawcontext;
		return flag ? ERR_TYPE_MISMATCH : ERR_OK;
	case OPENWFP__FILTER__CONTEXT_PROVIDER_CONTEXT_KEY:
		return flag ? rpc_key_decode(true, &m->providercontextkey, &f->context_key)
			    : ERR_TYPE_MISMATCH;
	default:
		return ERR_OK;
	}
}

/* What the store wants back; the engine gives its own. */
static wfp_err decode_granted(const Openwfp__Filter *m, struct model_filter *f)
{
	f->id = m->filterid;
	if (!m->effectiveweight)
		return ERR_OK;
	if (m->effectiveweight->value_case != OPENWFP__VALUE__VALUE_UINT64)
		return m->effectiveweight->type == MODEL_EMPTY ? ERR_OK : ERR_TYPE_MISMATCH;
	f->weight = m->effectiveweight->uint64;
	return ERR_OK;
}

static wfp_err decode_rest(struct arena *a, const Openwfp__Filter *m, struct model_filter *f)
{
	wfp_err err = decode_action(m->action, f);

	if (!err)
		err = decode_context(m, f);
	if (!err)
		err = decode_granted(m, f);
	if (!err)
		err = rpc_value_decode(a, m->weight, &f->requested_weight);
	if (err)
		return err;
	f->n_conditions = (uint32_t)m->n_filtercondition;
	return rpc_conditions_decode(a, m->filtercondition, m->n_filtercondition, &f->conditions);
}

wfp_err rpc_filter_decode(struct arena *a, const struct Openwfp__Object *m,
			  struct model_object *draft)
{
	const Openwfp__Filter *from = m->filter;
	struct model_filter *f = arena_zalloc(a, 1, sizeof(*f));
	wfp_err err;

	if (!f)
		return ERR_NO_MEMORY;
	f->flags = from->flags;
	rpc_texts_decode(from->displaydata, &f->name, &f->description);
	rpc_blob_decode(from->has_providerdata, &from->providerdata, &f->data);
	err = decode_keys(from, f);
	if (!err)
		err = decode_rest(a, from, f);
	draft->filter = f;
	draft->key = f->key;
	draft->id = f->id;
	draft->flags = f->flags;
	draft->provider = f->provider;
	return err;
}
