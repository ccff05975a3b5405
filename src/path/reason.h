/* SPDX-License-Identifier: MIT */
/*
 * reason - a verdict and who gave it, in one line for a person.
 *
 *	BLOCK by filter 65537 'no telnet' in sublayer FWPM_SUBLAYER_UNIVERSAL (weight 32768) at
 *	FWPM_LAYER_ALE_AUTH_CONNECT_V4
 *	PERMIT by callout 17 'firewall' for filter 65538 'ask' in sublayer ... at ...
 *	PERMIT: no filter matched
 *	BLOCK: malformed
 *
 * The names belong to the policy, which a datapath does not see: whoever opens the path lends them.
 */
#pragma once

#include "base/buf.h"
#include "stack/port.h"

/* Each appends the object's name, or nothing when there is none.  Any may be NULL. */
struct reason_names {
	void (*filter)(void *ctx, uint64_t id, struct buf *out);
	void (*callout)(void *ctx, uint32_t id, struct buf *out);
	void (*sublayer)(void *ctx, const struct guid *key, struct buf *out);
	void *ctx;
};

/* names may be NULL. */
void reason_print(struct buf *out, enum port_verdict verdict, bool modified,
		  const struct port_reason *why, const struct reason_names *names);
