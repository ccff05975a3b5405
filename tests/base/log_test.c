/* SPDX-License-Identifier: MIT */
/*
 * Log lines: levels, the sink, and arguments of lines that nobody sees.
 */
#include "harness.h"

#include "base/buf.h"
#include "base/log.h"

static void collect(void *ctx, enum log_level level, const char *line)
{
	buf_printf(ctx, "%s=%s;", log_level_name(level), line);
}

static unsigned evaluated(unsigned *calls)
{
	return ++*calls;
}

TEST(lines_up_to_the_level_reach_the_sink)
{
	struct buf lines = {0};
	unsigned calls = 0;

	log_set_sink(collect, &lines);
	log_error("a %d", 1);
	log_warn("b");
	log_info("c");
	log_debug("d %u", evaluated(&calls));
	CHECK_EQ_S(buf_str(&lines), "error=a 1;warning=b;info=c;");
	CHECK_EQ_U(calls, 0);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d %u", evaluated(&calls));
	log_set_level(LOG_LEVEL_ERROR);
	log_warn("not this");
	CHECK_EQ_S(buf_str(&lines), "error=a 1;warning=b;info=c;debug=d 1;");
	log_set_sink(NULL, NULL);
	buf_free(&lines);
}

TEST(a_line_that_is_too_long_is_cut)
{
	struct buf lines = {0};
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	log_set_sink(collect, &lines);
	log_error("%s", text);
	log_set_sink(NULL, NULL);
	CHECK(lines.len > 500 && lines.len < 1200);
	buf_free(&lines);
}
