/* SPDX-License-Identifier: MIT */
/*
 * log - a line is put together on the stack and written or handed over as one piece.
 *
 * Logging may happen under any lock, so it stands outside the order of locks: the mutex here is
 * the innermost of all and nothing but the sink runs under it.  Sim runs one thread at a time and
 * needs none; there a sink may be a scheduling point.
 */
#include "base/log.h"

#include "base/atomic.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 1024

struct sink {
	void (*fn)(void *ctx, enum log_level level, const char *line);
	void *ctx;
};

static struct atom32 shown = {LOG_LEVEL_INFO};
static struct sink sink;

#ifdef BASE_HOST
#include <pthread.h>

static pthread_mutex_t sink_mutex = PTHREAD_MUTEX_INITIALIZER;

static void sink_take(void)
{
	pthread_mutex_lock(&sink_mutex);
}

static void sink_drop(void)
{
	pthread_mutex_unlock(&sink_mutex);
}
#else
static void sink_take(void)
{
}

static void sink_drop(void)
{
}
#endif

static const char *const level_names[LOG_LEVELS] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
	return level < LOG_LEVELS ? level_names[level] : "unknown";
}

bool log_enabled(enum log_level level)
{
	return (uint32_t)level <= atom32_load_relaxed(&shown);
}

void log_set_level(enum log_level level)
{
	atom32_store_relaxed(&shown, (uint32_t)level);
}

void log_set_sink(void (*fn)(void *ctx, enum log_level level, const char *line), void *ctx)
{
	sink_take();
	sink = (struct sink){fn, ctx};
	sink_drop();
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	sink_take();
	if (sink.fn)
		sink.fn(sink.ctx, level, line);
	else
		fprintf(stderr, "%s: %s\n", log_level_name(level), line);
	sink_drop();
}
