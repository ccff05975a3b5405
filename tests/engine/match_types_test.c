/* SPDX-License-Identifier: MIT */
/*
 * Each of the thirteen match types on each data type: what it answers where it is allowed, written
 * down for a smaller, an equal and a greater value, and that it is refused everywhere else.
 */
#include "kit.h"

#include "engine/match.h"
#include "model/sddl.h"
#include "model/token.h"

/* The three values of a type are in its order; the condition is the middle one. */
enum { SMALLER, SAME, GREATER, VALUES };

static const uint64_t u64s[VALUES] = {1, 3, 4};
static const int64_t i64s[VALUES] = {-7, -1, 5};
static const double doubles[VALUES] = {-0.5, 1.5, 2.5};
static const struct model_bytes16 bytes16s[VALUES] = {{{1, 9}}, {{2, 0}}, {{2, 1}}};
static const struct model_bytes6 bytes6s[VALUES] = {{{1}}, {{2}}, {{3}}};
static const uint16_t strings[VALUES][4] = {{'A', 0}, {'b', 0}, {'c', 'b', 0}};
static struct model_blob blobs[VALUES];
static struct sid sids[VALUES];

static struct model_value value(uint32_t type, unsigned i)
{
	struct model_value v = {.type = type};

	switch (type) {
	case MODEL_UINT8:
		v.u8 = (uint8_t)u64s[i];
		break;
	case MODEL_UINT16:
		v.u16 = (uint16_t)u64s[i];
		break;
	case MODEL_UINT32:
		v.u32 = (uint32_t)u64s[i];
		break;
	case MODEL_UINT64:
		v.u64 = &u64s[i];
		break;
	case MODEL_INT8:
		v.i8 = (int8_t)i64s[i];
		break;
	case MODEL_INT16:
		v.i16 = (int16_t)i64s[i];
		break;
	case MODEL_INT32:
		v.i32 = (int32_t)i64s[i];
		break;
	case MODEL_INT64:
		v.i64 = &i64s[i];
		break;
	case MODEL_FLOAT:
		v.f32 = (float)doubles[i];
		break;
	case MODEL_DOUBLE:
		v.f64 = &doubles[i];
		break;
	case MODEL_BYTE_ARRAY16_TYPE:
		v.bytes16 = &bytes16s[i];
		break;
	case MODEL_BYTE_ARRAY6_TYPE:
		v.bytes6 = &bytes6s[i];
		break;
	case MODEL_BYTE_BLOB_TYPE:
		blobs[i] =
			(struct model_blob){i == GREATER ? 4 : 2, (uint8_t *)(uintptr_t)strings[i]};
		v.blob = &blobs[i];
		break;
	case MODEL_SID:
		sid_make(&sids[i], 5, 1, (const uint32_t[]){18 + i});
		v.sid = &sids[i];
		break;
	case MODEL_UNICODE_STRING_TYPE:
		v.wstr = strings[i];
		break;
	default:
		BUG_ON(true);
	}
	return v;
}

/* ---- which types a match type is for --------------------------------------------------------- */

#define T(name)	 (1u << MODEL_##name)
#define UNSIGNED (T(UINT8) | T(UINT16) | T(UINT32) | T(UINT64))
#define SORTED                                                                                     \
	(UNSIGNED | T(INT8) | T(INT16) | T(INT32) | T(INT64) | T(BYTE_ARRAY16_TYPE) |              \
	 T(BYTE_BLOB_TYPE) | T(UNICODE_STRING_TYPE))
#define TEXT  (T(BYTE_BLOB_TYPE) | T(UNICODE_STRING_TYPE))
#define PLAIN (SORTED | T(FLOAT) | T(DOUBLE) | T(SID) | T(BYTE_ARRAY6_TYPE))

/* A field with values of this type; NULL: no layer has one, so nothing can be asked about it. */
static const struct model_field *field_of(uint32_t type, uint16_t *layer)
{
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *l = model_layer_at(i);

		for (unsigned k = 0; k < l->n_fields; k++)
			if ((uint32_t)l->fields[k].type == type &&
			    l->fields[k].index[MODEL_SCHEMA_2026] >= 0) {
				*layer = l->id;
				return &l->fields[k];
			}
	}
	return NULL;
}

static wfp_err try_condition(uint32_t type, uint8_t match, struct model_value v)
{
	struct model_condition c = {.match = match, .value = v};
	struct model_filter draft = {.action = MODEL_ACTION_BLOCK,
				     .name = (char *)(uintptr_t) "test",
				     .conditions = &c,
				     .n_conditions = 1};
	const struct model_field *field = field_of(type, &draft.layer);
	struct model_filter *f = NULL;
	wfp_err err;

	BUG_ON(!field);
	c.field_key = *field->key;
	err = model_filter_create(&f, &draft);
	model_filter_put(f);
	return err;
}

/*
 * One match type over all the types it is for: `want` says for the smaller, the same and the
 * greater value whether it matches (1) or not (0).  Over the others it is refused.
 */
static void check_match(uint8_t match, uint32_t types, const char *want)
{
	for (uint32_t type = MODEL_UINT8; type <= MODEL_BYTE_ARRAY6_TYPE; type++) {
		uint16_t layer;

		if (!(PLAIN & 1u << type))
			continue;
		if (field_of(type, &layer))
			CHECK_ERR(try_condition(type, match, value(type, SAME)),
				  types & 1u << type ? ERR_OK : ERR_MATCH_TYPE_MISMATCH);
		for (unsigned i = 0; types & 1u << type && i < VALUES; i++) {
			const struct model_condition c = {.match = match,
							  .value = value(type, SAME)};
			const struct model_value v = value(type, i);

			if (engine_match_condition(&c, &v) != (want[i] == '1'))
				CHECK_SAY("%s of %s, value %u", model_match_name(match),
					  model_type_name((enum model_type)type), i);
		}
	}
}

TEST(match_equal_on_every_data_type)
{
	check_match(MODEL_MATCH_EQUAL, PLAIN, "010");
}

TEST(match_not_equal_on_every_data_type)
{
	check_match(MODEL_MATCH_NOT_EQUAL, SORTED | T(SID) | T(BYTE_ARRAY6_TYPE), "101");
}

TEST(match_greater_on_every_data_type)
{
	check_match(MODEL_MATCH_GREATER, SORTED, "001");
}

TEST(match_less_on_every_data_type)
{
	check_match(MODEL_MATCH_LESS, SORTED, "100");
}

TEST(match_greater_or_equal_on_every_data_type)
{
	check_match(MODEL_MATCH_GREATER_OR_EQUAL, SORTED, "011");
}

TEST(match_less_or_equal_on_every_data_type)
{
	check_match(MODEL_MATCH_LESS_OR_EQUAL, SORTED, "110");
}

/* The flags are 1, 3 and 4; asked for is 3. */
TEST(match_flags_all_set_on_every_data_type)
{
	check_match(MODEL_MATCH_FLAGS_ALL_SET, UNSIGNED, "010");
}

TEST(match_flags_any_set_on_every_data_type)
{
	check_match(MODEL_MATCH_FLAGS_ANY_SET, UNSIGNED, "110");
}

TEST(match_flags_none_set_on_every_data_type)
{
	check_match(MODEL_MATCH_FLAGS_NONE_SET, UNSIGNED, "001");
}

/* The strings are A, b and cb; asked for is b. */
TEST(match_prefix_on_every_data_type)
{
	check_match(MODEL_MATCH_PREFIX, TEXT, "011");
}

TEST(match_not_prefix_on_every_data_type)
{
	check_match(MODEL_MATCH_NOT_PREFIX, TEXT, "100");
}

TEST(match_equal_case_insensitive_on_every_data_type)
{
	static const uint16_t big[] = {'B', 0};
	const struct model_value v = {MODEL_UNICODE_STRING_TYPE, {.wstr = big}};
	const struct model_condition c = {.match = MODEL_MATCH_EQUAL_CASE_INSENSITIVE,
					  .value = value(MODEL_UNICODE_STRING_TYPE, SAME)};

	check_match(c.match, T(UNICODE_STRING_TYPE), "010");
	CHECK(engine_match_condition(&c, &v));
}

/* From the smaller value to the same one, both included; only for what is sorted. */
TEST(match_range_on_every_data_type)
{
	for (uint32_t type = MODEL_UINT8; type <= MODEL_BYTE_ARRAY6_TYPE; type++) {
		struct model_range r;
		struct model_condition c = {.match = MODEL_MATCH_RANGE};
		uint16_t layer;

		if (!(PLAIN & 1u << type))
			continue;
		r = (struct model_range){value(type, SMALLER), value(type, SAME)};
		c.value = (struct model_value){MODEL_RANGE_TYPE, {.range = &r}};
		if (field_of(type, &layer)) {
			CHECK_ERR(try_condition(type, MODEL_MATCH_RANGE, c.value),
				  SORTED & 1u << type ? ERR_OK : ERR_MATCH_TYPE_MISMATCH);
			/* A range is no value, a value no range. */
			CHECK_ERR(try_condition(type, MODEL_MATCH_RANGE, value(type, SAME)),
				  ERR_MATCH_TYPE_MISMATCH);
			CHECK_ERR(try_condition(type, MODEL_MATCH_EQUAL, c.value),
				  ERR_MATCH_TYPE_MISMATCH);
		}
		for (unsigned i = 0; SORTED & 1u << type && i < VALUES; i++) {
			const struct model_value v = value(type, i);

			CHECK_EQ_U(engine_match_condition(&c, &v), i <= SAME);
		}
	}
}

/* ---- the types that are compared with another one -------------------------------------------- */

static void check_only(uint32_t field, struct model_value v, uint32_t allowed)
{
	for (uint8_t match = 0; match < MODEL_MATCHES; match++)
		CHECK_ERR(try_condition(field, match, v),
			  allowed & 1u << match ? ERR_OK : ERR_MATCH_TYPE_MISMATCH);
}

TEST(masks_of_addresses_are_equal_or_not_and_nothing_else)
{
	static const struct model_v4_mask v4 = {0x0a000000, 0xff000000};
	static const struct model_v6_mask v6 = {{0x20, 1}, 16};
	const uint32_t both = 1u << MODEL_MATCH_EQUAL | 1u << MODEL_MATCH_NOT_EQUAL;

	check_only(MODEL_UINT32, (struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &v4}}, both);
	check_only(MODEL_BYTE_ARRAY16_TYPE,
		   (struct model_value){MODEL_V6_ADDR_MASK, {.v6mask = &v6}}, both);
}

TEST(a_descriptor_is_equal_to_a_token_and_nothing_else)
{
	struct model_value v = {.type = MODEL_SECURITY_DESCRIPTOR_TYPE};
	struct model_blob *sd;

	CHECK_OK(model_sddl_parse(&sd, "D:(A;;CC;;;WD)", NULL));
	v.blob = sd;
	check_only(MODEL_TOKEN_ACCESS_INFORMATION_TYPE, v, 1u << MODEL_MATCH_EQUAL);
	check_only(MODEL_TOKEN_INFORMATION_TYPE, v, 1u << MODEL_MATCH_EQUAL);
	mem_free(sd);
}

TEST(an_empty_condition_is_equal_and_nothing_else)
{
	for (uint32_t type = MODEL_UINT8; type <= MODEL_BYTE_ARRAY6_TYPE; type++) {
		uint16_t layer;

		if (field_of(type, &layer))
			check_only(type, (struct model_value){MODEL_EMPTY, {0}},
				   1u << MODEL_MATCH_EQUAL);
	}
}
