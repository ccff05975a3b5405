/* SPDX-License-Identifier: MIT */
/*
 * address - an IP address without its version; who has one keeps the version beside it.
 */
#pragma once

#include "model/value.h"

union model_address {
	uint32_t v4; /* host order; the other bytes are zero */
	struct model_bytes16 v6;
};
