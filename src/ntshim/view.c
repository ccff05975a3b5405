/* SPDX-License-Identifier: MIT */
/*
 * view - see view.h.  Called by the callout thunks, on the worker that classifies.
 */
#include "ntshim/view.h"

#include "stack/layers.h"
#include "stack/packet.h"

STATIC_ASSERT(sizeof(FWP_VALUE0) == sizeof(struct model_value), "passed through");
STATIC_ASSERT(sizeof(FWPS_INCOMING_VALUE0) == sizeof(struct model_value), "passed through");
STATIC_ASSERT(sizeof(FWP_CONDITION_VALUE0) == sizeof(struct model_value), "passed through");
STATIC_ASSERT(offsetof(FWP_VALUE0, uint64) == offsetof(struct model_value, u64), "passed through");
STATIC_ASSERT(offsetof(FWP_CONDITION_VALUE0, rangeValue) == offsetof(struct model_value, range),
	      "passed through");
STATIC_ASSERT(offsetof(FWP_BYTE_BLOB, data) == offsetof(struct model_blob, data), "passed through");
STATIC_ASSERT(offsetof(FWP_RANGE0, valueHigh) == offsetof(struct model_range, high),
	      "passed through");
STATIC_ASSERT(sizeof(FWPS_FILTER0) == sizeof(FWPS_FILTER3) &&
		      offsetof(FWPS_FILTER0, providerContext) ==
			      offsetof(FWPS_FILTER3, providerContext),
	      "one filter for all versions");

/* ---- metadata ------------------------------------------------------------------------------- */

static const struct {
	uint32_t ours, public;
} meta_bits[] = {
	{ENGINE_META_DISCARD_REASON, FWPS_METADATA_FIELD_DISCARD_REASON},
	{ENGINE_META_FLOW_HANDLE, FWPS_METADATA_FIELD_FLOW_HANDLE},
	{ENGINE_META_IP_HEADER_SIZE, FWPS_METADATA_FIELD_IP_HEADER_SIZE},
	{ENGINE_META_TRANSPORT_HEADER_SIZE, FWPS_METADATA_FIELD_TRANSPORT_HEADER_SIZE},
	{ENGINE_META_PROCESS_PATH, FWPS_METADATA_FIELD_PROCESS_PATH},
	{ENGINE_META_TOKEN, FWPS_METADATA_FIELD_TOKEN},
	{ENGINE_META_PROCESS_ID, FWPS_METADATA_FIELD_PROCESS_ID},
	{ENGINE_META_SOURCE_INTERFACE, FWPS_METADATA_FIELD_SOURCE_INTERFACE_INDEX},
	{ENGINE_META_DESTINATION_INTERFACE, FWPS_METADATA_FIELD_DESTINATION_INTERFACE_INDEX},
	{ENGINE_META_ICMP_ID_AND_SEQUENCE, FWPS_METADATA_FIELD_ICMP_ID_AND_SEQUENCE},
	{ENGINE_META_PATH_MTU, FWPS_METADATA_FIELD_PATH_MTU},
	{ENGINE_META_COMPLETION_HANDLE, FWPS_METADATA_FIELD_COMPLETION_HANDLE},
	{ENGINE_META_ENDPOINT_HANDLE, FWPS_METADATA_FIELD_TRANSPORT_ENDPOINT_HANDLE},
	{ENGINE_META_REMOTE_SCOPE_ID, FWPS_METADATA_FIELD_REMOTE_SCOPE_ID},
	{ENGINE_META_DIRECTION, FWPS_METADATA_FIELD_PACKET_DIRECTION},
	{ENGINE_META_FRAGMENT_DATA, FWPS_METADATA_FIELD_FRAGMENT_DATA},
	{ENGINE_META_CONTROL_DATA, FWPS_METADATA_FIELD_TRANSPORT_CONTROL_DATA},
	{ENGINE_META_ALE_CLASSIFY_REQUIRED, FWPS_METADATA_FIELD_ALE_CLASSIFY_REQUIRED},
	{ENGINE_META_COMPARTMENT_ID, FWPS_METADATA_FIELD_COMPARTMENT_ID},
};

static void fill_meta(FWPS_INCOMING_METADATA_VALUES0 *out, const struct engine_metadata *in)
{
	for (size_t i = 0; i < ARRAY_LEN(meta_bits); i++)
		if (in->present & meta_bits[i].ours)
			out->currentMetadataValues |= meta_bits[i].public;
	out->discardMetadata.discardModule = (FWPS_DISCARD_MODULE0)in->discard_module;
	out->discardMetadata.discardReason = in->discard_reason;
	out->flowHandle = in->flow_handle;
	out->ipHeaderSize = in->ip_header_size;
	out->transportHeaderSize = in->transport_header_size;
	out->processPath = (FWP_BYTE_BLOB *)(uintptr_t)in->process_path;
	out->token = in->token;
	out->processId = in->process_id;
	out->sourceInterfaceIndex = in->source_interface;
	out->destinationInterfaceIndex = in->destination_interface;
	out->compartmentId = in->compartment_id;
	out->fragmentMetadata.fragmentIdentification = in->fragment_id;
	out->fragmentMetadata.fragmentOffset = (UINT16)in->fragment_offset;
	out->pathMtu = in->path_mtu;
	out->completionHandle = (HANDLE)(uintptr_t)in->completion_handle;
	out->transportEndpointHandle = in->endpoint_handle;
	out->remoteScopeId.Value = in->remote_scope_id;
	out->controlData = (WSACMSGHDR *)(uintptr_t)in->control_data;
	out->controlDataLength = in->control_data_size;
	out->packetDirection = (FWP_DIRECTION)in->direction;
	out->icmpIdAndSequence = (UINT32)in->icmp_id << 16 | in->icmp_sequence;
}

/* ---- filter --------------------------------------------------------------------------------- */

static uint16_t filter_flags(uint32_t flags)
{
	uint16_t out = 0;

	if (flags & MODEL_FILTER_CLEAR_ACTION_RIGHT)
		out |= FWPS_FILTER_FLAG_CLEAR_ACTION_RIGHT;
	if (flags & MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED)
		out |= FWPS_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED;
	return out;
}

/* Conditions are sorted by field: the same field twice is an OR. */
static uint16_t fill_conditions(FWPS_FILTER_CONDITION0 *out, const struct model_filter *f)
{
	uint16_t flags = 0;

	for (uint32_t i = 0; i < f->n_conditions; i++) {
		const struct model_condition *c = &f->conditions[i];

		out[i].fieldId = (UINT16)c->field;
		out[i].matchType = (FWP_MATCH_TYPE)c->match;
		memcpy(&out[i].conditionValue, &c->value, sizeof(c->value));
		if (i > 0 && c->field == c[-1].field)
			flags = FWPS_FILTER_FLAG_OR_CONDITIONS;
	}
	return flags;
}

wfp_err view_open_filter(struct view *v, const struct model_filter *f, uint32_t callout_id)
{
	FWPS_FILTER_CONDITION0 *conditions = v->conditions;

	v->more = NULL;
	if (f->n_conditions > VIEW_CONDITIONS) {
		v->more = mem_zalloc_array(f->n_conditions, sizeof(*v->more));
		if (!v->more)
			return ERR_NO_MEMORY;
		conditions = v->more;
	}
	v->weight = f->weight;
	v->filter = (FWPS_FILTER3){
		.filterId = f->id,
		.weight = {.type = FWP_UINT64, .uint64 = &v->weight},
		.flags = filter_flags(f->flags),
		.numFilterConditions = f->n_conditions,
		.filterCondition = f->n_conditions ? conditions : NULL,
		.action = {.type = f->action, .calloutId = callout_id},
		.context = f->context,
	};
	v->filter.flags |= fill_conditions(conditions, f);
	return ERR_OK;
}

/* ---- layer data ----------------------------------------------------------------------------- */

/* Where the window begins: the documented data offset position. */
enum position {
	AT_IP,
	AT_TRANSPORT,
	AT_DATA,       /* behind the transport header; ICMP: at its header */
	AT_DATA_IF_IN, /* inbound AT_DATA, outbound AT_TRANSPORT */
	AT_PAYLOAD,    /* behind the transport header, always: the packet inside an ICMP error */
	AT_STREAM,
};

/* By layer id / 4: v4, its DISCARD twin, v6 and its twin have one position. */
static const uint8_t positions[] = {
	[MODEL_LAYER_INBOUND_IPPACKET_V4 / 4] = AT_TRANSPORT,
	[MODEL_LAYER_OUTBOUND_IPPACKET_V4 / 4] = AT_IP,
	[MODEL_LAYER_IPFORWARD_V4 / 4] = AT_IP,
	[MODEL_LAYER_INBOUND_TRANSPORT_V4 / 4] = AT_DATA,
	[MODEL_LAYER_OUTBOUND_TRANSPORT_V4 / 4] = AT_TRANSPORT,
	[MODEL_LAYER_STREAM_V4 / 4] = AT_STREAM,
	[MODEL_LAYER_DATAGRAM_DATA_V4 / 4] = AT_DATA_IF_IN,
	[MODEL_LAYER_INBOUND_ICMP_ERROR_V4 / 4] = AT_PAYLOAD,
	[MODEL_LAYER_OUTBOUND_ICMP_ERROR_V4 / 4] = AT_TRANSPORT,
	[MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4 / 4] = AT_DATA_IF_IN,
	[MODEL_LAYER_ALE_AUTH_CONNECT_V4 / 4] = AT_DATA_IF_IN, /* inbound: a reauthorization */
	[MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4 / 4] = AT_DATA_IF_IN,
};

static enum position position_of(uint16_t layer)
{
	return layer / 4u < ARRAY_LEN(positions) ? (enum position)positions[layer / 4] : AT_IP;
}

static uint32_t offset_of(enum position at, const struct packet *p)
{
	const struct headers *h = &p->h;
	bool icmp = h->protocol == HEADERS_ICMP || h->protocol == HEADERS_ICMPV6;

	if (at == AT_DATA_IF_IN)
		at = p->hook == PACKET_IN ? AT_DATA : AT_TRANSPORT;
	if (at == AT_DATA)
		at = icmp ? AT_TRANSPORT : AT_PAYLOAD;
	if (at == AT_PAYLOAD && h->has_transport)
		return min(h->payload, p->len);
	return at == AT_IP ? 0 : min(h->ip_size, p->len);
}

static wfp_err open_packet(struct view *v, const struct engine_call *call, struct nt_driver *driver)
{
	struct packet *p = call->ind->layer_data;
	const struct nt_nbl_view shown = {
		.packet = p,
		.ledger = call->ind->ledger,
		.bytes = p->data,
		.len = p->len,
		.offset = offset_of(position_of(call->ind->layer), p),
	};

	v->nbl = nt_nbl_show(&shown, driver);
	if (!v->nbl)
		return ERR_NO_MEMORY;
	v->layer_data = &v->nbl->list;
	return ERR_OK;
}

static uint32_t stream_flags(uint32_t flags)
{
	bool receive = flags & LAYER_STREAM_RECEIVE;
	uint32_t out = receive ? FWPS_STREAM_FLAG_RECEIVE : FWPS_STREAM_FLAG_SEND;

	if (flags & LAYER_STREAM_DISCONNECT)
		out |= receive ? FWPS_STREAM_FLAG_RECEIVE_DISCONNECT
			       : FWPS_STREAM_FLAG_SEND_DISCONNECT;
	if (flags & LAYER_STREAM_ABORT)
		out |= receive ? FWPS_STREAM_FLAG_RECEIVE_ABORT : FWPS_STREAM_FLAG_SEND_ABORT;
	return out;
}

/* A gap is shown as missed bytes without data, as are a disconnect and an abort. */
static wfp_err open_stream(struct view *v, const struct engine_call *call, struct nt_driver *driver)
{
	const struct layer_stream *s = call->ind->layer_data;
	const struct nt_nbl_view shown = {
		.packet = s->packet, .bytes = s->bytes, .len = s->len, .copy = true};
	bool gap = s->flags & LAYER_STREAM_GAP;

	v->is_stream = true;
	v->stream.flags = stream_flags(s->flags);
	v->stream_io.streamData = &v->stream;
	v->stream_io.missedBytes = gap ? s->len : 0;
	v->layer_data = &v->stream_io;
	if (gap || s->len == 0)
		return ERR_OK;
	v->nbl = nt_nbl_show(&shown, driver);
	if (!v->nbl)
		return ERR_NO_MEMORY;
	v->stream.dataLength = s->len;
	v->stream.netBufferListChain = &v->nbl->list;
	v->stream.dataOffset.netBufferList = &v->nbl->list;
	v->stream.dataOffset.netBuffer = &v->nbl->buffer;
	v->stream.dataOffset.mdl = &v->nbl->mdl;
	return ERR_OK;
}

static wfp_err open_layer_data(struct view *v, const struct engine_call *call,
			       struct nt_driver *driver)
{
	if (!call->ind->layer_data)
		return ERR_OK;
	if (position_of(call->ind->layer) == AT_STREAM)
		return open_stream(v, call, driver);
	return open_packet(v, call, driver);
}

wfp_err view_open(struct view *v, const struct engine_call *call, struct nt_driver *driver)
{
	const struct engine_indication *ind = call->ind;
	wfp_err err;

	v->values.layerId = ind->layer;
	v->values.valueCount = ind->n_values;
	v->values.incomingValue = (FWPS_INCOMING_VALUE0 *)(uintptr_t)ind->values;
	memset(&v->meta, 0, sizeof(v->meta));
	if (ind->meta)
		fill_meta(&v->meta, ind->meta);
	v->nbl = NULL;
	v->layer_data = NULL;
	v->is_stream = false;
	memset(&v->stream, 0, sizeof(v->stream));
	memset(&v->stream_io, 0, sizeof(v->stream_io));
	err = view_open_filter(v, call->filter, call->callout_id);
	if (err)
		return err;
	err = open_layer_data(v, call, driver);
	if (err)
		mem_free(v->more);
	return err;
}

void view_close(struct view *v)
{
	nt_nbl_shown(v->nbl);
	mem_free(v->more);
}

/* ---- what drivers call ---------------------------------------------------------------------- */

void FwpsCopyStreamDataToBuffer0(const FWPS_STREAM_DATA0 *data, PVOID buffer, SIZE_T length,
				 SIZE_T *copied)
{
	*copied = 0;
	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsCopyStreamDataToBuffer0") || !data->netBufferListChain)
		return;
	length = min(length, data->dataLength);
	if (nt_nb_copy(data->netBufferListChain->FirstNetBuffer, buffer, (uint32_t)length) ==
	    ERR_OK)
		*copied = length;
}
