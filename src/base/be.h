/* SPDX-License-Identifier: MIT */
/*
 * be - numbers in network byte order, at any address.
 *
 * What does not fit is cut off: callers pass sums and products as they come.  Any thread.
 */
#pragma once

#include "base/compiler.h"

static inline void be16_put(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void be32_put(uint8_t *at, uint32_t value)
{
	be16_put(at, value >> 16);
	be16_put(at + 2, value);
}
