/* SPDX-License-Identifier: MIT */
/*
 * store_bytes - numbers and keys as the store writes them: little-endian, on every machine.
 */
#pragma once

#include "base/compiler.h"
#include "model/guid.h"

#include <string.h>

#define STORE_KEY_SIZE 16

static inline void store_bytes_put(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t store_bytes_get(const uint8_t *from, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)from[i] << 8 * i;
	return value;
}

static inline void store_bytes_put_key(uint8_t to[STORE_KEY_SIZE], const struct guid *key)
{
	store_bytes_put(to, key->a, 4);
	store_bytes_put(to + 4, key->b, 2);
	store_bytes_put(to + 6, key->c, 2);
	memcpy(to + 8, key->d, 8);
}

static inline struct guid store_bytes_get_key(const uint8_t from[STORE_KEY_SIZE])
{
	struct guid key = {
		.a = (uint32_t)store_bytes_get(from, 4),
		.b = (uint16_t)store_bytes_get(from + 4, 2),
		.c = (uint16_t)store_bytes_get(from + 6, 2),
	};

	memcpy(key.d, from + 8, 8);
	return key;
}
