/* SPDX-License-Identifier: MIT */
/*
 * table - rows of cells for people: aligned, cut to the terminal's width on a terminal only.
 *
 * Names come from other programs: what would steer the terminal is shown as '?'.
 */
#pragma once

#include "base/buf.h"

#define TABLE_COLUMNS_MAX 12u

struct table {
	struct buf cells; /* every one followed by a NUL, row by row */
	unsigned n_columns;
	unsigned at; /* the column of the next cell */
	size_t widths[TABLE_COLUMNS_MAX];
};

void table_init(struct table *t, const char *const *titles, unsigned n);
void table_free(struct table *t);
void table_cell(struct table *t, const char *text);
/* Failure is no memory.  width 0: as wide as it is. */
MUST_CHECK wfp_err table_write(const struct table *t, size_t width, struct buf *out);

/* Of the terminal on standard output; 0: there is none. */
size_t table_terminal_width(void);
/* Appends text without what would steer a terminal. */
void table_clean(const char *text, struct buf *out);
