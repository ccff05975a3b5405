/* SPDX-License-Identifier: MIT */
/*
 * store - transactions over opaque records.
 *
 * A transaction of ours is one of SQLite's, in its write-ahead log, which is on the disk when
 * store_commit returns.  The row `total` is written last and binds all the others.  Called by the
 * one thread that holds the writer's role in the base filtering engine.
 */
#include "bfe/store.h"

#include "base/log.h"
#include "bfe/store_row.h"
#include "bfe/store_sql.h"
#include "bfe/store_state.h"

#include <sqlite3.h>
#include <string.h>

static const char *const statement_text[STORE_STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_FIND] = "SELECT seq, lifetime, sum FROM record WHERE kind = ?1 AND key = ?2",
	[STORE_INSERT] = "INSERT INTO record (" STORE_ROW_COLUMNS ")"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STORE_REPLACE] = "UPDATE record SET lifetime = ?4, data = ?5, sd = ?6, sum = ?7"
			  " WHERE seq = ?1 AND kind = ?2 AND key = ?3",
	[STORE_DELETE] = "DELETE FROM record WHERE seq = ?1",
	[STORE_LOAD] = "SELECT " STORE_ROW_COLUMNS " FROM record ORDER BY seq",
	[STORE_LOAD_BOOT] = "SELECT " STORE_ROW_COLUMNS " FROM record"
			    " WHERE lifetime = 2 ORDER BY seq",
	[STORE_FIND_OPTION] = "SELECT value, sum FROM option WHERE name = ?1",
	[STORE_SET_OPTION] = "INSERT OR REPLACE INTO option (name, value, sum) VALUES (?1, ?2, ?3)",
	[STORE_SET_TOTAL] = "UPDATE total SET entries = ?1, sum = ?2",
};

/* Counts the rows whose checksum is not theirs; sums the others up for the total. */
static const char damaged_rows[] =
	"SELECT (SELECT count(*) FROM record"
	" WHERE sum != record_sum(seq, kind, key, lifetime, data, sd)) +"
	" (SELECT count(*) FROM option WHERE sum != option_sum(name, value)) +"
	" (SELECT count(*) != 1 FROM total) +"
	" (SELECT (entries, sum) != (SELECT count(*), wrapsum(sum) FROM"
	"  (SELECT sum FROM record UNION ALL SELECT sum FROM option)) FROM total)";

static wfp_err verify(struct store *s)
{
	int64_t damaged = 0, entries = 0, sum = 0, last = 0;
	wfp_err err = store_sql_number(s->db, damaged_rows, &damaged);

	if (!err && damaged > 0)
		err = ERR_FILE_CORRUPT;
	if (!err)
		err = store_sql_number(s->db, "SELECT entries FROM total", &entries);
	if (!err)
		err = store_sql_number(s->db, "SELECT sum FROM total", &sum);
	if (!err)
		err = store_sql_number(s->db, "SELECT max(seq) FROM record", &last);
	if (err)
		return err;
	if (last == INT64_MAX)
		return ERR_FILE_CORRUPT;
	s->total = (struct store_total){(uint64_t)entries, (uint64_t)sum};
	s->committed = s->total;
	s->next_seq = last + 1;
	return ERR_OK;
}

wfp_err store_attach(struct store *s)
{
	wfp_err err = verify(s);

	for (size_t i = 0; i < STORE_STATEMENTS && !err; i++)
		err = store_sql_prepare(s->db, statement_text[i], &s->statements[i]);
	return err;
}

void store_detach(struct store *s)
{
	for (size_t i = 0; i < STORE_STATEMENTS; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
}

/* SQLite ends a transaction on its own on some errors; what follows must not be written alone. */
static wfp_err noted(struct store *s, wfp_err err)
{
	if (err && sqlite3_get_autocommit(s->db))
		s->doomed = err;
	return err;
}

wfp_err store_begin(struct store *s)
{
	wfp_err err = ERR_OK;

	BUG_ON(s->in_txn);
	if (!sqlite3_get_autocommit(s->db))
		err = store_sql_run(s->statements[STORE_ROLLBACK]);
	if (!err)
		err = store_sql_run(s->statements[STORE_BEGIN]);
	s->in_txn = !err;
	return err;
}

static void add_row(struct store *s, int64_t sum)
{
	s->total.entries++;
	s->total.sum += (uint64_t)sum;
	s->changed = true;
}

static void remove_row(struct store *s, int64_t sum)
{
	s->total.entries--;
	s->total.sum -= (uint64_t)sum;
	s->changed = true;
}

/* What the table says of a record; seq 0: nothing. */
struct found {
	int64_t seq;
	int64_t lifetime;
	int64_t sum;
};

static wfp_err find(struct store *s, uint32_t kind, const struct guid *key, struct found *out)
{
	struct sqlite3_stmt *st = s->statements[STORE_FIND];
	bool row = false;
	wfp_err err = store_row_bind_key(st, 1, kind, key);

	*out = (struct found){0};
	if (!err)
		err = store_sql_step(st, &row);
	if (row)
		*out = (struct found){
			.seq = sqlite3_column_int64(st, 0),
			.lifetime = sqlite3_column_int64(st, 1),
			.sum = sqlite3_column_int64(st, 2),
		};
	store_sql_reset(st);
	return err;
}

static bool is_valid(const struct store_record *record)
{
	return (record->lifetime == STORE_PERSISTENT || record->lifetime == STORE_BOOTTIME) &&
	       record->size <= STORE_RECORD_MAX && record->sd_size <= STORE_RECORD_MAX &&
	       (record->data || record->size == 0);
}

wfp_err store_put(struct store *s, const struct store_record *record)
{
	struct sqlite3_stmt *st;
	struct found old;
	int64_t seq, sum;
	wfp_err err;

	BUG_ON(!s->in_txn);
	if (s->doomed)
		return s->doomed;
	if (!is_valid(record))
		return ERR_INVALID_PARAMETER;
	err = find(s, record->kind, &record->key, &old);
	if (err)
		return noted(s, err);
	seq = old.seq ? old.seq : s->next_seq;
	sum = store_row_sum(seq, record);
	st = s->statements[old.seq ? STORE_REPLACE : STORE_INSERT];
	err = store_row_bind(st, seq, record, sum);
	if (err)
		store_sql_reset(st);
	else
		err = store_sql_run(st);
	if (err)
		return noted(s, err);
	if (old.seq)
		remove_row(s, old.sum);
	else
		s->next_seq++;
	add_row(s, sum);
	s->boot_changed |= record->lifetime == STORE_BOOTTIME || old.lifetime == STORE_BOOTTIME;
	return ERR_OK;
}

wfp_err store_delete(struct store *s, uint32_t kind, const struct guid *key)
{
	struct sqlite3_stmt *st = s->statements[STORE_DELETE];
	struct found old;
	wfp_err err;

	BUG_ON(!s->in_txn);
	if (s->doomed)
		return s->doomed;
	err = find(s, kind, key, &old);
	if (err || !old.seq)
		return noted(s, err);
	err = store_sql_err(s->db, sqlite3_bind_int64(st, 1, old.seq));
	if (!err)
		err = store_sql_run(st);
	if (err)
		return noted(s, err);
	remove_row(s, old.sum);
	s->boot_changed |= old.lifetime == STORE_BOOTTIME;
	return ERR_OK;
}

static wfp_err find_option(struct store *s, const char *name, bool *found, uint64_t *value,
			   int64_t *sum)
{
	struct sqlite3_stmt *st = s->statements[STORE_FIND_OPTION];
	wfp_err err = store_sql_err(s->db, sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC));

	*found = false;
	if (!err)
		err = store_sql_step(st, found);
	if (*found) {
		*value = (uint64_t)sqlite3_column_int64(st, 0);
		*sum = sqlite3_column_int64(st, 1);
	}
	store_sql_reset(st);
	return err;
}

static wfp_err write_option(struct store *s, const char *name, uint64_t value, int64_t sum)
{
	struct sqlite3_stmt *st = s->statements[STORE_SET_OPTION];
	int rc = sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 2, (int64_t)value);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 3, sum);
	if (rc == SQLITE_OK)
		return store_sql_run(st);
	store_sql_reset(st);
	return store_sql_err(s->db, rc);
}

wfp_err store_set_option(struct store *s, const char *name, uint64_t value)
{
	int64_t sum = store_row_option_sum(name, value), old_sum = 0;
	uint64_t old_value = 0;
	bool found;
	wfp_err err;

	BUG_ON(!s->in_txn);
	if (s->doomed)
		return s->doomed;
	if (strlen(name) > STORE_NAME_MAX)
		return ERR_INVALID_PARAMETER;
	err = find_option(s, name, &found, &old_value, &old_sum);
	if (!err)
		err = write_option(s, name, value, sum);
	if (err)
		return noted(s, err);
	if (found)
		remove_row(s, old_sum);
	add_row(s, sum);
	return ERR_OK;
}

wfp_err store_get_option(struct store *s, const char *name, uint64_t *value)
{
	uint64_t found_value = 0;
	int64_t sum = 0;
	bool found;
	wfp_err err = find_option(s, name, &found, &found_value, &sum);

	if (err)
		return err;
	if (!found)
		return ERR_WIN32_NOT_FOUND;
	if (sum != store_row_option_sum(name, found_value))
		return ERR_FILE_CORRUPT;
	*value = found_value;
	return ERR_OK;
}

static wfp_err write_total(struct store *s)
{
	struct sqlite3_stmt *st = s->statements[STORE_SET_TOTAL];
	int rc = sqlite3_bind_int64(st, 1, (int64_t)s->total.entries);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 2, (int64_t)s->total.sum);
	if (rc == SQLITE_OK)
		return store_sql_run(st);
	store_sql_reset(st);
	return store_sql_err(s->db, rc);
}

/* Everything that can fail, and the commit itself last. */
static wfp_err try_commit(struct store *s, bool copy)
{
	wfp_err err = s->doomed;

	if (!err && s->changed)
		err = write_total(s);
	if (!err && copy)
		err = store_copy_prepare(s);
	return err ? err : store_sql_run(s->statements[STORE_COMMIT]);
}

static void end_transaction(struct store *s)
{
	s->in_txn = false;
	s->changed = false;
	s->boot_changed = false;
	s->doomed = ERR_OK;
}

wfp_err store_commit(struct store *s)
{
	bool copy = s->boot_changed || s->boot_stale;
	wfp_err err;

	BUG_ON(!s->in_txn);
	err = try_commit(s, copy);
	if (err) {
		store_rollback(s);
		return err;
	}
	s->committed = s->total;
	if (copy)
		s->boot_stale = store_copy_publish(s) != ERR_OK;
	end_transaction(s);
	return ERR_OK;
}

void store_rollback(struct store *s)
{
	if (!s->in_txn)
		return;
	/* Prepared, it needs no memory; what is not in the log has never been. */
	if (!sqlite3_get_autocommit(s->db) && store_sql_run(s->statements[STORE_ROLLBACK]))
		log_warn("store: %s: a rollback was put off", s->path);
	s->total = s->committed;
	end_transaction(s);
}

wfp_err store_load(struct store *s, store_record_fn fn, void *ctx)
{
	struct sqlite3_stmt *st = s->statements[STORE_LOAD];
	struct store_record record;
	bool row = false;
	wfp_err err = store_sql_step(st, &row);

	while (!err && row) {
		err = store_row_read(st, &record);
		if (!err)
			err = fn(ctx, &record);
		if (!err)
			err = store_sql_step(st, &row);
	}
	store_sql_reset(st);
	return err;
}
