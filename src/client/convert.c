/* SPDX-License-Identifier: MIT */
/*
 * convert - walks the rows of a struct; what one row does is in convert_row.c.
 *
 * Called for every object that crosses the border of the library, on the caller's thread, and for
 * notifications on the library's own.
 */
#include "client/convert.h"

#include "client/convert_row.h"

#include <string.h>

bool convert_row_selected(const struct convert_row *row, const void *api)
{
	uint32_t selector;

	if (!row->selected)
		return true;
	memcpy(&selector, (const uint8_t *)api + row->selector, sizeof(selector));
	return (selector & row->select_mask) == row->select;
}

static struct convert_step step_of(const struct convert_desc *desc, const struct convert_row *row,
				   void *api, void *message, struct arena *a)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(desc->message, row->field);

	BUG_ON(!field);
	return (struct convert_step){
		.row = row,
		.field = field,
		.message = message,
		.value = (uint8_t *)message + field->offset,
		.api = (uint8_t *)api + row->offset,
		.count = (uint8_t *)api + row->count,
		.arena = a,
	};
}

wfp_err convert_to_message(const struct convert_desc *desc, const void *api, struct arena *a,
			   ProtobufCMessage **out)
{
	ProtobufCMessage *message = arena_zalloc(a, 1, desc->message->sizeof_message);

	if (!message)
		return ERR_NO_MEMORY;
	protobuf_c_message_init(desc->message, message);
	for (size_t i = 0; i < desc->n_rows; i++) {
		struct convert_step step;
		wfp_err err;

		if (!convert_row_selected(&desc->rows[i], api))
			continue;
		/* Only read through: the const is given back to whoever owns the struct. */
		step = step_of(desc, &desc->rows[i], (void *)(uintptr_t)api, message, a);
		err = convert_step_to(&step);
		if (err)
			return err;
	}
	*out = message;
	return ERR_OK;
}

wfp_err convert_from_message(const struct convert_desc *desc, const void *message, struct arena *a,
			     void *api)
{
	memset(api, 0, desc->size);
	return convert_fill_from_message(desc, message, a, api);
}

wfp_err convert_fill_from_message(const struct convert_desc *desc, const void *message,
				  struct arena *a, void *api)
{
	for (size_t i = 0; i < desc->n_rows; i++) {
		struct convert_step step;
		wfp_err err;

		if (!convert_row_selected(&desc->rows[i], api))
			continue;
		step = step_of(desc, &desc->rows[i], api, (void *)(uintptr_t)message, a);
		err = convert_step_from(&step);
		if (err)
			return err;
	}
	return ERR_OK;
}
