/* SPDX-License-Identifier: MIT */
/* Security descriptors: text to binary, walking, and what is refused. */
#include "sd_kit.h"

#include "model/access.h"
#include "model/inherit.h"

TEST(sddl_becomes_a_descriptor_with_its_entries_in_order)
{
	struct model_blob *blob = kit_sddl("O:SYG:BAD:PAI(D;;CC;;;AN)(A;OICI;0x3;;;S-1-22-1-1000)");
	struct model_sd sd;
	struct model_ace ace;
	char text[SID_TEXT];
	uint32_t at = 0;

	CHECK_OK(model_sd_parse(&sd, blob->data, blob->size));
	CHECK_EQ_S(sid_format(sd.owner, text), "S-1-5-18");
	CHECK_EQ_S(sid_format(sd.group, text), "S-1-5-32-544");
	CHECK(model_ace_next(&sd, &at, &ace));
	CHECK_EQ_U(ace.type, MODEL_ACE_DENIED);
	CHECK_EQ_U(ace.mask, 1);
	CHECK(model_ace_next(&sd, &at, &ace));
	CHECK_EQ_U(ace.flags, 3);
	CHECK_EQ_U(ace.mask, 3);
	CHECK_EQ_S(sid_format(ace.sid, text), "S-1-22-1-1000");
	CHECK(!model_ace_next(&sd, &at, &ace));
	mem_free(blob);
}

TEST(an_absent_list_is_not_an_empty_one)
{
	struct model_blob *none = kit_sddl("O:LS"), *empty = kit_sddl("D:"),
			  *null = kit_sddl("D:NO_ACCESS_CONTROLS:(AU;SA;CC;;;WD)");
	struct model_sd sd;

	CHECK_OK(model_sd_parse(&sd, none->data, none->size));
	CHECK(sd.dacl_null);
	CHECK_OK(model_sd_parse(&sd, empty->data, empty->size));
	CHECK(!sd.dacl_null && sd.n_aces == 0);
	CHECK_OK(model_sd_parse(&sd, null->data, null->size));
	CHECK(sd.dacl_null);
	mem_free(none);
	mem_free(empty);
	mem_free(null);
}

TEST(malformed_sddl_is_refused)
{
	static const char *const bad[] = {
		"",
		"X:",
		"O",
		"O:",
		"O:ZZ",
		"D:(",
		"D:(A;;CC;;;WD",
		"D:(A;;XX;;;WD)",
		"D:(A;;CC;;;)",
		"D:(B;;CC;;;WD)",
		"D:(A;QQ;CC;;;WD)",
		"D:(A;;CC;;;S-1-)",
		"D:(A;;CC;;;WD)x",
		"D:(A;;C",
		"D:(A;;0x1ffffffff;;;WD)",
		"O:S-1-5-4294967296",
		"S:(",
		"D:D:",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct model_blob *blob;

		if (model_sddl_parse(&blob, bad[i], NULL) != ERR_INVALID_DATA)
			CHECK_SAY("\"%s\" was accepted", bad[i]);
	}
}

TEST(text_that_was_read_is_written_as_it_stood)
{
	static const char *const texts[] = {
		"O:SYG:BAD:PAI(D;;CC;;;AN)(A;OICI;CCDC;;;S-1-22-1-1000)",
		"D:PARAI",
		"D:NO_ACCESS_CONTROL",
		"D:PNO_ACCESS_CONTROL",
		"O:S-1-5-21-1-2-3-500",
		"G:SY",
		"O:S-1-0x010000000000D:(A;;;;;S-1-0x010000000000)",
		"D:(A;OICINPIOIDSAFA;CCDCLCSWRPWPDTLOCRSDRCWDWOGAGXGWGR;;;WD)",
		"D:(A;;0x200;;;WD)(A;;0x100000;;;WD)(A;;0xf07ff;;;WD)",
		"D:(A;;CC;;;UD)(A;;CC;;;AC)(A;;CC;;;MP)(A;;CC;;;SS)(A;;CC;;;NO)(A;;CC;;;OW)",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		kit_check_sddl(kit_sddl(texts[i]), texts[i]);
	kit_check_sddl(kit_sddl("D:AIARP(A;;FA;;;S-1-1-0)(A;;0x00000003;;;s-1-5-18)"),
		       "D:PARAI(A;;0x1f01ff;;;WD)(A;;CCDC;;;SY)");
}

/* An alias is written for exactly what it is read as. */
TEST(every_alias_of_two_letters_is_read_back_as_itself)
{
	unsigned n = 0;

	for (char x = 'A'; x <= 'Z'; x++)
		for (char y = 'A'; y <= 'Z'; y++) {
			const char text[3] = {x, y}, *end;
			struct sid sid;

			if (!sid_parse(&sid, text, &end))
				continue;
			CHECK_EQ_S(sid_alias(sid.bytes), text);
			n++;
		}
	CHECK_EQ_U(n, 49);
}

TEST(what_text_cannot_say_is_refused)
{
	struct kit_sd sd = {.control = 4,
			    .owner = KIT_NONE,
			    .group = KIT_NONE,
			    .n = 1,
			    .aces = {{MODEL_ACE_ALLOWED_CALLBACK, 0, 1, KIT_EVERYONE}}};
	struct model_blob *blob = kit_sd_bytes(&sd);
	struct buf out = {0};

	CHECK_ERR(model_sddl_format(blob, &out), ERR_NOT_SUPPORTED);
	blob->size = 19;
	CHECK_ERR(model_sddl_format(blob, &out), ERR_INVALID_DATA);
	buf_free(&out);
	mem_free(blob);
}

TEST(random_descriptors_survive_being_written_and_read)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 10000; round++) {
		struct kit_sd sd = kit_random_sd(&rng), again;
		struct model_blob *bytes, *read;
		struct buf text = {0};

		for (unsigned i = 0; i < sd.n; i++)
			sd.aces[i].type &= 1;
		bytes = kit_sd_bytes(&sd);
		CHECK_OK(model_sddl_format(bytes, &text));
		read = kit_sddl(buf_str(&text));
		again = kit_sd_read(read);
		if (sd.owner == KIT_NONE && sd.group == KIT_NONE)
			again.control &= sd.control | (uint16_t)~MODEL_SD_DACL_PRESENT;
		else if (!(sd.control & MODEL_SD_DACL_PRESENT))
			sd.control = 0; /* the flags of no list are not written */
		kit_sd_check_equal(&again, &sd);
		mem_free(bytes);
		mem_free(read);
		buf_free(&text);
	}
}

/* Does with the bytes all that is done with the bytes of strangers. */
static void use(const struct model_blob *sd, const struct model_blob *token,
		const struct model_blob *good)
{
	struct model_sd_place place = {good, true}, below = {sd, false};
	struct sid owner = kit_sid(KIT_USER);
	struct model_blob *out[5] = {0};
	struct buf text = {0};

	(void)!model_access_check(sd, token, MODEL_MAXIMUM_ALLOWED, NULL);
	(void)!model_sddl_format(sd, &text);
	(void)!model_sd_inherit(&out[0], &place, sd, owner.bytes, owner.bytes);
	(void)!model_sd_inherit(&out[1], &below, NULL, owner.bytes, owner.bytes);
	(void)!model_sd_set(&out[2], good, sd, MODEL_SD_OWNER | MODEL_SD_DACL, &place);
	(void)!model_sd_reinherit(&out[3], sd, &place);
	(void)!model_sd_select(&out[4], sd, MODEL_SD_DACL);
	for (unsigned i = 0; i < ARRAY_LEN(out); i++)
		mem_free(out[i]);
	buf_free(&text);
}

TEST(no_truncation_or_change_of_a_descriptor_reads_outside)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 20000; round++) {
		struct kit_sd sd = kit_random_sd(&rng);
		struct kit_token who = kit_random_token(&rng);
		struct model_blob *good = kit_sd_bytes(&sd), *token = kit_token_bytes(&who);
		struct model_blob bad = {.size = rng_below(&rng, good->size + 1)};

		bad.data = mem_dup(good->data, bad.size ? bad.size : 1);
		if (rng_below(&rng, 2)) {
			bad.size = good->size;
			mem_free(bad.data);
			bad.data = mem_dup(good->data, bad.size);
		}
		for (unsigned i = rng_below(&rng, 4); bad.size && i > 0; i--)
			bad.data[rng_below(&rng, bad.size)] = (uint8_t)rng_u32(&rng);
		use(&bad, token, good);
		mem_free(bad.data);
		mem_free(good);
		mem_free(token);
	}
}

TEST(no_truncation_or_change_of_a_token_reads_outside)
{
	struct model_blob *sd = kit_sddl("O:BAG:BAD:(D;;GR;;;OW)(A;;GA;;;WD)");
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 20000; round++) {
		struct kit_token who = kit_random_token(&rng);
		struct model_blob *good = kit_token_bytes(&who);
		struct model_blob bad = {.size = rng_below(&rng, good->size + 1)};

		bad.data = mem_dup(good->data, bad.size ? bad.size : 1);
		for (unsigned i = rng_below(&rng, 4); bad.size && i > 0; i--)
			bad.data[rng_below(&rng, bad.size)] = (uint8_t)rng_u32(&rng);
		(void)!model_access_check_engine(sd, &bad, MODEL_MAXIMUM_ALLOWED, NULL);
		(void)model_token_group(&bad);
		mem_free(bad.data);
		mem_free(good);
	}
	mem_free(sd);
}

TEST(sids_survive_being_written_and_read)
{
	static const char *const texts[] = {"S-1-1-0", "S-1-5-32-544", "S-1-22-1-4294967295",
					    "S-1-15-2-1-2-3-4-5-6-7-8-9-10-11-12-13"};
	char text[SID_TEXT];
	struct sid sid;
	const char *end;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CHECK(sid_parse(&sid, texts[i], &end) && *end == '\0');
		CHECK_EQ_S(sid_format(sid.bytes, text), texts[i]);
	}
	CHECK(!sid_parse(&sid, "S-1-1-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", &end));
}

TEST(root_is_also_administrators_and_the_system)
{
	struct model_blob *root, *user;
	struct model_token_sid entry;
	char text[SID_TEXT], all[1024] = "";
	uint32_t at = 0, n = 0;

	CHECK_OK(model_token_make_unix(&root, 0, (const uint32_t[]){0, 27}, 2));
	while (model_token_next(root, &at, &entry)) {
		strcat(strcat(all, sid_format(entry.sid, text)), " ");
		CHECK_EQ_U(entry.attributes, MODEL_GROUP_ENABLED);
	}
	CHECK_EQ_S(all,
		   "S-1-22-1-0 S-1-1-0 S-1-5-11 S-1-5-32-544 S-1-5-18 S-1-22-2-0 S-1-22-2-27 ");
	CHECK_OK(model_token_make_unix(&user, 1000, NULL, 0));
	for (at = 0; model_token_next(user, &at, &entry); n++)
		;
	CHECK_EQ_U(n, 3);
	mem_free(root);
	mem_free(user);
}
