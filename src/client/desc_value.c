/* SPDX-License-Identifier: MIT */
/*
 * desc_value - values and conditions: one row for each member of their unions.
 *
 * A single value has no row for the three shapes of a set, so that a range of ranges is refused as
 * an enumerator that does not exist there.
 */
#include "client/desc_macros.h"

#define T SID_AND_ATTRIBUTES
static const struct convert_row sid_and_attributes_rows[] = {
	ROW_AS(sid, SID, Sid, REQUIRED),
	ROW_AS(attributes, U32, Attributes),
};
DESC_LOCAL(sid_and_attributes, sid_and_attributes);
#undef T

#define T FWP_TOKEN_INFORMATION
static const struct convert_row token_information_rows[] = {
	STRUCTS(sids, sidCount, sid_and_attributes),
	STRUCTS(restrictedSids, restrictedSidCount, sid_and_attributes),
};
DESC(token_information, token_information);
#undef T

#define SINGLE_VALUES                                                                              \
	ROW(U8, uint8, WHEN(type, FWP_UINT8)), ROW(U16, uint16, WHEN(type, FWP_UINT16)),           \
		ROW(U32, uint32, WHEN(type, FWP_UINT32)),                                          \
		ROW(U64_PTR, uint64, WHEN(type, FWP_UINT64), REQUIRED),                            \
		ROW(I8, int8, WHEN(type, FWP_INT8)), ROW(I16, int16, WHEN(type, FWP_INT16)),       \
		ROW(I32, int32, WHEN(type, FWP_INT32)),                                            \
		ROW(I64_PTR, int64, WHEN(type, FWP_INT64), REQUIRED),                              \
		ROW(FLOAT, float32, WHEN(type, FWP_FLOAT)),                                        \
		ROW(DOUBLE_PTR, double64, WHEN(type, FWP_DOUBLE), REQUIRED),                       \
		ROW(BYTES_PTR, byteArray16, .limit = 16, WHEN(type, FWP_BYTE_ARRAY16_TYPE),        \
		    REQUIRED),                                                                     \
		ROW(BLOB_PTR, byteBlob, WHEN(type, FWP_BYTE_BLOB_TYPE), REQUIRED),                 \
		ROW(SID, sid, WHEN(type, FWP_SID), REQUIRED),                                      \
		ROW(BLOB_PTR, sd, WHEN(type, FWP_SECURITY_DESCRIPTOR_TYPE), REQUIRED),             \
		POINTER(tokenInformation, desc_token_information,                                  \
			WHEN(type, FWP_TOKEN_INFORMATION_TYPE), REQUIRED),                         \
		ROW(BLOB_PTR, tokenAccessInformation,                                              \
		    WHEN(type, FWP_TOKEN_ACCESS_INFORMATION_TYPE), REQUIRED),                      \
		ROW(TEXT, unicodeString, WHEN(type, FWP_UNICODE_STRING_TYPE), REQUIRED),           \
		ROW(BYTES_PTR, byteArray6, .limit = 6, WHEN(type, FWP_BYTE_ARRAY6_TYPE), REQUIRED)

#define T FWP_VALUE0
static const struct convert_row value0_rows[] = {
	ENUM(type, FWP_BYTE_ARRAY6_TYPE + 1),
	SINGLE_VALUES,
};
DESC(value0, value);
#undef T

#define T FWP_RANGE0
static const struct convert_row range0_rows[] = {
	STRUCT(valueLow, desc_value0),
	STRUCT(valueHigh, desc_value0),
};
DESC(range0, range);
#undef T

#define T FWP_V4_ADDR_AND_MASK
static const struct convert_row v4_addr_and_mask_rows[] = {
	ROW(U32, addr),
	ROW(U32, mask),
};
DESC_LOCAL(v4_addr_and_mask, v4_addr_and_mask);
#undef T

#define T FWP_V6_ADDR_AND_MASK
static const struct convert_row v6_addr_and_mask_rows[] = {
	BYTES(addr),
	ROW(U8, prefixLength),
};
DESC_LOCAL(v6_addr_and_mask, v6_addr_and_mask);
#undef T

#define T FWP_CONDITION_VALUE0
static const struct convert_row condition_value0_rows[] = {
	ROW(DATA_TYPE, type),
	SINGLE_VALUES,
	POINTER(v4AddrMask, v4_addr_and_mask, WHEN(type, FWP_V4_ADDR_MASK), REQUIRED),
	POINTER(v6AddrMask, v6_addr_and_mask, WHEN(type, FWP_V6_ADDR_MASK), REQUIRED),
	POINTER(rangeValue, desc_range0, WHEN(type, FWP_RANGE_TYPE), REQUIRED),
};
DESC(condition_value0, value);
#undef T
