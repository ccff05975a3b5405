/* SPDX-License-Identifier: MIT */
/*
 * picture_rows - what both kinds of picture show; nobody else includes it.
 */
#pragma once

#include "explore/picture.h"

struct picture_row {
	uint32_t event;	 /* of the record */
	uint32_t number; /* of the choice that led here, from 1; 0: before the first */
	uint32_t column;
	bool preempts; /* this step was picked although the thread before could go on */
	bool found;
};

struct picture_rows {
	struct picture_row *rows;
	uint32_t n;
	uint32_t columns[SIM_THREADS_MAX + 1]; /* the threads, by their ids */
	uint32_t n_columns;
};

MUST_CHECK wfp_err picture_rows_make(struct picture_rows *out, const struct explore_record *r,
				     const struct picture_options *o);
void picture_rows_free(struct picture_rows *p);

/* The finding that the row shows; NULL: it shows something else, or one that was not kept. */
const struct explore_finding *picture_row_finding(const struct explore_record *r,
						  const struct picture_row *row);

/* "lock", "memory = 1/2", "UseAfterFree"; then the object, "" when there is none. */
void picture_row_say(const struct explore_record *r, const struct picture_row *row,
		     struct buf *out);
const char *picture_row_object(const struct explore_record *r, const struct picture_row *row);
