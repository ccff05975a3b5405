/* SPDX-License-Identifier: MIT */
/*
 * The engine against the reference on random policies and packets: every layer, every match type
 * that its fields allow, five sublayers, callouts that answer anything.
 *
 * ORACLE_ROUNDS is the number of policies (2 000; fewer under the simulator), each asked about 500
 * packets.
 */
#include "kit.h"

#include "base/rng.h"
#include "engine/match.h"
#include "model/sddl.h"
#include "model/token.h"
#include "reference.c"

#define SUBLAYERS 5u
#define CALLOUTS  6u
#define FILTERS	  40u
#define PACKETS	  500u
#ifdef BASE_SIM
#define ROUNDS 500u
#else
#define ROUNDS 2000u
#endif

static struct rng rng;

/* ---- pools: few values, so that many are equal --------------------------------------------------
 */

#define POOL 6u

static const uint64_t numbers[POOL] = {0, 1, 2, 7, UINT64_C(1) << 40, UINT64_MAX};
static const int64_t signed_numbers[POOL] = {INT64_MIN, -5, -1, 0, 3, INT64_MAX};
static const double doubles[POOL] = {0, 1.5, -1.5, 2, 1e300, 3};
static const struct model_bytes16 addresses[POOL] = {{{0}},
						     {{[15] = 1}},
						     {{0x20, 0x01, 0x0d, 0xb8}},
						     {{0x20, 0x01, 0x0d, 0xb8, 1}},
						     {{0xfe, 0x80}},
						     {{0xff, 2, [15] = 0xfb}}};
static const struct model_bytes6 macs[POOL] = {{{0}}, {{1}}, {{2, 0, 0, 0, 0, 1}},
					       {{2}}, {{3}}, {{255}}};
static const char *const texts[POOL] = {"", "a", "A", "/bin/a", "/bin/A", "n/a"};
static const char *const sddls[POOL] = {"D:(A;;CC;;;WD)",
					"D:(A;;CC;;;S-1-22-1-1000)",
					"D:(D;;CC;;;S-1-22-2-27)(A;;GA;;;AU)",
					"O:SY",
					"D:(A;IO;CC;;;WD)(A;;DC;;;WD)(A;;CC;;;BA)",
					"D:"};
static uint16_t strings[POOL][16];
static struct model_blob blobs[POOL];
static struct sid sids[POOL];
static struct model_blob *sds[POOL], *tokens[POOL];

static void make_pools(void)
{
	static const uint32_t group = 27;

	for (unsigned i = 0; i < POOL; i++) {
		size_t n = strlen(texts[i]);

		for (size_t k = 0; k < n; k++)
			strings[i][k] = (uint8_t)texts[i][k];
		/* Some blobs end with the NUL of their string, some do not. */
		blobs[i] = (struct model_blob){(uint32_t)(2 * n + (i % 2 ? 2 : 0)),
					       (uint8_t *)strings[i]};
		sid_make(&sids[i], 5, 1 + i % 2, (const uint32_t[]){18 + i / 2, 7});
		CHECK_OK(model_sddl_parse(&sds[i], sddls[i], NULL));
		CHECK_OK(model_token_make_unix(&tokens[i], i < 2 ? 0 : 998 + i, &group, i % 2));
	}
}

static void free_pools(void)
{
	for (unsigned i = 0; i < POOL; i++) {
		mem_free(sds[i]);
		mem_free(tokens[i]);
	}
}

static struct model_value any_value(uint32_t type)
{
	unsigned i = rng_below(&rng, POOL);
	struct model_value v = {.type = type};

	switch (type) {
	case MODEL_UINT8:
		v.u8 = (uint8_t)numbers[i];
		break;
	case MODEL_UINT16:
		v.u16 = (uint16_t)numbers[i];
		break;
	case MODEL_UINT32:
		v.u32 = (uint32_t)(i == 4 ? 0x0a000001 : numbers[i]);
		break;
	case MODEL_UINT64:
		v.u64 = &numbers[i];
		break;
	case MODEL_INT8:
		v.i8 = (int8_t)signed_numbers[i];
		break;
	case MODEL_INT16:
		v.i16 = (int16_t)signed_numbers[i];
		break;
	case MODEL_INT32:
		v.i32 = (int32_t)signed_numbers[i];
		break;
	case MODEL_INT64:
		v.i64 = &signed_numbers[i];
		break;
	case MODEL_FLOAT:
		v.f32 = (float)i;
		break;
	case MODEL_DOUBLE:
		v.f64 = &doubles[i];
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		v.bytes16 = &addresses[i];
		break;
	case MODEL_BYTE_ARRAY6_TYPE:
		v.bytes6 = &macs[i];
		break;
	case MODEL_BYTE_BLOB_TYPE:
		v.blob = &blobs[i];
		break;
	case MODEL_SID:
		v.sid = &sids[i];
		break;
	case MODEL_UNICODE_STRING_TYPE:
		v.wstr = strings[i];
		break;
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		v.blob = sds[i];
		break;
	case MODEL_TOKEN_ACCESS_INFORMATION_TYPE:
		v.blob = tokens[i];
		break;
	default:
		v.type = MODEL_EMPTY;
		break;
	}
	return v;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static struct model_v4_mask masks4[FILTERS * 8];
static struct model_v6_mask masks6[FILTERS * 8];
static struct model_range ranges[FILTERS * 8];
static unsigned n_masks4, n_masks6, n_ranges;

static bool is_unsigned(uint32_t type)
{
	return type >= MODEL_UINT8 && type <= MODEL_UINT64;
}

static bool is_sortable(uint32_t type)
{
	return (type >= MODEL_UINT8 && type <= MODEL_INT64) || type == MODEL_BYTE_ARRAY16_TYPE ||
	       type == MODEL_BYTE_BLOB_TYPE || type == MODEL_UNICODE_STRING_TYPE;
}

static bool is_text(uint32_t type)
{
	return type == MODEL_BYTE_BLOB_TYPE || type == MODEL_UNICODE_STRING_TYPE;
}

static struct model_value any_range(uint32_t type)
{
	struct model_range *r = &ranges[n_ranges++];
	struct key low, high;

	r->low = any_value(type);
	r->high = any_value(type);
	key_of(&low, &r->low);
	key_of(&high, &r->high);
	if (key_order(&low, &high) > 0) {
		struct model_value swap = r->low;

		r->low = r->high;
		r->high = swap;
	}
	return (struct model_value){MODEL_RANGE_TYPE, {.range = r}};
}

static struct model_value any_mask(uint32_t type)
{
	static const uint8_t bits[] = {0, 1, 8, 9, 31, 32, 33, 64, 127, 128};

	if (type == MODEL_UINT32) {
		struct model_v4_mask *m = &masks4[n_masks4++];
		unsigned n = rng_below(&rng, 33);

		*m = (struct model_v4_mask){any_value(type).u32, n ? UINT32_MAX << (32 - n) : 0};
		return (struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = m}};
	}
	struct model_v6_mask *m = &masks6[n_masks6++];

	memcpy(m->addr, addresses[rng_below(&rng, POOL)].b, 16);
	m->prefix = bits[rng_below(&rng, ARRAY_LEN(bits))];
	return (struct model_value){MODEL_V6_ADDR_MASK, {.v6mask = m}};
}

/* A match type that this type of condition allows. */
static uint8_t any_match(uint32_t type)
{
	for (;;) {
		unsigned m = rng_below(&rng, MODEL_MATCHES);
		bool flags = m >= MODEL_MATCH_FLAGS_ALL_SET && m <= MODEL_MATCH_FLAGS_NONE_SET;
		bool affix = m == MODEL_MATCH_PREFIX || m == MODEL_MATCH_NOT_PREFIX;

		if (m == MODEL_MATCH_RANGE)
			continue;
		if (m == MODEL_MATCH_EQUAL || (flags && is_unsigned(type)) ||
		    (affix && is_text(type)) ||
		    (m == MODEL_MATCH_EQUAL_CASE_INSENSITIVE && type == MODEL_UNICODE_STRING_TYPE))
			return (uint8_t)m;
		if (m == MODEL_MATCH_NOT_EQUAL && (type == MODEL_SID || is_sortable(type)))
			return (uint8_t)m;
		if ((m >= MODEL_MATCH_GREATER && m <= MODEL_MATCH_LESS_OR_EQUAL) &&
		    is_sortable(type))
			return (uint8_t)m;
	}
}

static struct model_condition any_condition(uint32_t type, bool address)
{
	struct model_condition c = {.match = MODEL_MATCH_EQUAL};

	if (rng_below(&rng, 16) == 0)
		return c; /* EMPTY */
	if (type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE || type == MODEL_TOKEN_INFORMATION_TYPE) {
		c.value = any_value(MODEL_SECURITY_DESCRIPTOR_TYPE);
	} else if (address && rng_below(&rng, 2)) {
		c.value = any_mask(type);
		c.match = rng_below(&rng, 3) ? MODEL_MATCH_EQUAL : MODEL_MATCH_NOT_EQUAL;
	} else if (is_sortable(type) && rng_below(&rng, 4) == 0) {
		c.value = any_range(type);
		c.match = MODEL_MATCH_RANGE;
	} else {
		c.value = any_value(type);
		c.match = any_match(type);
	}
	return c;
}

/* ---- policies ------------------------------------------------------------------------------- */

static struct model_filter *filters[FILTERS];
static unsigned n_filters;
static struct model_sublayer sublayers[SUBLAYERS];
static struct reference_callout callouts[CALLOUTS];
static struct reference_result expected;
static unsigned n_calls;
static char wrong_call[128];

static void scripted(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	const struct reference_callout *c = ctx;
	const struct reference_call *e = &expected.calls[n_calls % REFERENCE_CALLS_MAX];

	if (n_calls++ >= expected.n_calls || e->callout != c->id || e->filter != call->filter->id ||
	    e->action != out->action || e->rights != out->rights)
		snprintf(wrong_call, sizeof(wrong_call),
			 "call %u: callout %u, filter %" PRIu64 ", action %x, rights %u", n_calls,
			 c->id, call->filter->id, out->action, out->rights);
	if (c->answer.action)
		out->action = c->answer.action;
	if (c->answer.clears_right)
		out->rights = 0;
	if (c->answer.absorbs)
		out->flags |= ENGINE_OUT_ABSORB;
}

static const struct engine_callout_ops scripted_ops = {.classify = scripted};

static void toggle_callout(struct reference_callout *c)
{
	const struct engine_callout_desc desc = {.key = c->key, .ops = &scripted_ops, .ctx = c};

	if (c->registered)
		CHECK_OK(engine_callout_unregister(kit, c->id, ENGINE_UNREGISTER_POLITE));
	else
		CHECK_OK(engine_callout_register(kit, &desc, &c->id));
	c->registered = !c->registered;
}

static void any_conditions(struct model_filter *draft, const struct model_layer *layer)
{
	unsigned n_fields = rng_below(&rng, 3);

	for (unsigned i = 0; i < n_fields && layer->n_fields; i++) {
		const struct model_field *f = &layer->fields[rng_below(&rng, layer->n_fields)];
		unsigned repeats = rng_below(&rng, 3) ? 1 : 2 + rng_below(&rng, 2);

		for (unsigned k = 0; k < repeats && f->index[MODEL_SCHEMA_2026] >= 0; k++) {
			struct model_condition *c = &draft->conditions[draft->n_conditions++];

			*c = any_condition(f->type, f->field_type == MODEL_FIELD_IP_ADDRESS);
			c->field_key = *f->key;
		}
	}
}

static struct model_filter *any_filter(const struct model_layer *layer, uint64_t id)
{
	static const uint32_t actions[] = {
		MODEL_ACTION_PERMIT,
		MODEL_ACTION_BLOCK,
		MODEL_ACTION_CONTINUE,
		MODEL_ACTION_CALLOUT_TERMINATING,
		MODEL_ACTION_CALLOUT_INSPECTION,
		MODEL_ACTION_CALLOUT_UNKNOWN,
		MODEL_ACTION_CALLOUT_UNKNOWN,
	};
	struct model_condition conditions[12];
	struct model_filter draft = {
		.id = id,
		.layer = layer->id,
		.sublayer = sublayers[rng_below(&rng, SUBLAYERS)].key,
		.weight = rng_below(&rng, 4),
		.action = actions[rng_below(&rng, ARRAY_LEN(actions))],
		.flags = rng_below(&rng, 3) ? 0 : MODEL_FILTER_CLEAR_ACTION_RIGHT,
		.name = (char *)(uintptr_t) "random",
		.conditions = conditions,
	};

	if (MODEL_ACTION_IS_CALLOUT(draft.action))
		draft.callout = callouts[rng_below(&rng, CALLOUTS)].key;
	if ((draft.action == MODEL_ACTION_CALLOUT_TERMINATING ||
	     draft.action == MODEL_ACTION_CALLOUT_UNKNOWN) &&
	    rng_below(&rng, 2))
		draft.flags |= MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED;
	any_conditions(&draft, layer);
	return kit_make(&draft);
}

/* Replaces the policy by a random one, in one commit. */
static void next_policy(const struct model_layer *layer)
{
	uint64_t old[FILTERS];
	unsigned n_old = n_filters;
	struct engine_delta d = {.remove_filters = old,
				 .n_remove_filters = n_old,
				 .add_filters = filters,
				 .add_sublayers = sublayers,
				 .n_add_sublayers = SUBLAYERS};

	for (unsigned i = 0; i < n_old; i++) {
		old[i] = filters[i]->id;
		model_filter_put(filters[i]);
	}
	for (unsigned i = SUBLAYERS - 1; i > 0; i--) {
		unsigned k = rng_below(&rng, i + 1);
		uint16_t weight = sublayers[i].weight;

		sublayers[i].weight = sublayers[k].weight;
		sublayers[k].weight = weight;
	}
	n_masks4 = n_masks6 = n_ranges = 0;
	n_filters = 1 + rng_below(&rng, FILTERS);
	/* Ids in no order: 101 generates the group modulo a prime. */
	for (unsigned i = 0; i < n_filters; i++)
		filters[i] = any_filter(layer, kit_next_id + 1 + (i + 1) * 101 % 10007);
	kit_next_id += 10007;
	d.n_add_filters = n_filters;
	CHECK_OK(engine_commit(kit, &d));
	if (rng_below(&rng, 4) == 0)
		toggle_callout(&callouts[rng_below(&rng, CALLOUTS)]);
}

/* ---- packets ------------------------------------------------------------------------------- */

static struct engine_metadata meta;
static struct engine_seen seen;

static void next_packet(const struct model_layer *layer)
{
	static const uint32_t answers[] = {0,
					   MODEL_ACTION_PERMIT,
					   MODEL_ACTION_BLOCK,
					   MODEL_ACTION_BLOCK,
					   MODEL_ACTION_CONTINUE,
					   MODEL_ACTION_NONE,
					   MODEL_ACTION_NONE_NO_MATCH,
					   0xbad};

	memset(kit_values, 0, sizeof(kit_values));
	for (unsigned i = 0; i < layer->n_fields; i++) {
		const struct model_field *f = &layer->fields[i];

		if (f->index[MODEL_SCHEMA_2026] >= 0 && rng_below(&rng, 10))
			kit_values[f->index[MODEL_SCHEMA_2026]] = any_value(f->type);
	}
	for (unsigned i = 0; i < CALLOUTS; i++)
		callouts[i].answer =
			(struct reference_answer){answers[rng_below(&rng, ARRAY_LEN(answers))],
						  rng_below(&rng, 3) == 0, rng_below(&rng, 3) == 0};
	meta.present = rng_below(&rng, 2) ? ENGINE_META_ALE_CLASSIFY_REQUIRED : 0;
	seen.n = 0;
	for (unsigned i = rng_below(&rng, 3); i > 0; i--)
		CHECK(engine_seen_add(&seen, callouts[rng_below(&rng, CALLOUTS)].id));
	kit_ind = (struct engine_indication){.layer = layer->id,
					     .n_values = KIT_VALUES,
					     .values = kit_values,
					     .meta = &meta,
					     .seen = &seen};
}

static void compare(const struct model_layer *layer, unsigned round, unsigned packet)
{
	const struct reference_policy policy = {filters,   n_filters, sublayers,
						SUBLAYERS, callouts,  CALLOUTS};
	const struct engine_verdict *e = &expected.verdict;
	struct engine_verdict v;

	reference_classify(&policy, &kit_ind, &expected);
	n_calls = 0;
	wrong_call[0] = '\0';
	v = kit_classify();
	if (v.outcome == e->outcome && v.hard == e->hard && v.veto == e->veto &&
	    v.filter_id == e->filter_id && v.callout_id == e->callout_id &&
	    v.absorber == e->absorber && v.sublayer_weight == e->sublayer_weight &&
	    n_calls == expected.n_calls && !wrong_call[0])
		return;
	CHECK_SAY("policy %u, packet %u at %s: outcome %d hard %d veto %d filter %" PRIu64
		  " calls %u, not %d %d %d %" PRIu64 " %u; %s",
		  round, packet, layer->name, v.outcome, v.hard, v.veto, v.filter_id, n_calls,
		  e->outcome, e->hard, e->veto, e->filter_id, expected.n_calls, wrong_call);
}

static void set_up(void)
{
	rng_seed(&rng, test_seed());
	make_pools();
	kit_begin();
	for (unsigned i = 0; i < SUBLAYERS; i++)
		sublayers[i] = (struct model_sublayer){kit_sublayer_key((uint16_t)(i + 1)),
						       (uint16_t)(1000 * (i + 1))};
	for (unsigned i = 0; i < CALLOUTS; i++) {
		callouts[i] =
			(struct reference_callout){.key = {.a = 0xca110072, .b = (uint16_t)i}};
		toggle_callout(&callouts[i]);
	}
}

static void tear_down(void)
{
	for (unsigned i = 0; i < n_filters; i++)
		model_filter_put(filters[i]);
	for (unsigned i = 0; i < CALLOUTS; i++)
		if (callouts[i].registered)
			toggle_callout(&callouts[i]);
	kit_end();
	free_pools();
}

TEST(the_engine_agrees_with_the_reference_on_random_policies_and_packets)
{
	const char *text = getenv("ORACLE_ROUNDS");
	unsigned rounds = text ? (unsigned)strtoul(text, NULL, 0) : ROUNDS;
	uint64_t outcomes[4] = {0};

	set_up();
	for (unsigned round = 0; round < rounds; round++) {
		const struct model_layer *layer =
			model_layer_at(rng_below(&rng, model_layer_count()));

		next_policy(layer);
		for (unsigned packet = 0; packet < PACKETS; packet++) {
			next_packet(layer);
			compare(layer, round, packet);
			outcomes[expected.verdict.outcome]++;
		}
	}
	/* The dice must not have left an outcome out. */
	for (unsigned i = ENGINE_PERMIT; i <= ENGINE_ABSORB; i++)
		CHECK(outcomes[i] > rounds);
	tear_down();
}

TEST(every_type_and_match_type_agrees_with_the_reference)
{
	static const uint32_t types[] = {
		MODEL_UINT8,
		MODEL_UINT16,
		MODEL_UINT32,
		MODEL_UINT64,
		MODEL_INT8,
		MODEL_INT16,
		MODEL_INT32,
		MODEL_INT64,
		MODEL_FLOAT,
		MODEL_DOUBLE,
		MODEL_BYTE_ARRAY16_TYPE,
		MODEL_BYTE_ARRAY6_TYPE,
		MODEL_BYTE_BLOB_TYPE,
		MODEL_SID,
		MODEL_UNICODE_STRING_TYPE,
		MODEL_TOKEN_ACCESS_INFORMATION_TYPE,
	};

	rng_seed(&rng, test_seed());
	make_pools();
	for (unsigned i = 0; i < 300000; i++) {
		uint32_t type = types[rng_below(&rng, ARRAY_LEN(types))];
		bool address = type == MODEL_UINT32 || type == MODEL_BYTE_ARRAY16_TYPE;
		struct model_condition c;
		struct model_value v = any_value(type);

		n_masks4 = n_masks6 = n_ranges = 0;
		c = any_condition(type, address);
		if (rng_below(&rng, 50) == 0)
			v.type = MODEL_EMPTY;
		if (engine_match_condition(&c, &v) != reference_condition(&c, &v))
			CHECK_SAY("%s of %s, value of %s, round %u", model_match_name(c.match),
				  model_type_name((enum model_type)c.value.type),
				  model_type_name((enum model_type)v.type), i);
	}
	free_pools();
}
