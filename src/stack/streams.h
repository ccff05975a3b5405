/* SPDX-License-Identifier: MIT */
/*
 * streams - the STREAM layer: a connection's data in order, for inspection.
 */
#pragma once

#include "stack/way.h"

/*
 * Shows what this segment completes.  WAY_DROP: a callout blocked data in it, and with them the
 * connection from here on.
 */
enum way_move streams_show(struct journey *j);
