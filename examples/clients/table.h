/* SPDX-License-Identifier: MIT */
/*
 * table - the installer's policy as text: one filter per line, four columns,
 *
 *	name | layer | action | condition...
 *
 * Layers are connect-v4, connect-v6, accept-v4, accept-v6; actions permit, block, callout;
 * conditions protocol=tcp, local-port=, remote-port= (one or first-last), local-address=,
 * remote-address= (one, or network/bits). '#' begins a comment.
 *
 * Called by the main thread of the installer.
 */
#pragma once

#include "common.h"

#define ROW_MAX 256

/* The conditions point into the row: it does not move. */
struct row {
	struct row *next;
	GUID key; /* made from all columns: another row, another key */
	char text[ROW_MAX];
	WCHAR name[ROW_MAX];
	const GUID *layer;
	FWP_ACTION_TYPE action;
	struct conditions conditions;
	FWP_RANGE0 ranges[CONDITIONS_MAX];
	union {
		struct address address;
		FWP_V4_ADDR_AND_MASK v4;
		FWP_V6_ADDR_AND_MASK v6;
	} values[CONDITIONS_MAX];
	BOOL present; /* for the installer: the engine has it */
};

/* FALSE: said on stderr, with file, line, and what was expected. */
BOOL table_read(struct row **out, const char *path);
void table_free(struct row *table);
/* NULL: there is none. */
struct row *table_find(struct row *table, const GUID *key);
