/* SPDX-License-Identifier: MIT */
/*
 * client_reply - any bytes as what an engine answers to a program.
 *
 * The first byte chooses the struct, the rest is its message.  What can be read into the struct is
 * written again, and what could be written must be readable.
 */
#include "fuzz.h"

#include "client/desc.h"
#include "rpc/codec.h"

#include "rpc/wfp.pb-c.h"

static const struct convert_desc *const all[] = {
#define ROW_OF_ALL(name) &desc_##name,
	DESC_LIST(ROW_OF_ALL)
#undef ROW_OF_ALL
};

static void read_and_write(const struct convert_desc *desc, const ProtobufCMessage *message,
			   struct arena *a)
{
	void *api = arena_zalloc(a, 1, desc->size);
	ProtobufCMessage *again;
	wfp_err err;

	if (!api || convert_from_message(desc, message, a, api))
		return;
	if (convert_to_message(desc, api, a, &again))
		return;
	err = convert_from_message(desc, again, a, api);
	BUG_ON(err && err != ERR_NO_MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct convert_desc *desc;
	ProtobufCMessage *message;
	struct arena a;

	if (size < 1)
		return 0;
	desc = all[data[0] % ARRAY_LEN(all)];
	arena_init(&a, (size_t)64 << 20);
	if (!rpc_message_unpack(&a, desc->message, data + 1, size - 1, &message))
		read_and_write(desc, message, &a);
	arena_free(&a);
	return 0;
}
