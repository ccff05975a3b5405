/* SPDX-License-Identifier: MIT */
/*
 * store_boot - the copy of the boot-time records that needs no database to be read.
 */
#pragma once

#include "bfe/store.h"

#define STORE_BOOT_MAX (256u << 20) /* bytes of a copy */

/* Builds a copy: begin, any number of records, end.  Out of memory is found by the buffer. */
void store_boot_begin(struct buf *out);
void store_boot_add(struct buf *out, const struct store_record *record);
void store_boot_end(struct buf *out);

/* The checksum of size bytes, as the eight bytes that follow them in a copy. */
#define STORE_BOOT_SUM_SIZE 8u
void store_boot_sum(const uint8_t *data, size_t size, uint8_t sum[STORE_BOOT_SUM_SIZE]);

/*
 * All or none: fn is called when all the bytes were found good, and it may be NULL.  What the
 * records point at lies within data.
 */
MUST_CHECK wfp_err store_boot_parse(const uint8_t *data, size_t size, store_record_fn fn,
				    void *ctx);
