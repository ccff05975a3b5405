/* SPDX-License-Identifier: MIT */
/*
 * layers - what each layer shows of a packet: its fields and its metadata.
 *
 * One table names each field's filler by the field's condition, so that a new field is one row; at
 * start the rows are spread over the catalogue's layers.  A field without a row, or whose value is
 * not known here and now (say, the arrival interface of a packet that leaves), is FWP_EMPTY.
 * Another table says which metadata each layer has.  Thread: the worker that indicates.
 */
#pragma once

#include "engine/metadata.h"
#include "model/catalogue.h"
#include "stack/flow.h"

struct layers;

/* The layers of packets, without version and without their DISCARD twins. */
enum layer_kind {
	LAYER_INBOUND_IPPACKET,
	LAYER_OUTBOUND_IPPACKET,
	LAYER_IPFORWARD,
	LAYER_INBOUND_TRANSPORT,
	LAYER_OUTBOUND_TRANSPORT,
	LAYER_STREAM,
	LAYER_DATAGRAM_DATA,
	LAYER_INBOUND_ICMP_ERROR,
	LAYER_OUTBOUND_ICMP_ERROR,
	LAYER_ALE_AUTH_RECV_ACCEPT,
	LAYER_ALE_AUTH_CONNECT,
	LAYER_ALE_FLOW_ESTABLISHED,
	LAYER_KINDS
};
uint16_t layer_id(enum layer_kind kind, uint8_t version, bool discard);

/* FWPS_DISCARD_MODULE0 and the reasons that occur here. */
enum layer_discard_module { DISCARD_NETWORK, DISCARD_TRANSPORT, DISCARD_GENERAL };
enum layer_discard_reason {
	DISCARD_FIREWALL_POLICY = 0,	  /* general */
	DISCARD_ENDPOINT_NOT_FOUND = 4,	  /* transport */
	DISCARD_PROTOCOL_UNREACHABLE = 2, /* network */
	DISCARD_PORT_UNREACHABLE = 3,	  /* network */
};

/* FWPS_STREAM_FLAG_*, by our own bits. */
enum layer_stream_flag {
	LAYER_STREAM_RECEIVE = 0x1,
	LAYER_STREAM_SEND = 0x2,
	LAYER_STREAM_DISCONNECT = 0x4, /* no data: that side has sent everything */
	LAYER_STREAM_ABORT = 0x8,      /* no data: reset */
	LAYER_STREAM_GAP = 0x10,       /* no data: `len` bytes could not be seen */
};

/* The layer data at STREAM; at every other layer it is the struct packet. */
struct layer_stream {
	struct packet *packet; /* that completed these data */
	const uint8_t *bytes;
	uint32_t len, flags;
	uint64_t at; /* bytes before them in this direction */
};

/* What is being indicated. */
struct layer_facts {
	enum layer_kind kind;
	bool discard;
	bool reauthorize;
	bool ale_required; /* INBOUND_TRANSPORT: ALE will be asked about this packet */
	bool reassembled;
	uint32_t discard_module, discard_reason;
	const struct packet *packet;
	const struct flow *flow;      /* NULL: none */
	const struct headers *quoted; /* ICMP error layers: the packet inside */
	uint64_t completion_handle;   /* 0: cannot be pended */
};

/* A packet as this host sees it. */
struct layer_ends {
	bool from_local; /* the sender is the local end */
	union headers_addr local, remote;
	uint16_t local_port, remote_port; /* ICMP: type and code */
	uint32_t ifindex;		  /* of the interface the packet uses here; 0: unknown */
};
struct layer_ends layers_ends(const struct packet *p);

#define LAYER_MAX_VALUES 48u

/* The values of one indication and what they point to. */
struct layer_values {
	uint16_t layer, n;
	struct model_value v[LAYER_MAX_VALUES];
	struct engine_metadata meta;
	uint64_t luid[3];
	struct model_bytes16 addr[3];
};

MUST_CHECK wfp_err layers_create(struct layers **out);
void layers_destroy(struct layers *l);
/* Everything in *out that counts is overwritten; it points into *facts' packet and flow. */
void layers_fill(const struct layers *l, const struct layer_facts *facts, struct layer_values *out);
