/* SPDX-License-Identifier: MIT */
/*
 * policy_file - what a policy file may say, and the sentence for everything it may not.
 */
#include "bfe_world.h"

#include "bfe/policy_file.h"

static wfp_err load(struct world *w, const char *text, struct buf *why)
{
	buf_reset(why);
	return policy_file_parse(w->s, text, strlen(text), "policy.json", why);
}

#define FILTER(rest)                                                                               \
	"{\"filters\":[{\"name\":\"x\",\"layer\":\"FWPM_LAYER_ALE_AUTH_CONNECT_V4\","              \
	"\"action\":\"FWP_ACTION_BLOCK\"" rest "}]}"
#define CONDITION(field, value)                                                                    \
	FILTER(",\"conditions\":[{\"field\":\"FWPM_CONDITION_" field "\",\"value\":" value "}]")

TEST(the_example_loads)
{
	struct world w = world_open();
	struct buf why = {0}, path = {0};
	const char *root = getenv("SRCROOT");

	buf_printf(&path, "%s/examples/policy.json", root ? root : ".");
	if (policy_file_load(w.s, buf_str(&path), &why))
		ck_abort_msg("%s", buf_str(&why));
	CHECK(in_force(&w));
	CHECK(knows_filter(&w, 65537 + 3));
	CHECK(!knows_filter(&w, 65537 + 4));
	buf_free(&path);
	buf_free(&why);
	world_close(&w);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{"{ \"filters\": [ }", "policy.json:1:"},
	{"{\n\n \"filters\": 1,, }", "policy.json:3:"},
	{"[]", "policy.json: expected an object, found a list"},
	{"{\"colour\":1}", "colour"},
	{"{\"filters\":{}}", "policy.json: filters: expected a list"},
	{"{\"filters\":[1]}", "policy.json: filters[0]: expected an object"},
	{"{\"filters\":[],\"filters\":[]}", "duplicate"},
	{"{\"filters\":[{\"name\":\"x\",\"colour\":\"red\"}]}", "filters[0]: no such key: colour"},
	{"{\"filters\":[{}]}", "\"name\" is missing"},
	{"{\"filters\":[{\"name\":\"x\",\"layer\":\"FWPM_LAYER_NOWHERE\","
	 "\"action\":\"FWP_ACTION_BLOCK\"}]}",
	 "filters[0].layer: no such layer: FWPM_LAYER_NOWHERE"},
	{"{\"filters\":[{\"name\":\"x\",\"layer\":\"ALE_AUTH_CONNECT_V4\",\"action\":\"DROP\"}]}",
	 "filters[0].action: no such action: DROP (expected one of FWP_ACTION_BLOCK"},
	{CONDITION("NOTHING", "1"),
	 "filters[0].conditions[0].field: no such condition: FWPM_CONDITION_NOTHING"},
	{CONDITION("ETHER_TYPE", "1"), "has no field FWPM_CONDITION_ETHER_TYPE"},
	{CONDITION("IP_REMOTE_PORT", "65536"), "conditions[0].value: 65536 is too much"},
	{CONDITION("IP_REMOTE_PORT", "-1"), "expected a number from 0 to 65535"},
	{CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_FOO\",\"value\":1}"),
	 "value.type: no such data type: FWP_FOO"},
	{CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_UINT32\",\"value\":1}"),
	 "FWP_E_TYPE_MISMATCH"},
	{CONDITION("IP_REMOTE_PORT", "\"90-80\""), "FWP_E_INVALID_RANGE"},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.300\""), "\"10.0.0.300\" is not an IPv4 address"},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/33\""),
	 "\"10.0.0.0/33\" is not an IPv4 network"},
	{CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/255.0.255.0\""), "FWP_E_INVALID_NET_MASK"},
	{CONDITION("ALE_USER_ID", "\"rubbish\""), "\"rubbish\" is no security descriptor"},
	{CONDITION("ALE_APP_ID", "\"abc\""), "hexadecimal"},
	{FILTER(",\"conditions\":[{\"field\":\"FWPM_CONDITION_IP_REMOTE_PORT\","
		"\"match\":\"EQUALS\",\"value\":1}]"),
	 "match: no such match type: EQUALS (expected one of FWP_MATCH_EQUAL"},
	{FILTER(",\"subLayer\":\"nothing\""), "filters[0].subLayer: no such sublayer: nothing"},
	{FILTER(",\"subLayer\":\"{00000000-0000-0000-0000-000000000001}\""),
	 "FWP_E_SUBLAYER_NOT_FOUND"},
	{FILTER(",\"weight\":{\"range\":16}"), "filters[0].weight.range: 16 is too much"},
	{FILTER(",\"weight\":\"x\""), "filters[0].weight: expected a number"},
	{FILTER(",\"flags\":[\"FWPM_FILTER_FLAG_PERSISTENT\"]"),
	 "filters[0].flags[0]: no such flag"},
	{FILTER(",\"callout\":\"x\""), "\"callout\" is of no use"},
	{FILTER(",\"key\":\"x\""), "filters[0].key: \"x\" is not a GUID"},
	{"{\"subLayers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
	 "subLayers[1]: two of the subLayers are called \"a\""},
	{"{\"subLayers\":[{\"name\":\"a\",\"weight\":65536}]}", "subLayers[0].weight: 65536"},
	{"{\"callouts\":[{\"name\":\"a\"}]}", "callouts[0]: \"layer\" is missing"},
};

TEST(what_is_wrong_is_said_and_nothing_is_added)
{
	struct world w = world_open();
	struct buf why = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK(load(&w, bad[i].text, &why));
		if (!strstr(buf_str(&why), bad[i].says))
			ck_abort_msg("%s: \"%s\", not \"%s\"", bad[i].text, buf_str(&why),
				     bad[i].says);
		CHECK(!in_force(&w));
	}
	buf_free(&why);
	world_close(&w);
}

static const char *const good[] = {
	CONDITION("IP_REMOTE_PORT", "443"),
	CONDITION("IP_REMOTE_PORT", "\"0x1bb\""),
	CONDITION("IP_REMOTE_PORT", "\"80-90\""),
	CONDITION("IP_REMOTE_PORT", "[80, 90]"),
	CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_UINT16\",\"value\":443}"),
	CONDITION("IP_REMOTE_PORT",
		  "{\"type\":\"FWP_RANGE_TYPE\",\"value\":{\"low\":80,\"high\":90}}"),
	CONDITION("IP_REMOTE_PORT", "{\"type\":\"FWP_EMPTY\"}"),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.1\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/8\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.0/255.0.0.0\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"0.0.0.0/0\""),
	CONDITION("IP_REMOTE_ADDRESS", "\"10.0.0.1-10.0.0.9\""),
	CONDITION("IP_REMOTE_ADDRESS", "{\"type\":\"FWP_V4_ADDR_MASK\",\"value\":\"10.0.0.0/8\"}"),
	CONDITION("IP_PROTOCOL", "\"tcp\""),
	CONDITION("IP_LOCAL_INTERFACE", "\"0xffffffffffffffff\""),
	CONDITION("ALE_USER_ID", "\"D:(A;;CC;;;S-1-22-1-1000)\""),
	CONDITION("ALE_APP_ID", "\"00ff\""),
	CONDITION("ALE_PACKAGE_ID", "\"S-1-15-2-1\""),
	FILTER(",\"subLayer\":\"FWPM_SUBLAYER_LIPS\",\"provider\":\"FWPM_PROVIDER_IKEEXT\""),
	FILTER(",\"weight\":\"0xffffffffffffffff\",\"context\":7,"
	       "\"flags\":[\"FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT\"]"),
	"{\"callouts\":[{\"name\":\"c\",\"layer\":\"FWPM_LAYER_ALE_AUTH_CONNECT_V4\"}],"
	"\"filters\":[{\"name\":\"x\",\"layer\":\"FWPM_LAYER_ALE_AUTH_CONNECT_V4\","
	"\"action\":\"FWP_ACTION_CALLOUT_TERMINATING\",\"callout\":\"c\"}]}",
};

TEST(every_form_of_a_value_is_read)
{
	struct buf why = {0};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct world w = world_open();

		if (load(&w, good[i], &why))
			ck_abort_msg("%s: %s", good[i], buf_str(&why));
		CHECK(in_force(&w));
		buf_free(&why);
		world_close(&w);
	}
}

TEST(a_file_that_is_not_there_is_named)
{
	struct world w = world_open();
	struct buf why = {0};

	CHECK_ERR(policy_file_load(w.s, "no/where.json", &why), ERR_FILE_NOT_FOUND);
	CHECK(strstr(buf_str(&why), "no/where.json: "));
	buf_free(&why);
	world_close(&w);
}

TEST(a_session_that_is_in_a_transaction_is_refused)
{
	struct world w = world_open();
	struct buf why = {0};

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(load(&w, "{}", &why), ERR_TXN_IN_PROGRESS);
	CHECK(why.len > 0);
	buf_free(&why);
	world_close(&w);
}

/* Every allocation but those of the JSON library fails once. */
TEST(without_memory_nothing_is_added)
{
	struct world w = world_open();
	struct buf why = {0};
	bool done = false;

	if (!MEM_TRACKED)
		return world_close(&w);
	buf_printf(&why, "%200s", "");
	for (uint64_t n = 1; !done; n++) {
		buf_reset(&why);
		mem_fail_at(n);
		done = !load(&w, good[8], &why);
		mem_fail_at(0);
		CHECK(done || !in_force(&w));
		CHECK(n < 10000);
	}
	CHECK(in_force(&w));
	buf_free(&why);
	world_close(&w);
}
