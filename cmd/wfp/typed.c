/* SPDX-License-Identifier: MIT */
/*
 * typed - fields, signs and values.
 *
 * Values are read by the reader of policy files, so that both take the same forms; what a person
 * types besides (users, programs, directions, lists) is turned into those forms first.
 */
#include "wfp/typed.h"

#include "base/mem.h"
#include "bfe/policy_value.h"
#include "rpc/codec.h"
#include "rpc/wfp.pb-c.h"
#include "wfp/people.h"
#include "wfp/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A condition in the making, and what it was made from. */
struct draft {
	const struct typed *typed;
	const struct model_field *field;
};

/* All conditions of one command. */
struct work {
	const struct model_layer *layer;
	struct buf *why;
	struct model_condition conditions[TYPED_MAX];
	struct draft drafts[TYPED_MAX];
	size_t n;
};

static wfp_err wrong(struct work *w, const struct typed *t, const char *sentence)
{
	buf_printf(w->why, "--%s %s: %s", t->from, t->value, sentence);
	return ERR_INVALID_DATA;
}

/* ---- signs ------------------------------------------------------------------------------------
 */

static const struct {
	const char *sign;
	enum model_match match;
} signs[] = {
	/* The first of each match is the one that is written. */
	{"==", MODEL_MATCH_EQUAL},
	{"=", MODEL_MATCH_EQUAL},
	{"is", MODEL_MATCH_EQUAL},
	{"!=", MODEL_MATCH_NOT_EQUAL},
	{">", MODEL_MATCH_GREATER},
	{"<", MODEL_MATCH_LESS},
	{">=", MODEL_MATCH_GREATER_OR_EQUAL},
	{"<=", MODEL_MATCH_LESS_OR_EQUAL},
	{"in", MODEL_MATCH_RANGE},
	{"all", MODEL_MATCH_FLAGS_ALL_SET},
	{"any", MODEL_MATCH_FLAGS_ANY_SET},
	{"none", MODEL_MATCH_FLAGS_NONE_SET},
	{"=~", MODEL_MATCH_EQUAL_CASE_INSENSITIVE},
	{"^=", MODEL_MATCH_PREFIX},
	{"!^=", MODEL_MATCH_NOT_PREFIX},
};

const char *typed_match_sign(unsigned match)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (signs[i].match == match)
			return signs[i].sign;
	return NULL;
}

static bool find_sign(const char *text, unsigned *out)
{
	const char *name;
	uint32_t value;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strcasecmp(signs[i].sign, text) == 0) {
			*out = signs[i].match;
			return true;
		}
	name = words_find(&words_matches, text, NULL);
	if (!name || !names_value(NAMES_FWP_MATCH_TYPE, name, &value))
		return false;
	*out = value;
	return true;
}

static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");

	*at = word + strcspn(word, " \t");
	if (**at)
		*(*at)++ = '\0';
	*at += strspn(*at, " \t");
	return word;
}

wfp_err typed_split(struct arena *a, const char *text, struct typed *out, struct buf *why)
{
	char *copy = arena_dup(a, text, strlen(text) + 1), *at = copy;
	const char *field, *sign;

	if (!copy)
		return ERR_NO_MEMORY;
	field = next_word(&at);
	sign = next_word(&at);
	if (!*field || !*sign || !*at) {
		buf_printf(why,
			   "--condition '%s': expected 'FIELD OP VALUE', such as "
			   "'ip-remote-port >= 1024'",
			   text);
		return ERR_INVALID_DATA;
	}
	*out = (struct typed){.from = "condition", .field = field, .value = at};
	if (find_sign(sign, &out->match))
		return ERR_OK;
	buf_printf(why, "--condition '%s': no such operation: %s (one of", text, sign);
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		buf_printf(why, " %s", signs[i].sign);
	buf_append_str(why, ", or a match type such as flags-all-set)");
	return ERR_INVALID_DATA;
}

/* ---- values -----------------------------------------------------------------------------------
 */

static bool is_token(const struct model_field *f)
{
	return f->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE ||
	       f->type == MODEL_TOKEN_INFORMATION_TYPE;
}

static bool is_program(const struct model_field *f)
{
	return strstr(f->name, "_APP_ID") != NULL && f->type == MODEL_BYTE_BLOB_TYPE;
}

static bool takes_list(const struct model_field *f)
{
	return (f->type >= MODEL_UINT8 && f->type <= MODEL_INT64) ||
	       f->type == MODEL_BYTE_ARRAY16_TYPE || f->type == MODEL_BYTE_ARRAY6_TYPE;
}

/* A descriptor is taken as it is. */
static wfp_err user_value(const struct typed *t, struct buf *out, struct buf *why)
{
	if (strncmp(t->value, "O:", 2) != 0 && strncmp(t->value, "D:", 2) != 0)
		return people_sddl(t->value, t->negated, out, why);
	buf_append_str(out, t->value);
	return buf_err(out);
}

static wfp_err program_value(const struct typed *t, struct buf *out, struct buf *why)
{
	if (strncmp(t->value, "hex:", 4) != 0)
		return people_app_id(t->value, out, why);
	buf_append_str(out, t->value + 4);
	return buf_err(out);
}

/* Numbers have names, which are written in lower case. */
static wfp_err plain_value(const struct model_field *f, const char *text, struct buf *out)
{
	static const struct {
		const char *name, *number;
	} directions[] = {{"out", "0"}, {"outbound", "0"}, {"in", "1"}, {"inbound", "1"}};

	for (size_t i = 0;
	     strcmp(f->name, "FWPM_CONDITION_DIRECTION") == 0 && i < ARRAY_LEN(directions); i++)
		if (strcasecmp(text, directions[i].name) == 0)
			text = directions[i].number;
	for (; *text; text++)
		buf_append_byte(out, f->type == MODEL_UINT8 ? (uint8_t)tolower((unsigned char)*text)
							    : (uint8_t)*text);
	return buf_err(out);
}

static wfp_err form_value(const struct typed *t, const struct model_field *f, const char *text,
			  struct buf *out, struct buf *why)
{
	if (is_token(f))
		return user_value(t, out, why);
	if (is_program(f))
		return program_value(t, out, why);
	return plain_value(f, text, out);
}

static json_t *as_json(const char *text)
{
	if (strcasecmp(text, "empty") == 0)
		return json_pack("{s:s}", "type", "FWP_EMPTY");
	return json_string(text);
}

static wfp_err read_value(struct work *w, const struct draft *d, const char *text,
			  struct model_value *out)
{
	struct buf form = {0}, inner = {0};
	char from[128]; /* cut, if need be: the sentence names the value */
	struct policy_place place = {.file = from, .why = w->why};
	wfp_err err = form_value(d->typed, d->field, text, &form, &inner);
	json_t *json = err ? NULL : as_json(buf_str(&form));

	snprintf(from, sizeof(from), "--%s %s", d->typed->from, text);
	if (err && inner.len)
		err = wrong(w, d->typed, buf_str(&inner));
	else if (!err && !json)
		err = wrong(w, d->typed, "not well-formed UTF-8");
	else if (!err)
		err = policy_value(&place, d->field, json, out);
	json_decref(json);
	buf_free(&form);
	buf_free(&inner);
	return err;
}

/* ---- conditions -------------------------------------------------------------------------------
 */

/* What is meant when nothing is said. */
static unsigned natural_match(const struct draft *d, const struct model_value *v)
{
	if (v->type == MODEL_RANGE_TYPE)
		return MODEL_MATCH_RANGE;
	if (d->field->field_type == MODEL_FIELD_FLAGS && v->type != MODEL_EMPTY)
		return d->typed->negated ? MODEL_MATCH_FLAGS_NONE_SET : MODEL_MATCH_FLAGS_ALL_SET;
	if (d->typed->negated && v->type != MODEL_SECURITY_DESCRIPTOR_TYPE)
		return MODEL_MATCH_NOT_EQUAL;
	return MODEL_MATCH_EQUAL;
}

static wfp_err check_negated(struct work *w, const struct typed *t, const struct model_value *v)
{
	if (!t->negated)
		return ERR_OK;
	if (v->type == MODEL_RANGE_TYPE)
		return wrong(w, t,
			     "a range cannot be negated; say what is below or above it with "
			     "--condition");
	if (v->type == MODEL_SECURITY_DESCRIPTOR_TYPE && strchr(t->value, ':'))
		return wrong(w, t, "a descriptor cannot be negated; write one that denies");
	return ERR_OK;
}

static wfp_err add_one(struct work *w, const struct draft *d, const char *text)
{
	struct model_condition *c = &w->conditions[w->n];
	wfp_err err;

	if (w->n == TYPED_MAX)
		return wrong(w, d->typed, "too many values in one command");
	*c = (struct model_condition){.field_key = *d->field->key, .field = -1};
	err = read_value(w, d, text, &c->value);
	if (err)
		return err;
	w->drafts[w->n++] = *d;
	err = check_negated(w, d->typed, &c->value);
	c->match = (uint8_t)(d->typed->match == TYPED_MATCH ? natural_match(d, &c->value)
							    : d->typed->match);
	return err;
}

static wfp_err add_list(struct work *w, struct arena *a, const struct draft *d)
{
	char *text = arena_dup(a, d->typed->value, strlen(d->typed->value) + 1), *comma;
	wfp_err err = text ? ERR_OK : ERR_NO_MEMORY;

	if (!err && d->typed->negated && strchr(text, ','))
		return wrong(w, d->typed,
			     "a list cannot be negated: of several conditions on one "
			     "field any is enough, so nothing would be left out");
	while (!err && (comma = strchr(text, ',')) != NULL) {
		*comma = '\0';
		err = add_one(w, d, text);
		text = comma + 1;
	}
	return err ? err : add_one(w, d, text);
}

static void say_fields(struct work *w)
{
	for (unsigned i = 0; i < w->layer->n_fields; i++) {
		buf_append_str(w->why, i ? ", " : "");
		words_short(&words_conditions, w->layer->fields[i].name, w->why);
	}
}

static wfp_err find_field(struct work *w, const struct typed *t, const struct model_field **out)
{
	const char *name;
	struct buf inner = {0};

	name = words_find(&words_conditions, t->field, &inner);
	if (!name) {
		buf_printf(w->why, "--%s: %s", t->from, buf_str(&inner));
		buf_free(&inner);
		return ERR_INVALID_DATA;
	}
	*out = model_field_find(w->layer, model_condition_key(name));
	if (*out)
		return ERR_OK;
	buf_printf(w->why, "--%s: the layer ", t->from);
	words_short(&words_layers, w->layer->name, w->why);
	buf_append_str(w->why, " has no field ");
	words_short(&words_conditions, name, w->why);
	buf_append_str(w->why, "; it has ");
	say_fields(w);
	return ERR_INVALID_DATA;
}

static bool same_field(const struct work *w, size_t i, size_t j)
{
	return w->drafts[i].field == w->drafts[j].field;
}

/* What is negated must be alone on its field. */
static wfp_err check_alone(struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		for (size_t j = 0; j < w->n; j++)
			if (i != j && w->drafts[i].typed->negated && same_field(w, i, j))
				return wrong(w, w->drafts[i].typed,
					     "the field has another condition, and either would be "
					     "enough");
	return ERR_OK;
}

/* The conditions as messages of their own: what they were made from is freed. */
static wfp_err make_messages(struct arena *a, const struct work *w, struct typed_conditions *out)
{
	Openwfp__EnumTemplate carrier = OPENWFP__ENUM_TEMPLATE__INIT;
	ProtobufCMessage *copy = NULL;
	struct buf bytes = {0};
	wfp_err err = rpc_conditions_encode(a, w->conditions, w->n, &carrier.filtercondition);

	if (!err) {
		carrier.n_filtercondition = w->n;
		rpc_message_pack(&carrier.base, &bytes);
		err = buf_err(&bytes);
	}
	if (!err)
		err = rpc_message_unpack(a, carrier.base.descriptor, bytes.data, bytes.len, &copy);
	if (!err) {
		out->conditions = ((Openwfp__EnumTemplate *)copy)->filtercondition;
		out->n = w->n;
	}
	buf_free(&bytes);
	return err;
}

static wfp_err resolve(struct arena *a, struct work *w, const struct typed *typed, size_t n,
		       struct typed_conditions *out)
{
	wfp_err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		struct draft d = {.typed = &typed[i]};

		err = find_field(w, d.typed, &d.field);
		if (!err)
			err = takes_list(d.field) ? add_list(w, a, &d)
						  : add_one(w, &d, d.typed->value);
	}
	if (!err)
		err = check_alone(w);
	return err ? err : make_messages(a, w, out);
}

wfp_err typed_resolve(struct arena *a, const struct model_layer *layer, const struct typed *typed,
		      size_t n, struct typed_conditions *out, struct buf *why)
{
	struct work *w = mem_zalloc(sizeof(*w));
	wfp_err err;

	if (!w)
		return ERR_NO_MEMORY;
	w->layer = layer;
	w->why = why;
	err = resolve(a, w, typed, n, out);
	for (size_t i = 0; i < w->n; i++)
		model_value_clear(&w->conditions[i].value);
	mem_free(w);
	return err;
}
