/* SPDX-License-Identifier: MIT */
/*
 * rulefile - any bytes as rules and as a trace of the benchmark: what is read is printed and read
 * again the same, what is refused says why.
 */
#include "fuzz.h"

#include "../bench/rulefile.h"

#include <string.h>

static void check_rules(const char *text, size_t size)
{
	struct buf why = {0}, printed = {0};
	struct ruleset s, again;
	uint32_t flags;

	if (rulefile_parse(&s, text, size, &flags, &why) == ERR_OK) {
		BUG_ON(s.n == 0 || flags > s.n);
		rulefile_print(&s, &printed);
		BUG_ON(rulefile_parse(&again, buf_str(&printed), printed.len, &flags, &why));
		BUG_ON(again.n != s.n || flags != 0);
		BUG_ON(memcmp(again.rules, s.rules, s.n * sizeof(*s.rules)) != 0);
		ruleset_free(&again);
		ruleset_free(&s);
	} else {
		BUG_ON(why.len == 0);
	}
	buf_free(&printed);
	buf_free(&why);
}

static void check_trace(const char *text, size_t size)
{
	struct buf why = {0}, once = {0}, twice = {0};
	struct ruletrace t, again;

	if (rulefile_parse_trace(&t, text, size, &why) == ERR_OK) {
		rulefile_print_trace(&t, &once);
		BUG_ON(rulefile_parse_trace(&again, buf_str(&once), once.len, &why));
		rulefile_print_trace(&again, &twice);
		BUG_ON(once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0);
		ruletrace_free(&again);
		ruletrace_free(&t);
	} else {
		BUG_ON(why.len == 0);
	}
	buf_free(&once);
	buf_free(&twice);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_rules((const char *)data, size);
	check_trace((const char *)data, size);
	return 0;
}
