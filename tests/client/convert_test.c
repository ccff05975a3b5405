/* SPDX-License-Identifier: MIT */
/*
 * convert_test - every descriptor, there and back.
 */
#include "base/mem.h"
#include "client/convert.h"
#include "client/desc.h"
#include "client/text.h"
#include "random_api.h"
#include "rpc/codec.h"

#include "rpc/wfp.pb-c.h"

static const struct convert_desc *const all[] = {
#define ROW_OF_ALL(name) &desc_##name,
	DESC_LIST(ROW_OF_ALL)
#undef ROW_OF_ALL
};

#define ROUNDS 300

/* As a client and the engine would: through bytes. */
static wfp_err there_and_back(const struct convert_desc *from, const void *api,
			      const struct convert_desc *to, struct arena *a, void **out)
{
	ProtobufCMessage *sent, *got;
	struct buf bytes = {0};
	wfp_err err = convert_to_message(from, api, a, &sent);

	if (err)
		return err;
	rpc_message_pack(sent, &bytes);
	err = buf_err(&bytes);
	if (!err)
		err = rpc_message_unpack(a, from->message, bytes.data, bytes.len, &got);
	buf_free(&bytes);
	if (err)
		return err;
	*out = arena_zalloc(a, 1, to->size);
	return *out ? convert_from_message(to, got, a, *out) : ERR_NO_MEMORY;
}

TEST(random_structs_of_every_descriptor_come_back_equal)
{
	uint64_t seed = test_seed();

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (unsigned round = 0; round < ROUNDS; round++) {
			struct random_api r;
			void *api, *back;

			random_api_init(&r, seed * 1000003 + i * ROUNDS + round);
			api = random_struct(&r, all[i]);
			CHECK_OK(there_and_back(all[i], api, all[i], &r.arena, &back));
			if (!same_struct(all[i], api, back))
				CHECK_SAY("%s differs in round %u", all[i]->name, round);
			arena_free(&r.arena);
		}
	CHECK_EQ_U(mem_live(), 0);
}

TEST(every_row_has_a_field_and_lies_in_its_struct)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (size_t k = 0; k < all[i]->n_rows; k++) {
			const struct convert_row *row = &all[i]->rows[k];

			CHECK(row->offset < all[i]->size);
			CHECK(row->selector <= row->offset || row->offset == 0);
			if (!protobuf_c_message_descriptor_get_field_by_name(all[i]->message,
									     row->field))
				CHECK_SAY("%s.%s has no field", all[i]->name, row->field);
		}
}

TEST(every_field_of_a_message_is_in_its_newest_struct)
{
	static const struct convert_desc *const newest[] = {
		&desc_provider0,
		&desc_sublayer0,
		&desc_layer0,
		&desc_callout0,
		&desc_filter0,
		&desc_session0,
		&desc_provider_context3,
		&desc_ikeext_policy2,
		&desc_ikeext_em_policy2,
		&desc_ipsec_keying_policy1,
		&desc_ipsec_tunnel_policy3,
		&desc_ipsec_transport_policy2,
		&desc_ipsec_dosp_options0,
		&desc_condition_value0,
		&desc_connection0,
	};

	for (size_t i = 0; i < ARRAY_LEN(newest); i++)
		for (unsigned f = 0; f < newest[i]->message->n_fields; f++) {
			const char *field = newest[i]->message->fields[f].name;
			bool found = false;

			for (size_t k = 0; k < newest[i]->n_rows; k++)
				found |= strcmp(newest[i]->rows[k].field, field) == 0;
			if (!found)
				CHECK_SAY("%s has no member %s", newest[i]->name, field);
		}
}

/* ---- generations ----------------------------------------------------------------------------- */

TEST(what_an_old_generation_wrote_the_newest_reads)
{
	uint8_t cert[] = {1, 2, 3};
	IKEEXT_CERT_ROOT_CONFIG0 root = {.certData = {3, cert}, .flags = 7};
	IKEEXT_AUTHENTICATION_METHOD0 method = {
		.authenticationMethodType = IKEEXT_CERTIFICATE,
		.certificateAuthentication = {
			.inboundConfigType = IKEEXT_CERT_CONFIG_EXPLICIT_TRUST_LIST,
			.inboundRootArraySize = 1,
			.inboundRootArray = &root,
			.outboundConfigType = IKEEXT_CERT_CONFIG_ENTERPRISE_STORE,
			.outboundEnterpriseStoreConfig = &root,
		}};
	IKEEXT_POLICY0 policy = {.softExpirationTime = 5,
				 .numAuthenticationMethods = 1,
				 .authenticationMethods = &method};
	FWPM_PROVIDER_CONTEXT0 old = {.type = FWPM_IPSEC_IKE_MM_CONTEXT, .ikeMmPolicy = &policy};
	FWPM_PROVIDER_CONTEXT3 *got;
	const IKEEXT_CERTIFICATE_AUTHENTICATION2 *auth;
	struct arena a;
	void *back;

	arena_init(&a, SIZE_MAX);
	CHECK_OK(there_and_back(&desc_provider_context0, &old, &desc_provider_context3, &a, &back));
	got = back;
	CHECK_EQ_U(got->ikeMmPolicy->softExpirationTime, 5);
	auth = &got->ikeMmPolicy->authenticationMethods[0].certificateAuthentication;
	CHECK_EQ_U(auth->inboundRootArraySize, 1);
	CHECK_EQ_U(auth->inboundRootCriteria[0].flags, 7);
	CHECK_EQ_U(auth->outboundEnterpriseStoreArraySize, 1);
	CHECK_EQ_U(auth->outboundEnterpriseStoreCriteria[0].certData.size, 3);
	arena_free(&a);
}

TEST(a_type_of_a_later_generation_is_an_unknown_enumerator)
{
	FWPM_PROVIDER_CONTEXT0 old = {.type = FWPM_IPSEC_IKEV2_MM_CONTEXT};
	ProtobufCMessage *message;
	struct arena a;

	arena_init(&a, SIZE_MAX);
	CHECK_ERR(convert_to_message(&desc_provider_context0, &old, &a, &message),
		  ERR_INVALID_ENUMERATOR);
	arena_free(&a);
}

TEST(a_policy_that_a_generation_cannot_say_is_null_there)
{
	IKEEXT_POLICY2 policy = {.softExpirationTime = 5};
	FWPM_PROVIDER_CONTEXT3 now = {.type = FWPM_IPSEC_IKEV2_MM_CONTEXT,
				      .ikeV2MmPolicy = &policy};
	FWPM_PROVIDER_CONTEXT0 *got;
	struct arena a;
	void *back;

	arena_init(&a, SIZE_MAX);
	CHECK_OK(there_and_back(&desc_provider_context3, &now, &desc_provider_context0, &a, &back));
	got = back;
	CHECK_EQ_U(got->type, FWPM_IPSEC_IKEV2_MM_CONTEXT);
	CHECK(!got->keyingPolicy);
	arena_free(&a);
}

/* ---- what a program may get wrong ------------------------------------------------------------ */

static wfp_err try_filter(const FWPM_FILTER0 *filter)
{
	ProtobufCMessage *message;
	struct arena a;
	wfp_err err;

	arena_init(&a, SIZE_MAX);
	err = convert_to_message(&desc_filter0, filter, &a, &message);
	arena_free(&a);
	return err;
}

static wfp_err try_condition(FWP_DATA_TYPE type, void *pointer)
{
	FWPM_FILTER_CONDITION0 condition = {.conditionValue = {.type = type}};
	FWPM_FILTER0 filter = {.numFilterConditions = 1, .filterCondition = &condition};

	condition.conditionValue.uint64 = pointer;
	return try_filter(&filter);
}

TEST(a_pointer_that_a_type_needs_must_be_there)
{
	static const FWP_DATA_TYPE types[] = {
		FWP_UINT64,
		FWP_INT64,
		FWP_DOUBLE,
		FWP_BYTE_ARRAY16_TYPE,
		FWP_BYTE_BLOB_TYPE,
		FWP_SID,
		FWP_SECURITY_DESCRIPTOR_TYPE,
		FWP_TOKEN_INFORMATION_TYPE,
		FWP_TOKEN_ACCESS_INFORMATION_TYPE,
		FWP_UNICODE_STRING_TYPE,
		FWP_BYTE_ARRAY6_TYPE,
		FWP_V4_ADDR_MASK,
		FWP_V6_ADDR_MASK,
		FWP_RANGE_TYPE,
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		CHECK_ERR(try_condition(types[i], NULL), ERR_NULL_POINTER);
	CHECK_OK(try_condition(FWP_EMPTY, NULL));
}

TEST(a_count_needs_an_array_and_a_size_needs_data)
{
	FWPM_FILTER0 list = {.numFilterConditions = 1};
	FWPM_FILTER0 blob = {.providerData = {.size = 1}};

	CHECK_ERR(try_filter(&list), ERR_NULL_POINTER);
	CHECK_ERR(try_filter(&blob), ERR_NULL_POINTER);
}

TEST(a_count_beyond_all_messages_is_refused_before_it_is_read)
{
	FWPM_FILTER_CONDITION0 condition = {0};
	FWPM_FILTER0 filter = {.numFilterConditions = UINT32_MAX, .filterCondition = &condition};

	CHECK_ERR(try_filter(&filter), ERR_INVALID_PARAMETER);
}

TEST(values_outside_their_enumeration_are_refused)
{
	FWPM_FILTER_CONDITION0 condition = {.matchType = FWP_MATCH_TYPE_MAX};
	FWPM_FILTER0 filter = {.numFilterConditions = 1, .filterCondition = &condition};
	FWP_RANGE0 range = {.valueLow = {.type = (FWP_DATA_TYPE)FWP_RANGE_TYPE}};

	CHECK_ERR(try_filter(&filter), ERR_INVALID_ENUMERATOR);
	CHECK_ERR(try_condition(FWP_BYTE_ARRAY6_TYPE + 1, &range), ERR_INVALID_ENUMERATOR);
	CHECK_ERR(try_condition(FWP_DATA_TYPE_MAX, &range), ERR_INVALID_ENUMERATOR);
	CHECK_ERR(try_condition(FWP_RANGE_TYPE, &range), ERR_INVALID_ENUMERATOR);
}

TEST(a_sid_that_is_none_is_refused)
{
	uint8_t sid[8] = {2, 0};

	CHECK_ERR(try_condition(FWP_SID, sid), ERR_INVALID_PARAMETER);
	sid[0] = 1;
	CHECK_OK(try_condition(FWP_SID, sid));
	sid[1] = 16;
	CHECK_ERR(try_condition(FWP_SID, sid), ERR_INVALID_PARAMETER);
}

/* ---- what an engine may get wrong ------------------------------------------------------------ */

TEST(a_reply_that_does_not_fit_is_invalid_data)
{
	Openwfp__Filter filter = OPENWFP__FILTER__INIT;
	uint8_t bytes[3] = {0};
	FWPM_FILTER0 api;
	struct arena a;

	arena_init(&a, SIZE_MAX);
	filter.has_layerkey = 1;
	filter.layerkey = (ProtobufCBinaryData){sizeof(bytes), bytes};
	CHECK_ERR(convert_from_message(&desc_filter0, &filter, &a, &api), ERR_INVALID_DATA);
	filter.has_layerkey = 0;
	filter.has_providerkey = 1;
	filter.providerkey = (ProtobufCBinaryData){sizeof(bytes), bytes};
	CHECK_ERR(convert_from_message(&desc_filter0, &filter, &a, &api), ERR_INVALID_DATA);
	arena_free(&a);
}

TEST(mutated_messages_are_read_or_refused)
{
	uint64_t seed = test_seed();

	for (unsigned round = 0; round < 20000; round++) {
		const struct convert_desc *desc = all[round % ARRAY_LEN(all)];
		ProtobufCMessage *sent, *got;
		struct buf bytes = {0};
		struct random_api r;
		void *back;

		random_api_init(&r, seed * 7919 + round);
		CHECK_OK(convert_to_message(desc, random_struct(&r, desc), &r.arena, &sent));
		rpc_message_pack(sent, &bytes);
		for (unsigned n = rng_below(&r.rng, 4); bytes.len && n > 0; n--)
			bytes.data[rng_below(&r.rng, (uint32_t)bytes.len)] =
				(uint8_t)rng_u32(&r.rng);
		back = arena_zalloc(&r.arena, 1, desc->size);
		if (!rpc_message_unpack(&r.arena, desc->message, bytes.data, bytes.len, &got)) {
			wfp_err err = convert_from_message(desc, got, &r.arena, back);

			CHECK(err == ERR_OK || err == ERR_INVALID_DATA);
		}
		buf_free(&bytes);
		arena_free(&r.arena);
	}
}

/* ---- memory ---------------------------------------------------------------------------------- */

TEST(without_memory_a_conversion_fails_and_leaks_nothing)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		wfp_err err = ERR_NO_MEMORY;
		struct random_api r;
		void *api;

		random_api_init(&r, i);
		api = random_struct(&r, all[i]);
		for (uint64_t nth = 1; err; nth++) {
			uint64_t before = mem_live();
			struct arena a;
			void *back;

			CHECK_ERR(err, ERR_NO_MEMORY);
			arena_init(&a, SIZE_MAX);
			mem_fail_at(nth);
			err = there_and_back(all[i], api, all[i], &a, &back);
			mem_fail_at(0);
			arena_free(&a);
			CHECK_EQ_U(mem_live(), before);
		}
		arena_free(&r.arena);
	}
}

/* ---- text ------------------------------------------------------------------------------------ */

TEST(half_a_surrogate_pair_becomes_the_replacement_character)
{
	static const uint16_t odd[] = {'a', 0xd800, 'b', 0xdc00, 0xd801, 0xdc01, 0xdbff, 0};
	struct arena a;

	arena_init(&a, SIZE_MAX);
	CHECK_EQ_S(text_to_utf8(&a, odd), "a\xef\xbf\xbd"
					  "b\xef\xbf\xbd\xf0\x90\x90\x81\xef\xbf\xbd");
	arena_free(&a);
}

TEST(bytes_that_are_no_utf8_become_the_replacement_character)
{
	const uint16_t *text;
	struct arena a;

	arena_init(&a, SIZE_MAX);
	text = text_to_utf16(&a, "a\xff\xc0\x80z");
	CHECK_EQ_U(text[0], 'a');
	CHECK_EQ_U(text[1], 0xfffd);
	CHECK_EQ_U(text[text_length(text) - 1], 'z');
	arena_free(&a);
}
