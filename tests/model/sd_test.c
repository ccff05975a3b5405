/* SPDX-License-Identifier: MIT */
/* Security descriptors: text to binary, walking, and what is refused. */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "model/sd.h"
#include "model/sddl.h"
#include "model/token.h"

static struct model_blob *parse(const char *text)
{
	struct model_blob *blob = NULL;
	size_t at = 0;
	wfp_err err = model_sddl_parse(&blob, text, &at);

	if (err)
		CHECK_SAY("%s: %s at %zu", text, err_name(err), at);
	return blob;
}

TEST(sddl_becomes_a_descriptor_with_its_entries_in_order)
{
	struct model_blob *blob = parse("O:SYG:BAD:PAI(D;;CC;;;AN)(A;OICI;0x3;;;S-1-22-1-1000)");
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
	struct model_blob *none = parse("O:LS"), *empty = parse("D:"),
			  *null = parse("D:NO_ACCESS_CONTROLS:(AU;SA;CC;;;WD)");
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

TEST(no_truncation_or_change_of_a_descriptor_reads_outside)
{
	struct model_blob *blob =
		parse("O:SYG:BAD:(D;;CC;;;AN)(A;;CC;;;S-1-22-1-1000)(A;;CC;;;WD)");
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t size = rng_below(&rng, blob->size + 1);
		uint8_t *copy = mem_dup(blob->data, size ? size : 1);
		struct model_sd sd;
		struct model_ace ace;
		uint32_t at = 0, n = 0;

		for (unsigned i = rng_below(&rng, 4); size && i > 0; i--)
			copy[rng_below(&rng, size)] = (uint8_t)rng_u32(&rng);
		if (model_sd_parse(&sd, copy, size) == ERR_OK)
			while (model_ace_next(&sd, &at, &ace))
				n++;
		CHECK(n <= 65535);
		mem_free(copy);
	}
	mem_free(blob);
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
