/* SPDX-License-Identifier: MIT */
/*
 * store_sql - the way to SQLite.
 *
 * SQLite reads and writes its files itself: it is a library with effects of its own, the same ones
 * in both builds, and the one exception to the rule that src/base is the only seam to the system.
 * Called by the store's one thread.
 */
#include "bfe/store_sql.h"

#include <sqlite3.h>

/* Extended codes before the primary ones they refine; what has no row is damage or ours. */
static const struct {
	int rc;
	wfp_err err;
} rows[] = {
	{SQLITE_IOERR_NOMEM, ERR_NO_MEMORY},
	{SQLITE_IOERR_SHORT_READ, ERR_FILE_CORRUPT},
	{SQLITE_IOERR_CORRUPTFS, ERR_IO_DEVICE}, /* a read that failed; it may not the next time */
	{SQLITE_IOERR_LOCK, ERR_SHARING_VIOLATION},
	{SQLITE_NOMEM, ERR_NO_MEMORY},
	{SQLITE_FULL, ERR_DISK_FULL},
	{SQLITE_BUSY, ERR_SHARING_VIOLATION},
	{SQLITE_LOCKED, ERR_SHARING_VIOLATION},
	{SQLITE_PERM, ERR_ACCESS_DENIED},
	{SQLITE_READONLY, ERR_ACCESS_DENIED},
	{SQLITE_AUTH, ERR_ACCESS_DENIED},
	{SQLITE_CANTOPEN, ERR_ACCESS_DENIED},
	{SQLITE_IOERR, ERR_IO_DEVICE},
	{SQLITE_INTERRUPT, ERR_OPERATION_ABORTED},
	{SQLITE_TOOBIG, ERR_INVALID_PARAMETER},
	{SQLITE_CORRUPT, ERR_FILE_CORRUPT},
	{SQLITE_NOTADB, ERR_FILE_CORRUPT},
	/* The tables are not those that the version says. */
	{SQLITE_ERROR, ERR_FILE_CORRUPT},
	{SQLITE_CONSTRAINT, ERR_FILE_CORRUPT},
	{SQLITE_MISMATCH, ERR_FILE_CORRUPT},
};

static wfp_err from_rows(int rc)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].rc == rc)
			return rows[i].err;
	return ERR_GEN_FAILURE;
}

/* What the system said last of the log, else of the database; 0: nothing. */
static int last_errno(struct sqlite3 *db)
{
	sqlite3_file *log = NULL;
	int error = 0;

	sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log && log->pMethods)
		log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
	if (error == 0)
		sqlite3_file_control(db, NULL, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error != 0 ? error : sqlite3_system_errno(db);
}

wfp_err store_sql_err(struct sqlite3 *db, int rc)
{
	wfp_err err = ERR_GEN_FAILURE;
	int primary = rc & 0xff;

	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return ERR_OK;
	if (rc != primary)
		err = from_rows(rc);
	/* The system said more than SQLite does, as when a file would grow past its limit. */
	if (err == ERR_GEN_FAILURE && db && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN))
		err = err_from_errno(last_errno(db));
	return err == ERR_GEN_FAILURE || err == ERR_OK ? from_rows(primary) : err;
}

wfp_err store_sql_exec(struct sqlite3 *db, const char *sql)
{
	return store_sql_err(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

wfp_err store_sql_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **out)
{
	return store_sql_err(db,
			     sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

wfp_err store_sql_step(struct sqlite3_stmt *st, bool *row)
{
	int rc = sqlite3_step(st);

	*row = rc == SQLITE_ROW;
	return store_sql_err(sqlite3_db_handle(st), rc);
}

void store_sql_reset(struct sqlite3_stmt *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

wfp_err store_sql_run(struct sqlite3_stmt *st)
{
	bool row = true;
	wfp_err err = ERR_OK;

	while (!err && row)
		err = store_sql_step(st, &row);
	store_sql_reset(st);
	return err;
}

/* Nothing in *out when there is no row. */
static wfp_err first_row(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **out)
{
	struct sqlite3_stmt *st = NULL;
	bool row = false;
	wfp_err err = store_sql_prepare(db, sql, &st);

	if (!err)
		err = store_sql_step(st, &row);
	if (!err && !row)
		err = ERR_FILE_CORRUPT;
	if (err)
		sqlite3_finalize(st);
	else
		*out = st;
	return err;
}

wfp_err store_sql_number(struct sqlite3 *db, const char *sql, int64_t *out)
{
	struct sqlite3_stmt *st;
	wfp_err err = first_row(db, sql, &st);

	if (err)
		return err;
	*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return ERR_OK;
}

wfp_err store_sql_text(struct sqlite3 *db, const char *sql, struct buf *out)
{
	struct sqlite3_stmt *st;
	wfp_err err = first_row(db, sql, &st);
	const char *text;

	if (err)
		return err;
	text = (const char *)sqlite3_column_text(st, 0);
	if (text)
		buf_append_str(out, text);
	else
		err = ERR_NO_MEMORY;
	sqlite3_finalize(st);
	return err ? err : buf_err(out);
}
