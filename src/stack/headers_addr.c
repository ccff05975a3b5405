/* SPDX-License-Identifier: MIT */
/*
 * headers_addr - the addresses inside struct headers: reading, writing, classes, values for a
 * layer.
 *
 * Thread: any.
 */
#include "stack/headers.h"

#include <string.h>

uint32_t headers_addr_size(uint8_t version)
{
	return version == 4 ? 4 : 16;
}

union headers_addr headers_addr_read(uint8_t version, const uint8_t *bytes)
{
	union headers_addr addr = {.words = {0, 0}};

	if (version == 4)
		addr.v4 = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			  (uint32_t)bytes[2] << 8 | bytes[3];
	else
		memcpy(addr.v6.b, bytes, sizeof(addr.v6.b));
	return addr;
}

void headers_addr_write(uint8_t version, const union headers_addr *addr, uint8_t *bytes)
{
	if (version == 4)
		for (unsigned i = 0; i < 4; i++)
			bytes[i] = (uint8_t)(addr->v4 >> (24 - 8 * i));
	else
		memcpy(bytes, addr->v6.b, sizeof(addr->v6.b));
}

struct model_value headers_addr_value(uint8_t version, const union headers_addr *addr)
{
	struct model_value value = {.type = MODEL_UINT32};

	if (version == 4) {
		value.u32 = addr->v4;
		return value;
	}
	value.type = MODEL_BYTE_ARRAY16_TYPE;
	value.bytes16 = &addr->v6;
	return value;
}

bool headers_addr_is_multicast(uint8_t version, const union headers_addr *addr)
{
	return version == 4 ? addr->v4 >> 28 == 14 : addr->v6.b[0] == 0xff;
}

bool headers_addr_is_broadcast(uint8_t version, const union headers_addr *addr)
{
	return version == 4 && addr->v4 == UINT32_MAX;
}

bool headers_addr_is_loopback(uint8_t version, const union headers_addr *addr)
{
	static const struct model_bytes16 one = {{[15] = 1}};

	if (version == 4)
		return addr->v4 >> 24 == 127;
	return memcmp(&addr->v6, &one, sizeof(one)) == 0;
}

bool headers_addr_is_link_local(uint8_t version, const union headers_addr *addr)
{
	if (version == 4)
		return addr->v4 >> 16 == 0xa9fe;
	return addr->v6.b[0] == 0xfe && (addr->v6.b[1] & 0xc0) == 0x80;
}

bool headers_addr_is_unspecified(const union headers_addr *addr)
{
	return addr->words[0] == 0 && addr->words[1] == 0;
}
