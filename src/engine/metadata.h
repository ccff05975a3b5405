/* SPDX-License-Identifier: MIT */
/*
 * metadata - what a layer tells its callouts besides the fields (FWPS_INCOMING_METADATA_VALUES0).
 *
 * The stack fills one per indication; the driver border turns it into the public struct.  Only
 * members whose bit is set in `present` are meaningful.  The pointers live as long as the
 * indication.
 */
#pragma once

#include <stdint.h>

#include "model/value.h"

/* Which members are meaningful: our own bits; src/ntshim maps them to FWPS_METADATA_FIELD_*. */
enum engine_meta_bit {
	ENGINE_META_DISCARD_REASON = 1u << 0,
	ENGINE_META_FLOW_HANDLE = 1u << 1,
	ENGINE_META_IP_HEADER_SIZE = 1u << 2,
	ENGINE_META_TRANSPORT_HEADER_SIZE = 1u << 3,
	ENGINE_META_PROCESS_PATH = 1u << 4,
	ENGINE_META_TOKEN = 1u << 5,
	ENGINE_META_PROCESS_ID = 1u << 6,
	ENGINE_META_SOURCE_INTERFACE = 1u << 7,
	ENGINE_META_DESTINATION_INTERFACE = 1u << 8,
	ENGINE_META_ICMP_ID_AND_SEQUENCE = 1u << 9,
	ENGINE_META_PATH_MTU = 1u << 10,
	ENGINE_META_COMPLETION_HANDLE = 1u << 11,
	ENGINE_META_ENDPOINT_HANDLE = 1u << 12,
	ENGINE_META_REMOTE_SCOPE_ID = 1u << 13,
	ENGINE_META_DIRECTION = 1u << 14,
	ENGINE_META_FRAGMENT_DATA = 1u << 15,
	ENGINE_META_CONTROL_DATA = 1u << 16,
	ENGINE_META_ALE_CLASSIFY_REQUIRED = 1u
					    << 17, /* FWPS_METADATA_FIELD_ALE_CLASSIFY_REQUIRED */
	ENGINE_META_COMPARTMENT_ID = 1u << 18,
};

struct engine_metadata {
	uint32_t present;			 /* enum engine_meta_bit, ORed */
	uint32_t discard_module, discard_reason; /* FWPS_DISCARD_METADATA0 */
	uint64_t flow_handle;
	uint32_t ip_header_size, transport_header_size; /* bytes */
	const struct model_blob *process_path;
	uint64_t token; /* who owns the endpoint: an access token's handle */
	uint32_t compartment_id;
	uint64_t process_id;
	uint32_t source_interface, destination_interface;
	uint16_t icmp_id, icmp_sequence;
	uint32_t path_mtu;
	uint64_t completion_handle; /* names the operation; 0: this layer cannot be pended */
	uint64_t endpoint_handle;
	uint32_t remote_scope_id;
	uint32_t direction; /* FWP_DIRECTION: 0 outbound, 1 inbound */
	uint32_t fragment_id, fragment_offset, fragment_more; /* FWPS_INBOUND_FRAGMENT_METADATA0 */
	const uint8_t *control_data;			      /* kept until the indication ends */
	uint32_t control_data_size;
};
