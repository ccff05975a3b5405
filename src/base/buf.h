/* SPDX-License-Identifier: MIT */
/*
 * buf - a byte string that grows.
 *
 * Out of memory is sticky: appends after a failure do nothing, and the caller asks buf_err once at
 * the end.  The contents are always followed by a zero byte that does not count.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

/* Zeroed is a valid empty buffer. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool failed;
};

void buf_init(struct buf *b);
void buf_free(struct buf *b);

/* Empty again, error forgotten, memory kept. */
void buf_reset(struct buf *b);

void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_str(struct buf *b, const char *s);
void buf_append_byte(struct buf *b, uint8_t byte);
void buf_append_zeros(struct buf *b, size_t len);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Room for len more bytes at data + len; the caller adds to len what it wrote.  NULL: failed. */
MUST_CHECK uint8_t *buf_reserve(struct buf *b, size_t len);

/* Never NULL. */
const char *buf_str(const struct buf *b);

/* The contents as a block for mem_free; the buffer is empty afterwards.  NULL: no memory. */
MUST_CHECK char *buf_steal(struct buf *b);

MUST_CHECK wfp_err buf_err(const struct buf *b);
