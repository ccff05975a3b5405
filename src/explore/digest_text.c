/* SPDX-License-Identifier: MIT */
/*
 * digest_text - digests as people write them; without libcrypto, so that readers of traces are
 * tested without it.
 */
#include "explore/digest.h"

void digest_print(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < DIGEST_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * DIGEST_SIZE] = '\0';
}

static int value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(const char *text, size_t len, uint8_t out[DIGEST_SIZE])
{
	if (len != 2 * DIGEST_SIZE)
		return false;
	for (unsigned i = 0; i < DIGEST_SIZE; i++) {
		int high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
