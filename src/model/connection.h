/* SPDX-License-Identifier: MIT */
/*
 * connection - one conversation of this host as FWPM_CONNECTION0 shows it: plain data.
 *
 * Any protocol: what the stack calls a flow, from its establishment on.  Nothing here is about
 * IPsec, which openwfp does not speak, so those members are what the platform shows for plain text.
 */
#pragma once

#include "model/address.h"
#include "model/guid.h"

/* FWPM_CONNECTION_EVENT_TYPE. */
enum model_connection_event { MODEL_CONNECTION_ADD, MODEL_CONNECTION_DELETE };

struct model_connection {
	uint64_t id;	  /* the flow's handle: what FLOW_HANDLE names in metadata; never 0 */
	uint8_t version;  /* 4 or 6 */
	uint8_t protocol; /* IANA */
	bool inbound;	  /* the other side began it */
	uint16_t local_port, remote_port; /* ICMP: the id, in both */
	union model_address local, remote;
	struct guid provider;  /* zero: none */
	uint32_t traffic_type; /* IPSEC_TRAFFIC_TYPE */
	uint32_t key_module;   /* IKEEXT_KEY_MODULE_TYPE */
	uint64_t bytes_in, bytes_out;
	uint64_t started; /* ns since 1970, UTC */
};
