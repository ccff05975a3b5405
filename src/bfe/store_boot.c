/* SPDX-License-Identifier: MIT */
/*
 * store_boot - the copy of the boot-time records: writing and reading its bytes.
 *
 *   "OWFPBOOT", version u32, count u32,
 *   count times: kind u32, key 16 bytes, size u32, sd_size u32 (all ones: none), data, sd
 *   checksum u64 of everything before it
 *
 * The checksum is against accidents; who may write the file may write any policy.  Yet the reader
 * bears any bytes, because it runs at boot, when nobody is there to help.  Called by the store's
 * one thread, and at boot.
 */
#include "bfe/store_boot.h"

#include "base/file.h"
#include "base/hash.h"
#include "bfe/store_bytes.h"

#define MAGIC	    "OWFPBOOT"
#define MAGIC_SIZE  8u
#define VERSION	    1u
#define HEADER_SIZE (MAGIC_SIZE + 4 + 4)
#define COUNT_AT    (MAGIC_SIZE + 4)
#define ROW_SIZE    (4 + STORE_KEY_SIZE + 4 + 4)
#define NO_SD	    UINT32_MAX

static const uint8_t sum_key[16] = "openwfp boot set";

static void append(struct buf *out, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	store_bytes_put(bytes, value, size);
	buf_append(out, bytes, size);
}

void store_boot_begin(struct buf *out)
{
	buf_append(out, MAGIC, MAGIC_SIZE);
	append(out, VERSION, 4);
	append(out, 0, 4);
}

void store_boot_add(struct buf *out, const struct store_record *record)
{
	uint8_t key[STORE_KEY_SIZE];

	store_bytes_put_key(key, &record->key);
	append(out, record->kind, 4);
	buf_append(out, key, sizeof(key));
	append(out, record->size, 4);
	append(out, record->sd ? record->sd_size : NO_SD, 4);
	buf_append(out, record->data, record->size);
	buf_append(out, record->sd, record->sd ? record->sd_size : 0);
	if (!out->failed)
		store_bytes_put(out->data + COUNT_AT, store_bytes_get(out->data + COUNT_AT, 4) + 1,
				4);
}

void store_boot_sum(const uint8_t *data, size_t size, uint8_t sum[STORE_BOOT_SUM_SIZE])
{
	store_bytes_put(sum, hash_siphash(sum_key, data, size), STORE_BOOT_SUM_SIZE);
}

void store_boot_end(struct buf *out)
{
	uint8_t sum[STORE_BOOT_SUM_SIZE];

	if (out->failed)
		return;
	store_boot_sum(out->data, out->len, sum);
	buf_append(out, sum, sizeof(sum));
}

struct reader {
	const uint8_t *at;
	size_t left;
};

static const uint8_t *take(struct reader *r, size_t size)
{
	const uint8_t *at = r->at;

	if (r->left < size)
		return NULL;
	r->at += size;
	r->left -= size;
	return at;
}

static bool read_record(struct reader *r, struct store_record *out)
{
	const uint8_t *row = take(r, ROW_SIZE);
	uint32_t sd_size;

	if (!row)
		return false;
	sd_size = (uint32_t)store_bytes_get(row + 8 + STORE_KEY_SIZE, 4);
	*out = (struct store_record){
		.kind = (uint32_t)store_bytes_get(row, 4),
		.key = store_bytes_get_key(row + 4),
		.lifetime = STORE_BOOTTIME,
		.size = (size_t)store_bytes_get(row + 4 + STORE_KEY_SIZE, 4),
		.sd_size = sd_size == NO_SD ? 0 : sd_size,
	};
	if (out->size > STORE_RECORD_MAX || out->sd_size > STORE_RECORD_MAX)
		return false;
	out->data = take(r, out->size);
	if (!out->data)
		return false;
	if (sd_size != NO_SD)
		out->sd = take(r, sd_size);
	return sd_size == NO_SD || out->sd;
}

static wfp_err read_records(struct reader r, uint32_t count, store_record_fn fn, void *ctx)
{
	struct store_record record;
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < count && !err; i++) {
		if (!read_record(&r, &record))
			return ERR_FILE_CORRUPT;
		err = fn ? fn(ctx, &record) : ERR_OK;
	}
	return !err && r.left > 0 ? ERR_FILE_CORRUPT : err;
}

wfp_err store_boot_parse(const uint8_t *data, size_t size, store_record_fn fn, void *ctx)
{
	uint8_t sum[STORE_BOOT_SUM_SIZE];
	struct reader r;
	uint32_t count;
	wfp_err err;

	if (size < HEADER_SIZE + STORE_BOOT_SUM_SIZE || memcmp(data, MAGIC, MAGIC_SIZE) != 0)
		return ERR_FILE_CORRUPT;
	store_boot_sum(data, size - STORE_BOOT_SUM_SIZE, sum);
	if (memcmp(data + size - STORE_BOOT_SUM_SIZE, sum, sizeof(sum)) != 0)
		return ERR_FILE_CORRUPT;
	if (store_bytes_get(data + MAGIC_SIZE, 4) != VERSION)
		return ERR_NOT_SUPPORTED;
	count = (uint32_t)store_bytes_get(data + COUNT_AT, 4);
	r = (struct reader){data + HEADER_SIZE, size - HEADER_SIZE - STORE_BOOT_SUM_SIZE};
	err = read_records(r, count, NULL, NULL);
	return err || !fn ? err : read_records(r, count, fn, ctx);
}

wfp_err store_load_boot(const char *path, store_record_fn fn, void *ctx)
{
	struct buf name = {0}, bytes = {0};
	wfp_err err;

	buf_printf(&name, "%s.boot", path);
	err = buf_err(&name);
	if (!err)
		err = file_read_all(buf_str(&name), STORE_BOOT_MAX, &bytes);
	if (err == ERR_INSUFFICIENT_BUFFER)
		err = ERR_FILE_CORRUPT;
	if (!err)
		err = store_boot_parse(bytes.data, bytes.len, fn, ctx);
	buf_free(&bytes);
	buf_free(&name);
	return err;
}
