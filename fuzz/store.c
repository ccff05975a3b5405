/* SPDX-License-Identifier: MIT */
/*
 * store - any bytes as the copy of the boot-time set: all of its records lie inside, or none is
 * given.  The checksum would keep the fuzzer out, so the last eight bytes are made right first; the
 * first byte says whether.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "bfe/store_boot.h"

#include <string.h>

struct bounds {
	const uint8_t *data;
	size_t size;
	struct buf again;
};

static bool is_inside(const struct bounds *b, const void *at, size_t size)
{
	const uint8_t *p = at;

	return p >= b->data && size <= b->size && p <= b->data + b->size - size;
}

static wfp_err check_record(void *ctx, const struct store_record *record)
{
	struct bounds *b = ctx;

	BUG_ON(record->lifetime != STORE_BOOTTIME);
	BUG_ON(!is_inside(b, record->data, record->size));
	BUG_ON(record->sd && !is_inside(b, record->sd, record->sd_size));
	BUG_ON(!record->sd && record->sd_size > 0);
	store_boot_add(&b->again, record);
	return ERR_OK;
}

/* What was read, written again, is the same. */
static void check_bytes(const uint8_t *data, size_t size)
{
	struct bounds b = {data, size, {0}};

	store_boot_begin(&b.again);
	if (store_boot_parse(data, size, check_record, &b) == ERR_OK) {
		store_boot_end(&b.again);
		BUG_ON(b.again.failed || b.again.len != size);
		BUG_ON(memcmp(b.again.data, data, size) != 0);
	}
	buf_free(&b.again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < 1 + STORE_BOOT_SUM_SIZE)
		return 0;
	copy = mem_dup(data + 1, size - 1);
	if (!copy)
		return 0;
	size -= 1 + STORE_BOOT_SUM_SIZE;
	if (data[0] & 1)
		store_boot_sum(copy, size, copy + size);
	check_bytes(copy, size + STORE_BOOT_SUM_SIZE);
	mem_free(copy);
	return 0;
}
