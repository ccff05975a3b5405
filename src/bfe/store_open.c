/* SPDX-License-Identifier: MIT */
/*
 * store_open - opens a store: makes it, migrates it, or puts a damaged one aside and makes another.
 *
 * A new database is made whole under the name PATH-new, the boot-time records of PATH.boot in it,
 * and then renamed: a file called PATH that lacks anything is damaged.  So a crash at any moment,
 * even between putting a damaged store aside and making the next, loses no boot-time record.
 * Nothing but ERR_FILE_CORRUPT is damage; on every other error the files stay as they are.  Called
 * by the store's one thread.
 */
#include "bfe/store_state.h"

#include "base/file.h"
#include "base/mem.h"
#include "bfe/store_row.h"
#include "bfe/store_schema.h"
#include "bfe/store_sql.h"

#include <sqlite3.h>
#include <string.h>

wfp_err store_path(const struct store *s, const char *suffix, struct buf *out)
{
	buf_printf(out, "%s%s", s->path, suffix);
	return buf_err(out);
}

/*
 * Nobody else shares the file, so the log's index is plain memory; each commit waits for the disk.
 * The log's file shrinks again after a large transaction.  The empty transaction takes the lock.
 */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA cell_size_check = ON;"
			       "PRAGMA trusted_schema = OFF;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA journal_mode = WAL;"
			       "PRAGMA journal_size_limit = 16777216;"
			       "PRAGMA synchronous = FULL;"
			       "BEGIN IMMEDIATE;"
			       "COMMIT;";

static wfp_err open_database(struct store *s, const char *path)
{
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!s->db)
		return ERR_NO_MEMORY;
	sqlite3_extended_result_codes(s->db, 1);
	if (rc != SQLITE_OK)
		return store_sql_err(s->db, rc);
	return store_row_functions(s->db);
}

/* keep: the log stays as it is, because it is evidence. */
static void close_database(struct store *s, bool keep)
{
	store_detach(s);
	if (s->db && keep)
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	sqlite3_close(s->db);
	s->db = NULL;
}

static wfp_err migrate(struct store *s, uint32_t from)
{
	wfp_err err = store_sql_exec(s->db, "BEGIN IMMEDIATE");

	if (!err)
		err = store_schema_migrate(s->db, from, STORE_SCHEMA_VERSION);
	if (!err)
		err = store_sql_exec(s->db, "COMMIT");
	return err;
}

static wfp_err check_version(struct store *s, uint32_t *version, struct buf *why)
{
	wfp_err err = store_schema_version(s->db, version);

	if (err == ERR_BAD_FORMAT)
		buf_append_str(why, "it is a database of another program");
	if (err)
		return err;
	if (*version == 0) {
		buf_append_str(why, "its tables are missing");
		return ERR_FILE_CORRUPT;
	}
	if (*version > STORE_SCHEMA_VERSION) {
		buf_printf(why, "it is of version %u, and %u is the newest known here", *version,
			   STORE_SCHEMA_VERSION);
		return ERR_NOT_SUPPORTED;
	}
	return ERR_OK;
}

/*
 * The check reports as a finding also that it could not get a page: for lack of memory, or because
 * the device failed.  Reading everything tells which; a device fails again.
 */
static wfp_err judge_finding(struct store *s, const char *finding)
{
	wfp_err err;

	if (!strstr(finding, "to get page") && !strstr(finding, "to get the page"))
		return ERR_FILE_CORRUPT;
	err = store_sql_exec(
		s->db, "SELECT count(record_sum(seq, kind, key, lifetime, data, sd)) FROM record");
	return err ? err : ERR_NO_MEMORY;
}

static wfp_err check_pages(struct store *s, struct buf *why)
{
	struct buf said = {0};
	wfp_err err = store_sql_text(s->db, "PRAGMA integrity_check(1)", &said);

	if (!err && strcmp(buf_str(&said), "ok") != 0) {
		buf_append_str(why, buf_str(&said));
		err = judge_finding(s, buf_str(&said));
	}
	buf_free(&said);
	return err;
}

/* The database at PATH, as it is; `why` gets what is wrong with it. */
static wfp_err open_existing(struct store *s, struct store_opened *how, struct buf *why)
{
	uint32_t version = 0;
	wfp_err err = open_database(s, s->path);

	if (!err)
		err = store_sql_exec(s->db, settings);
	if (!err)
		err = check_version(s, &version, why);
	if (!err)
		err = check_pages(s, why);
	if (!err && version < STORE_SCHEMA_VERSION) {
		how->found = STORE_MIGRATED;
		how->version = version;
		err = migrate(s, version);
	}
	if (!err) {
		err = store_attach(s);
		if (err == ERR_FILE_CORRUPT)
			buf_append_str(why, "a record is not what was written, or is missing");
	}
	if (err && why->len == 0 && s->db)
		buf_append_str(why, sqlite3_errmsg(s->db));
	return err;
}

struct taken_over {
	struct store *s;
	uint32_t count;
};

static wfp_err take_over(void *ctx, const struct store_record *record)
{
	struct taken_over *t = ctx;

	t->count++;
	return store_put(t->s, record);
}

/* The boot-time records of PATH.boot into a database that has none yet. */
static wfp_err fill_from_copy(struct store *s, struct store_opened *how)
{
	struct taken_over t = {.s = s};
	uint32_t aside;
	wfp_err err = store_load_boot(s->path, take_over, &t);

	if (err == ERR_FILE_NOT_FOUND)
		return ERR_OK;
	if (err == ERR_FILE_CORRUPT) {
		how->boot_lost = true;
		return store_aside(s, true, &aside);
	}
	if (!err)
		how->recovered = t.count;
	return err;
}

/* Complete, and all of it in the one file that will be renamed. */
static wfp_err fill_new(struct store *s, const char *path, struct store_opened *how)
{
	wfp_err err = open_database(s, path);

	if (!err)
		err = store_sql_exec(s->db, settings);
	if (!err)
		err = migrate(s, 0);
	if (!err)
		err = store_attach(s);
	if (!err)
		err = store_begin(s);
	if (!err)
		err = fill_from_copy(s, how);
	if (!err)
		err = store_commit(s);
	if (!err)
		err = store_sql_err(s->db, sqlite3_wal_checkpoint_v2(s->db, NULL,
								     SQLITE_CHECKPOINT_TRUNCATE,
								     NULL, NULL));
	store_rollback(s);
	close_database(s, false);
	return err;
}

/* What an opening that was cut short has left. */
static wfp_err remove_leftovers(struct store *s)
{
	static const char *const suffixes[] = {"-new", "-new-wal", "-new-journal"};
	struct buf name = {0};
	wfp_err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(suffixes) && !err; i++) {
		buf_reset(&name);
		err = store_path(s, suffixes[i], &name);
		if (!err)
			err = file_remove(buf_str(&name));
	}
	buf_free(&name);
	return err;
}

/* There is no PATH; but there may be a log of one, which must not meet the new database. */
static wfp_err make_new(struct store *s, struct store_opened *how)
{
	struct buf path = {0};
	uint32_t unused;
	wfp_err err = store_path(s, "-new", &path);

	if (!err)
		err = store_aside(s, false, &unused);
	if (!err)
		err = remove_leftovers(s);
	if (!err)
		err = file_write_durable(buf_str(&path), "", 0, 0600);
	if (!err)
		err = fill_new(s, buf_str(&path), how);
	if (!err)
		err = file_rename(buf_str(&path), s->path);
	buf_free(&path);
	return err;
}

static void tell_damage(const struct store *s, const struct store_opened *how,
			const struct buf *reason, struct buf *why)
{
	buf_printf(why, "%s is damaged (%s); it was put aside as %s.damaged-%u, and ", s->path,
		   buf_str(reason), s->path, how->aside);
	if (how->boot_lost)
		buf_printf(why, "the boot-time set in %s.boot is damaged too", s->path);
	else
		buf_printf(why, "%u boot-time records were taken from %s.boot", how->recovered,
			   s->path);
}

static wfp_err replace_damaged(struct store *s, struct store_opened *how, const struct buf *reason,
			       struct buf *why)
{
	wfp_err err;

	close_database(s, true);
	*how = (struct store_opened){.found = STORE_DAMAGED};
	err = store_aside(s, false, &how->aside);
	if (!err)
		err = make_new(s, how);
	if (!err)
		tell_damage(s, how, reason, why);
	return err;
}

static wfp_err open_or_make(struct store *s, struct store_opened *how, struct buf *why)
{
	struct buf reason = {0};
	wfp_err err = ERR_OK;

	if (!file_exists(s->path)) {
		how->found = STORE_FRESH;
		err = make_new(s, how);
	}
	if (!err)
		err = open_existing(s, how, &reason);
	if (err == ERR_FILE_CORRUPT && s->db) {
		err = replace_damaged(s, how, &reason, why);
		buf_reset(&reason);
		if (!err)
			err = open_existing(s, how, &reason);
	}
	if (err)
		buf_printf(why, "%s cannot be opened: %s", s->path,
			   reason.len > 0 ? buf_str(&reason) : err_text(err));
	buf_free(&reason);
	return err;
}

/* A copy that cannot be written is no reason to run without the policy. */
static wfp_err refresh_copy(struct store *s, struct store_opened *how, struct buf *why)
{
	wfp_err err = store_copy_refresh(s);

	if (!err || err == ERR_NO_MEMORY)
		return err;
	s->boot_stale = true;
	how->boot_stale = true;
	buf_printf(why, "%s%s.boot cannot be written: %s", why->len > 0 ? "; " : "", s->path,
		   err_text(err));
	return ERR_OK;
}

static wfp_err make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	wfp_err err = ERR_OK;

	if (!slash || slash == path)
		return ERR_OK;
	dir = mem_dup(path, (size_t)(slash - path) + 1);
	if (!dir)
		return ERR_NO_MEMORY;
	dir[slash - path] = 0;
	if (!file_exists(dir)) {
		err = file_mkdir(dir, 0700);
		if (!err)
			err = file_sync_parent(dir);
	}
	mem_free(dir);
	return err;
}

static wfp_err take_lock(struct store *s, struct buf *why)
{
	struct buf path = {0};
	wfp_err err = make_directory(s->path);

	if (!err)
		err = store_path(s, ".lock", &path);
	if (!err)
		err = file_lock_take(buf_str(&path), &s->lock);
	if (err == ERR_SHARING_VIOLATION)
		buf_printf(why, "%s is in use by another process", s->path);
	else if (err)
		buf_printf(why, "%s cannot be opened: %s", s->path, err_text(err));
	buf_free(&path);
	return err;
}

wfp_err store_open(struct store **out, const char *path, struct store_opened *how, struct buf *why)
{
	struct store *s = mem_zalloc(sizeof(*s));
	struct store_opened found = {.found = STORE_AS_LEFT};
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	s->lock = -1;
	s->path = mem_strdup(path);
	err = s->path ? take_lock(s, why) : ERR_NO_MEMORY;
	if (!err)
		err = open_or_make(s, &found, why);
	if (!err)
		err = refresh_copy(s, &found, why);
	if (err) {
		store_close(s);
		return err;
	}
	*how = found;
	*out = s;
	return ERR_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_rollback(s);
	close_database(s, false);
	if (s->lock >= 0)
		file_lock_drop(s->lock);
	mem_free(s->path);
	mem_free(s);
}
