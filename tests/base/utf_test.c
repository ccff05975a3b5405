/* SPDX-License-Identifier: MIT */
/* Every character there and back, and what is none. */
#include "harness.h"

#include "base/utf.h"

static bool is_character(uint32_t c)
{
	return c < 0xd800 || (c >= 0xe000 && c < 0x110000);
}

TEST(every_character_survives_both_forms)
{
	for (uint32_t c = 0; c < 0x110000; c++) {
		uint8_t utf8[UTF8_MAX];
		uint16_t utf16[UTF16_MAX];
		const uint8_t *p = utf8;
		const uint16_t *q = utf16;
		unsigned n;

		if (!is_character(c))
			continue;
		n = utf8_put(utf8, c);
		CHECK_EQ_U(utf8_next(&p, utf8 + n), c);
		CHECK(p == utf8 + n);
		n = utf16_put(utf16, c);
		CHECK_EQ_U(utf16_next(&q, utf16 + n), c);
		CHECK(q == utf16 + n);
	}
}

/* All that two bytes, and three, can be: only what utf8_put makes is taken. */
TEST(only_the_shortest_form_is_taken)
{
	for (uint32_t x = 0; x < 1u << 24; x++) {
		uint8_t bytes[3] = {(uint8_t)(x >> 16), (uint8_t)(x >> 8), (uint8_t)x};
		uint8_t again[UTF8_MAX];
		const uint8_t *p = bytes;
		uint32_t c = utf8_next(&p, bytes + 3);

		if (c == UTF_BAD) {
			CHECK(p == bytes + 1);
			continue;
		}
		CHECK_EQ_U(utf8_put(again, c), p - bytes);
		CHECK(memcmp(again, bytes, (size_t)(p - bytes)) == 0);
	}
}

TEST(what_is_cut_or_beyond_unicode_is_bad)
{
	static const char *const bad[] = {"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
					  "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!utf8_valid(bad[i], strlen(bad[i])));
	CHECK(utf8_valid("a\xf0\x9f\x98\x80", 5));
	CHECK(!utf8_valid("a\0b", 3));
}

TEST(half_a_pair_is_bad)
{
	static const uint16_t units[] = {0xdc00, 0xd800, 'a', 0xd800};
	const uint16_t *p = units, *end = units + ARRAY_LEN(units);

	CHECK_EQ_U(utf16_next(&p, end), UTF_BAD);
	CHECK_EQ_U(utf16_next(&p, end), UTF_BAD);
	CHECK_EQ_U(utf16_next(&p, end), 'a');
	CHECK_EQ_U(utf16_next(&p, end), UTF_BAD);
	CHECK(p == end);
}
