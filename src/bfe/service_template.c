/* SPDX-License-Identifier: MIT */
/*
 * service_template - what a program asks for, from its message to what the engine understands.
 *
 * Each kind reads the members that its template of the API has, and ignores the others, as a
 * program cannot set them there.  On the client's thread.
 */
#include "bfe/service_state.h"

#include "rpc/codec_event.h"

static wfp_err decode_layer(const Openwfp__EnumTemplate *m, struct bfe_template *t)
{
	struct guid key;
	wfp_err err = rpc_key_decode(m->has_layerkey, &m->layerkey, &key);

	if (err || guid_is_zero(&key))
		return err;
	t->any_layer = false;
	return rpc_layer_decode(true, &m->layerkey, &t->layer);
}

static wfp_err decode_context_template(struct arena *a, const Openwfp__ProviderContextTemplate *m,
				       struct bfe_template *t)
{
	struct bfe_template *context;

	if (!m)
		return ERR_OK;
	context = arena_zalloc(a, 1, sizeof(*context));
	if (!context)
		return ERR_NO_MEMORY;
	context->kind = MODEL_PROVIDER_CONTEXT;
	context->any_layer = true;
	context->any_context_type = !m->has_providercontexttype;
	context->context_type = m->providercontexttype;
	t->context = context;
	return rpc_key_decode(m->has_providerkey, &m->providerkey, &context->provider);
}

static wfp_err decode_conditions(struct arena *a, const Openwfp__EnumTemplate *m, uint32_t *n,
				 const struct model_condition **out)
{
	struct model_condition *conditions;
	wfp_err err =
		rpc_conditions_decode(a, m->filtercondition, m->n_filtercondition, &conditions);

	if (err)
		return err;
	*n = (uint32_t)m->n_filtercondition;
	*out = conditions;
	return ERR_OK;
}

static wfp_err decode_filter_template(struct arena *a, const Openwfp__EnumTemplate *m,
				      struct bfe_template *t)
{
	wfp_err err = decode_layer(m, t);

	t->enum_type = m->enumtype;
	t->flags = m->flags;
	if (m->has_actionmask)
		t->action_mask = m->actionmask;
	if (!err)
		err = rpc_key_decode(m->has_calloutkey, &m->calloutkey, &t->callout);
	if (!err)
		err = decode_context_template(a, m->providercontexttemplate, t);
	return err ? err : decode_conditions(a, m, &t->n_conditions, &t->conditions);
}

wfp_err service_template_decode(struct arena *a, enum model_kind kind,
				const Openwfp__EnumTemplate *m, struct bfe_template *t)
{
	wfp_err err;

	*t = (struct bfe_template){.kind = kind,
				   .any_layer = true,
				   .any_context_type = true,
				   .action_mask = BFE_ENUM_ANY_ACTION};
	/* Without a template there is everything, also what a template would have to ask for. */
	if (!m)
		t->flags = BFE_ENUM_INCLUDE_BOOTTIME | BFE_ENUM_INCLUDE_DISABLED;
	if (!m || kind == MODEL_PROVIDER)
		return ERR_OK;
	err = rpc_key_decode(m->has_providerkey, &m->providerkey, &t->provider);
	if (err)
		return err;
	switch (kind) {
	case MODEL_PROVIDER_CONTEXT:
		t->any_context_type = !m->has_providercontexttype;
		t->context_type = m->providercontexttype;
		return ERR_OK;
	case MODEL_CALLOUT:
		return decode_layer(m, t);
	case MODEL_FILTER:
		return decode_filter_template(a, m, t);
	default:
		return ERR_OK;
	}
}

wfp_err service_netevent_template(struct arena *a, const Openwfp__EnumTemplate *m,
				  struct bfe_netevent_template *t)
{
	*t = (struct bfe_netevent_template){0};
	if (!m)
		return ERR_OK;
	if (m->starttime || m->endtime) {
		t->start = rpc_unix_ns(m->starttime);
		t->end = rpc_unix_ns(m->endtime);
	}
	return decode_conditions(a, m, &t->n_conditions, &t->conditions);
}
