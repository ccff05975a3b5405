/* SPDX-License-Identifier: MIT */
/* Deep copies of values of every type. */
#include "harness.h"

#include "base/mem.h"
#include "model/compare.h"
#include "model/token.h"
#include "model/value.h"

static const uint64_t number = 77;
static const uint64_t number_high = 99;
static uint8_t bytes[] = {1, 2, 3};
static const struct model_blob blob = {3, bytes};
static const uint16_t text[] = {'a', 'b', 0};
static const struct model_range range = {{.type = MODEL_UINT64, .u64 = &number},
					 {.type = MODEL_UINT64, .u64 = &number_high}};

TEST(a_copy_does_not_share_what_the_value_points_to)
{
	struct model_value in = {.type = MODEL_BYTE_BLOB_TYPE, .blob = &blob}, out;
	uint64_t live = mem_live();

	CHECK_OK(model_value_copy(&out, &in));
	bytes[0] = 9;
	CHECK_EQ_U(out.blob->data[0], 1);
	bytes[0] = 1;
	CHECK(model_value_equal(&in, &out));
	model_value_clear(&out);
	CHECK_EQ_U(out.type, MODEL_EMPTY);
	CHECK_EQ_U(mem_live(), live);
}

TEST(strings_numbers_and_ranges_are_copied_deeply)
{
	const struct model_value in[] = {
		{.type = MODEL_UNICODE_STRING_TYPE, .wstr = text},
		{.type = MODEL_UINT64, .u64 = &number},
		{.type = MODEL_RANGE_TYPE, .range = &range},
		{.type = MODEL_UINT8, .u8 = 4},
		{.type = MODEL_EMPTY},
	};
	uint64_t live = mem_live();

	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		struct model_value out;

		CHECK_OK(model_value_copy(&out, &in[i]));
		if (in[i].type == MODEL_RANGE_TYPE)
			CHECK(model_value_equal(&out.range->high, &range.high));
		else
			CHECK(model_value_equal(&in[i], &out));
		model_value_clear(&out);
	}
	CHECK_EQ_U(mem_live(), live);
}

TEST(a_token_is_copied_with_all_its_sids)
{
	struct sid user, group;
	struct model_token_sid sids[2] = {{user.bytes, 4}, {group.bytes, 16}};
	struct model_token_info info = {
		.n_sids = 1, .sids = sids, .n_restricted = 1, .restricted = sids + 1};
	struct model_value in = {.type = MODEL_TOKEN_INFORMATION_TYPE, .token = &info}, out;
	const struct model_token_info *copy;

	sid_make(&user, 22, 2, (const uint32_t[]){1, 1000});
	sid_make(&group, 22, 2, (const uint32_t[]){2, 100});
	CHECK_OK(model_value_copy(&out, &in));
	copy = out.token;
	CHECK(copy->sids[0].sid != user.bytes && sid_equal(copy->sids[0].sid, user.bytes));
	CHECK(sid_equal(copy->restricted[0].sid, group.bytes));
	CHECK_EQ_U(copy->restricted[0].attributes, 16);
	model_value_clear(&out);
}

TEST(every_allocation_of_a_copy_may_fail)
{
	struct model_value in = {.type = MODEL_RANGE_TYPE, .range = &range}, out;
	uint64_t live = mem_live();
	wfp_err err = ERR_NO_MEMORY;

	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = model_value_copy(&out, &in);
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(out.type, MODEL_EMPTY);
			CHECK_EQ_U(mem_live(), live);
		}
	}
	model_value_clear(&out);
}

TEST(null_pointers_and_unknown_types_are_errors)
{
	struct model_value out;

	CHECK_ERR(model_value_copy(&out, &(struct model_value){.type = MODEL_UINT64}),
		  ERR_NULL_POINTER);
	CHECK_ERR(model_value_copy(&out, &(struct model_value){.type = 4711}), ERR_TYPE_MISMATCH);
}

TEST(types_and_match_types_have_their_public_names)
{
	CHECK_EQ_S(model_type_name(MODEL_V4_ADDR_MASK), "FWP_V4_ADDR_MASK");
	CHECK_EQ_S(model_match_name(MODEL_MATCH_NOT_PREFIX), "FWP_MATCH_NOT_PREFIX");
	CHECK(model_type_name((enum model_type)4711) == NULL);
	CHECK_EQ_U(MODEL_MATCHES, 13);
}
