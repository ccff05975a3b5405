/* SPDX-License-Identifier: MIT */
/*
 * compare - comparing two values of one type.
 *
 * Called by the matcher for every packet: no state, no memory, any thread.
 */
#include "model/compare.h"

#include "model/sid.h"

#include <string.h>

static int order(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

static int order_signed(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

static int order_blobs(const struct model_blob *x, const struct model_blob *y)
{
	uint32_t n = x->size < y->size ? x->size : y->size;
	int c = n ? memcmp(x->data, y->data, n) : 0;

	return c ? c : order(x->size, y->size);
}

static int order_strings(const uint16_t *x, const uint16_t *y)
{
	while (*x && *x == *y) {
		x++;
		y++;
	}
	return order(*x, *y);
}

int model_value_compare(const struct model_value *x, const struct model_value *y)
{
	switch (x->type) {
	case MODEL_UINT8:
		return order(x->u8, y->u8);
	case MODEL_UINT16:
		return order(x->u16, y->u16);
	case MODEL_UINT32:
		return order(x->u32, y->u32);
	case MODEL_UINT64:
		return order(*x->u64, *y->u64);
	case MODEL_INT8:
		return order_signed(x->i8, y->i8);
	case MODEL_INT16:
		return order_signed(x->i16, y->i16);
	case MODEL_INT32:
		return order_signed(x->i32, y->i32);
	case MODEL_INT64:
		return order_signed(*x->i64, *y->i64);
	case MODEL_BYTE_ARRAY16_TYPE:
		return memcmp(x->bytes16, y->bytes16, sizeof(*x->bytes16));
	case MODEL_BYTE_BLOB_TYPE:
		return order_blobs(x->blob, y->blob);
	case MODEL_UNICODE_STRING_TYPE:
		return order_strings(x->wstr, y->wstr);
	default:
		return 0;
	}
}

bool model_value_equal(const struct model_value *x, const struct model_value *y)
{
	if (x->type != y->type)
		return false;
	switch (x->type) {
	case MODEL_FLOAT:
		return x->f32 == y->f32;
	case MODEL_DOUBLE:
		return *x->f64 == *y->f64;
	case MODEL_BYTE_ARRAY6_TYPE:
		return memcmp(x->bytes6, y->bytes6, sizeof(*x->bytes6)) == 0;
	case MODEL_SID:
		return sid_equal(x->sid, y->sid);
	default:
		return model_value_compare(x, y) == 0;
	}
}
