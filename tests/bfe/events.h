/* SPDX-License-Identifier: MIT */
/*
 * events - net events and conditions for the tests of the collection.
 */
#pragma once

#include "harness.h"

#include "bfe/netevents.h"
#include "model/catalogue.h"

/* Number n of a row of UDP drops, one nanosecond apart. */
static inline UNUSED struct model_netevent event_drop(uint64_t n)
{
	return (struct model_netevent){
		.time = 1000 + n,
		.type = MODEL_NETEVENT_CLASSIFY_DROP,
		.flags = MODEL_NETEVENT_HAS_IP_VERSION | MODEL_NETEVENT_HAS_PROTOCOL |
			 MODEL_NETEVENT_HAS_LOCAL_ADDRESS | MODEL_NETEVENT_HAS_REMOTE_ADDRESS |
			 MODEL_NETEVENT_HAS_LOCAL_PORT | MODEL_NETEVENT_HAS_REMOTE_PORT,
		.ip = MODEL_NETEVENT_V4,
		.protocol = 17,
		.local.v4 = 0x0a000001,
		.remote.v4 = 0x0a000002,
		.local_port = 1111,
		.remote_port = 53,
		.filter_id = n,
	};
}

static inline UNUSED void event_add(struct bfe_netevents *n, uint64_t number)
{
	const struct model_netevent e = event_drop(number);

	bfe_netevents_add(n, &e, 1);
}

static inline UNUSED struct model_condition event_condition(const char *field, unsigned match,
							    struct model_value value)
{
	return (struct model_condition){
		.field_key = *model_condition_key(field), .match = (uint8_t)match, .value = value};
}

static inline UNUSED struct model_value event_u8(uint8_t x)
{
	return (struct model_value){.type = MODEL_UINT8, .u8 = x};
}

static inline UNUSED struct model_value event_u16(uint16_t x)
{
	return (struct model_value){.type = MODEL_UINT16, .u16 = x};
}

static inline UNUSED struct model_value event_u32(uint32_t x)
{
	return (struct model_value){.type = MODEL_UINT32, .u32 = x};
}
