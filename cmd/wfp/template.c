/* SPDX-License-Identifier: MIT */
/*
 * template - one template for each layer that was meant.
 *
 * Without --best nothing is hidden: boot-time and disabled filters are listed, too.
 */
#include "wfp/template.h"

#include "bfe/template.h"
#include "model/filter.h"

#include <string.h>

static wfp_err put_named(struct remote *r, const char *option, const char *kind, const char *text,
			 struct guid *key, struct buf *why)
{
	struct buf inner = {0};
	wfp_err err;

	if (!text)
		return ERR_OK;
	err = remote_find(r, remote_kind_find(kind), text, key, &inner);
	if (err)
		buf_printf(why, "--%s: %s", option, buf_str(&inner));
	buf_free(&inner);
	return err;
}

static void put_key(const struct guid *key, protobuf_c_boolean *has, ProtobufCBinaryData *out)
{
	*has = !guid_is_zero(key);
	*out = (ProtobufCBinaryData){sizeof(*key), (uint8_t *)(uintptr_t)key};
}

static uint32_t filter_flags(const struct template_options *o)
{
	if (o->best)
		return BFE_ENUM_BEST_TERMINATING_MATCH | BFE_ENUM_SORTED;
	return BFE_ENUM_SORTED |
	       (o->boot_time ? BFE_ENUM_BOOTTIME_ONLY : BFE_ENUM_INCLUDE_BOOTTIME) |
	       BFE_ENUM_INCLUDE_DISABLED;
}

/* Net events have no layer: their conditions are read as those of one that has the fields. */
static wfp_err put_event_conditions(struct arena *a, const struct template_options *o,
				    struct template_set *set, struct buf *why)
{
	struct typed_conditions conditions = {0};
	uint16_t layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4;
	wfp_err err;

	for (size_t i = 0; i < o->typed.n; i++)
		if (o->typed.typed[i].field && strstr(o->typed.typed[i].field, "_ADDRESS") &&
		    strchr(o->typed.typed[i].value, ':'))
			layer = MODEL_LAYER_ALE_AUTH_CONNECT_V6;
	set->n = 1;
	err = typed_options_resolve(a, &o->typed, model_layer_by_id(layer), &conditions, why);
	set->t[0].n_filtercondition = conditions.n;
	set->t[0].filtercondition = conditions.conditions;
	return err;
}

static wfp_err put_layers(struct arena *a, const struct template_options *o,
			  struct template_set *set, struct buf *why)
{
	const struct model_layer *layers[TYPED_LAYERS_MAX];
	wfp_err err;

	set->n = 1;
	if (!o->typed.layer && o->typed.n == 0)
		return ERR_OK;
	err = typed_options_layers(&o->typed, layers, &set->n, why);
	for (unsigned i = 0; !err && i < set->n; i++) {
		Openwfp__EnumTemplate *t = &set->t[i];
		struct typed_conditions conditions = {0};

		put_key(&layers[i]->key, &t->has_layerkey, &t->layerkey);
		err = typed_options_resolve(a, &o->typed, layers[i], &conditions, why);
		t->n_filtercondition = conditions.n;
		t->filtercondition = conditions.conditions;
	}
	return err;
}

static wfp_err put_type(const struct template_options *o, Openwfp__EnumTemplate *t, struct buf *why)
{
	const char *name;

	if (!o->type)
		return ERR_OK;
	name = words_find(&words_context_types, o->type, why);
	if (!name || !names_value(NAMES_FWPM_PROVIDER_CONTEXT_TYPE, name, &t->providercontexttype))
		return ERR_INVALID_DATA;
	t->has_providercontexttype = true;
	return ERR_OK;
}

wfp_err template_make(struct remote *r, struct arena *a, const struct template_options *o,
		      Openwfp__Kind kind, struct template_set *set, struct buf *why)
{
	wfp_err err;

	memset(set, 0, sizeof(*set));
	for (unsigned i = 0; i < TEMPLATES_MAX; i++)
		set->t[i] = (Openwfp__EnumTemplate)OPENWFP__ENUM_TEMPLATE__INIT;
	err = kind == OPENWFP__KIND__NET_EVENT ? put_event_conditions(a, o, set, why)
					       : put_layers(a, o, set, why);
	if (!err)
		err = put_named(r, "provider", "provider", o->provider, &set->provider, why);
	if (!err)
		err = put_named(r, "callout", "callout", o->callout, &set->callout, why);
	for (unsigned i = 0; !err && i < set->n; i++) {
		Openwfp__EnumTemplate *t = &set->t[i];

		put_key(&set->provider, &t->has_providerkey, &t->providerkey);
		put_key(&set->callout, &t->has_calloutkey, &t->calloutkey);
		t->has_enumtype = t->has_flags = kind == OPENWFP__KIND__FILTER;
		t->enumtype = o->overlapping ? BFE_ENUM_OVERLAPPING : BFE_ENUM_FULLY_CONTAINED;
		t->flags = filter_flags(o);
		err = put_type(o, t, why);
	}
	return err;
}

bool template_shows(const struct template_options *o, const Openwfp__Object *object)
{
	const char *name;
	uint32_t action;

	if (object->object_case != OPENWFP__OBJECT__OBJECT_FILTER)
		return true;
	if (o->disabled && !(object->filter->flags & MODEL_FILTER_DISABLED))
		return false;
	name = o->action ? words_find(&words_actions, o->action, NULL) : NULL;
	if (!name || !names_value(NAMES_FWP_ACTION_TYPE, name, &action))
		return true;
	return object->filter->action && object->filter->action->type == action;
}
