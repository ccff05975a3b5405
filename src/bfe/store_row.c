/* SPDX-License-Identifier: MIT */
/*
 * store_row - one row of a table: bound, read, and checked by its checksum.
 *
 * SQLite notices a broken page; it does not notice a byte of a record that changed.  So each row
 * carries a checksum of all it says.  It is against accidents, not against attackers: its key is
 * no secret.  Called by the store's one thread.
 */
#include "bfe/store_row.h"

#include "base/hash.h"
#include "bfe/store_bytes.h"
#include "bfe/store_sql.h"

#include <sqlite3.h>

enum column { SEQ, KIND, KEY, LIFETIME, DATA, SD, SUM };

static const uint8_t data_key[16] = "openwfp data row";
static const uint8_t sd_key[16] = "openwfp desc row";
static const uint8_t row_key[16] = "openwfp head row";
static const uint8_t option_key[16] = "openwfp option r";

int64_t store_row_sum(int64_t seq, const struct store_record *record)
{
	uint8_t head[8 + 4 + STORE_KEY_SIZE + 4 + 8 + 1 + 8];
	uint64_t data = record->size ? hash_siphash(data_key, record->data, record->size) : 0;
	uint64_t sd = record->sd ? hash_siphash(sd_key, record->sd, record->sd_size) : 0;

	store_bytes_put(head, (uint64_t)seq, 8);
	store_bytes_put(head + 8, record->kind, 4);
	store_bytes_put_key(head + 12, &record->key);
	store_bytes_put(head + 28, record->lifetime, 4);
	store_bytes_put(head + 32, data, 8);
	head[40] = record->sd != NULL;
	store_bytes_put(head + 41, sd, 8);
	return (int64_t)hash_siphash(row_key, head, sizeof(head));
}

int64_t store_row_option_sum(const char *name, uint64_t value)
{
	uint8_t bytes[16];

	store_bytes_put(bytes, hash_siphash(option_key, name, strlen(name)), 8);
	store_bytes_put(bytes + 8, value, 8);
	return (int64_t)hash_siphash(option_key, bytes, sizeof(bytes));
}

/* No bytes are an empty blob, and never NULL. */
static int bind_bytes(struct sqlite3_stmt *st, int at, const void *data, size_t size)
{
	return size == 0 ? sqlite3_bind_zeroblob(st, at, 0)
			 : sqlite3_bind_blob64(st, at, data, size, SQLITE_STATIC);
}

wfp_err store_row_bind_key(struct sqlite3_stmt *st, int at, uint32_t kind, const struct guid *key)
{
	uint8_t bytes[STORE_KEY_SIZE];
	int rc = sqlite3_bind_int64(st, at, kind);

	store_bytes_put_key(bytes, key);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob(st, at + 1, bytes, sizeof(bytes), SQLITE_TRANSIENT);
	return store_sql_err(sqlite3_db_handle(st), rc);
}

wfp_err store_row_bind(struct sqlite3_stmt *st, int64_t seq, const struct store_record *record,
		       int64_t sum)
{
	wfp_err err = store_row_bind_key(st, 1 + KIND, record->kind, &record->key);
	int rc;

	if (err)
		return err;
	rc = sqlite3_bind_int64(st, 1 + SEQ, seq);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1 + LIFETIME, record->lifetime);
	if (rc == SQLITE_OK)
		rc = bind_bytes(st, 1 + DATA, record->data, record->size);
	if (rc == SQLITE_OK && record->sd)
		rc = bind_bytes(st, 1 + SD, record->sd, record->sd_size);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1 + SUM, sum);
	return store_sql_err(sqlite3_db_handle(st), rc);
}

/* SQLite gives NULL for a blob without bytes. */
static const void *bytes_or_empty(const void *bytes)
{
	return bytes ? bytes : "";
}

/* A function and a row of a SELECT both give their values as sqlite3_value, in the same order. */
static bool record_of(sqlite3_value *const *v, struct store_record *out)
{
	sqlite3_int64 kind = sqlite3_value_int64(v[KIND]);
	sqlite3_int64 lifetime = sqlite3_value_int64(v[LIFETIME]);
	const uint8_t *key = sqlite3_value_blob(v[KEY]);

	if (kind < 0 || kind > UINT32_MAX || !key ||
	    sqlite3_value_bytes(v[KEY]) != STORE_KEY_SIZE ||
	    (lifetime != STORE_PERSISTENT && lifetime != STORE_BOOTTIME))
		return false;
	*out = (struct store_record){
		.kind = (uint32_t)kind,
		.key = store_bytes_get_key(key),
		.lifetime = (uint32_t)lifetime,
		.data = bytes_or_empty(sqlite3_value_blob(v[DATA])),
		.size = (size_t)sqlite3_value_bytes(v[DATA]),
	};
	if (sqlite3_value_type(v[SD]) != SQLITE_NULL) {
		out->sd = bytes_or_empty(sqlite3_value_blob(v[SD]));
		out->sd_size = (size_t)sqlite3_value_bytes(v[SD]);
	}
	return true;
}

wfp_err store_row_read(struct sqlite3_stmt *st, struct store_record *out)
{
	sqlite3_value *values[SUM];
	struct store_record record;
	int64_t seq = sqlite3_column_int64(st, SEQ), sum = sqlite3_column_int64(st, SUM);

	for (int i = SEQ; i < SUM; i++)
		values[i] = sqlite3_column_value(st, i);
	if (!record_of(values, &record) || store_row_sum(seq, &record) != sum)
		return sqlite3_errcode(sqlite3_db_handle(st)) == SQLITE_NOMEM ? ERR_NO_MEMORY
									      : ERR_FILE_CORRUPT;
	*out = record;
	return ERR_OK;
}

static void record_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct store_record record;

	if (record_of(values, &record))
		sqlite3_result_int64(context,
				     store_row_sum(sqlite3_value_int64(values[SEQ]), &record));
	else
		sqlite3_result_error_code(context, SQLITE_CORRUPT);
}

static void option_sum(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *name = (const char *)sqlite3_value_text(values[0]);

	if (name)
		sqlite3_result_int64(
			context,
			store_row_option_sum(name, (uint64_t)sqlite3_value_int64(values[1])));
	else
		sqlite3_result_error_code(context, SQLITE_CORRUPT);
}

static void wrapsum_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	uint64_t *sum = sqlite3_aggregate_context(context, sizeof(*sum));

	if (sum)
		*sum += (uint64_t)sqlite3_value_int64(values[0]);
	else
		sqlite3_result_error_nomem(context);
}

static void wrapsum_final(sqlite3_context *context)
{
	const uint64_t *sum = sqlite3_aggregate_context(context, 0);

	sqlite3_result_int64(context, sum ? (int64_t)*sum : 0);
}

wfp_err store_row_functions(struct sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc =
		sqlite3_create_function(db, "record_sum", SUM, flags, NULL, record_sum, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "option_sum", 2, flags, NULL, option_sum, NULL,
					     NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "wrapsum", 1, flags, NULL, NULL, wrapsum_step,
					     wrapsum_final);
	return store_sql_err(db, rc);
}
