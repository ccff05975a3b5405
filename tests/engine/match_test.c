/* SPDX-License-Identifier: MIT */
/* Every match type over the data types, one condition at a time, and how conditions combine. */
#include "harness.h"

#include "base/mem.h"
#include "engine/match.h"
#include "model/catalogue.h"
#include "model/sddl.h"
#include "model/token.h"

#define U8(n)		  ((struct model_value){MODEL_UINT8, {.u8 = (n)}})
#define U16(n)		  ((struct model_value){MODEL_UINT16, {.u16 = (n)}})
#define U32(n)		  ((struct model_value){MODEL_UINT32, {.u32 = (n)}})
#define EMPTY		  ((struct model_value){MODEL_EMPTY, {0}})
#define PTR(t, member, p) ((struct model_value){MODEL_##t, {.member = (p)}})

static bool matches(unsigned match, struct model_value condition, struct model_value v)
{
	const struct model_condition c = {.match = (uint8_t)match, .value = condition};

	return engine_match_condition(&c, &v);
}
#define MATCHES(name, condition, v) matches(MODEL_MATCH_##name, condition, v)

TEST(equal_and_not_equal_compare_values)
{
	CHECK(MATCHES(EQUAL, U16(80), U16(80)));
	CHECK(!MATCHES(EQUAL, U16(80), U16(81)));
	CHECK(MATCHES(NOT_EQUAL, U16(80), U16(81)));
	CHECK(!MATCHES(NOT_EQUAL, U16(80), U16(80)));
}

TEST(greater_and_less_look_at_the_value_from_the_condition)
{
	CHECK(MATCHES(GREATER, U16(80), U16(81)) && !MATCHES(GREATER, U16(80), U16(80)));
	CHECK(MATCHES(LESS, U16(80), U16(79)) && !MATCHES(LESS, U16(80), U16(80)));
	CHECK(MATCHES(GREATER_OR_EQUAL, U16(80), U16(80)));
	CHECK(!MATCHES(GREATER_OR_EQUAL, U16(80), U16(79)));
	CHECK(MATCHES(LESS_OR_EQUAL, U16(80), U16(80)));
	CHECK(!MATCHES(LESS_OR_EQUAL, U16(80), U16(81)));
}

TEST(signed_numbers_are_ordered_as_signed)
{
	const int64_t minus = -5, plus = 3;

	CHECK(MATCHES(LESS, ((struct model_value){MODEL_INT8, {.i8 = 0}}),
		      ((struct model_value){MODEL_INT8, {.i8 = -1}})));
	CHECK(MATCHES(LESS, ((struct model_value){MODEL_INT16, {.i16 = 0}}),
		      ((struct model_value){MODEL_INT16, {.i16 = -1}})));
	CHECK(MATCHES(LESS, ((struct model_value){MODEL_INT32, {.i32 = 0}}),
		      ((struct model_value){MODEL_INT32, {.i32 = -1}})));
	CHECK(MATCHES(LESS, PTR(INT64, i64, &plus), PTR(INT64, i64, &minus)));
}

TEST(sixty_four_bit_numbers_are_compared_by_what_they_point_to)
{
	const uint64_t big = UINT64_C(1) << 40, same = UINT64_C(1) << 40;

	CHECK(MATCHES(EQUAL, PTR(UINT64, u64, &big), PTR(UINT64, u64, &same)));
	CHECK(MATCHES(FLAGS_ALL_SET, PTR(UINT64, u64, &big), PTR(UINT64, u64, &same)));
}

TEST(floats_and_doubles_are_equal_or_not)
{
	const double x = 1.5, y = 2.5;

	CHECK(MATCHES(EQUAL, PTR(DOUBLE, f64, &x), PTR(DOUBLE, f64, &x)));
	CHECK(!MATCHES(EQUAL, PTR(DOUBLE, f64, &x), PTR(DOUBLE, f64, &y)));
	CHECK(MATCHES(EQUAL, ((struct model_value){MODEL_FLOAT, {.f32 = 1}}),
		      ((struct model_value){MODEL_FLOAT, {.f32 = 1}})));
}

TEST(flags_all_any_and_none_set)
{
	CHECK(MATCHES(FLAGS_ALL_SET, U32(6), U32(7)) && !MATCHES(FLAGS_ALL_SET, U32(6), U32(5)));
	CHECK(MATCHES(FLAGS_ANY_SET, U32(6), U32(5)) && !MATCHES(FLAGS_ANY_SET, U32(6), U32(9)));
	CHECK(MATCHES(FLAGS_NONE_SET, U32(6), U32(9)) && !MATCHES(FLAGS_NONE_SET, U32(6), U32(2)));
	CHECK(MATCHES(FLAGS_ALL_SET, U8(2), U8(3)) && MATCHES(FLAGS_NONE_SET, U16(2), U16(1)));
}

TEST(ranges_include_both_ends)
{
	const struct model_range r = {U16(10), U16(20)};
	const struct model_value c = PTR(RANGE_TYPE, range, &r);

	CHECK(MATCHES(RANGE, c, U16(10)) && MATCHES(RANGE, c, U16(20)) &&
	      MATCHES(RANGE, c, U16(15)));
	CHECK(!MATCHES(RANGE, c, U16(9)) && !MATCHES(RANGE, c, U16(21)));
	CHECK(!MATCHES(RANGE, c, U32(15)));
}

TEST(ranges_order_addresses_blobs_and_strings)
{
	const struct model_bytes16 low = {{0x20, 1}}, high = {{0x20, 2}}, in = {{0x20, 1, 5}};
	const struct model_blob a = {1, (uint8_t *)(uintptr_t) "a"},
				c = {1, (uint8_t *)(uintptr_t) "c"},
				bb = {2, (uint8_t *)(uintptr_t) "bb"};
	const uint16_t x[] = {'x', 0}, xy[] = {'x', 'y', 0}, z[] = {'z', 0};
	const struct model_range v6 = {PTR(BYTE_ARRAY16_TYPE, bytes16, &low),
				       PTR(BYTE_ARRAY16_TYPE, bytes16, &high)};
	const struct model_range blobs = {PTR(BYTE_BLOB_TYPE, blob, &a),
					  PTR(BYTE_BLOB_TYPE, blob, &c)};
	const struct model_range strings = {PTR(UNICODE_STRING_TYPE, wstr, x),
					    PTR(UNICODE_STRING_TYPE, wstr, z)};

	CHECK(MATCHES(RANGE, PTR(RANGE_TYPE, range, &v6), PTR(BYTE_ARRAY16_TYPE, bytes16, &in)));
	CHECK(MATCHES(RANGE, PTR(RANGE_TYPE, range, &blobs), PTR(BYTE_BLOB_TYPE, blob, &bb)));
	CHECK(MATCHES(RANGE, PTR(RANGE_TYPE, range, &strings), PTR(UNICODE_STRING_TYPE, wstr, xy)));
}

TEST(an_ipv4_mask_is_compared_with_a_number_in_host_order)
{
	const struct model_v4_mask ten = {0x0a010203, 0xff000000}, all = {0, 0};

	CHECK(MATCHES(EQUAL, PTR(V4_ADDR_MASK, v4mask, &ten), U32(0x0aff0000)));
	CHECK(!MATCHES(EQUAL, PTR(V4_ADDR_MASK, v4mask, &ten), U32(0x0b000000)));
	CHECK(MATCHES(NOT_EQUAL, PTR(V4_ADDR_MASK, v4mask, &ten), U32(0x0b000000)));
	CHECK(MATCHES(EQUAL, PTR(V4_ADDR_MASK, v4mask, &all), U32(1)));
}

TEST(an_ipv6_mask_is_compared_with_sixteen_bytes)
{
	const struct model_v6_mask m = {{0x20, 0x01, 0x0d, 0xb8, 0xf0}, 36}, all = {{0}, 0},
				   one = {{[15] = 1}, 128};
	const struct model_bytes16 in = {{0x20, 0x01, 0x0d, 0xb8, 0xff}},
				   out = {{0x20, 0x01, 0x0d, 0xb8, 0x0f}}, loop = {{[15] = 1}};

	CHECK(MATCHES(EQUAL, PTR(V6_ADDR_MASK, v6mask, &m), PTR(BYTE_ARRAY16_TYPE, bytes16, &in)));
	CHECK(!MATCHES(EQUAL, PTR(V6_ADDR_MASK, v6mask, &m),
		       PTR(BYTE_ARRAY16_TYPE, bytes16, &out)));
	CHECK(MATCHES(EQUAL, PTR(V6_ADDR_MASK, v6mask, &all),
		      PTR(BYTE_ARRAY16_TYPE, bytes16, &out)));
	CHECK(MATCHES(EQUAL, PTR(V6_ADDR_MASK, v6mask, &one),
		      PTR(BYTE_ARRAY16_TYPE, bytes16, &loop)));
	CHECK(!MATCHES(EQUAL, PTR(V6_ADDR_MASK, v6mask, &one),
		       PTR(BYTE_ARRAY16_TYPE, bytes16, &in)));
}

TEST(prefix_and_not_prefix_look_at_the_end_of_the_value)
{
	const uint16_t path[] = {'/', 'b', 'i', 'n', '/', 's', 'h', 0}, sh[] = {'s', 'h', 0},
		       bin[] = {'/', 'b', 'i', 'n', 0}, none[] = {0};
	const struct model_blob whole = {sizeof(path), (uint8_t *)(uintptr_t)path},
				end = {sizeof(sh), (uint8_t *)(uintptr_t)sh},
				bare = {sizeof(sh) - 2, (uint8_t *)(uintptr_t)sh};

	CHECK(MATCHES(PREFIX, PTR(UNICODE_STRING_TYPE, wstr, sh),
		      PTR(UNICODE_STRING_TYPE, wstr, path)));
	CHECK(!MATCHES(PREFIX, PTR(UNICODE_STRING_TYPE, wstr, bin),
		       PTR(UNICODE_STRING_TYPE, wstr, path)));
	CHECK(MATCHES(NOT_PREFIX, PTR(UNICODE_STRING_TYPE, wstr, bin),
		      PTR(UNICODE_STRING_TYPE, wstr, path)));
	CHECK(MATCHES(PREFIX, PTR(UNICODE_STRING_TYPE, wstr, none),
		      PTR(UNICODE_STRING_TYPE, wstr, path)));
	CHECK(!MATCHES(PREFIX, PTR(UNICODE_STRING_TYPE, wstr, path),
		       PTR(UNICODE_STRING_TYPE, wstr, sh)));
	CHECK(MATCHES(PREFIX, PTR(BYTE_BLOB_TYPE, blob, &end), PTR(BYTE_BLOB_TYPE, blob, &whole)));
	CHECK(MATCHES(PREFIX, PTR(BYTE_BLOB_TYPE, blob, &bare), PTR(BYTE_BLOB_TYPE, blob, &whole)));
}

TEST(case_is_ignored_only_where_asked)
{
	const uint16_t big[] = {'A', 0xc4, 0x0416, 0x0141, 0},
		       small[] = {'a', 0xe4, 0x0436, 0x0142, 0}, other[] = {'a', 0xe4, 0x0436, 0};
	struct model_value b = PTR(UNICODE_STRING_TYPE, wstr, big),
			   s = PTR(UNICODE_STRING_TYPE, wstr, small),
			   o = PTR(UNICODE_STRING_TYPE, wstr, other);

	CHECK(MATCHES(EQUAL_CASE_INSENSITIVE, b, s) && MATCHES(EQUAL_CASE_INSENSITIVE, s, b));
	CHECK(!MATCHES(EQUAL, b, s));
	CHECK(!MATCHES(EQUAL_CASE_INSENSITIVE, b, o) && !MATCHES(EQUAL_CASE_INSENSITIVE, o, b));
}

TEST(sids_and_mac_addresses_are_equal_or_not)
{
	const struct model_bytes6 m = {{1, 2, 3, 4, 5, 6}}, n = {{1, 2, 3, 4, 5, 7}};
	struct sid x, y;

	sid_make(&x, 5, 1, (const uint32_t[]){18});
	sid_make(&y, 5, 1, (const uint32_t[]){19});
	CHECK(MATCHES(EQUAL, PTR(SID, sid, &x), PTR(SID, sid, &x)));
	CHECK(MATCHES(NOT_EQUAL, PTR(SID, sid, &x), PTR(SID, sid, &y)));
	CHECK(MATCHES(EQUAL, PTR(BYTE_ARRAY6_TYPE, bytes6, &m), PTR(BYTE_ARRAY6_TYPE, bytes6, &m)));
	CHECK(!MATCHES(EQUAL, PTR(BYTE_ARRAY6_TYPE, bytes6, &m),
		       PTR(BYTE_ARRAY6_TYPE, bytes6, &n)));
}

TEST(an_empty_value_matches_only_an_empty_condition)
{
	const struct model_v4_mask all = {0, 0};

	CHECK(MATCHES(EQUAL, EMPTY, EMPTY));
	CHECK(!MATCHES(EQUAL, EMPTY, U16(0)));
	CHECK(!MATCHES(EQUAL, U16(0), EMPTY));
	CHECK(!MATCHES(NOT_EQUAL, U16(0), EMPTY));
	CHECK(!MATCHES(FLAGS_NONE_SET, U32(1), EMPTY));
	CHECK(!MATCHES(NOT_EQUAL, PTR(V4_ADDR_MASK, v4mask, &all), EMPTY));
}

TEST(values_of_another_type_never_match)
{
	CHECK(!MATCHES(EQUAL, U16(1), U32(1)));
	CHECK(!MATCHES(NOT_EQUAL, U16(1), U32(2)));
	CHECK(!MATCHES(FLAGS_NONE_SET, U32(1), U16(2)));
}

/* ---- the access check ---------------------------------------------------------------------- */

static bool granted(const char *sddl, uint32_t uid, const uint32_t *gids, unsigned n)
{
	struct model_blob *sd, *token;
	bool result;

	CHECK_OK(model_sddl_parse(&sd, sddl, NULL));
	CHECK_OK(model_token_make_unix(&token, uid, gids, n));
	result = MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, sd),
			 PTR(TOKEN_ACCESS_INFORMATION_TYPE, blob, token));
	mem_free(token);
	mem_free(sd);
	return result;
}

TEST(a_descriptor_matches_whom_it_grants_the_right_to_match)
{
	CHECK(granted("D:(A;;CC;;;S-1-22-1-1000)", 1000, NULL, 0));
	CHECK(!granted("D:(A;;CC;;;S-1-22-1-1000)", 1001, NULL, 0));
	CHECK(granted("D:(A;;CC;;;S-1-22-2-27)", 1000, (const uint32_t[]){4, 27}, 2));
	CHECK(granted("D:(A;;CC;;;WD)", 1000, NULL, 0));
	CHECK(granted("D:(A;;GA;;;AU)", 1000, NULL, 0));
	CHECK(!granted("D:(A;;DC;;;WD)", 1000, NULL, 0));
	CHECK(granted("D:(A;;CC;;;BA)", 0, NULL, 0));
	CHECK(!granted("D:(A;;CC;;;BA)", 1000, NULL, 0));
}

TEST(the_first_entry_that_speaks_of_the_user_decides)
{
	CHECK(!granted("D:(D;;CC;;;S-1-22-1-1000)(A;;CC;;;WD)", 1000, NULL, 0));
	CHECK(granted("D:(A;;CC;;;WD)(D;;CC;;;S-1-22-1-1000)", 1000, NULL, 0));
	CHECK(granted("D:(D;;DC;;;WD)(A;;CC;;;WD)", 1000, NULL, 0));
}

TEST(no_list_grants_and_an_empty_one_denies)
{
	CHECK(granted("O:SY", 1000, NULL, 0));
	CHECK(granted("D:NO_ACCESS_CONTROL", 1000, NULL, 0));
	CHECK(!granted("D:", 1000, NULL, 0));
	CHECK(!granted("D:(A;IO;CC;;;WD)", 1000, NULL, 0));
}

TEST(a_deny_only_group_denies_and_never_allows)
{
	struct sid user, group;
	struct model_token_sid sids[] = {{user.bytes, 0}, {group.bytes, MODEL_GROUP_DENY_ONLY}};
	struct model_token_info info = {2, sids, 0, NULL};
	struct model_blob *allow, *deny;
	struct model_value who = PTR(TOKEN_INFORMATION_TYPE, token, &info);

	sid_make(&user, 22, 2, (const uint32_t[]){1, 1000});
	sid_make(&group, 22, 2, (const uint32_t[]){2, 7});
	CHECK_OK(model_sddl_parse(&allow, "D:(A;;CC;;;S-1-22-2-7)", NULL));
	CHECK_OK(model_sddl_parse(&deny, "D:(D;;CC;;;S-1-22-2-7)(A;;CC;;;S-1-22-1-1000)", NULL));
	CHECK(!MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, allow), who));
	CHECK(!MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, deny), who));
	sids[1].attributes = MODEL_GROUP_ENABLED;
	CHECK(MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, allow), who));
	sids[1].attributes = 0;
	CHECK(!MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, allow), who));
	mem_free(allow);
	mem_free(deny);
}

TEST(restricted_sids_must_be_granted_too)
{
	struct sid user, restricted;
	struct model_token_sid sids[] = {{user.bytes, 0}}, limits[] = {{restricted.bytes, 0}};
	struct model_token_info info = {1, sids, 1, limits};
	struct model_blob *one, *both;
	struct model_value who = PTR(TOKEN_INFORMATION_TYPE, token, &info);

	sid_make(&user, 22, 2, (const uint32_t[]){1, 1000});
	sid_make(&restricted, 5, 1, (const uint32_t[]){12});
	CHECK_OK(model_sddl_parse(&one, "D:(A;;CC;;;S-1-22-1-1000)", NULL));
	CHECK_OK(model_sddl_parse(&both, "D:(A;;CC;;;S-1-22-1-1000)(A;;CC;;;RC)", NULL));
	CHECK(!MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, one), who));
	CHECK(MATCHES(EQUAL, PTR(SECURITY_DESCRIPTOR_TYPE, blob, both), who));
	mem_free(one);
	mem_free(both);
}

/* ---- several conditions -------------------------------------------------------------------- */

static bool filter_matches(const struct model_condition *conditions, unsigned n, uint16_t port,
			   uint8_t protocol)
{
	const struct model_layer *layer = model_layer_by_id(MODEL_LAYER_ALE_AUTH_CONNECT_V4);
	struct model_filter draft = {.layer = layer->id,
				     .action = MODEL_ACTION_BLOCK,
				     .name = (char *)(uintptr_t) "test",
				     .n_conditions = n,
				     .conditions = (struct model_condition *)(uintptr_t)conditions},
			    *f;
	struct model_value values[64] = {{0}};
	bool result;

	values[model_field_index(layer, model_condition_key("IP_REMOTE_PORT"))] = U16(port);
	values[model_field_index(layer, model_condition_key("IP_PROTOCOL"))] = U8(protocol);
	CHECK_OK(model_filter_create(&f, &draft));
	result = engine_match_filter(f, values, 64);
	model_filter_put(f);
	return result;
}

static struct model_condition on(const char *field, unsigned match, struct model_value v)
{
	return (struct model_condition){
		.field_key = *model_condition_key(field), .match = (uint8_t)match, .value = v};
}

TEST(conditions_on_different_fields_must_all_be_true)
{
	const struct model_condition c[] = {on("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(80)),
					    on("IP_PROTOCOL", MODEL_MATCH_EQUAL, U8(6))};

	CHECK(filter_matches(c, 2, 80, 6));
	CHECK(!filter_matches(c, 2, 80, 17));
	CHECK(!filter_matches(c, 2, 81, 6));
}

TEST(of_conditions_on_one_field_one_must_be_true_wherever_they_stand)
{
	const struct model_condition c[] = {on("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(80)),
					    on("IP_PROTOCOL", MODEL_MATCH_EQUAL, U8(6)),
					    on("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, U16(443))};

	CHECK(filter_matches(c, 3, 80, 6));
	CHECK(filter_matches(c, 3, 443, 6));
	CHECK(!filter_matches(c, 3, 22, 6));
	CHECK(!filter_matches(c, 3, 443, 17));
}

TEST(repeated_not_equal_is_ored_like_everything_else)
{
	const struct model_condition c[] = {on("IP_REMOTE_PORT", MODEL_MATCH_NOT_EQUAL, U16(80)),
					    on("IP_REMOTE_PORT", MODEL_MATCH_NOT_EQUAL, U16(443))};

	CHECK(filter_matches(c, 2, 80, 6));
	CHECK(filter_matches(c, 2, 443, 6));
	CHECK(filter_matches(c, 2, 22, 6));
}

TEST(no_conditions_always_match)
{
	CHECK(filter_matches(NULL, 0, 1, 1));
}

TEST(a_field_that_was_not_indicated_is_empty)
{
	const struct model_condition c = {.field = 9, .match = MODEL_MATCH_EQUAL, .value = U16(0)};
	const struct model_filter f = {.n_conditions = 1,
				       .conditions = (struct model_condition *)(uintptr_t)&c};

	CHECK(!engine_match_filter(&f, NULL, 0));
}
