/* SPDX-License-Identifier: MIT */
/*
 * trace - any bytes as a trace: what is read is printed, read again, and printed the same.
 */
#include "fuzz.h"

#include "explore/trace.h"

#include <string.h>

static void check_again(const struct explore_trace *t)
{
	struct buf once = {0}, twice = {0}, why = {0};
	struct explore_trace *again;

	BUG_ON(trace_print(t, &once));
	BUG_ON(trace_parse(&again, buf_str(&once), once.len, &why));
	BUG_ON(trace_print(again, &twice));
	BUG_ON(once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0);
	BUG_ON(again->schedule.n != t->schedule.n);
	trace_free(again);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct explore_trace *t;
	struct buf why = {0};

	if (trace_parse(&t, (const char *)data, size, &why) == ERR_OK) {
		check_again(t);
		trace_free(t);
	} else {
		BUG_ON(why.len == 0);
	}
	buf_free(&why);
	return 0;
}
