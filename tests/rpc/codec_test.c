/* SPDX-License-Identifier: MIT */
/* Objects and values as messages: nothing is lost, and nothing hostile comes through. */
#include "harness.h"

#include "base/mem.h"
#include "model/compare.h"
#include "rpc/codec.h"
#include "rpc/frame.h"
#include "rpc/wfp.pb-c.h"

#include "random_object.h"

#define ROUNDS 400
#define ROOM   ((size_t)64 << 20)

/* ---- round trips -------------------------------------------------------------------------------
 */

static struct model_object *random_object(struct rng *r)
{
	struct model_object draft, *o;
	struct arena a;

	arena_init(&a, ROOM);
	draft = random_draft(r, &a);
	CHECK_OK(model_object_create(&o, &draft));
	arena_free(&a);
	return o;
}

static void check_filters_equal(const struct model_filter *x, const struct model_filter *y)
{
	CHECK_EQ_U(x->id, y->id);
	CHECK_EQ_U(x->layer, y->layer);
	CHECK_EQ_U(x->weight, y->weight);
	CHECK_EQ_U(x->flags, y->flags);
	CHECK_EQ_U(x->action, y->action);
	CHECK_EQ_U(x->context, y->context);
	CHECK(guid_equal(&x->sublayer, &y->sublayer));
	CHECK(guid_equal(&x->callout, &y->callout));
	CHECK(guid_equal(&x->filter_type, &y->filter_type));
	CHECK(guid_equal(&x->context_key, &y->context_key));
	CHECK(guid_equal(&x->provider, &y->provider));
	CHECK_EQ_S(x->name, y->name);
	CHECK(model_value_equal(&x->requested_weight, &y->requested_weight));
	CHECK_EQ_U(x->n_conditions, y->n_conditions);
	for (uint32_t i = 0; i < x->n_conditions; i++) {
		CHECK(guid_equal(&x->conditions[i].field_key, &y->conditions[i].field_key));
		CHECK_EQ_U(x->conditions[i].match, y->conditions[i].match);
		CHECK_EQ_U(x->conditions[i].value.type, y->conditions[i].value.type);
	}
}

static void check_objects_equal(const struct model_object *x, const struct model_object *y)
{
	CHECK_EQ_U(x->kind, y->kind);
	CHECK(guid_equal(&x->key, &y->key));
	CHECK_EQ_U(x->id, y->id);
	CHECK_EQ_U(x->flags, y->flags);
	CHECK(guid_equal(&x->provider, &y->provider));
	if (x->kind == MODEL_FILTER) {
		check_filters_equal(x->filter, y->filter);
		return;
	}
	CHECK_EQ_S(x->name, y->name);
	CHECK_EQ_U(x->data.size, y->data.size);
	CHECK_EQ_U(x->context_type, y->context_type);
	CHECK_EQ_U(x->policy.size, y->policy.size);
	CHECK_EQ_U(x->weight, y->weight);
	CHECK_EQ_U(x->layer, y->layer);
	CHECK(!x->service == !y->service);
}

TEST(a_packed_object_unpacks_to_an_equal_one_with_equal_bytes)
{
	uint64_t live = mem_live();
	struct rng r;

	rng_seed(&r, test_seed());
	for (int i = 0; i < ROUNDS; i++) {
		struct model_object *o = random_object(&r), *copy;
		struct buf bytes = {0}, again = {0};

		CHECK_OK(rpc_object_pack(o, &bytes));
		CHECK_OK(rpc_object_unpack(bytes.data, bytes.len, &copy));
		check_objects_equal(o, copy);
		CHECK_OK(rpc_object_pack(copy, &again));
		CHECK_EQ_U(bytes.len, again.len);
		CHECK(memcmp(bytes.data, again.data, bytes.len) == 0);
		buf_free(&bytes);
		buf_free(&again);
		model_object_put(o);
		model_object_put(copy);
	}
	CHECK_EQ_U(mem_live(), live);
}

/* Through the wire: what is decoded points into the second arena alone. */
static void pass_value(struct arena *a, const struct model_value *in, struct model_value *out)
{
	struct buf bytes = {0};
	struct arena first;
	Openwfp__Value m;
	ProtobufCMessage *got;

	arena_init(&first, ROOM);
	CHECK_OK(rpc_value_encode(&first, in, &m));
	rpc_message_pack(&m.base, &bytes);
	arena_free(&first);
	CHECK_OK(rpc_message_unpack(a, &openwfp__value__descriptor, bytes.data, bytes.len, &got));
	buf_free(&bytes);
	CHECK_OK(rpc_value_decode(a, (Openwfp__Value *)got, out));
}

static void check_tokens_equal(const struct model_token_info *x, const struct model_token_info *y)
{
	CHECK_EQ_U(x->n_sids, y->n_sids);
	CHECK_EQ_U(x->n_restricted, y->n_restricted);
	for (uint32_t i = 0; i < x->n_sids; i++)
		CHECK(sid_equal(x->sids[i].sid, y->sids[i].sid) &&
		      x->sids[i].attributes == y->sids[i].attributes);
	for (uint32_t i = 0; i < x->n_restricted; i++)
		CHECK(sid_equal(x->restricted[i].sid, y->restricted[i].sid));
}

static void check_values_equal(const struct model_value *x, const struct model_value *y)
{
	CHECK_EQ_U(x->type, y->type);
	switch (x->type) {
	case MODEL_RANGE_TYPE:
		CHECK(model_value_equal(&x->range->low, &y->range->low));
		CHECK(model_value_equal(&x->range->high, &y->range->high));
		break;
	case MODEL_TOKEN_INFORMATION_TYPE:
		check_tokens_equal(x->token, y->token);
		break;
	case MODEL_V4_ADDR_MASK:
		CHECK_EQ_U(x->v4mask->addr, y->v4mask->addr);
		CHECK_EQ_U(x->v4mask->mask, y->v4mask->mask);
		break;
	case MODEL_V6_ADDR_MASK:
		CHECK(memcmp(x->v6mask, y->v6mask, sizeof(*x->v6mask)) == 0);
		break;
	case MODEL_DOUBLE:
		CHECK(memcmp(x->f64, y->f64, sizeof(double)) == 0);
		break;
	case MODEL_TOKEN_ACCESS_INFORMATION_TYPE:
	case MODEL_SECURITY_DESCRIPTOR_TYPE:
		CHECK_EQ_U(x->blob->size, y->blob->size);
		CHECK(!x->blob->size || memcmp(x->blob->data, y->blob->data, x->blob->size) == 0);
		break;
	case MODEL_SID:
		CHECK(sid_equal(x->sid, y->sid));
		break;
	default:
		CHECK(model_value_equal(x, y));
	}
}

TEST(values_of_every_type_survive_the_wire)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (int round = 0; round < 50; round++)
		for (size_t i = 0; i < ARRAY_LEN(value_types); i++) {
			struct model_value in, out;
			struct arena a, b;

			arena_init(&a, ROOM);
			arena_init(&b, ROOM);
			in = random_value(&r, &a, value_types[i]);
			pass_value(&b, &in, &out);
			check_values_equal(&in, &out);
			arena_free(&a);
			arena_free(&b);
		}
}

TEST(text_that_is_not_well_formed_becomes_replacement_characters)
{
	static const uint16_t broken[] = {'a', 0xd800, 'b', 0xdc00, 0};
	static const uint16_t mended[] = {'a', 0xfffd, 'b', 0xfffd, 0};
	struct model_value in = {.type = MODEL_UNICODE_STRING_TYPE, .wstr = broken}, out;
	struct arena a;

	arena_init(&a, ROOM);
	pass_value(&a, &in, &out);
	CHECK(memcmp(out.wstr, mended, sizeof(mended)) == 0);
	arena_free(&a);
}

TEST(a_layer_shows_its_fields_in_the_order_of_their_indices)
{
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *layer = model_layer_at(i);
		struct arena a;
		Openwfp__Layer m;

		arena_init(&a, ROOM);
		CHECK_OK(rpc_layer_encode(&a, layer, &m));
		CHECK_EQ_U(m.layerid, layer->id);
		CHECK(m.has_defaultsublayerkey);
		CHECK((m.flags & 2) != 0);
		for (size_t f = 0; f < m.n_field; f++) {
			struct guid key;

			CHECK_OK(rpc_key_decode(true, &m.field[f]->fieldkey, &key));
			CHECK_EQ_U(model_field_index(layer, &key), f);
		}
		arena_free(&a);
	}
}

/* ---- hostile values ----------------------------------------------------------------------------
 */

static wfp_err decode(Openwfp__Value *m)
{
	struct model_value out;
	struct arena a;
	wfp_err err;

	arena_init(&a, ROOM);
	err = rpc_value_decode(&a, m, &out);
	arena_free(&a);
	return err;
}

static Openwfp__Value value(uint32_t type, Openwfp__Value__ValueCase member)
{
	Openwfp__Value m = OPENWFP__VALUE__INIT;

	m.has_type = true;
	m.type = type;
	m.value_case = member;
	return m;
}

TEST(a_value_without_what_its_type_asks_for_is_a_null_pointer)
{
	Openwfp__Value m = value(MODEL_UINT64, OPENWFP__VALUE__VALUE__NOT_SET);

	CHECK_ERR(decode(&m), ERR_NULL_POINTER);
}

TEST(a_value_with_the_member_of_another_type_is_a_type_mismatch)
{
	Openwfp__Value m = value(MODEL_UINT64, OPENWFP__VALUE__VALUE_UINT8);

	CHECK_ERR(decode(&m), ERR_TYPE_MISMATCH);
}

TEST(a_number_too_large_for_its_type_is_out_of_bounds)
{
	Openwfp__Value m = value(MODEL_UINT8, OPENWFP__VALUE__VALUE_UINT8);

	m.uint8 = 256;
	CHECK_ERR(decode(&m), ERR_OUT_OF_BOUNDS);
	m = value(MODEL_INT16, OPENWFP__VALUE__VALUE_INT16);
	m.int16 = -32769;
	CHECK_ERR(decode(&m), ERR_OUT_OF_BOUNDS);
}

TEST(an_unknown_type_is_an_invalid_enumerator)
{
	Openwfp__Value m = value(77, OPENWFP__VALUE__VALUE_UINT8);

	CHECK_ERR(decode(&m), ERR_INVALID_ENUMERATOR);
}

TEST(a_range_of_ranges_is_a_type_mismatch)
{
	Openwfp__Value outer = value(MODEL_RANGE_TYPE, OPENWFP__VALUE__VALUE_RANGE_VALUE);
	Openwfp__Value inner = outer;
	Openwfp__Range range = OPENWFP__RANGE__INIT;

	range.valuelow = &inner;
	range.valuehigh = &inner;
	inner.rangevalue = &range;
	outer.rangevalue = &range;
	CHECK_ERR(decode(&outer), ERR_TYPE_MISMATCH);
}

TEST(a_range_without_an_end_is_a_null_pointer)
{
	Openwfp__Value m = value(MODEL_RANGE_TYPE, OPENWFP__VALUE__VALUE_RANGE_VALUE);
	Openwfp__Range range = OPENWFP__RANGE__INIT;

	m.rangevalue = &range;
	CHECK_ERR(decode(&m), ERR_NULL_POINTER);
}

TEST(bytes_of_a_wrong_length_are_bad_data)
{
	uint8_t bytes[17] = {1, 15};
	Openwfp__Value m = value(MODEL_BYTE_ARRAY16_TYPE, OPENWFP__VALUE__VALUE_BYTE_ARRAY16);
	struct guid key;

	m.bytearray16 = (ProtobufCBinaryData){15, bytes};
	CHECK_ERR(decode(&m), ERR_RPC_X_BAD_STUB_DATA);
	m = value(MODEL_SID, OPENWFP__VALUE__VALUE_SID);
	m.sid = (ProtobufCBinaryData){17, bytes};
	CHECK_ERR(decode(&m), ERR_RPC_X_BAD_STUB_DATA);
	CHECK_ERR(rpc_key_decode(true, &(ProtobufCBinaryData){17, bytes}, &key),
		  ERR_RPC_X_BAD_STUB_DATA);
}

TEST(a_prefix_longer_than_an_address_is_an_invalid_mask)
{
	uint8_t addr[16] = {0};
	Openwfp__Value m = value(MODEL_V6_ADDR_MASK, OPENWFP__VALUE__VALUE_V6_ADDR_MASK);
	Openwfp__V6AddrAndMask mask = OPENWFP__V6_ADDR_AND_MASK__INIT;

	mask.has_addr = true;
	mask.addr = (ProtobufCBinaryData){16, addr};
	mask.prefixlength = 129;
	m.v6addrmask = &mask;
	CHECK_ERR(decode(&m), ERR_INVALID_NET_MASK);
}

/* ---- hostile bytes -----------------------------------------------------------------------------
 */

static wfp_err unpack(const void *data, size_t len)
{
	ProtobufCMessage *m;
	struct arena a;
	wfp_err err;

	arena_init(&a, ROOM);
	err = rpc_message_unpack(&a, &openwfp__request__descriptor, data, len, &m);
	arena_free(&a);
	return err;
}

#define UNPACK(bytes) unpack(bytes, sizeof(bytes) - 1)

TEST(an_empty_message_and_unknown_members_are_taken)
{
	CHECK_OK(UNPACK(""));
	CHECK_OK(unpack(NULL, 0));
	CHECK_OK(UNPACK("\x08\x01"));
	CHECK_OK(UNPACK("\x08\x01\xf8\x3f\x05")); /* field 1023 */
}

TEST(a_member_that_comes_twice_is_bad_data)
{
	CHECK_ERR(UNPACK("\x08\x01\x08\x01"), ERR_RPC_X_BAD_STUB_DATA);
}

TEST(two_alternatives_at_once_are_bad_data)
{
	/* close and txnCommit */
	CHECK_ERR(UNPACK("\x5a\x00\x6a\x00"), ERR_RPC_X_BAD_STUB_DATA);
}

TEST(a_member_of_another_wire_type_is_bad_data)
{
	CHECK_ERR(UNPACK("\x0a\x00"), ERR_RPC_X_BAD_STUB_DATA);
	CHECK_ERR(UNPACK("\x58\x00"), ERR_RPC_X_BAD_STUB_DATA);
}

TEST(a_message_cut_anywhere_is_bad_data_or_another_message)
{
	struct buf bytes = {0};
	struct rng r;

	rng_seed(&r, test_seed());
	for (int i = 0; i < 50; i++) {
		struct model_object *o = random_object(&r), *copy;

		buf_reset(&bytes);
		CHECK_OK(rpc_object_pack(o, &bytes));
		model_object_put(o);
		for (size_t len = 0; len < bytes.len; len++) {
			uint8_t *cut = mem_dup(bytes.data, len); /* ends where it ends */

			CHECK(cut);
			if (rpc_object_unpack(cut, len, &copy) == ERR_OK)
				model_object_put(copy);
			mem_free(cut);
		}
	}
	buf_free(&bytes);
}

TEST(text_that_is_not_utf8_is_bad_data)
{
	static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					  "\xe2\x82"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf b = {0};
		ProtobufCMessage *m;
		struct arena a;

		buf_append_byte(&b, 0x0a);
		buf_append_byte(&b, (uint8_t)strlen(bad[i]));
		buf_append_str(&b, bad[i]);
		arena_init(&a, ROOM);
		CHECK_ERR(rpc_message_unpack(&a, &openwfp__display_data__descriptor, b.data, b.len,
					     &m),
			  ERR_RPC_X_BAD_STUB_DATA);
		arena_free(&a);
		buf_free(&b);
	}
}

/* value -> range -> value -> ... , from the inside out. */
TEST(nesting_without_end_is_bad_data)
{
	struct buf b = {0};
	ProtobufCMessage *m;
	struct arena a;

	for (int depth = 0; depth < 2000; depth++) {
		struct buf outer = {0};
		bool range = depth & 1;
		size_t len = b.len;

		if (range) {
			buf_append_byte(&outer, 0x0a);
		} else {
			buf_append_byte(&outer, 0xb2);
			buf_append_byte(&outer, 0x01);
		}
		for (; len >= 0x80; len >>= 7)
			buf_append_byte(&outer, (uint8_t)(len | 0x80));
		buf_append_byte(&outer, (uint8_t)len);
		buf_append(&outer, b.data, b.len);
		buf_free(&b);
		b = outer;
	}
	arena_init(&a, ROOM);
	CHECK_ERR(rpc_message_unpack(&a, &openwfp__range__descriptor, b.data, b.len, &m),
		  ERR_RPC_X_BAD_STUB_DATA);
	arena_free(&a);
	buf_free(&b);
}

TEST(a_message_that_would_swell_beyond_the_limit_is_out_of_memory)
{
	static uint8_t bytes[64 * 1024];
	ProtobufCMessage *m;
	struct arena a;

	for (size_t i = 0; i < sizeof(bytes); i += 2)
		bytes[i] = 0x4a; /* an empty filterCondition each */
	arena_init(&a, 1 << 20);
	CHECK_ERR(rpc_message_unpack(&a, &openwfp__filter__descriptor, bytes, sizeof(bytes), &m),
		  ERR_NO_MEMORY);
	CHECK(a.used <= 1 << 20);
	arena_free(&a);
}

/* ---- hostile objects ---------------------------------------------------------------------------
 */

static wfp_err decode_object(const Openwfp__Object *m)
{
	struct model_object draft, *o;
	struct arena a;
	wfp_err err;

	arena_init(&a, ROOM);
	err = rpc_object_decode(&a, m, &draft);
	if (!err)
		err = model_object_create(&o, &draft);
	if (!err)
		model_object_put(o);
	arena_free(&a);
	return err;
}

TEST(a_message_without_an_object_is_a_null_pointer_and_a_session_cannot_be_added)
{
	Openwfp__Object m = OPENWFP__OBJECT__INIT;
	Openwfp__SessionInfo session = OPENWFP__SESSION_INFO__INIT;

	CHECK_ERR(decode_object(NULL), ERR_NULL_POINTER);
	CHECK_ERR(decode_object(&m), ERR_NULL_POINTER);
	m.object_case = OPENWFP__OBJECT__OBJECT_SESSION;
	m.session = &session;
	CHECK_ERR(decode_object(&m), ERR_INVALID_ENUMERATOR);
}

TEST(an_empty_filter_has_no_layer)
{
	Openwfp__Filter filter = OPENWFP__FILTER__INIT;
	Openwfp__Object m = OPENWFP__OBJECT__INIT;

	m.object_case = OPENWFP__OBJECT__OBJECT_FILTER;
	m.filter = &filter;
	CHECK_ERR(decode_object(&m), ERR_LAYER_NOT_FOUND);
}

TEST(a_policy_of_another_type_than_its_context_is_a_type_mismatch)
{
	Openwfp__ProviderContext context = OPENWFP__PROVIDER_CONTEXT__INIT;
	Openwfp__ContextPolicy policy = OPENWFP__CONTEXT_POLICY__INIT;
	Openwfp__Object m = OPENWFP__OBJECT__INIT;

	m.object_case = OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT;
	m.providercontext = &context;
	context.has_type = true;
	context.type = MODEL_CONTEXT_IKE_MM;
	context.policy = &policy;
	policy.policy_case = OPENWFP__CONTEXT_POLICY__POLICY_DATA_BUFFER;
	CHECK_ERR(decode_object(&m), ERR_TYPE_MISMATCH);
	context.type = MODEL_CONTEXT_TYPES;
	CHECK_ERR(decode_object(&m), ERR_INVALID_ENUMERATOR);
}

/* False: the request is refused for its memory. */
static bool can_be_kept(const Openwfp__Object *m)
{
	struct buf bytes = {0}, packed = {0};
	struct model_object draft, *o, *again;
	ProtobufCMessage *read;
	struct arena a;
	wfp_err err;

	rpc_message_pack(&m->base, &bytes);
	arena_init(&a, RPC_UNPACKED_MAX(bytes.len));
	err = rpc_message_unpack(&a, &openwfp__object__descriptor, bytes.data, bytes.len, &read);
	arena_free(&a);
	arena_init(&a, ROOM);
	if (!err) {
		CHECK_OK(rpc_object_decode(&a, m, &draft));
		CHECK_OK(model_object_create(&o, &draft));
		CHECK_OK(rpc_object_pack(o, &packed));
		CHECK_OK(rpc_object_unpack(packed.data, packed.len, &again));
		model_object_put(again);
		model_object_put(o);
	}
	arena_free(&a);
	buf_free(&packed);
	buf_free(&bytes);
	return !err;
}

TEST(what_a_request_could_carry_can_be_read_from_the_store)
{
	Openwfp__ProviderContext context = OPENWFP__PROVIDER_CONTEXT__INIT;
	Openwfp__ContextPolicy policy = OPENWFP__CONTEXT_POLICY__INIT;
	Openwfp__IkeextPolicy ike = OPENWFP__IKEEXT_POLICY__INIT;
	Openwfp__IkeextAuthenticationMethod method = OPENWFP__IKEEXT_AUTHENTICATION_METHOD__INIT;
	Openwfp__IkeextAuthenticationMethod *methods[2048];
	Openwfp__IkeextProposal proposal = OPENWFP__IKEEXT_PROPOSAL__INIT, *proposals = &proposal;
	Openwfp__DisplayData texts = OPENWFP__DISPLAY_DATA__INIT;
	Openwfp__Object m = OPENWFP__OBJECT__INIT;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		methods[i] = &method;
	texts.name = (char *)(uintptr_t) "dense";
	m.object_case = OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT;
	m.providercontext = &context;
	context.displaydata = &texts;
	context.has_type = true;
	context.type = MODEL_CONTEXT_IKE_MM;
	context.policy = &policy;
	policy.policy_case = OPENWFP__CONTEXT_POLICY__POLICY_IKE_MM_POLICY;
	policy.ikemmpolicy = &ike;
	ike.n_ikeproposals = 1;
	ike.ikeproposals = &proposals;
	ike.authenticationmethods = methods;
	for (ike.n_authenticationmethods = 1; can_be_kept(&m); ike.n_authenticationmethods++)
		CHECK(ike.n_authenticationmethods < ARRAY_LEN(methods));
	CHECK(ike.n_authenticationmethods > 100);
}

/* ---- memory ------------------------------------------------------------------------------------
 */

TEST(every_lack_of_memory_is_an_error_and_leaks_nothing)
{
	uint64_t live = mem_live();
	struct rng r;

	rng_seed(&r, test_seed());
	for (int i = 0; i < 10; i++) {
		struct model_object *o = random_object(&r), *copy = NULL;
		struct buf bytes = {0};
		wfp_err err = ERR_NO_MEMORY;

		CHECK_OK(rpc_object_pack(o, &bytes));
		for (uint64_t nth = 1; err == ERR_NO_MEMORY; nth++) {
			mem_fail_at(nth);
			err = rpc_object_unpack(bytes.data, bytes.len, &copy);
		}
		CHECK_OK(err);
		model_object_put(copy);
		err = ERR_NO_MEMORY;
		for (uint64_t nth = 1; err == ERR_NO_MEMORY; nth++) {
			buf_free(&bytes);
			mem_fail_at(nth);
			err = rpc_object_pack(o, &bytes);
		}
		CHECK_OK(err);
		mem_fail_at(0);
		buf_free(&bytes);
		model_object_put(o);
	}
	CHECK_EQ_U(mem_live(), live);
}
