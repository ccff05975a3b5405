/* SPDX-License-Identifier: MIT */
/*
 * store_row - one row of a table: bound, read, and checked by its checksum.
 */
#pragma once

#include "bfe/store.h"

struct sqlite3;
struct sqlite3_stmt;

/* A record's place in the order is part of what its checksum guards. */
int64_t store_row_sum(int64_t seq, const struct store_record *record);
int64_t store_row_option_sum(const char *name, uint64_t value);

/* Parameters ?1 to ?7 in the order of STORE_ROW_COLUMNS; the record must outlive the run. */
#define STORE_ROW_COLUMNS "seq, kind, key, lifetime, data, sd, sum"
MUST_CHECK wfp_err store_row_bind(struct sqlite3_stmt *st, int64_t seq,
				  const struct store_record *record, int64_t sum);

/* Kind and key alone, as parameters `at` and `at` + 1. */
MUST_CHECK wfp_err store_row_bind_key(struct sqlite3_stmt *st, int at, uint32_t kind,
				      const struct guid *key);

/* The record of the current row of a SELECT STORE_ROW_COLUMNS, until the next step. */
MUST_CHECK wfp_err store_row_read(struct sqlite3_stmt *st, struct store_record *out);

/*
 * The same checksums for statements: record_sum(seq, kind, key, lifetime, data, sd),
 * option_sum(name, value), and wrapsum(x), the sum of many modulo 2^64.
 */
MUST_CHECK wfp_err store_row_functions(struct sqlite3 *db);
