/* SPDX-License-Identifier: MIT */
/*
 * scenario - any bytes as a scenario: what is read is printed, read again, and printed the same.
 */
#include "fuzz.h"

#include "explore/scenario.h"

#include <string.h>

static void check_again(const struct scenario *s)
{
	struct buf once = {0}, twice = {0}, why = {0};
	struct scenario *again;

	BUG_ON(scenario_print(s, &once));
	BUG_ON(scenario_parse(&again, buf_str(&once), once.len, &why));
	BUG_ON(scenario_print(again, &twice));
	BUG_ON(once.len != twice.len || memcmp(buf_str(&once), buf_str(&twice), once.len) != 0);
	scenario_free(again);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&why);
}

/* Whatever is taken away, the rest is a scenario. */
static void check_shorter(struct scenario *s)
{
	struct scenario *copy;

	BUG_ON(scenario_copy(&copy, s));
	while (copy->n_packets > 1) {
		scenario_drop_packet(copy, copy->n_packets / 2);
		check_again(copy);
	}
	while (copy->n_drivers > 0)
		scenario_drop_driver(copy, 0);
	while (copy->n_disturbances > 0)
		scenario_drop_disturbance(copy, 0);
	check_again(copy);
	scenario_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf why = {0};
	struct scenario *s;

	if (scenario_parse(&s, (const char *)data, size, &why) == ERR_OK) {
		if (s->n_packets + s->n_drivers > 0)
			check_again(s);
		check_shorter(s);
		scenario_free(s);
	} else {
		BUG_ON(why.len == 0);
	}
	buf_free(&why);
	return 0;
}
