/* SPDX-License-Identifier: MIT */
/*
 * store_schema - the tables, version by version: one row per step, never changed afterwards.
 *
 * A new store goes through the same steps as an old one, so each step is used every day.  Called
 * while a store is opened.
 */
#include "bfe/store_schema.h"

#include "bfe/store_sql.h"

#define APPLICATION_ID 1331119696 /* "OWFP" */

static const char *const steps[] = {
	/* 1: records in the order they were put, and named numbers. */
	"CREATE TABLE record (seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key BLOB NOT NULL,"
	" lifetime INTEGER NOT NULL, data BLOB NOT NULL, sd BLOB, UNIQUE (kind, key));"
	"CREATE TABLE option (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"PRAGMA application_id = 1331119696;"
	"PRAGMA user_version = 1;",

	/*
	 * 2: a changed byte is noticed by the sum of its row, a missing row by the total; boot-time
	 * records are found without reading the others.
	 */
	"ALTER TABLE record ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE option ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
	"UPDATE record SET sum = record_sum(seq, kind, key, lifetime, data, sd);"
	"UPDATE option SET sum = option_sum(name, value);"
	"CREATE TABLE total (entries INTEGER NOT NULL, sum INTEGER NOT NULL);"
	"INSERT INTO total SELECT count(*), wrapsum(sum) FROM"
	" (SELECT sum FROM record UNION ALL SELECT sum FROM option);"
	"CREATE INDEX record_boot ON record (seq) WHERE lifetime = 2;"
	"PRAGMA user_version = 2;",
};

STATIC_ASSERT(ARRAY_LEN(steps) == STORE_SCHEMA_VERSION, "the last step makes today's version");
STATIC_ASSERT(STORE_BOOTTIME == 2, "the steps say so in SQL");

wfp_err store_schema_version(struct sqlite3 *db, uint32_t *out)
{
	int64_t application = 0, version = 0, tables = 0, ours = 0;
	wfp_err err = store_sql_number(db, "PRAGMA application_id", &application);

	if (!err)
		err = store_sql_number(db, "PRAGMA user_version", &version);
	if (!err)
		err = store_sql_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (!err)
		err = store_sql_number(db,
				       "SELECT count(*) FROM sqlite_schema"
				       " WHERE name IN ('record', 'option')",
				       &ours);
	if (err)
		return err;
	if (application != APPLICATION_ID && tables > 0 && ours < 2)
		return ERR_BAD_FORMAT;
	/* With our tables and another's id it is ours and damaged. */
	if (version < 0 || application != APPLICATION_ID)
		version = 0;
	*out = (uint32_t)version;
	return ERR_OK;
}

wfp_err store_schema_migrate(struct sqlite3 *db, uint32_t from, uint32_t to)
{
	wfp_err err = ERR_OK;

	for (uint32_t v = from; v < to && !err; v++)
		err = store_sql_exec(db, steps[v]);
	return err;
}
