/* SPDX-License-Identifier: MIT */
/*
 * store_aside - puts a damaged store aside, for whoever wants to look at it later.
 *
 * The database is renamed first: a crash in the middle must not leave it in place without its log,
 * where it would pass for an older store.  The parts go to one number, also when a crash made two
 * openings of it.  Called while a store is opened, with the lock held and the database closed.
 */
#include "bfe/store_state.h"

#include "base/file.h"

#define NUMBER_MAX 100000u

static const char *const database_parts[] = {"", "-wal", "-journal", "-shm"};
static const char *const copy_parts[] = {".boot"};

struct parts {
	const char *const *suffixes;
	size_t count;
};

static struct parts parts_of(bool copy)
{
	return copy ? (struct parts){copy_parts, ARRAY_LEN(copy_parts)}
		    : (struct parts){database_parts, ARRAY_LEN(database_parts)};
}

static wfp_err names_of(const struct store *s, const char *suffix, uint32_t n, struct buf *from,
			struct buf *to)
{
	buf_reset(from);
	buf_reset(to);
	buf_printf(from, "%s%s", s->path, suffix);
	buf_printf(to, "%s.damaged-%u%s", s->path, n, suffix);
	return from->failed || to->failed ? ERR_NO_MEMORY : ERR_OK;
}

/* Free: for each part that is here, nothing is there. */
static wfp_err is_free(const struct store *s, struct parts parts, uint32_t n, bool *out)
{
	struct buf from = {0}, to = {0};
	wfp_err err = ERR_OK;

	*out = true;
	for (size_t i = 0; i < parts.count && !err; i++) {
		err = names_of(s, parts.suffixes[i], n, &from, &to);
		if (!err && file_exists(buf_str(&from)) && file_exists(buf_str(&to)))
			*out = false;
	}
	buf_free(&from);
	buf_free(&to);
	return err;
}

static wfp_err rename_parts(const struct store *s, struct parts parts, uint32_t n)
{
	struct buf from = {0}, to = {0};
	wfp_err err = ERR_OK;

	for (size_t i = 0; i < parts.count && !err; i++) {
		err = names_of(s, parts.suffixes[i], n, &from, &to);
		if (!err && file_exists(buf_str(&from)))
			err = file_rename(buf_str(&from), buf_str(&to));
	}
	buf_free(&from);
	buf_free(&to);
	return err;
}

wfp_err store_aside(const struct store *s, bool copy, uint32_t *out)
{
	struct parts parts = parts_of(copy);
	bool is = false;
	uint32_t n = 0;
	wfp_err err = ERR_OK;

	while (!err && !is && n < NUMBER_MAX)
		err = is_free(s, parts, ++n, &is);
	if (!err && !is)
		err = ERR_WIN32_ALREADY_EXISTS;
	if (!err)
		err = rename_parts(s, parts, n);
	if (!err)
		*out = n;
	return err;
}
