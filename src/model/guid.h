/* SPDX-License-Identifier: MIT */
/*
 * guid - the key of every object of the platform; layout as GUID on Windows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

#define GUID_TEXT 39 /* "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}" and the NUL */

bool guid_equal(const struct guid *x, const struct guid *y);
bool guid_is_zero(const struct guid *g);
bool guid_parse(struct guid *out, const char *text);	       /* with or without braces */
char *guid_format(const struct guid *g, char text[GUID_TEXT]); /* lower case, with braces */
struct guid guid_random(void);				       /* version 4 */
