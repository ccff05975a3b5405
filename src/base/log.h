/* SPDX-License-Identifier: MIT */
/*
 * log - lines for the operator.
 *
 * One line per call, without a newline at the end.  They go to standard error unless a sink is
 * set.  Any thread; lines do not mix.
 */
#pragma once

#include "base/compiler.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVELS,
};

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* The arguments are not evaluated when the level is off. */
#define log_at(level, ...)                                                                         \
	do {                                                                                       \
		if (log_enabled(level))                                                            \
			log_line(level, __VA_ARGS__);                                              \
	} while (0)

bool log_enabled(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The least urgent level that is shown; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

/* fn NULL: standard error again.  Called one line at a time; it must not log. */
void log_set_sink(void (*fn)(void *ctx, enum log_level level, const char *line), void *ctx);
