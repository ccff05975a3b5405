/* SPDX-License-Identifier: MIT */
/* What values and keys are called, both ways. */
#include "harness.h"

#include "import/names.h"
#include "model/catalogue.h"

TEST(every_name_is_read_back_as_its_value)
{
	for (unsigned g = 0; g < NAMES_GROUPS; g++) {
		const char *name;
		uint32_t value, back;

		for (unsigned i = 0; (name = names_at((enum names_group)g, i, &value)); i++) {
			CHECK(names_value((enum names_group)g, name, &back));
			CHECK_EQ_U(back, value);
			/* Two names of one value: the first is shown. */
			CHECK(names_of_value((enum names_group)g, value) != NULL);
		}
	}
}

TEST(a_person_may_leave_out_what_all_names_begin_with)
{
	uint32_t value;

	CHECK(names_value(NAMES_FWP_ACTION_TYPE, "block", &value));
	CHECK_EQ_U(value, 0x1001);
	CHECK(names_value(NAMES_FWPM_FILTER_FLAG, "persistent", &value));
	CHECK_EQ_U(value, 1);
	CHECK(names_value(NAMES_FWP_MATCH_TYPE, "EQUAL", &value));
	CHECK_EQ_U(value, 0);
	CHECK(!names_value(NAMES_FWP_MATCH_TYPE, "QUAL", &value));
	CHECK(!names_value(NAMES_FWP_MATCH_TYPE, "", &value));
}

TEST(every_layer_and_condition_has_a_name_for_its_key)
{
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *layer = model_layer_at(i);
		struct guid key;

		CHECK_EQ_S(names_of_key(&layer->key), layer->name);
		CHECK(names_key(layer->name, &key));
		CHECK(guid_equal(&key, &layer->key));
		for (unsigned f = 0; f < layer->n_fields; f++)
			CHECK(names_of_key(layer->fields[f].key) != NULL);
	}
}

TEST(an_unknown_key_is_read_as_a_guid_with_or_without_braces)
{
	struct guid with, without;

	CHECK(names_key("{0a1b2c3d-0000-0000-0000-000000000001}", &with));
	CHECK(names_key("0A1B2C3D-0000-0000-0000-000000000001", &without));
	CHECK(guid_equal(&with, &without));
	CHECK(names_of_key(&with) == NULL);
	CHECK(!names_key("FWPM_LAYER_OF_NOTHING", &with));
}
