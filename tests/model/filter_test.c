/* SPDX-License-Identifier: MIT */
/* What makes a filter acceptable, and with which code it is refused. */
#include "harness.h"

#include "base/mem.h"
#include "model/catalogue.h"
#include "model/filter.h"
#include "model/sddl.h"

static struct model_condition condition(const char *field, enum model_match match,
					struct model_value value)
{
	return (struct model_condition){
		.field_key = *model_condition_key(field), .match = (uint8_t)match, .value = value};
}

static struct model_filter draft_of(struct model_condition *conditions, unsigned n)
{
	return (struct model_filter){.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
				     .action = MODEL_ACTION_BLOCK,
				     .name = (char *)(uintptr_t) "test",
				     .conditions = conditions,
				     .n_conditions = n};
}

static wfp_err try_draft(const struct model_filter *draft)
{
	struct model_filter *f = NULL;
	wfp_err err = model_filter_create(&f, draft);

	model_filter_put(f);
	return err;
}

static wfp_err try_condition(const char *field, enum model_match match, struct model_value value)
{
	struct model_condition c = condition(field, match, value);
	struct model_filter draft = draft_of(&c, 1);

	return try_draft(&draft);
}

TEST(conditions_are_grouped_by_field_and_keep_their_order)
{
	struct model_condition c[] = {
		condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL,
			  (struct model_value){MODEL_UINT16, {.u16 = 1}}),
		condition("IP_PROTOCOL", MODEL_MATCH_EQUAL,
			  (struct model_value){MODEL_UINT8, {.u8 = 6}}),
		condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL,
			  (struct model_value){MODEL_UINT16, {.u16 = 2}}),
	};
	struct model_filter draft = draft_of(c, 3), *f;

	CHECK_OK(model_filter_create(&f, &draft));
	for (unsigned i = 1; i < 3; i++)
		CHECK(f->conditions[i - 1].field <= f->conditions[i].field);
	for (unsigned i = 1; i < 3; i++)
		if (f->conditions[i - 1].field == f->conditions[i].field)
			CHECK(f->conditions[i - 1].value.u16 == 1 &&
			      f->conditions[i].value.u16 == 2);
	CHECK(f->name != draft.name);
	model_filter_put(f);
}

TEST(a_filter_needs_a_name_a_layer_and_an_action)
{
	struct model_filter d = draft_of(NULL, 0);

	CHECK_OK(try_draft(&d));
	d.name = NULL;
	CHECK_ERR(try_draft(&d), ERR_NULL_DISPLAY_NAME);
	d = draft_of(NULL, 0);
	d.layer = 4711;
	CHECK_ERR(try_draft(&d), ERR_LAYER_NOT_FOUND);
	d = draft_of(NULL, 0);
	d.action = MODEL_ACTION_NONE;
	CHECK_ERR(try_draft(&d), ERR_INVALID_ACTION_TYPE);
	d.action = MODEL_ACTION_CALLOUT_UNKNOWN;
	CHECK_ERR(try_draft(&d), ERR_CALLOUT_NOT_FOUND);
}

TEST(flags_that_exclude_each_other_are_refused)
{
	struct model_filter d = draft_of(NULL, 0);

	d.flags = MODEL_FILTER_PERSISTENT | MODEL_FILTER_BOOTTIME;
	CHECK_ERR(try_draft(&d), ERR_INVALID_FLAGS);
	d.flags = 0x8000;
	CHECK_ERR(try_draft(&d), ERR_INVALID_FLAGS);
	d.flags = MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED;
	CHECK_ERR(try_draft(&d), ERR_INVALID_FLAGS);
	d.callout = guid_random();
	d.action = MODEL_ACTION_CALLOUT_TERMINATING;
	CHECK_OK(try_draft(&d));
}

TEST(only_inspection_filters_go_into_the_inspection_sublayer)
{
	struct model_filter d = draft_of(NULL, 0);
	unsigned i = 0;

	while (strcmp(model_sublayer_builtin(i)->name, "FWPM_SUBLAYER_INSPECTION") != 0)
		i++;
	d.sublayer = model_sublayer_builtin(i)->key;
	CHECK_ERR(try_draft(&d), ERR_ACTION_INCOMPATIBLE_WITH_SUBLAYER);
	d.action = MODEL_ACTION_CALLOUT_INSPECTION;
	d.callout = guid_random();
	CHECK_OK(try_draft(&d));
}

TEST(a_weight_is_empty_a_range_or_a_number)
{
	struct model_filter d = draft_of(NULL, 0);
	uint64_t w = 5;

	d.requested_weight = (struct model_value){MODEL_UINT8, {.u8 = 15}};
	CHECK_OK(try_draft(&d));
	d.requested_weight.u8 = 16;
	CHECK_ERR(try_draft(&d), ERR_INVALID_WEIGHT);
	d.requested_weight = (struct model_value){MODEL_UINT32, {.u32 = 1}};
	CHECK_ERR(try_draft(&d), ERR_INVALID_WEIGHT);
	d.requested_weight = (struct model_value){MODEL_UINT64, {.u64 = &w}};
	CHECK_OK(try_draft(&d));
}

TEST(a_condition_has_the_type_of_its_field_or_one_it_is_compared_with)
{
	static const struct model_v4_mask mask = {0x0a000000, 0xff000000}, hole = {0, 0xff00ff00};
	static const struct model_v6_mask wide = {{0}, 129};

	CHECK_OK(try_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
			       (struct model_value){MODEL_UINT32, {.u32 = 1}}));
	CHECK_OK(try_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
			       (struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &mask}}));
	CHECK_ERR(try_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
				(struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &hole}}),
		  ERR_INVALID_NET_MASK);
	CHECK_ERR(try_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_GREATER,
				(struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &mask}}),
		  ERR_MATCH_TYPE_MISMATCH);
	CHECK_ERR(try_condition("FLAGS", MODEL_MATCH_EQUAL,
				(struct model_value){MODEL_V4_ADDR_MASK, {.v4mask = &mask}}),
		  ERR_TYPE_MISMATCH);
	CHECK_ERR(try_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
				(struct model_value){MODEL_V6_ADDR_MASK, {.v6mask = &wide}}),
		  ERR_TYPE_MISMATCH);
	CHECK_ERR(try_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL,
				(struct model_value){MODEL_UINT32, {.u32 = 1}}),
		  ERR_TYPE_MISMATCH);
}

TEST(a_match_type_must_suit_the_data_type)
{
	static const uint64_t n = 1;

	CHECK_OK(try_condition("FLAGS", MODEL_MATCH_FLAGS_NONE_SET,
			       (struct model_value){MODEL_UINT32, {.u32 = 1}}));
	CHECK_ERR(try_condition("FLAGS", MODEL_MATCH_PREFIX,
				(struct model_value){MODEL_UINT32, {.u32 = 1}}),
		  ERR_MATCH_TYPE_MISMATCH);
	CHECK_ERR(try_condition("FLAGS", MODEL_MATCH_RANGE,
				(struct model_value){MODEL_UINT32, {.u32 = 1}}),
		  ERR_MATCH_TYPE_MISMATCH);
	CHECK_ERR(try_condition("FLAGS", (enum model_match)13,
				(struct model_value){MODEL_UINT32, {.u32 = 1}}),
		  ERR_INVALID_ENUMERATOR);
	CHECK_OK(try_condition("IP_LOCAL_INTERFACE", MODEL_MATCH_GREATER,
			       (struct model_value){MODEL_UINT64, {.u64 = &n}}));
	CHECK_ERR(try_condition("IP_REMOTE_PORT", MODEL_MATCH_NOT_EQUAL,
				(struct model_value){MODEL_EMPTY, {0}}),
		  ERR_MATCH_TYPE_MISMATCH);
	CHECK_OK(try_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL,
			       (struct model_value){MODEL_EMPTY, {0}}));
}

TEST(a_range_is_of_the_fields_type_and_not_upside_down)
{
	struct model_range r = {{MODEL_UINT16, {.u16 = 5}}, {MODEL_UINT16, {.u16 = 5}}};
	struct model_value v = {MODEL_RANGE_TYPE, {.range = &r}};

	CHECK_OK(try_condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE, v));
	r.low.u16 = 6;
	CHECK_ERR(try_condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE, v), ERR_INVALID_RANGE);
	CHECK_ERR(try_condition("IP_PROTOCOL", MODEL_MATCH_RANGE, v), ERR_TYPE_MISMATCH);
	CHECK_ERR(try_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, v), ERR_MATCH_TYPE_MISMATCH);
	r.high.type = MODEL_UINT8;
	CHECK_ERR(try_condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE, v), ERR_TYPE_MISMATCH);
}

TEST(a_security_descriptor_must_be_well_formed)
{
	struct model_blob *sd;
	struct model_value v = {.type = MODEL_SECURITY_DESCRIPTOR_TYPE};

	CHECK_OK(model_sddl_parse(&sd, "D:(A;;CC;;;WD)", NULL));
	v.blob = sd;
	CHECK_OK(try_condition("ALE_USER_ID", MODEL_MATCH_EQUAL, v));
	CHECK_ERR(try_condition("ALE_USER_ID", MODEL_MATCH_NOT_EQUAL, v), ERR_MATCH_TYPE_MISMATCH);
	CHECK_ERR(try_condition("FLAGS", MODEL_MATCH_EQUAL, v), ERR_TYPE_MISMATCH);
	sd->size--;
	CHECK_ERR(try_condition("ALE_USER_ID", MODEL_MATCH_EQUAL, v), ERR_INVALID_DATA);
	mem_free(sd);
}

TEST(a_condition_on_a_field_that_the_layer_lacks_is_refused)
{
	CHECK_ERR(try_condition("VLAN_ID", MODEL_MATCH_EQUAL,
				(struct model_value){MODEL_UINT16, {.u16 = 1}}),
		  ERR_CONDITION_NOT_FOUND);
}

TEST(every_allocation_of_a_filter_may_fail)
{
	static const struct model_range r = {{MODEL_UINT16, {.u16 = 1}},
					     {MODEL_UINT16, {.u16 = 2}}};
	static const uint64_t weight = 7;
	struct model_condition c[] = {
		condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE,
			  (struct model_value){MODEL_RANGE_TYPE, {.range = &r}}),
		condition("IP_PROTOCOL", MODEL_MATCH_EQUAL,
			  (struct model_value){MODEL_UINT8, {.u8 = 6}}),
	};
	struct model_filter draft = draft_of(c, 2), *f = NULL;
	uint64_t live = mem_live();
	wfp_err err = ERR_NO_MEMORY;

	draft.description = (char *)(uintptr_t) "described";
	draft.requested_weight = (struct model_value){MODEL_UINT64, {.u64 = &weight}};
	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = model_filter_create(&f, &draft);
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK(f == NULL);
			CHECK_EQ_U(mem_live(), live);
		}
	}
	model_filter_put(f);
	CHECK_EQ_U(mem_live(), live);
}

TEST(conditions_are_sorted_by_field_and_remember_where_they_stood)
{
	struct model_condition c[] = {
		{.field_key = *model_condition_key("IP_REMOTE_PORT"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {.type = MODEL_UINT16, .u16 = 443}},
		{.field_key = *model_condition_key("IP_PROTOCOL"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {.type = MODEL_UINT8, .u8 = 6}},
		{.field_key = *model_condition_key("IP_REMOTE_PORT"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {.type = MODEL_UINT16, .u16 = 80}},
	};
	char name[] = "f";
	struct model_filter draft = {.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
				     .name = name,
				     .action = MODEL_ACTION_BLOCK,
				     .n_conditions = 3,
				     .conditions = c};
	struct model_filter *f, *copy;

	CHECK_OK(model_filter_create(&f, &draft));
	CHECK_OK(model_filter_create(&copy, f));
	for (unsigned i = 0; i < 3; i++) {
		const struct model_condition *was = &c[copy->conditions[i].place - 1];

		CHECK(i == 0 || copy->conditions[i - 1].field <= copy->conditions[i].field);
		CHECK(guid_equal(&was->field_key, &copy->conditions[i].field_key));
		CHECK_EQ_U(was->value.u16, copy->conditions[i].value.u16);
	}
	model_filter_put(f);
	model_filter_put(copy);
}
