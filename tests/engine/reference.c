/* SPDX-License-Identifier: MIT */
/*
 * reference - the slow evaluator; see reference.h.
 */
#include "reference.h"

#include <string.h>

#include "model/catalogue.h"
#include "model/sd.h"
#include "model/token.h"

/* ---- values: everything ordered becomes bytes that compare like it ------------------------------
 */

struct sort_key {
	uint8_t bytes[512];
	size_t size;
};

/* Big-endian, with the sign turned round, so that bytes order like numbers. */
static void key_number(struct sort_key *k, uint64_t n, unsigned size, bool is_signed)
{
	k->size = size;
	for (unsigned i = 0; i < size; i++)
		k->bytes[i] = (uint8_t)(n >> 8 * (size - 1 - i));
	if (is_signed)
		k->bytes[0] ^= 0x80;
}

static bool key_of(struct sort_key *k, const struct model_value *v)
{
	k->size = 0;
	switch (v->type) {
	case MODEL_UINT8:
		key_number(k, v->u8, 1, false);
		return true;
	case MODEL_UINT16:
		key_number(k, v->u16, 2, false);
		return true;
	case MODEL_UINT32:
		key_number(k, v->u32, 4, false);
		return true;
	case MODEL_UINT64:
		key_number(k, *v->u64, 8, false);
		return true;
	case MODEL_INT8:
		key_number(k, (uint8_t)v->i8, 1, true);
		return true;
	case MODEL_INT16:
		key_number(k, (uint16_t)v->i16, 2, true);
		return true;
	case MODEL_INT32:
		key_number(k, (uint32_t)v->i32, 4, true);
		return true;
	case MODEL_INT64:
		key_number(k, (uint64_t)*v->i64, 8, true);
		return true;
	case MODEL_BYTE_ARRAY16_TYPE:
		memcpy(k->bytes, v->bytes16, k->size = 16);
		return true;
	case MODEL_BYTE_ARRAY6_TYPE:
		memcpy(k->bytes, v->bytes6, k->size = 6);
		return true;
	case MODEL_BYTE_BLOB_TYPE:
		memcpy(k->bytes, v->blob->data, k->size = v->blob->size);
		return true;
	case MODEL_SID:
		memcpy(k->bytes, v->sid, k->size = sid_size(v->sid, SID_MAX));
		return true;
	case MODEL_UNICODE_STRING_TYPE:
		for (unsigned i = 0; v->wstr[i]; i++) {
			k->bytes[k->size++] = (uint8_t)(v->wstr[i] >> 8);
			k->bytes[k->size++] = (uint8_t)v->wstr[i];
		}
		return true;
	default:
		return false;
	}
}

static int key_order(const struct sort_key *x, const struct sort_key *y)
{
	for (size_t i = 0; i < x->size && i < y->size; i++)
		if (x->bytes[i] != y->bytes[i])
			return x->bytes[i] < y->bytes[i] ? -1 : 1;
	return x->size == y->size ? 0 : x->size < y->size ? -1 : 1;
}

static bool ends_with(const struct model_value *v, const struct model_value *end)
{
	struct sort_key whole, tail;

	key_of(&whole, v);
	key_of(&tail, end);
	if (v->type == MODEL_BYTE_BLOB_TYPE) {
		struct sort_key *both[] = {&whole, &tail};

		for (unsigned i = 0; i < 2; i++)
			if (both[i]->size >= 2 && both[i]->size % 2 == 0 &&
			    both[i]->bytes[both[i]->size - 1] == 0 &&
			    both[i]->bytes[both[i]->size - 2] == 0)
				both[i]->size -= 2;
	}
	for (size_t i = 1; i <= tail.size; i++)
		if (i > whole.size || tail.bytes[tail.size - i] != whole.bytes[whole.size - i])
			return false;
	return true;
}

/* The random strings are ASCII. */
static bool same_but_for_case(const uint16_t *x, const uint16_t *y)
{
	for (;; x++, y++) {
		uint16_t a = *x >= 'a' && *x <= 'z' ? (uint16_t)(*x - 32) : *x;
		uint16_t b = *y >= 'a' && *y <= 'z' ? (uint16_t)(*y - 32) : *y;

		if (a != b)
			return false;
		if (a == 0)
			return true;
	}
}

/* ---- the access check ------------------------------------------------------------------------ */

static bool is_member(const struct model_blob *token, const uint8_t *sid)
{
	struct model_token_sid s;
	uint32_t at = 0;

	while (model_token_next(token, &at, &s))
		if (sid_size(s.sid, SID_MAX) == sid_size(sid, SID_MAX) &&
		    memcmp(s.sid, sid, sid_size(sid, SID_MAX)) == 0)
			return true;
	return false;
}

static bool granted(const struct model_blob *sd_blob, const struct model_blob *token)
{
	struct model_sd sd;
	struct model_ace ace;
	uint32_t at = 0;

	if (model_sd_parse(&sd, sd_blob->data, sd_blob->size) != ERR_OK)
		return false;
	if (sd.dacl_null)
		return true;
	while (model_ace_next(&sd, &at, &ace)) {
		bool about_us = ace.sid && (ace.mask & 0x10000001) && !(ace.flags & 8) &&
				is_member(token, ace.sid);

		if (about_us && ace.type == 1)
			return false;
		if (about_us && ace.type == 0)
			return true;
	}
	return false;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static bool in_prefix(const uint8_t *addr, const uint8_t *net, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((addr[i / 8] >> (7 - i % 8) & 1) != (net[i / 8] >> (7 - i % 8) & 1))
			return false;
	return true;
}

static bool special(const struct model_condition *c, const struct model_value *v, bool *result)
{
	struct sort_key low, high, x;

	switch (c->value.type) {
	case MODEL_V4_ADDR_MASK:
		*result = v->type == MODEL_UINT32;
		if (*result)
			*result = ((v->u32 & c->value.v4mask->mask) ==
				   (c->value.v4mask->addr & c->value.v4mask->mask)) ==
				  (c->match == MODEL_MATCH_EQUAL);
		return true;
	case MODEL_V6_ADDR_MASK:
		*result = v->type == MODEL_BYTE_ARRAY16_TYPE;
		if (*result)
			*result = in_prefix(v->bytes16->b, c->value.v6mask->addr,
					    c->value.v6mask->prefix) ==
				  (c->match == MODEL_MATCH_EQUAL);
		return true;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		*result = v->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE &&
			  granted(c->value.blob, v->blob);
		return true;
	case MODEL_RANGE_TYPE:
		*result = v->type == c->value.range->low.type;
		if (*result) {
			key_of(&low, &c->value.range->low);
			key_of(&high, &c->value.range->high);
			key_of(&x, v);
			*result = key_order(&low, &x) <= 0 && key_order(&x, &high) <= 0;
		}
		return true;
	default:
		return false;
	}
}

static uint64_t number_of(const struct sort_key *k)
{
	uint64_t n = 0;

	for (size_t i = 0; i < k->size; i++)
		n = n << 8 | k->bytes[i];
	return n;
}

bool reference_condition(const struct model_condition *c, const struct model_value *v)
{
	struct sort_key x, y;
	bool result;

	if (v->type == MODEL_EMPTY || c->value.type == MODEL_EMPTY)
		return v->type == MODEL_EMPTY && c->value.type == MODEL_EMPTY;
	if (special(c, v, &result))
		return result;
	if (v->type != c->value.type)
		return false;
	if (v->type == MODEL_FLOAT)
		return v->f32 == c->value.f32;
	if (v->type == MODEL_DOUBLE)
		return *v->f64 == *c->value.f64;
	if (!key_of(&x, v) || !key_of(&y, &c->value))
		return false;
	switch (c->match) {
	case MODEL_MATCH_EQUAL:
		return key_order(&x, &y) == 0;
	case MODEL_MATCH_NOT_EQUAL:
		return key_order(&x, &y) != 0;
	case MODEL_MATCH_GREATER:
		return key_order(&x, &y) == 1;
	case MODEL_MATCH_LESS:
		return key_order(&x, &y) == -1;
	case MODEL_MATCH_GREATER_OR_EQUAL:
		return key_order(&x, &y) != -1;
	case MODEL_MATCH_LESS_OR_EQUAL:
		return key_order(&x, &y) != 1;
	case MODEL_MATCH_FLAGS_ALL_SET:
		return !(~number_of(&x) & number_of(&y));
	case MODEL_MATCH_FLAGS_ANY_SET:
		return number_of(&x) & number_of(&y);
	case MODEL_MATCH_FLAGS_NONE_SET:
		return !(number_of(&x) & number_of(&y));
	case MODEL_MATCH_EQUAL_CASE_INSENSITIVE:
		return same_but_for_case(v->wstr, c->value.wstr);
	case MODEL_MATCH_PREFIX:
		return ends_with(v, &c->value);
	case MODEL_MATCH_NOT_PREFIX:
		return !ends_with(v, &c->value);
	default:
		return false;
	}
}

/* For every condition there must be one on the same field that is true. */
static bool filter_matches(const struct model_filter *f, const struct engine_indication *ind)
{
	static const struct model_value empty;

	for (uint32_t i = 0; i < f->n_conditions; i++) {
		bool some = false;

		for (uint32_t k = 0; k < f->n_conditions; k++) {
			const struct model_condition *c = &f->conditions[k];

			if (c->field == f->conditions[i].field)
				some = some ||
				       reference_condition(c, c->field < ind->n_values
								      ? &ind->values[c->field]
								      : &empty);
		}
		if (!some)
			return false;
	}
	return true;
}

/* ---- one sublayer --------------------------------------------------------------------------- */

/* What stands so far. */
struct standing {
	uint32_t action; /* 0: nothing yet */
	bool right;	 /* may still be overridden */
	bool veto, absorbed;
	const struct model_filter *filter;
	const struct model_sublayer *sublayer;
	uint32_t callout;
};

/* What the sublayer says: action 0 is nothing. */
struct word {
	uint32_t action;
	bool clears, absorbs;
	uint32_t callout;
};

static const struct reference_callout *find_callout(const struct reference_policy *p,
						    const struct guid *key)
{
	for (unsigned i = 0; i < p->n_callouts; i++)
		if (guid_equal(&p->callouts[i].key, key))
			return &p->callouts[i];
	return NULL;
}

static bool flow_established(uint16_t layer)
{
	return layer == MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4 ||
	       layer == MODEL_LAYER_ALE_FLOW_ESTABLISHED_V6;
}

static bool absorb_allowed(const struct engine_indication *ind)
{
	bool transport = ind->layer == MODEL_LAYER_INBOUND_TRANSPORT_V4 ||
			 ind->layer == MODEL_LAYER_INBOUND_TRANSPORT_V6;

	if (flow_established(ind->layer))
		return false;
	return !(transport && ind->meta->present & ENGINE_META_ALE_CLASSIFY_REQUIRED);
}

static uint32_t heard_as(uint32_t filter_action, uint32_t action)
{
	if (filter_action == MODEL_ACTION_CALLOUT_INSPECTION)
		return 0;
	if (action == MODEL_ACTION_PERMIT || action == MODEL_ACTION_BLOCK)
		return action;
	if (filter_action == MODEL_ACTION_CALLOUT_UNKNOWN &&
	    (action == MODEL_ACTION_CONTINUE || action == MODEL_ACTION_NONE ||
	     action == MODEL_ACTION_NONE_NO_MATCH))
		return 0;
	return MODEL_ACTION_BLOCK;
}

static struct word ask_callout(const struct reference_callout *c, const struct model_filter *f,
			       const struct engine_indication *ind, const struct standing *s,
			       struct reference_result *out)
{
	struct reference_call call = {c->id, f->id, MODEL_ACTION_CONTINUE, 1};
	struct word w = {.callout = c->id};
	uint32_t action;
	bool seen = false, absorbs;

	if (!s->right) {
		call.action = s->action;
		call.rights = 0;
	}
	out->calls[out->n_calls++ % REFERENCE_CALLS_MAX] = call;
	action = c->answer.action ? c->answer.action : call.action;
	absorbs = c->answer.absorbs && action == MODEL_ACTION_BLOCK;
	w.action = heard_as(f->action, action);
	w.clears = c->answer.clears_right || f->flags & MODEL_FILTER_CLEAR_ACTION_RIGHT;
	for (unsigned i = 0; ind->seen && i < ind->seen->n; i++)
		seen = seen || ind->seen->callout[i] == c->id;
	if (!absorbs || w.action != MODEL_ACTION_BLOCK)
		return w;
	if (seen)
		return (struct word){MODEL_ACTION_PERMIT, false, false, c->id};
	w.absorbs = absorb_allowed(ind);
	w.clears = w.clears || w.absorbs;
	return w;
}

static struct word ask_filter(const struct reference_policy *p, const struct model_filter *f,
			      const struct engine_indication *ind, const struct standing *s,
			      struct reference_result *out)
{
	const struct reference_callout *c;
	uint32_t action = f->action;

	if (action & 0x4000) {
		c = find_callout(p, &f->callout);
		if (c && c->registered)
			return ask_callout(c, f, ind, s, out);
		if (action == MODEL_ACTION_CALLOUT_INSPECTION)
			return (struct word){0};
		action = f->flags & MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED
				 ? MODEL_ACTION_PERMIT
				 : MODEL_ACTION_BLOCK;
	}
	if (action == MODEL_ACTION_BLOCK)
		return (struct word){.action = action, .clears = true};
	if (action == MODEL_ACTION_PERMIT)
		return (struct word){.action = action,
				     .clears = f->flags & MODEL_FILTER_CLEAR_ACTION_RIGHT};
	return (struct word){0};
}

/* The filters of a layer that match, in no order. */
struct matches {
	const struct model_filter *filters[REFERENCE_MATCHES_MAX];
	unsigned n;
};

static void find_matches(const struct reference_policy *p, const struct engine_indication *ind,
			 struct matches *out)
{
	out->n = 0;
	for (unsigned i = 0; i < p->n_filters; i++) {
		const struct model_filter *f = p->filters[i];

		if (f->layer != ind->layer || !filter_matches(f, ind))
			continue;
		BUG_ON(out->n == REFERENCE_MATCHES_MAX);
		out->filters[out->n++] = f;
	}
}

/* The best match in the sublayer after `last`; of equal weights the higher id is better. */
static const struct model_filter *next_best(const struct matches *m, const struct guid *sublayer,
					    const struct model_filter *last)
{
	const struct model_filter *best = NULL;

	for (unsigned i = 0; i < m->n; i++) {
		const struct model_filter *f = m->filters[i];

		if (!guid_equal(&f->sublayer, sublayer))
			continue;
		if (last &&
		    (f->weight > last->weight || (f->weight == last->weight && f->id >= last->id)))
			continue;
		if (!best || f->weight > best->weight ||
		    (f->weight == best->weight && f->id > best->id))
			best = f;
	}
	return best;
}

/* ---- arbitration, as the text has it ------------------------------------------------------------
 */

static void weigh(struct standing *s, const struct word *w, const struct model_filter *f,
		  const struct model_sublayer *sublayer)
{
	bool overrides = s->right, veto = false;

	if (overrides && s->action == w->action && !w->clears)
		return; /* the same, and no harder: the higher one has said it */
	if (!s->right && s->action == MODEL_ACTION_PERMIT && w->action == MODEL_ACTION_BLOCK &&
	    w->callout)
		overrides = veto = true;
	if (!overrides)
		return;
	s->action = w->action;
	s->right = !w->clears && !veto;
	s->veto = veto;
	s->absorbed = w->absorbs;
	s->callout = w->callout;
	s->filter = f;
	s->sublayer = sublayer;
}

static const struct model_sublayer *next_sublayer(const struct reference_policy *p,
						  const struct model_sublayer *last)
{
	const struct model_sublayer *best = NULL;

	for (unsigned i = 0; i < p->n_sublayers; i++) {
		const struct model_sublayer *s = &p->sublayers[i];

		if ((!last || s->weight < last->weight) && (!best || s->weight > best->weight))
			best = s;
	}
	return best;
}

void reference_classify(const struct reference_policy *p, const struct engine_indication *ind,
			struct reference_result *out)
{
	struct standing s = {.right = true};
	struct engine_verdict *v = &out->verdict;
	struct matches m;

	find_matches(p, ind, &m);
	memset(out, 0, sizeof(*out));
	for (const struct model_sublayer *l = next_sublayer(p, NULL); l; l = next_sublayer(p, l)) {
		const struct model_filter *f = NULL;

		while ((f = next_best(&m, &l->key, f)) != NULL) {
			struct word w = ask_filter(p, f, ind, &s, out);

			if (!w.action)
				continue;
			weigh(&s, &w, f, l);
			break;
		}
	}
	v->outcome = ENGINE_PERMIT;
	if (!s.action || flow_established(ind->layer))
		return;
	if (s.action == MODEL_ACTION_BLOCK)
		v->outcome = s.absorbed ? ENGINE_ABSORB : ENGINE_BLOCK;
	v->hard = !s.right;
	v->veto = s.veto;
	v->filter_id = s.filter->id;
	v->callout_id = s.callout;
	v->sublayer_weight = s.sublayer->weight;
	v->absorber = v->outcome == ENGINE_ABSORB ? s.callout : 0;
}
