/* SPDX-License-Identifier: MIT */
/*
 * convert_row - one member of a struct and the field it is in a message.  For convert.c alone.
 */
#pragma once

#include "client/convert.h"

struct convert_step {
	const struct convert_row *row;
	const ProtobufCFieldDescriptor *field;
	void *message;
	uint8_t *value; /* of the field, in message */
	uint8_t *api;	/* the member */
	uint8_t *count; /* the member that counts, for lists */
	struct arena *arena;
};

MUST_CHECK wfp_err convert_step_to(struct convert_step *s);

/* Does nothing when the field is absent: the member is zero then. */
MUST_CHECK wfp_err convert_step_from(struct convert_step *s);

/* As convert_from_message, into a struct of which other rows have filled a part already. */
MUST_CHECK wfp_err convert_fill_from_message(const struct convert_desc *desc, const void *message,
					     struct arena *a, void *api);
