/* SPDX-License-Identifier: MIT */
/*
 * xml - any bytes as a document of policy: read, or refused with a sentence; and what was read is
 * written as a document that reads and writes the same.
 */
#include "fuzz.h"

#include "import/state.h"

#include <string.h>

typedef void write_fn(const struct import_state *s, struct buf *out);

static void write_state(const struct import_state *s, struct buf *out)
{
	import_state_write(s, 0, out);
}

static void check_again(const struct import_state *s, write_fn *write)
{
	struct import_state second;
	struct buf once = {0}, twice = {0}, why = {0};

	import_state_init(&second);
	write(s, &once);
	BUG_ON(once.failed);
	BUG_ON(import_state_parse(&second, buf_str(&once), once.len, &why) != ERR_OK);
	BUG_ON(second.n_problems > 0);
	write(&second, &twice);
	BUG_ON(once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&why);
	import_state_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_state s;
	struct buf why = {0};
	wfp_err err;

	import_state_init(&s);
	err = import_state_parse(&s, (const char *)data, size, &why);
	BUG_ON(err == ERR_INVALID_DATA && why.len == 0);
	if (!err) {
		check_again(&s, write_state);
		check_again(&s, import_filters_write);
	}
	buf_free(&why);
	import_state_free(&s);
	return 0;
}
