/* SPDX-License-Identifier: MIT */
/*
 * netevent_template - the fields of an event as values, and the conditions put to them.
 *
 * One row per field that a template may name.  A field may have several data types (an address is
 * of either version); what an event does not know is FWP_EMPTY, as at a layer.
 */
#include "bfe/netevent_template.h"

#include "base/mem.h"
#include "engine/match.h"
#include "model/catalogue.h"
#include "model/token.h"

#include <string.h>

#define TYPES 2u

/* The value of a field, and the room it may need. */
struct shown {
	struct model_value value;
	struct model_blob blob;
	uint8_t token[8 + SID_MAX];
};

typedef void show_fn(struct shown *out, const struct model_netevent *e,
		     const struct model_condition *c);

/* ---- the fields ----------------------------------------------------------------------------- */

static void show_protocol(struct shown *out, const struct model_netevent *e,
			  UNUSED const struct model_condition *c)
{
	if (e->flags & MODEL_NETEVENT_HAS_PROTOCOL)
		out->value = (struct model_value){.type = MODEL_UINT8, .u8 = e->protocol};
}

static void show_address(struct shown *out, const struct model_netevent *e,
			 const union model_address *addr)
{
	if (e->ip == MODEL_NETEVENT_V4)
		out->value = (struct model_value){.type = MODEL_UINT32, .u32 = addr->v4};
	else if (e->ip == MODEL_NETEVENT_V6)
		out->value =
			(struct model_value){.type = MODEL_BYTE_ARRAY16_TYPE, .bytes16 = &addr->v6};
}

static void show_local_address(struct shown *out, const struct model_netevent *e,
			       UNUSED const struct model_condition *c)
{
	if (e->flags & MODEL_NETEVENT_HAS_LOCAL_ADDRESS)
		show_address(out, e, &e->local);
}

static void show_remote_address(struct shown *out, const struct model_netevent *e,
				UNUSED const struct model_condition *c)
{
	if (e->flags & MODEL_NETEVENT_HAS_REMOTE_ADDRESS)
		show_address(out, e, &e->remote);
}

static void show_local_port(struct shown *out, const struct model_netevent *e,
			    UNUSED const struct model_condition *c)
{
	if (e->flags & MODEL_NETEVENT_HAS_LOCAL_PORT)
		out->value = (struct model_value){.type = MODEL_UINT16, .u16 = e->local_port};
}

static void show_remote_port(struct shown *out, const struct model_netevent *e,
			     UNUSED const struct model_condition *c)
{
	if (e->flags & MODEL_NETEVENT_HAS_REMOTE_PORT)
		out->value = (struct model_value){.type = MODEL_UINT16, .u16 = e->remote_port};
}

static void show_app(struct shown *out, const struct model_netevent *e,
		     UNUSED const struct model_condition *c)
{
	if (e->flags & MODEL_NETEVENT_HAS_APP)
		out->value =
			(struct model_value){.type = MODEL_BYTE_BLOB_TYPE, .blob = &e->app->blob};
}

/* The token of somebody who is in no group: the event names a user and nothing else. */
static void show_as_token(struct shown *out, const struct model_netevent *e)
{
	const uint32_t count = 1, attributes = MODEL_GROUP_ENABLED;
	const size_t size = sid_size(&e->user, SID_MAX);

	memcpy(out->token, &count, 4);
	memcpy(out->token + 4, &attributes, 4);
	memcpy(out->token + 8, e->user.bytes, size);
	out->blob = (struct model_blob){.size = (uint32_t)(8 + size), .data = out->token};
	out->value = (struct model_value){.type = MODEL_TOKEN_ACCESS_INFORMATION_TYPE,
					  .blob = &out->blob};
}

/* A user is compared with a SID, or put to a security descriptor. */
static void show_user(struct shown *out, const struct model_netevent *e,
		      const struct model_condition *c)
{
	if (!(e->flags & MODEL_NETEVENT_HAS_USER))
		return;
	if (c->value.type == MODEL_SECURITY_DESCRIPTOR_TYPE)
		show_as_token(out, e);
	else
		out->value = (struct model_value){.type = MODEL_SID, .sid = &e->user};
}

static void show_type(struct shown *out, const struct model_netevent *e,
		      UNUSED const struct model_condition *c)
{
	out->value = (struct model_value){.type = MODEL_UINT32, .u32 = e->type};
}

static const struct field {
	const char *condition;
	uint8_t field_type;
	enum model_type types[TYPES];
	show_fn *show;
} fields[] = {
	{"IP_PROTOCOL", MODEL_FIELD_RAW_DATA, {MODEL_UINT8}, show_protocol},
	{"IP_LOCAL_ADDRESS",
	 MODEL_FIELD_IP_ADDRESS,
	 {MODEL_UINT32, MODEL_BYTE_ARRAY16_TYPE},
	 show_local_address},
	{"IP_REMOTE_ADDRESS",
	 MODEL_FIELD_IP_ADDRESS,
	 {MODEL_UINT32, MODEL_BYTE_ARRAY16_TYPE},
	 show_remote_address},
	{"IP_LOCAL_PORT", MODEL_FIELD_RAW_DATA, {MODEL_UINT16}, show_local_port},
	{"IP_REMOTE_PORT", MODEL_FIELD_RAW_DATA, {MODEL_UINT16}, show_remote_port},
	{"ALE_APP_ID", MODEL_FIELD_RAW_DATA, {MODEL_BYTE_BLOB_TYPE}, show_app},
	{"ALE_USER_ID",
	 MODEL_FIELD_RAW_DATA,
	 {MODEL_SID, MODEL_TOKEN_ACCESS_INFORMATION_TYPE},
	 show_user},
	{"NET_EVENT_TYPE", MODEL_FIELD_RAW_DATA, {MODEL_UINT32}, show_type},
};

static int field_by_key(const struct guid *key)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (guid_equal(key, model_condition_key(fields[i].condition)))
			return (int)i;
	return -1;
}

/* ---- checking and copying ------------------------------------------------------------------- */

struct netevent_template {
	uint64_t start, end;
	uint32_t n;
	struct model_condition conditions[ARRAY_LEN(fields)]; /* each field once; owned */
};

/* The first type that the condition can be put to decides; without one, the first's error. */
static wfp_err check_types(const struct field *field, const struct model_condition *c)
{
	wfp_err first = ERR_OK;

	for (unsigned i = 0; i < TYPES && (i == 0 || field->types[i]); i++) {
		const struct model_field as = {.field_type = field->field_type,
					       .type = field->types[i]};
		const wfp_err err = model_condition_check(&as, c);

		if (err != ERR_TYPE_MISMATCH)
			return err;
		first = err;
	}
	return first;
}

static bool has_field(const struct netevent_template *t, int field)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->conditions[i].field == field)
			return true;
	return false;
}

static wfp_err add_condition(struct netevent_template *t, const struct model_condition *from)
{
	struct model_condition *c = &t->conditions[t->n];
	const int field = field_by_key(&from->field_key);
	wfp_err err;

	if (field < 0)
		return ERR_CONDITION_NOT_FOUND;
	if (has_field(t, field))
		return ERR_DUPLICATE_CONDITION;
	err = model_value_copy(&c->value, &from->value);
	if (err)
		return err;
	t->n++;
	c->field_key = from->field_key;
	c->field = (int16_t)field;
	c->match = from->match;
	return check_types(&fields[field], c);
}

static wfp_err fill(struct netevent_template *t, const struct bfe_netevent_template *from)
{
	wfp_err err = ERR_OK;

	if (from->n_conditions && !from->conditions)
		return ERR_NULL_POINTER;
	if (from->end < from->start)
		return ERR_INVALID_INTERVAL;
	t->start = from->start;
	t->end = from->end ? from->end : UINT64_MAX;
	for (uint32_t i = 0; i < from->n_conditions && !err; i++)
		err = add_condition(t, &from->conditions[i]);
	return err;
}

wfp_err netevent_template_create(struct netevent_template **out,
				 const struct bfe_netevent_template *from)
{
	static const struct bfe_netevent_template everything;
	struct netevent_template *t = mem_zalloc(sizeof(*t));
	wfp_err err;

	if (!t)
		return ERR_NO_MEMORY;
	err = fill(t, from ? from : &everything);
	if (err) {
		netevent_template_destroy(t);
		return err;
	}
	*out = t;
	return ERR_OK;
}

void netevent_template_destroy(struct netevent_template *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		model_value_clear(&t->conditions[i].value);
	mem_free(t);
}

bool netevent_template_matches(const struct netevent_template *t, const struct model_netevent *e)
{
	if (e->time < t->start || e->time > t->end)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct model_condition *c = &t->conditions[i];
		struct shown shown;

		shown.value.type = MODEL_EMPTY;
		fields[c->field].show(&shown, e, c);
		if (!engine_match_condition(c, &shown.value))
			return false;
	}
	return true;
}
