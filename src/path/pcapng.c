/* SPDX-License-Identifier: MIT */
/*
 * pcapng - the three kinds of block that openwfp writes, see pcapng.h.
 *
 *	block:  type | total length | body, padded to 4 bytes | total length
 *	option: code | length | value, padded to 4 bytes; code 0 ends the list
 *
 * A block is put together in memory and written at once.
 */
#include "path/pcapng.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <string.h>

enum block_type { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,
	OPTION_APPLICATION = 4,
	OPTION_TIME_RESOLUTION = 9
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define OPTION_MAX	 65535u
#define NANOSECONDS	 9u

struct pcapng {
	FILE *stream;
	struct buf block;
	uint32_t interfaces;
};

static void put16(struct buf *b, uint16_t v)
{
	buf_append(b, &v, sizeof(v));
}

static void put32(struct buf *b, uint32_t v)
{
	buf_append(b, &v, sizeof(v));
}

static void put_padding(struct buf *b)
{
	buf_append_zeros(b, (4 - b->len % 4) % 4);
}

/* A value too long for an option is cut, at the start of a UTF-8 character. */
static void put_option(struct buf *b, enum option code, const void *value, size_t len)
{
	if (len > OPTION_MAX) {
		len = OPTION_MAX;
		while (len > 0 && (((const uint8_t *)value)[len] & 0xc0) == 0x80)
			len--;
	}
	put16(b, (uint16_t)code);
	put16(b, (uint16_t)len);
	buf_append(b, value, len);
	put_padding(b);
}

static void put_text(struct buf *b, enum option code, const char *text)
{
	if (text && text[0])
		put_option(b, code, text, strlen(text));
}

static struct buf *begin_block(struct pcapng *w, enum block_type type)
{
	buf_reset(&w->block);
	put32(&w->block, (uint32_t)type);
	put32(&w->block, 0); /* the length, known at the end */
	return &w->block;
}

static wfp_err end_block(struct pcapng *w)
{
	struct buf *b = &w->block;
	uint32_t total = (uint32_t)b->len + 4;

	put32(b, total);
	if (buf_err(b))
		return buf_err(b);
	memcpy(b->data + 4, &total, sizeof(total));
	return fwrite(b->data, 1, b->len, w->stream) == b->len ? ERR_OK : ERR_DISK_FULL;
}

static wfp_err write_section(struct pcapng *w)
{
	struct buf *b = begin_block(w, BLOCK_SECTION);

	put32(b, BYTE_ORDER_MAGIC);
	put16(b, 1); /* version 1.0 */
	put16(b, 0);
	put32(b, UINT32_MAX); /* the section's length: not given */
	put32(b, UINT32_MAX);
	put_text(b, OPTION_APPLICATION, "openwfp " OPENWFP_VERSION);
	put_option(b, OPTION_END, "", 0);
	return end_block(w);
}

wfp_err pcapng_create(struct pcapng **out, const char *path)
{
	struct pcapng *w = mem_zalloc(sizeof(*w));
	wfp_err err, ignored;

	if (!w)
		return ERR_NO_MEMORY;
	buf_init(&w->block);
	err = file_open_stream(path, "wb", &w->stream);
	if (err)
		goto undo_alloc;
	err = write_section(w);
	if (err)
		goto undo_open;
	*out = w;
	return ERR_OK;
undo_open:
	ignored = file_close_stream(w->stream);
	(void)ignored;
undo_alloc:
	buf_free(&w->block);
	mem_free(w);
	return err;
}

wfp_err pcapng_interface(struct pcapng *w, uint16_t link_type, const char *name, uint32_t *id)
{
	const uint8_t resolution = NANOSECONDS;
	struct buf *b = begin_block(w, BLOCK_INTERFACE);
	wfp_err err;

	put16(b, link_type);
	put16(b, 0); /* reserved */
	put32(b, 0); /* no limit on the length of packets */
	put_text(b, OPTION_NAME, name);
	put_option(b, OPTION_TIME_RESOLUTION, &resolution, 1);
	put_option(b, OPTION_END, "", 0);
	err = end_block(w);
	if (!err)
		*id = w->interfaces++;
	return err;
}

wfp_err pcapng_write(struct pcapng *w, const struct pcapng_packet *packet)
{
	struct buf *b = begin_block(w, BLOCK_PACKET);

	put32(b, packet->interface);
	put32(b, (uint32_t)(packet->time >> 32));
	put32(b, (uint32_t)packet->time);
	put32(b, packet->head_len + packet->len);
	put32(b, packet->wire_len);
	buf_append(b, packet->head, packet->head_len);
	buf_append(b, packet->bytes, packet->len);
	put_padding(b);
	if (packet->comment && packet->comment[0]) {
		put_text(b, OPTION_COMMENT, packet->comment);
		put_option(b, OPTION_END, "", 0);
	}
	return end_block(w);
}

wfp_err pcapng_close(struct pcapng *w)
{
	wfp_err err;

	if (!w)
		return ERR_OK;
	err = file_close_stream(w->stream);
	buf_free(&w->block);
	mem_free(w);
	return err;
}
