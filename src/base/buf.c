/* SPDX-License-Identifier: MIT */
/*
 * buf - growing by doubling, with one byte more than asked for the final zero.
 */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CAP_MIN 64u

void buf_init(struct buf *b)
{
	*b = (struct buf){0};
}

void buf_free(struct buf *b)
{
	mem_free(b->data);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = 0;
}

static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap > 0 ? b->cap : CAP_MIN;
	uint8_t *data;

	while (cap < need)
		cap = cap <= SIZE_MAX / 2 ? cap * 2 : need;
	data = mem_realloc_array(b->data, cap, 1);
	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

uint8_t *buf_reserve(struct buf *b, size_t len)
{
	if (!b->failed && len >= SIZE_MAX - b->len)
		b->failed = true;
	if (!b->failed && b->len + len + 1 > b->cap && !grow(b, b->len + len + 1))
		b->failed = true;
	return b->failed ? NULL : b->data + b->len;
}

static void commit(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = 0;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
	uint8_t *to = buf_reserve(b, len);

	if (!to)
		return;
	if (len > 0)
		memcpy(to, data, len);
	commit(b, len);
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_append_byte(struct buf *b, uint8_t byte)
{
	buf_append(b, &byte, 1);
}

void buf_append_zeros(struct buf *b, size_t len)
{
	uint8_t *to = buf_reserve(b, len);

	if (!to)
		return;
	memset(to, 0, len);
	commit(b, len);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	uint8_t *to;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	BUG_ON(len < 0);
	to = buf_reserve(b, (size_t)len);
	if (!to)
		return;
	va_start(args, fmt);
	vsnprintf((char *)to, (size_t)len + 1, fmt, args);
	va_end(args);
	commit(b, (size_t)len);
}

/* What a caller wrote after buf_reserve may have left the end without its zero. */
const char *buf_str(const struct buf *b)
{
	if (!b->data)
		return "";
	b->data[b->len] = 0;
	return (const char *)b->data;
}

char *buf_steal(struct buf *b)
{
	char *data;

	if (!buf_reserve(b, 0))
		return NULL;
	commit(b, 0);
	data = (char *)b->data;
	buf_init(b);
	return data;
}

wfp_err buf_err(const struct buf *b)
{
	return b->failed ? ERR_NO_MEMORY : ERR_OK;
}
