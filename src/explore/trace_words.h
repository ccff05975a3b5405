/* SPDX-License-Identifier: MIT */
/*
 * trace_words - what the writer of traces and their reader must agree on; nobody else includes it.
 */
#pragma once

#include "base/compiler.h"

#define TRACE_FIRST_LINE  "openwfp-trace 1"
#define TRACE_FIRST_WORD  "openwfp-trace "
#define TRACE_LINE_MAX	  16384u
#define TRACE_FILE_MAX	  1024u
#define TRACE_THREADS_MAX 1000000u

/* No control character: it can stand on a line, and on a terminal. */
bool trace_is_plain(const char *text, size_t len);
