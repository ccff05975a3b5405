/* SPDX-License-Identifier: MIT */
/* The generated tables, and GUIDs as text. */
#include "harness.h"

#include "model/catalogue.h"

TEST(layer_ids_are_those_of_windows)
{
	const struct model_layer *l = model_layer_by_name("ALE_AUTH_CONNECT_V4");

	CHECK(l != NULL);
	CHECK_EQ_U(l->id, 48);
	CHECK_EQ_U(MODEL_LAYER_ALE_AUTH_CONNECT_V4, 48);
	CHECK(model_layer_by_name("FWPM_LAYER_ALE_AUTH_CONNECT_V4") == l);
	CHECK(model_layer_by_key(&l->key) == l);
	CHECK(model_layer_by_id(l->id) == l);
	CHECK_EQ_S(l->default_sublayer, "FWPM_SUBLAYER_UNIVERSAL");
}

TEST(every_field_of_every_layer_is_found_by_its_key)
{
	CHECK(model_layer_count() > 90);
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *l = model_layer_at(i);

		CHECK_EQ_U(l->id, i);
		for (unsigned k = 0; k < l->n_fields; k++) {
			int index = l->fields[k].index[MODEL_SCHEMA_2026];

			if (index >= 0)
				CHECK(model_field_index(l, l->fields[k].key) == index);
		}
	}
	CHECK(model_layer_at(model_layer_count()) == NULL);
	CHECK(model_layer_by_id(UINT16_MAX) == NULL);
}

TEST(a_layer_without_the_field_has_no_index_for_it)
{
	const struct model_layer *l = model_layer_by_id(MODEL_LAYER_INBOUND_IPPACKET_V4);

	CHECK(model_field_index(l, model_condition_key("IP_REMOTE_PORT")) == -1);
	CHECK(model_condition_key("NO_SUCH") == NULL);
}

TEST(conditions_are_found_with_and_without_their_prefix)
{
	const struct guid *key = model_condition_key("IP_REMOTE_PORT");

	CHECK(key != NULL);
	CHECK(model_condition_key("FWPM_CONDITION_IP_REMOTE_PORT") == key);
	CHECK_EQ_S(model_condition_name(key), "FWPM_CONDITION_IP_REMOTE_PORT");
}

TEST(icmp_type_and_code_are_names_of_the_ports)
{
	CHECK(model_condition_key("ICMP_TYPE") == model_condition_key("IP_LOCAL_PORT"));
	CHECK(model_condition_key("FWPM_CONDITION_ICMP_CODE") ==
	      model_condition_key("IP_REMOTE_PORT"));
}

TEST(built_in_sublayers_have_their_weights)
{
	CHECK_EQ_S(model_sublayer_builtin(4)->name, "FWPM_SUBLAYER_UNIVERSAL");
	CHECK_EQ_U(model_sublayer_builtin(4)->weight, 32768);
	CHECK(model_sublayer_builtin(1000) == NULL);
	CHECK(model_callout_builtin(0) != NULL);
	CHECK(model_provider_builtin(0) != NULL);
}

TEST(a_guid_survives_being_written_and_read)
{
	struct guid g = guid_random(), back;
	char text[GUID_TEXT];

	CHECK(guid_parse(&back, guid_format(&g, text)));
	CHECK(guid_equal(&g, &back));
	text[37] = '\0';
	CHECK(guid_parse(&back, text + 1));
	CHECK(guid_equal(&g, &back));
}

TEST(malformed_guids_are_refused)
{
	static const char *const bad[] = {
		"",
		"{",
		"{}",
		"c86fd1bf-21cd-497e-a0bb-17425c885c5",
		"{c86fd1bf-21cd-497e-a0bb-17425c885c58",
		"c86fd1bf-21cd-497e-a0bb-17425c885c58}",
		"c86fd1bf21cd-497e-a0bb-17425c885c58",
		"g86fd1bf-21cd-497e-a0bb-17425c885c58",
	};
	struct guid g;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!guid_parse(&g, bad[i]));
}
