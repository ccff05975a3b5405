/* SPDX-License-Identifier: MIT */
/*
 * store_copy - keeps PATH.boot what the database says.
 *
 * The new copy is on the disk under another name before the database commits, so that a full disk
 * fails the commit and not the copy; after the commit it is only renamed.  A crash between the two
 * leaves the old copy, which the next opening replaces.  Called by the store's one thread.
 */
#include "bfe/store_state.h"

#include "base/file.h"
#include "bfe/store_boot.h"
#include "bfe/store_row.h"
#include "bfe/store_sql.h"

#include <string.h>

static wfp_err collect(struct store *s, struct buf *out)
{
	struct sqlite3_stmt *st = s->statements[STORE_LOAD_BOOT];
	struct store_record record;
	bool row = false;
	wfp_err err;

	store_boot_begin(out);
	err = store_sql_step(st, &row);
	while (!err && row) {
		err = store_row_read(st, &record);
		if (!err)
			store_boot_add(out, &record);
		if (!err)
			err = store_sql_step(st, &row);
	}
	store_sql_reset(st);
	store_boot_end(out);
	if (!err)
		err = buf_err(out);
	return !err && out->len > STORE_BOOT_MAX ? ERR_ARITHMETIC_OVERFLOW : err;
}

static wfp_err write_next(const struct store *s, const struct buf *bytes)
{
	struct buf next = {0};
	wfp_err err = store_path(s, ".boot-next", &next);

	if (!err)
		err = file_write_durable(buf_str(&next), bytes->data, bytes->len, 0600);
	buf_free(&next);
	return err;
}

wfp_err store_copy_prepare(struct store *s)
{
	struct buf bytes = {0};
	wfp_err err = collect(s, &bytes);

	if (!err)
		err = write_next(s, &bytes);
	buf_free(&bytes);
	return err;
}

wfp_err store_copy_publish(struct store *s)
{
	struct buf from = {0}, to = {0};
	wfp_err err = store_path(s, ".boot-next", &from);

	if (!err)
		err = store_path(s, ".boot", &to);
	if (!err)
		err = file_rename(buf_str(&from), buf_str(&to));
	buf_free(&from);
	buf_free(&to);
	return err;
}

/* What cannot be read is not the same. */
static wfp_err is_current(const struct store *s, const struct buf *bytes, bool *current)
{
	struct buf path = {0}, found = {0};
	wfp_err err = store_path(s, ".boot", &path);

	*current = !err && file_read_all(buf_str(&path), bytes->len, &found) == ERR_OK &&
		   found.len == bytes->len && memcmp(found.data, bytes->data, found.len) == 0;
	buf_free(&path);
	buf_free(&found);
	return err;
}

wfp_err store_copy_refresh(struct store *s)
{
	struct buf bytes = {0};
	bool current = false;
	wfp_err err = collect(s, &bytes);

	if (!err)
		err = is_current(s, &bytes, &current);
	if (!err && !current) {
		err = write_next(s, &bytes);
		if (!err)
			err = store_copy_publish(s);
	}
	buf_free(&bytes);
	return err;
}
