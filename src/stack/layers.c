/* SPDX-License-Identifier: MIT */
/*
 * layers - the tables behind the values and the metadata of each layer.
 *
 * `fillers` is keyed on the conditions of the catalogue; layers_create spreads it over the layers'
 * own field order.  Which fields stay FWP_EMPTY, and why, is in docs/design/stack.md.
 */
#include "stack/layers.h"

#include "base/mem.h"
#include "engine/flowctx.h"
#include "model/app.h"
#include "stack/icmp.h"

#include <string.h>

#define LAYER_V4_TO_V6	    2u /* each kind has four ids: v4, its discard twin, v6, its twin */
#define LAYER_TO_DISCARD    1u
#define COMPARTMENT_DEFAULT 1u
#define IF_TYPE_ETHERNET    6u
#define IF_TYPE_LOOPBACK    24u
#define TUNNEL_TYPE_NONE    0u
#define DIRECTION_OUTBOUND  0u
#define DIRECTION_INBOUND   1u

/* NL_ADDRESS_TYPE */
enum address_type {
	ADDRESS_UNSPECIFIED,
	ADDRESS_UNICAST,
	ADDRESS_ANYCAST,
	ADDRESS_MULTICAST,
	ADDRESS_BROADCAST
};

/* FWP_CONDITION_FLAG_* */
enum condition_flag {
	FLAG_LOOPBACK = 0x1,
	FLAG_REAUTHORIZE = 0x4,
	FLAG_RAW_ENDPOINT = 0x10,
	FLAG_FRAGMENT = 0x20,
	FLAG_REQUIRES_ALE_CLASSIFY = 0x100,
	FLAG_REASSEMBLED = 0x400,
};

/* What the fillers look at, worked out once per indication. */
struct view {
	const struct layer_facts *facts;
	const struct packet *packet;
	const struct headers *h;
	struct layer_ends ends;
};

typedef void filler(struct layer_values *out, struct model_value *v, const struct view *view);

struct layers {
	filler *fill[LAYER_KINDS * 4][LAYER_MAX_VALUES]; /* by id - first id of its kind, below */
	uint16_t n[LAYER_KINDS * 4];
};

static const uint16_t first_id[LAYER_KINDS] = {
	[LAYER_INBOUND_IPPACKET] = MODEL_LAYER_INBOUND_IPPACKET_V4,
	[LAYER_OUTBOUND_IPPACKET] = MODEL_LAYER_OUTBOUND_IPPACKET_V4,
	[LAYER_IPFORWARD] = MODEL_LAYER_IPFORWARD_V4,
	[LAYER_INBOUND_TRANSPORT] = MODEL_LAYER_INBOUND_TRANSPORT_V4,
	[LAYER_OUTBOUND_TRANSPORT] = MODEL_LAYER_OUTBOUND_TRANSPORT_V4,
	[LAYER_STREAM] = MODEL_LAYER_STREAM_V4,
	[LAYER_DATAGRAM_DATA] = MODEL_LAYER_DATAGRAM_DATA_V4,
	[LAYER_INBOUND_ICMP_ERROR] = MODEL_LAYER_INBOUND_ICMP_ERROR_V4,
	[LAYER_OUTBOUND_ICMP_ERROR] = MODEL_LAYER_OUTBOUND_ICMP_ERROR_V4,
	[LAYER_ALE_AUTH_RECV_ACCEPT] = MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4,
	[LAYER_ALE_AUTH_CONNECT] = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
	[LAYER_ALE_FLOW_ESTABLISHED] = MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4,
};

static unsigned variant(uint8_t version, bool discard)
{
	return (version == 6 ? LAYER_V4_TO_V6 : 0) + (discard ? LAYER_TO_DISCARD : 0);
}

uint16_t layer_id(enum layer_kind kind, uint8_t version, bool discard)
{
	return (uint16_t)(first_id[kind] + variant(version, discard));
}

/* ---- values -------------------------------------------------------------------------------- */

static void put_u8(struct model_value *v, uint8_t x)
{
	v->type = MODEL_UINT8;
	v->u8 = x;
}

static void put_u16(struct model_value *v, uint16_t x)
{
	v->type = MODEL_UINT16;
	v->u16 = x;
}

static void put_u32(struct model_value *v, uint32_t x)
{
	v->type = MODEL_UINT32;
	v->u32 = x;
}

/* The unspecified address is a value like any other here: only a bind knows it as FWP_EMPTY. */
static void put_addr(struct model_value *v, struct model_bytes16 *room, const struct view *view,
		     const union headers_addr *addr)
{
	if (view->h->version == 4) {
		put_u32(v, addr->v4);
		return;
	}
	*room = addr->v6;
	v->type = MODEL_BYTE_ARRAY16_TYPE;
	v->bytes16 = room;
}

static uint8_t address_type(uint8_t version, const union headers_addr *addr)
{
	if (headers_addr_is_multicast(version, addr))
		return ADDRESS_MULTICAST;
	if (headers_addr_is_broadcast(version, addr))
		return ADDRESS_BROADCAST;
	return headers_addr_is_unspecified(addr) ? ADDRESS_UNSPECIFIED : ADDRESS_UNICAST;
}

static uint32_t interface_type(const struct view *view)
{
	return view->packet->loopback ? IF_TYPE_LOOPBACK : IF_TYPE_ETHERNET;
}

/* NET_LUID: 24 bits reserved, 24 bits of index, 16 bits of type. */
static void put_luid(struct model_value *v, uint64_t *room, const struct view *view,
		     uint32_t ifindex)
{
	if (!ifindex)
		return;
	*room = (uint64_t)interface_type(view) << 48 | (uint64_t)(ifindex & 0xffffffu) << 24;
	v->type = MODEL_UINT64;
	v->u64 = room;
}

static void put_ifindex(struct model_value *v, uint32_t ifindex)
{
	if (ifindex)
		put_u32(v, ifindex);
}

/* ---- fillers ------------------------------------------------------------------------------- */

static void fill_protocol(UNUSED struct layer_values *out, struct model_value *v,
			  const struct view *w)
{
	put_u8(v, w->h->protocol);
}

static void fill_local_address(struct layer_values *out, struct model_value *v,
			       const struct view *w)
{
	put_addr(v, &out->addr[0], w, &w->ends.local);
}

static void fill_remote_address(struct layer_values *out, struct model_value *v,
				const struct view *w)
{
	put_addr(v, &out->addr[1], w, &w->ends.remote);
}

static void fill_source_address(struct layer_values *out, struct model_value *v,
				const struct view *w)
{
	put_addr(v, &out->addr[0], w, &w->h->src);
}

static void fill_destination_address(struct layer_values *out, struct model_value *v,
				     const struct view *w)
{
	put_addr(v, &out->addr[1], w, &w->h->dst);
}

static void fill_local_address_type(UNUSED struct layer_values *out, struct model_value *v,
				    const struct view *w)
{
	put_u8(v, address_type(w->h->version, &w->ends.local));
}

static void fill_destination_address_type(UNUSED struct layer_values *out, struct model_value *v,
					  const struct view *w)
{
	put_u8(v, address_type(w->h->version, &w->h->dst));
}

static void fill_local_port(UNUSED struct layer_values *out, struct model_value *v,
			    const struct view *w)
{
	put_u16(v, w->ends.local_port);
}

static void fill_remote_port(UNUSED struct layer_values *out, struct model_value *v,
			     const struct view *w)
{
	put_u16(v, w->ends.remote_port);
}

static void fill_direction(UNUSED struct layer_values *out, struct model_value *v,
			   const struct view *w)
{
	bool inbound = !w->ends.from_local;

	if (w->facts->kind == LAYER_ALE_FLOW_ESTABLISHED && w->facts->flow)
		inbound = w->facts->flow->ale.inbound;
	put_u32(v, inbound ? DIRECTION_INBOUND : DIRECTION_OUTBOUND);
}

static void fill_flags(UNUSED struct layer_values *out, struct model_value *v, const struct view *w)
{
	uint32_t flags = 0;

	if (w->packet->loopback)
		flags |= FLAG_LOOPBACK;
	if (w->facts->reauthorize)
		flags |= FLAG_REAUTHORIZE;
	if (w->h->is_fragment)
		flags |= FLAG_FRAGMENT;
	if (w->facts->ale_required)
		flags |= FLAG_REQUIRES_ALE_CLASSIFY;
	if (w->facts->reassembled)
		flags |= FLAG_REASSEMBLED;
	if (!w->h->transport_size && !w->h->is_fragment)
		flags |= FLAG_RAW_ENDPOINT;
	put_u32(v, flags);
}

static void fill_interface(struct layer_values *out, struct model_value *v, const struct view *w)
{
	put_luid(v, &out->luid[0], w, w->ends.ifindex);
}

static void fill_interface_index(UNUSED struct layer_values *out, struct model_value *v,
				 const struct view *w)
{
	put_ifindex(v, w->ends.ifindex);
}

static void fill_arrival_interface(struct layer_values *out, struct model_value *v,
				   const struct view *w)
{
	put_luid(v, &out->luid[1], w, w->packet->in_ifindex);
}

static void fill_arrival_index(UNUSED struct layer_values *out, struct model_value *v,
			       const struct view *w)
{
	put_ifindex(v, w->packet->in_ifindex);
}

static void fill_nexthop_interface(struct layer_values *out, struct model_value *v,
				   const struct view *w)
{
	put_luid(v, &out->luid[2], w, w->packet->out_ifindex);
}

static void fill_nexthop_index(UNUSED struct layer_values *out, struct model_value *v,
			       const struct view *w)
{
	put_ifindex(v, w->packet->out_ifindex);
}

static void fill_interface_type(UNUSED struct layer_values *out, struct model_value *v,
				const struct view *w)
{
	if (w->ends.ifindex || w->packet->loopback)
		put_u32(v, interface_type(w));
}

static void fill_arrival_type(UNUSED struct layer_values *out, struct model_value *v,
			      const struct view *w)
{
	if (w->packet->in_ifindex)
		put_u32(v, interface_type(w));
}

static void fill_nexthop_type(UNUSED struct layer_values *out, struct model_value *v,
			      const struct view *w)
{
	if (w->packet->out_ifindex)
		put_u32(v, interface_type(w));
}

static void fill_tunnel_type(UNUSED struct layer_values *out, struct model_value *v,
			     UNUSED const struct view *w)
{
	put_u32(v, TUNNEL_TYPE_NONE);
}

static void fill_compartment(UNUSED struct layer_values *out, struct model_value *v,
			     UNUSED const struct view *w)
{
	put_u32(v, COMPARTMENT_DEFAULT);
}

static void fill_sub_interface(UNUSED struct layer_values *out, struct model_value *v,
			       UNUSED const struct view *w)
{
	put_u32(v, 0);
}

static void fill_icmp_type(UNUSED struct layer_values *out, struct model_value *v,
			   const struct view *w)
{
	if (w->h->protocol == HEADERS_ICMP || w->h->protocol == HEADERS_ICMPV6)
		put_u16(v, icmp_class(w->h->version, w->h->icmp_type));
}

static void fill_user(UNUSED struct layer_values *out, struct model_value *v, const struct view *w)
{
	if (!w->facts->flow || !w->facts->flow->ale.token)
		return;
	v->type = MODEL_TOKEN_ACCESS_INFORMATION_TYPE;
	v->blob = w->facts->flow->ale.token;
}

static void fill_app(UNUSED struct layer_values *out, struct model_value *v, const struct view *w)
{
	if (!w->facts->flow || !w->facts->flow->ale.app)
		return;
	v->type = MODEL_BYTE_BLOB_TYPE;
	v->blob = &w->facts->flow->ale.app->blob;
}

/* The packet inside an ICMP error that arrives was sent by us: its source is local. */
static void fill_embedded_protocol(UNUSED struct layer_values *out, struct model_value *v,
				   const struct view *w)
{
	if (w->facts->quoted)
		put_u8(v, w->facts->quoted->protocol);
}

static void fill_embedded_remote(struct layer_values *out, struct model_value *v,
				 const struct view *w)
{
	if (w->facts->quoted)
		put_addr(v, &out->addr[2], w, &w->facts->quoted->dst);
}

static void fill_embedded_local_type(UNUSED struct layer_values *out, struct model_value *v,
				     const struct view *w)
{
	if (w->facts->quoted)
		put_u8(v, address_type(w->facts->quoted->version, &w->facts->quoted->src));
}

static void fill_embedded_local_port(UNUSED struct layer_values *out, struct model_value *v,
				     const struct view *w)
{
	if (w->facts->quoted && w->facts->quoted->has_transport)
		put_u16(v, w->facts->quoted->src_port);
}

static void fill_embedded_remote_port(UNUSED struct layer_values *out, struct model_value *v,
				      const struct view *w)
{
	if (w->facts->quoted && w->facts->quoted->has_transport)
		put_u16(v, w->facts->quoted->dst_port);
}

static const struct {
	const char *condition;
	filler *fill;
} fillers[] = {
	{"IP_PROTOCOL", fill_protocol},
	{"IP_LOCAL_ADDRESS", fill_local_address},
	{"IP_REMOTE_ADDRESS", fill_remote_address},
	{"IP_SOURCE_ADDRESS", fill_source_address},
	{"IP_DESTINATION_ADDRESS", fill_destination_address},
	{"IP_LOCAL_ADDRESS_TYPE", fill_local_address_type},
	{"IP_DESTINATION_ADDRESS_TYPE", fill_destination_address_type},
	{"IP_LOCAL_PORT", fill_local_port},
	{"IP_REMOTE_PORT", fill_remote_port},
	{"DIRECTION", fill_direction},
	{"FLAGS", fill_flags},
	{"IP_LOCAL_INTERFACE", fill_interface},
	{"INTERFACE_INDEX", fill_interface_index},
	{"INTERFACE_TYPE", fill_interface_type},
	{"SUB_INTERFACE_INDEX", fill_sub_interface},
	{"TUNNEL_TYPE", fill_tunnel_type},
	{"COMPARTMENT_ID", fill_compartment},
	{"IP_ARRIVAL_INTERFACE", fill_arrival_interface},
	{"ARRIVAL_INTERFACE_INDEX", fill_arrival_index},
	{"ARRIVAL_INTERFACE_TYPE", fill_arrival_type},
	{"ARRIVAL_TUNNEL_TYPE", fill_tunnel_type},
	{"IP_PHYSICAL_ARRIVAL_INTERFACE", fill_arrival_interface},
	{"SOURCE_INTERFACE_INDEX", fill_arrival_index},
	{"SOURCE_SUB_INTERFACE_INDEX", fill_sub_interface},
	{"IP_NEXTHOP_INTERFACE", fill_nexthop_interface},
	{"NEXTHOP_INTERFACE_INDEX", fill_nexthop_index},
	{"NEXTHOP_INTERFACE_TYPE", fill_nexthop_type},
	{"NEXTHOP_SUB_INTERFACE_INDEX", fill_sub_interface},
	{"NEXTHOP_TUNNEL_TYPE", fill_tunnel_type},
	{"IP_PHYSICAL_NEXTHOP_INTERFACE", fill_nexthop_interface},
	{"IP_FORWARD_INTERFACE", fill_nexthop_interface},
	{"DESTINATION_INTERFACE_INDEX", fill_nexthop_index},
	{"DESTINATION_SUB_INTERFACE_INDEX", fill_sub_interface},
	{"ALE_USER_ID", fill_user},
	{"ALE_APP_ID", fill_app},
	{"ORIGINAL_ICMP_TYPE", fill_icmp_type},
	{"EMBEDDED_PROTOCOL", fill_embedded_protocol},
	{"EMBEDDED_REMOTE_ADDRESS", fill_embedded_remote},
	{"EMBEDDED_LOCAL_ADDRESS_TYPE", fill_embedded_local_type},
	{"EMBEDDED_LOCAL_PORT", fill_embedded_local_port},
	{"EMBEDDED_REMOTE_PORT", fill_embedded_remote_port},
};

static filler *filler_of(const struct model_field *field)
{
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		if (guid_equal(field->key, model_condition_key(fillers[i].condition)))
			return fillers[i].fill;
	}
	return NULL;
}

/* ---- metadata ------------------------------------------------------------------------------ */

#define META_PACKET (ENGINE_META_IP_HEADER_SIZE | ENGINE_META_COMPARTMENT_ID)
#define META_TRANSPORT                                                                             \
	(ENGINE_META_FLOW_HANDLE | ENGINE_META_TRANSPORT_HEADER_SIZE |                             \
	 ENGINE_META_COMPARTMENT_ID | ENGINE_META_ENDPOINT_HANDLE |                                \
	 ENGINE_META_ICMP_ID_AND_SEQUENCE)
#define META_OWNER (ENGINE_META_PROCESS_PATH | ENGINE_META_PROCESS_ID)
#define META_ALE                                                                                   \
	(META_TRANSPORT | META_OWNER | ENGINE_META_COMPLETION_HANDLE | ENGINE_META_DIRECTION)

/* As documented per layer; what is not known of a packet is taken out again. */
static const uint32_t metadata_of[LAYER_KINDS] = {
	[LAYER_INBOUND_IPPACKET] = META_PACKET | ENGINE_META_FRAGMENT_DATA,
	[LAYER_OUTBOUND_IPPACKET] =
		META_PACKET | ENGINE_META_TRANSPORT_HEADER_SIZE | ENGINE_META_FRAGMENT_DATA,
	[LAYER_IPFORWARD] = ENGINE_META_COMPARTMENT_ID | ENGINE_META_SOURCE_INTERFACE |
			    ENGINE_META_DESTINATION_INTERFACE,
	[LAYER_INBOUND_TRANSPORT] =
		META_TRANSPORT | ENGINE_META_IP_HEADER_SIZE | ENGINE_META_ALE_CLASSIFY_REQUIRED,
	[LAYER_OUTBOUND_TRANSPORT] = META_TRANSPORT | ENGINE_META_REMOTE_SCOPE_ID,
	[LAYER_STREAM] = ENGINE_META_FLOW_HANDLE,
	[LAYER_DATAGRAM_DATA] =
		META_TRANSPORT | ENGINE_META_IP_HEADER_SIZE | ENGINE_META_REMOTE_SCOPE_ID,
	[LAYER_INBOUND_ICMP_ERROR] =
		META_PACKET | ENGINE_META_TRANSPORT_HEADER_SIZE | ENGINE_META_ENDPOINT_HANDLE,
	[LAYER_OUTBOUND_ICMP_ERROR] = ENGINE_META_COMPARTMENT_ID |
				      ENGINE_META_TRANSPORT_HEADER_SIZE |
				      ENGINE_META_ENDPOINT_HANDLE | ENGINE_META_REMOTE_SCOPE_ID,
	[LAYER_ALE_AUTH_RECV_ACCEPT] = META_ALE | ENGINE_META_IP_HEADER_SIZE,
	[LAYER_ALE_AUTH_CONNECT] = META_ALE | ENGINE_META_REMOTE_SCOPE_ID,
	[LAYER_ALE_FLOW_ESTABLISHED] = ENGINE_META_FLOW_HANDLE | ENGINE_META_ENDPOINT_HANDLE |
				       ENGINE_META_ICMP_ID_AND_SEQUENCE | META_OWNER,
};

/* The members that this packet has no answer for. */
static uint32_t unknown_metadata(const struct view *w)
{
	const struct layer_facts *facts = w->facts;
	uint32_t bits = 0;

	if (!facts->flow || !facts->flow->contexts)
		bits |= ENGINE_META_FLOW_HANDLE | ENGINE_META_ENDPOINT_HANDLE;
	if (!facts->flow || !facts->flow->ale.app)
		bits |= META_OWNER;
	if (!w->h->is_fragment)
		bits |= ENGINE_META_FRAGMENT_DATA;
	if (!w->h->icmp_id && !w->h->icmp_sequence)
		bits |= ENGINE_META_ICMP_ID_AND_SEQUENCE;
	if (!facts->completion_handle)
		bits |= ENGINE_META_COMPLETION_HANDLE;
	if (!facts->ale_required)
		bits |= ENGINE_META_ALE_CLASSIFY_REQUIRED;
	if (w->h->version != 6 || !headers_addr_is_link_local(6, &w->ends.remote))
		bits |= ENGINE_META_REMOTE_SCOPE_ID;
	return bits;
}

static void fill_metadata(struct engine_metadata *m, const struct view *w)
{
	const struct layer_facts *facts = w->facts;

	*m = (struct engine_metadata){
		.present = metadata_of[facts->kind] & ~unknown_metadata(w),
		.ip_header_size = w->h->ip_size,
		.transport_header_size = w->h->transport_size,
		.compartment_id = COMPARTMENT_DEFAULT,
		.source_interface = w->packet->in_ifindex,
		.destination_interface = w->packet->out_ifindex,
		.icmp_id = w->h->icmp_id,
		.icmp_sequence = w->h->icmp_sequence,
		.completion_handle = facts->completion_handle,
		.remote_scope_id = w->ends.ifindex,
		.direction = w->ends.from_local ? DIRECTION_OUTBOUND : DIRECTION_INBOUND,
		.fragment_id = w->h->frag_id,
		.fragment_offset = w->h->frag_offset,
		.fragment_more = w->h->more,
	};
	if (m->present & ENGINE_META_FLOW_HANDLE)
		m->flow_handle = engine_flow_id(facts->flow->contexts);
	if (m->present & ENGINE_META_ENDPOINT_HANDLE)
		m->endpoint_handle = engine_flow_id(facts->flow->contexts);
	if (m->present & META_OWNER) {
		m->process_path = &facts->flow->ale.app->blob;
		m->process_id = facts->flow->ale.pid;
	}
	if (facts->discard) {
		m->present |= ENGINE_META_DISCARD_REASON;
		m->discard_module = facts->discard_module;
		m->discard_reason = facts->discard_reason;
	}
}

/* ---- everything ---------------------------------------------------------------------------- */

/* ICMP shows its type as the local port and its code as the remote one. */
static void find_ports(struct layer_ends *ends, const struct headers *h)
{
	if (h->protocol == HEADERS_ICMP || h->protocol == HEADERS_ICMPV6) {
		ends->local_port = h->icmp_type;
		ends->remote_port = h->icmp_code;
		return;
	}
	ends->local_port = ends->from_local ? h->src_port : h->dst_port;
	ends->remote_port = ends->from_local ? h->dst_port : h->src_port;
}

struct layer_ends layers_ends(const struct packet *p)
{
	const struct headers *h = &p->h;
	struct layer_ends ends = {.from_local = p->hook == PACKET_OUT};

	ends.local = ends.from_local ? h->src : h->dst;
	ends.remote = ends.from_local ? h->dst : h->src;
	ends.ifindex = ends.from_local ? p->out_ifindex : p->in_ifindex;
	find_ports(&ends, h);
	return ends;
}

static unsigned slot(enum layer_kind kind, uint8_t version, bool discard)
{
	return (unsigned)kind * 4 + variant(version, discard);
}

void layers_fill(const struct layers *l, const struct layer_facts *facts, struct layer_values *out)
{
	const struct view w = {
		.facts = facts,
		.packet = facts->packet,
		.h = &facts->packet->h,
		.ends = layers_ends(facts->packet),
	};
	const unsigned s = slot(facts->kind, w.h->version, facts->discard);

	out->layer = layer_id(facts->kind, w.h->version, facts->discard);
	out->n = l->n[s];
	for (unsigned i = 0; i < out->n; i++) {
		out->v[i] = (struct model_value){.type = MODEL_EMPTY};
		if (l->fill[s][i])
			l->fill[s][i](out, &out->v[i], &w);
	}
	fill_metadata(&out->meta, &w);
}

static void spread(struct layers *l, unsigned s, const struct model_layer *layer)
{
	for (unsigned i = 0; i < layer->n_fields; i++) {
		const struct model_field *field = &layer->fields[i];
		const int index = field->index[MODEL_SCHEMA_2026];

		if (index < 0)
			continue;
		BUG_ON((unsigned)index >= LAYER_MAX_VALUES);
		l->fill[s][index] = filler_of(field);
		if (l->n[s] <= index)
			l->n[s] = (uint16_t)(index + 1);
	}
}

wfp_err layers_create(struct layers **out)
{
	struct layers *l = mem_zalloc(sizeof(*l));

	if (!l)
		return ERR_NO_MEMORY;
	for (unsigned kind = 0; kind < LAYER_KINDS; kind++) {
		for (unsigned v = 0; v < 4; v++)
			spread(l, kind * 4 + v, model_layer_by_id((uint16_t)(first_id[kind] + v)));
	}
	*out = l;
	return ERR_OK;
}

void layers_destroy(struct layers *l)
{
	mem_free(l);
}
