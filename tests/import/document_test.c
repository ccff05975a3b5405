/* SPDX-License-Identifier: MIT */
/*
 * Documents: what was written is read back as it was, in the forms of Windows as well, and what
 * cannot be kept is told.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "import/json_write.h"
#include "import/state.h"
#include "rpc/wfp.pb-c.h"

#define MUTATIONS 3000

/* A little of everything, the way netsh writes it: two roots, CRLF, numbers without 0x. */
static const char document[] =
	"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n"
	"<wfpstate>\r\n"
	"\t<timeStamp>2024-10-22T20:48:53.891Z</timeStamp>\r\n"
	"\t<layers numItems=\"1\"><item><layer>\r\n"
	"\t\t<layerKey>FWPM_LAYER_ALE_AUTH_CONNECT_V4</layerKey>\r\n"
	"\t\t<flags numItems=\"2\"><item>FWPM_LAYER_FLAG_KERNEL</item>"
	"<item>FWPM_LAYER_FLAG_BUILTIN</item></flags>\r\n"
	"\t\t<layerId>48</layerId></layer>\r\n"
	"\t<callouts numItems=\"1\"><item>\r\n"
	"\t\t<calloutKey>{00000001-0000-0000-0000-000000000001}</calloutKey>\r\n"
	"\t\t<displayData><name>c &amp; d</name><description/></displayData>\r\n"
	"\t\t<flags numItems=\"2\"><item>FWPM_CALLOUT_FLAG_REGISTERED</item>"
	"<item>000003E0</item></flags>\r\n"
	"\t\t<applicableLayer>FWPM_LAYER_ALE_AUTH_CONNECT_V4</applicableLayer>\r\n"
	"\t\t<calloutId>300</calloutId></item></callouts>\r\n"
	"\t<filters numItems=\"1\"><item>\r\n"
	"\t\t<filterKey>{00000001-0000-0000-0000-000000000002}</filterKey>\r\n"
	"\t\t<displayData><name>f</name><description>what it does</description></displayData>\r\n"
	"\t\t<flags/><providerKey/>\r\n"
	"\t\t<providerData><data>0aff</data><asString>..</asString></providerData>\r\n"
	"\t\t<layerKey>FWPM_LAYER_ALE_AUTH_CONNECT_V4</layerKey>\r\n"
	"\t\t<subLayerKey>FWPM_SUBLAYER_UNIVERSAL</subLayerKey>\r\n"
	"\t\t<weight><type>FWP_UINT8</type><uint8>3</uint8></weight>\r\n"
	"\t\t<filterCondition numItems=\"5\">\r\n"
	"\t\t\t<item><fieldKey>FWPM_CONDITION_IP_REMOTE_ADDRESS</fieldKey>"
	"<matchType>FWP_MATCH_RANGE</matchType><conditionValue><type>FWP_RANGE_TYPE</type>"
	"<rangeValue><valueLow><type>FWP_UINT32</type><uint32>10.0.0.1</uint32></valueLow>"
	"<valueHigh><type>FWP_UINT32</type><uint32>10.0.0.9</uint32></valueHigh></rangeValue>"
	"</conditionValue></item>\r\n"
	"\t\t\t<item><fieldKey>FWPM_CONDITION_IP_REMOTE_PORT</fieldKey>"
	"<matchType>FWP_MATCH_EQUAL</matchType><conditionValue><type>FWP_UINT16</type>"
	"<uint16>443</uint16></conditionValue></item>\r\n"
	"\t\t\t<item><fieldKey>FWPM_CONDITION_ALE_USER_ID</fieldKey>"
	"<matchType>FWP_MATCH_EQUAL</matchType><conditionValue>"
	"<type>FWP_SECURITY_DESCRIPTOR_TYPE</type><sd>O:SYG:SYD:(A;;CC;;;WD)</sd>"
	"</conditionValue></item>\r\n"
	"\t\t\t<item><fieldKey>FWPM_CONDITION_ALE_APP_ID</fieldKey>"
	"<matchType>FWP_MATCH_EQUAL</matchType><conditionValue><type>FWP_BYTE_BLOB_TYPE</type>"
	"<byteBlob><data>2f0062000000</data><asString>/b</asString></byteBlob>"
	"</conditionValue></item>\r\n"
	"\t\t\t<item><fieldKey>FWPM_CONDITION_IP_LOCAL_ADDRESS</fieldKey>"
	"<matchType>FWP_MATCH_EQUAL</matchType><conditionValue><type>FWP_V4_ADDR_MASK</type>"
	"<v4AddrMask><addr>10.1.0.0</addr><mask>255.255.0.0</mask></v4AddrMask>"
	"</conditionValue></item>\r\n"
	"\t\t</filterCondition>\r\n"
	"\t\t<action><type>FWP_ACTION_BLOCK</type><filterType/></action>\r\n"
	"\t\t<rawContext>0</rawContext><reserved/><filterId>66000</filterId>\r\n"
	"\t\t<effectiveWeight><type>FWP_UINT64</type><uint64>18446744073709551613</uint64>"
	"</effectiveWeight></item></filters></item></layers>\r\n"
	"\t<providers numItems=\"1\"><item>"
	"<providerKey>{00000001-0000-0000-0000-000000000003}</providerKey>"
	"<displayData><name>p</name><description/></displayData>"
	"<flags numItems=\"1\"><item>FWPM_PROVIDER_FLAG_PERSISTENT</item></flags><providerData/>"
	"<serviceName>sshd</serviceName></item></providers>\r\n"
	"\t<providerContexts numItems=\"1\"><item>"
	"<providerContextKey>{00000001-0000-0000-0000-000000000004}</providerContextKey>"
	"<displayData><name>x</name><description/></displayData><flags/><providerKey/>"
	"<providerData/><type>FWPM_GENERAL_CONTEXT</type><dataBuffer><data>0102</data>"
	"<asString>..</asString></dataBuffer><providerContextId>7</providerContextId>"
	"</item></providerContexts>\r\n"
	"\t<subLayers numItems=\"1\"><item>"
	"<subLayerKey>{00000001-0000-0000-0000-000000000005}</subLayerKey>"
	"<displayData><name>s</name><description/></displayData><flags/><providerKey/>"
	"<providerData/><weight>65534</weight></item></subLayers>\r\n"
	"</wfpstate>\r\n<firewallState>\r\n\t<dynamicKeywordAddresses/>\r\n</firewallState>\r\n";

static void parse(struct import_state *s, const char *text, size_t len)
{
	struct buf why = {0};

	import_state_init(s);
	if (import_state_parse(s, text, len, &why))
		CHECK_SAY("%s", buf_str(&why));
	buf_free(&why);
}

static const Openwfp__Filter *filter_of(const struct import_state *s)
{
	for (size_t i = 0; i < s->n_objects; i++)
		if (s->objects[i]->object_case == OPENWFP__OBJECT__OBJECT_FILTER)
			return s->objects[i]->filter;
	return NULL;
}

TEST(a_document_of_windows_is_read_whole)
{
	struct import_state s;
	const Openwfp__Filter *f;

	parse(&s, document, strlen(document));
	CHECK_EQ_U(s.n_problems, 0);
	CHECK_EQ_U(s.n_objects, 6);
	f = filter_of(&s);
	CHECK_EQ_U(f->n_filtercondition, 5);
	CHECK_EQ_U(f->filtercondition[0]->conditionvalue->rangevalue->valuelow->uint32, 0x0a000001);
	CHECK_EQ_U(f->filtercondition[1]->conditionvalue->uint16, 443);
	CHECK_EQ_U(f->filtercondition[4]->conditionvalue->v4addrmask->mask, 0xffff0000);
	CHECK_EQ_U(f->effectiveweight->uint64, UINT64_MAX - 2);
	CHECK_EQ_U(f->action->type, 0x1001);
	CHECK_EQ_S(f->displaydata->name, "f");
	CHECK_EQ_U(s.objects[1]->callout->flags, 0x403e0);
	CHECK_EQ_S(s.objects[1]->callout->displaydata->name, "c & d");
	import_state_free(&s);
}

TEST(what_is_written_is_read_back_and_written_the_same)
{
	struct import_state first, second;
	struct buf a = {0}, b = {0};

	parse(&first, document, strlen(document));
	import_state_write(&first, 133000000000000000, &a);
	parse(&second, buf_str(&a), a.len);
	CHECK_EQ_U(second.n_problems, 0);
	CHECK_EQ_U(second.n_objects, first.n_objects);
	import_state_write(&second, 133000000000000000, &b);
	CHECK_EQ_S(buf_str(&a), buf_str(&b));
	buf_free(&a);
	buf_free(&b);
	import_state_free(&first);
	import_state_free(&second);
}

TEST(a_layer_that_is_there_twice_does_not_double_its_filters)
{
	static const char twice[] = "<wfpstate><layers><item><layer/><filters><item>"
				    "<filterId>1</filterId></item></filters></item>"
				    "<item><layer/><filters/></item></layers></wfpstate>";
	struct import_state first, second;
	struct buf a = {0};

	parse(&first, twice, strlen(twice));
	import_state_write(&first, 0, &a);
	parse(&second, buf_str(&a), a.len);
	CHECK_EQ_U(first.n_objects, 3);
	CHECK_EQ_U(second.n_objects, 2);
	buf_free(&a);
	import_state_free(&first);
	import_state_free(&second);
}

TEST(the_listing_of_filters_is_read_back_too)
{
	struct import_state first, second;
	struct buf a = {0};

	parse(&first, document, strlen(document));
	import_filters_write(&first, &a);
	parse(&second, buf_str(&a), a.len);
	CHECK_EQ_U(second.n_problems, 0);
	CHECK_EQ_U(second.n_objects, 2);
	CHECK_EQ_U(filter_of(&second)->filterid, 66000);
	buf_free(&a);
	import_state_free(&first);
	import_state_free(&second);
}

TEST(json_has_the_names_and_forms_of_the_xml)
{
	struct import_state s;
	json_t *o, *condition;

	parse(&s, document, strlen(document));
	o = json_write_message(&filter_of(&s)->base);
	CHECK_EQ_S(json_string_value(json_object_get(o, "layerKey")),
		   "FWPM_LAYER_ALE_AUTH_CONNECT_V4");
	CHECK(json_is_null(json_object_get(o, "providerKey")));
	CHECK_EQ_S(json_string_value(json_object_get(json_object_get(o, "action"), "type")),
		   "FWP_ACTION_BLOCK");
	condition = json_array_get(json_object_get(o, "filterCondition"), 2);
	CHECK_EQ_S(json_string_value(
			   json_object_get(json_object_get(condition, "conditionValue"), "sd")),
		   "O:SYG:SYD:(A;;CC;;;WD)");
	CHECK_EQ_S(
		json_string_value(json_object_get(json_object_get(o, "effectiveWeight"), "uint64")),
		"18446744073709551613");
	json_decref(o);
	import_state_free(&s);
}

static void expect_problem(const char *text, const char *sentence)
{
	struct import_state s;

	parse(&s, text, strlen(text));
	CHECK_EQ_U(s.n_problems, 1);
	CHECK_EQ_S(s.problems[0].what, sentence);
	import_state_free(&s);
}

TEST(what_cannot_be_kept_is_told)
{
	expect_problem("<wfpstate><novelties><a>1</a><b>2</b><c/></novelties></wfpstate>",
		       "novelties: not kept (2 values)");
	expect_problem("<wfpstate><subLayers><item><weight>many</weight></item></subLayers>"
		       "</wfpstate>",
		       "weight: not understood: many");
	expect_problem("<wfpstate><subLayers><item><colour>blue</colour></item></subLayers>"
		       "</wfpstate>",
		       "colour: not known in SubLayer");
	expect_problem("<wfpstate><subLayers><item><flags><item>FWPM_NO_FLAG</item></flags></item>"
		       "</subLayers></wfpstate>",
		       "item: no such flag: FWPM_NO_FLAG");
	expect_problem("<wfpstate><subLayers><item><weight>1</weight><weight>2</weight></item>"
		       "</subLayers></wfpstate>",
		       "weight: there twice");
}

TEST(what_is_no_document_is_refused_with_its_line)
{
	static const char *const bad[] = {
		"",	      "hello",
		"<wfpstate>", "<wfpstate></wfpdiag>",
		"<html/>",    "<!DOCTYPE x [<!ENTITY a \"b\">]><wfpstate/>",
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		struct import_state s;
		struct buf why = {0};

		import_state_init(&s);
		CHECK_ERR(import_state_parse(&s, bad[i], strlen(bad[i]), &why), ERR_INVALID_DATA);
		CHECK(why.len > 0);
		buf_free(&why);
		import_state_free(&s);
	}
}

TEST(a_damaged_document_is_read_or_refused_and_leaves_nothing_behind)
{
	struct rng r;
	size_t len = strlen(document);
	uint64_t live = mem_live();

	rng_seed(&r, test_seed());
	for (int round = 0; round < MUTATIONS; round++) {
		char *copy = mem_dup(document, len + 1);
		struct import_state s;
		struct buf why = {0}, out = {0};

		for (unsigned n = 1 + rng_below(&r, 4); n > 0; n--)
			copy[rng_below(&r, (uint32_t)len)] = (char)(' ' + rng_below(&r, 95));
		import_state_init(&s);
		if (!import_state_parse(&s, copy, len, &why))
			import_state_write(&s, 0, &out);
		buf_free(&out);
		buf_free(&why);
		import_state_free(&s);
		mem_free(copy);
	}
	CHECK_EQ_U(mem_live(), live);
}

TEST(without_memory_a_document_is_not_read_by_halves)
{
	uint64_t live = mem_live();

	for (uint64_t n = 1;; n++) {
		struct import_state s;
		struct buf why = {0};
		wfp_err err;

		import_state_init(&s);
		mem_fail_at(n);
		err = import_state_parse(&s, document, strlen(document), &why);
		mem_fail_at(0);
		buf_free(&why);
		import_state_free(&s);
		CHECK_EQ_U(mem_live(), live);
		if (!err)
			break;
		CHECK_ERR(err, ERR_NO_MEMORY);
	}
}
