/* SPDX-License-Identifier: MIT */
/*
 * none - no packets: the platform runs, drivers load, policy changes, until it is stopped.
 *
 * The first worker of the stack gets its turns, so that drivers may inject; what they send goes
 * nowhere.  There are no options.
 */
#pragma once

#include "path/path.h"

extern const struct path_ops none_path;
