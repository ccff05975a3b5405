/* SPDX-License-Identifier: MIT */
/*
 * value - one typed value, as a layer indicates it and as a condition compares it.
 *
 * The layout is that of FWP_VALUE0 and FWP_CONDITION_VALUE0 on 64-bit Windows (a 32-bit type, then
 * eight bytes of union), so that the driver border passes arrays of values through without a copy;
 * src/ntshim asserts that the two agree.  Numbers and addresses are in host order; 64-bit numbers
 * and everything longer are pointed to.  A value never owns what it points to: whoever keeps a
 * value beyond the call that showed it copies it with model_value_copy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"

/* The data types of FWP_DATA_TYPE, from the generated table. */
enum model_type {
#define DATA_TYPE(name, value) MODEL_##name = (value),
#include "model/tables/types.def"
#undef DATA_TYPE
};

/* The thirteen match types of FWP_MATCH_TYPE. */
enum model_match {
#define MATCH(name, value) MODEL_MATCH_##name = (value),
#include "model/tables/matches.def"
#undef MATCH
	MODEL_MATCHES
};

struct model_blob {
	uint32_t size; /* bytes */
	uint8_t *data;
};

struct model_bytes16 {
	uint8_t b[16];
};

struct model_bytes6 {
	uint8_t b[6];
};

struct model_v4_mask {
	uint32_t addr, mask; /* host order */
};

struct model_v6_mask {
	uint8_t addr[16];
	uint8_t prefix; /* 0 to 128 */
};

struct model_range;

struct model_value {
	uint32_t type; /* enum model_type */
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		int8_t i8;
		int16_t i16;
		int32_t i32;
		float f32;
		const uint64_t *u64;
		const int64_t *i64;
		const double *f64;
		const struct model_bytes16 *bytes16;
		const struct model_bytes6 *bytes6;
		const struct model_blob *blob;	    /* also security descriptors and token access */
		const void *sid;		    /* a binary SID */
		const void *token;		    /* FWP_TOKEN_INFORMATION */
		const uint16_t *wstr;		    /* UTF-16, NUL-terminated */
		const struct model_v4_mask *v4mask; /* conditions only */
		const struct model_v6_mask *v6mask; /* conditions only */
		const struct model_range *range;    /* conditions only */
		uint64_t raw;
	};
};
STATIC_ASSERT(sizeof(struct model_value) == 16, "the driver border relies on this layout");

struct model_range {
	struct model_value low, high; /* inclusive */
};

/* Deep copy; the result is freed with model_value_clear.  No memory: out is left FWP_EMPTY. */
MUST_CHECK wfp_err model_value_copy(struct model_value *out, const struct model_value *in);
void model_value_clear(struct model_value *v);

const char *model_type_name(enum model_type type);    /* "FWP_UINT32"; NULL: no such type */
const char *model_match_name(enum model_match match); /* "FWP_MATCH_EQUAL"; NULL: none */
