/* SPDX-License-Identifier: MIT */
/*
 * store_sql - the way to SQLite: its codes in ours, and the few shapes of a statement's run.
 */
#pragma once

#include "bfe/store.h"

struct sqlite3;
struct sqlite3_stmt;

/* What a result code of SQLite means to us; damage is ERR_FILE_CORRUPT and nothing else is. */
wfp_err store_sql_err(struct sqlite3 *db, int rc);

/* One or more statements without rows that matter. */
MUST_CHECK wfp_err store_sql_exec(struct sqlite3 *db, const char *sql);

MUST_CHECK wfp_err store_sql_prepare(struct sqlite3 *db, const char *sql,
				     struct sqlite3_stmt **out);

/* *row: whether there is one; the statement stays open on it. */
MUST_CHECK wfp_err store_sql_step(struct sqlite3_stmt *st, bool *row);

/* To the end, without looking at rows; the statement is reset either way. */
MUST_CHECK wfp_err store_sql_run(struct sqlite3_stmt *st);

/* Ready for the next run; nothing stays bound. */
void store_sql_reset(struct sqlite3_stmt *st);

/* The first column of the first row, as a number or as text appended to out. */
MUST_CHECK wfp_err store_sql_number(struct sqlite3 *db, const char *sql, int64_t *out);
MUST_CHECK wfp_err store_sql_text(struct sqlite3 *db, const char *sql, struct buf *out);
