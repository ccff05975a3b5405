/* SPDX-License-Identifier: MIT */
/*
 * sd - any bytes as a security descriptor and a token: checked, written as text, inherited, set.
 *
 * The first byte says how many of the bytes behind it, in units of 8, are the token.  What is made
 * of an accepted descriptor must be acceptable itself, and its text must read back.  The same bytes
 * are taken for the text of a descriptor, and for a condition as text and as bytes.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "model/access.h"
#include "model/inherit.h"
#include "model/sddl.h"
#include "model/sddl_condition.h"

#include <string.h>

/* In a block that ends where it ends, so that a sanitizer sees one byte too many. */
static bool copy(struct model_blob *out, const uint8_t *data, size_t size)
{
	out->size = (uint32_t)size;
	out->data = mem_alloc(size ? size : 1);
	if (out->data && size)
		memcpy(out->data, data, size);
	return out->data != NULL;
}

static void must_parse(struct model_blob *made)
{
	struct model_sd sd;

	BUG_ON(model_sd_parse(&sd, made->data, made->size));
	mem_free(made);
}

static void check_text(const struct model_blob *sd)
{
	struct buf text = {0}, again = {0};
	struct model_blob *read;

	if (model_sddl_format(sd, &text) == ERR_OK) {
		BUG_ON(model_sddl_parse(&read, buf_str(&text), NULL));
		BUG_ON(model_sddl_format(read, &again));
		BUG_ON(strcmp(buf_str(&text), buf_str(&again)) != 0);
		mem_free(read);
	}
	buf_free(&text);
	buf_free(&again);
}

/*
 * Whatever the reader makes, the writer can say, and it is read back as the same.  False: the
 * reader refuses it.
 */
static bool check_read_condition(const char *text)
{
	struct buf bytes = {0}, again = {0}, written = {0};
	const char *end = text;
	bool good = model_sddl_condition_parse(&bytes, &end) == ERR_OK;

	if (good) {
		BUG_ON(model_sddl_condition_format(&written, bytes.data, bytes.len));
		end = buf_str(&written);
		BUG_ON(model_sddl_condition_parse(&again, &end) || *end);
		BUG_ON(again.len != bytes.len || memcmp(again.data, bytes.data, bytes.len) != 0);
	}
	buf_free(&bytes);
	buf_free(&again);
	buf_free(&written);
	return good;
}

static void check_as_text(const struct model_blob *input)
{
	struct model_blob *sd;
	struct buf text = {0};
	size_t at = 0;

	buf_append(&text, input->data, input->size);
	if (buf_err(&text) == ERR_OK) {
		(void)check_read_condition(buf_str(&text));
		if (model_sddl_parse(&sd, buf_str(&text), &at) == ERR_OK) {
			check_text(sd);
			mem_free(sd);
		} else {
			BUG_ON(at > strlen(buf_str(&text)));
		}
	}
	buf_free(&text);
}

static void check_condition(const struct model_blob *input)
{
	struct buf text = {0};

	if (model_sddl_condition_format(&text, input->data, input->size) == ERR_OK)
		BUG_ON(!check_read_condition(buf_str(&text)));
	buf_free(&text);
}

static void check_access(const struct model_blob *sd, const struct model_blob *token)
{
	uint32_t all = 0, some = 0;

	if (model_access_check(sd, token, MODEL_MAXIMUM_ALLOWED, &all) == ERR_OK) {
		BUG_ON(all == 0 || all & ~MODEL_RIGHTS_VALID);
		BUG_ON(model_access_check(sd, token, all, &some) || some != all);
	}
	(void)!model_access_check_engine(sd, token, MODEL_RIGHT_OPEN, NULL);
	(void)model_token_group(token);
}

static void check_changes(const struct model_blob *sd, const struct model_blob *parent)
{
	static const uint8_t owner[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
	const struct model_sd_place places[] = {{parent, true}, {sd, true}, {sd, false}};
	struct model_blob *made;

	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		if (model_sd_inherit(&made, &places[i], sd, owner, owner) == ERR_OK)
			must_parse(made);
		if (model_sd_reinherit(&made, sd, &places[i]) == ERR_OK)
			must_parse(made);
		if (model_sd_set(&made, parent, sd, MODEL_SD_DACL | MODEL_SD_PROTECT, &places[i]) ==
		    ERR_OK)
			must_parse(made);
	}
	if (model_sd_select(&made, sd, MODEL_SD_OWNER | MODEL_SD_DACL) == ERR_OK)
		must_parse(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_blob token = {0}, sd = {0}, *engine = NULL;
	size_t len;

	if (size == 0)
		return 0;
	len = data[0] * 8u < size - 1 ? data[0] * 8u : size - 1;
	if (copy(&token, data + 1, len) && copy(&sd, data + 1 + len, size - 1 - len) &&
	    model_sd_default_engine(&engine) == ERR_OK) {
		check_text(&sd);
		check_as_text(&sd);
		check_condition(&sd);
		check_access(&sd, &token);
		check_changes(&sd, engine);
	}
	mem_free(engine);
	mem_free(token.data);
	mem_free(sd.data);
	return 0;
}
