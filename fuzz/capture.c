/* SPDX-License-Identifier: MIT */
/*
 * capture - any bytes as a capture: read to its end, each packet found inside its frame and parsed.
 */
#include "fuzz.h"

#include "path/capture.h"
#include "stack/headers.h"

#include <stdio.h>

static void check_frame(const struct capture_frame *f, uint64_t number)
{
	struct headers h;

	BUG_ON(f->number != number);
	if (!f->ip)
		return;
	BUG_ON(f->ip < f->bytes || f->ip_len == 0);
	BUG_ON(f->ip_len > f->len || f->ip > f->bytes + f->len - f->ip_len);
	if (headers_parse(&h, f->ip, f->ip_len) == HEADERS_OK)
		BUG_ON(h.total_len > f->ip_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf why = {0};
	struct capture *c;
	struct capture_frame frame;
	FILE *stream;
	uint64_t number = 0;

	if (size == 0)
		return 0;
	stream = fmemopen((void *)(uintptr_t)data, size, "rb");
	if (!stream)
		return 0;
	if (capture_open_stream(&c, stream, "input", &why) == ERR_OK) {
		while (capture_next(c, &frame, &why) == ERR_OK)
			check_frame(&frame, ++number);
		capture_close(c);
	}
	buf_free(&why);
	return 0;
}
