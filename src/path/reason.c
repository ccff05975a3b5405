/* SPDX-License-Identifier: MIT */
/*
 * reason - see reason.h.
 */
#include "path/reason.h"

#include "model/catalogue.h"

/* " 'name'", or nothing. */
static void put_quoted(struct buf *out, const struct buf *name)
{
	if (name->len > 0)
		buf_printf(out, " '%s'", buf_str(name));
}

static void put_filter(struct buf *out, uint64_t id, const struct reason_names *names)
{
	struct buf name = {0};

	if (names && names->filter)
		names->filter(names->ctx, id, &name);
	buf_printf(out, "filter %llu", (unsigned long long)id);
	put_quoted(out, &name);
	buf_free(&name);
}

static void put_callout(struct buf *out, uint32_t id, const struct reason_names *names)
{
	struct buf name = {0};

	if (names && names->callout)
		names->callout(names->ctx, id, &name);
	buf_printf(out, "callout %u", id);
	put_quoted(out, &name);
	buf_free(&name);
}

static const char *builtin_sublayer(const struct guid *key)
{
	const struct model_builtin *b;

	for (unsigned i = 0; (b = model_sublayer_builtin(i)) != NULL; i++)
		if (guid_equal(&b->key, key))
			return b->name;
	return NULL;
}

static void put_sublayer(struct buf *out, const struct engine_verdict *v,
			 const struct reason_names *names)
{
	const char *builtin = builtin_sublayer(&v->sublayer);
	char text[GUID_TEXT];
	struct buf name = {0};

	if (!builtin && names && names->sublayer)
		names->sublayer(names->ctx, &v->sublayer, &name);
	guid_format(&v->sublayer, text);
	buf_append_str(out, " in sublayer ");
	if (builtin || name.len == 0)
		buf_append_str(out, builtin ? builtin : text);
	else
		buf_printf(out, "'%s'", buf_str(&name));
	buf_printf(out, " (weight %u)", v->sublayer_weight);
	buf_free(&name);
}

static void put_layer(struct buf *out, uint16_t id)
{
	const struct model_layer *layer = model_layer_by_id(id);

	if (layer)
		buf_printf(out, " at %s", layer->name);
	else
		buf_printf(out, " at layer %u", id);
}

static void put_decider(struct buf *out, const struct engine_verdict *v,
			const struct reason_names *names)
{
	buf_append_str(out, " by ");
	if (v->callout_id) {
		put_callout(out, v->callout_id, names);
		buf_append_str(out, " for ");
	}
	put_filter(out, v->filter_id, names);
	put_sublayer(out, v, names);
}

void reason_print(struct buf *out, enum port_verdict verdict, bool modified,
		  const struct port_reason *why, const struct reason_names *names)
{
	const struct engine_verdict *v = &why->verdict;
	const bool says = why->what && why->what[0];

	buf_append_str(out, verdict == PORT_ACCEPT ? "PERMIT" : "BLOCK");
	if (v->filter_id) {
		put_decider(out, v, names);
		put_layer(out, why->layer);
	} else if (!says) {
		buf_append_str(out, ": no filter matched");
	}
	if (says)
		buf_printf(out, "%s%s", v->filter_id ? ", " : ": ", why->what);
	if (v->veto)
		buf_append_str(out, ", veto");
	if (modified)
		buf_append_str(out, ", modified");
}
