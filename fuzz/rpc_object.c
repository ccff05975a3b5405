/* SPDX-License-Identifier: MIT */
/*
 * rpc_object - any bytes as a packed object, as a store or a client may hold them.
 *
 * What unpacks must pack again, and unpack to the same bytes once more.
 */
#include "fuzz.h"

#include "rpc/codec.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_object *o, *again;
	struct buf first = {0}, second = {0};

	if (rpc_object_unpack(data, size, &o))
		return 0;
	BUG_ON(rpc_object_pack(o, &first));
	BUG_ON(rpc_object_unpack(first.data, first.len, &again));
	BUG_ON(rpc_object_pack(again, &second));
	BUG_ON(first.len != second.len || memcmp(first.data, second.data, first.len) != 0);
	model_object_put(o);
	model_object_put(again);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
