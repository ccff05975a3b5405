/* SPDX-License-Identifier: MIT */
/*
 * none - no packets: the platform runs, drivers load, policy changes, until it is stopped.
 *
 * The first worker of the stack gets its turns, so that drivers may inject; what they send goes
 * nowhere.  The options are struct none_options, or NULL.
 */
#pragma once

#include "path/path.h"

struct none_options {
	struct engine *engine; /* run winds its watchdog; NULL: the caller does */
};

extern const struct path_ops none_path;
