/* SPDX-License-Identifier: MIT */
/*
 * What each layer shows: fields by their conditions' names, and metadata.
 */
#include "world.h"

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};
static const struct craft in = {
	.src = "10.0.0.2", .dst = "10.0.0.1", .src_port = 80, .dst_port = 1111, .hook = PACKET_IN};
static const struct craft out6 = {.src = "2001:db8::1",
				  .dst = "2001:db8::2",
				  .src_port = 1111,
				  .dst_port = 80,
				  .hook = PACKET_OUT};

/* The last indication that a watcher saw; what values point to is gone, so 64 bits are copied. */
static struct sight {
	uint16_t layer;
	struct model_value v[LAYER_MAX_VALUES];
	uint64_t u64[LAYER_MAX_VALUES];
	struct model_bytes16 bytes16[LAYER_MAX_VALUES];
	struct engine_metadata meta;
	bool has_token;
} seen;

static void watch(UNUSED struct world_callout *c, const struct engine_call *call,
		  UNUSED struct engine_classify_out *o)
{
	const struct engine_indication *ind = call->ind;

	memset(&seen, 0, sizeof(seen));
	seen.layer = ind->layer;
	seen.meta = *ind->meta;
	for (unsigned i = 0; i < ind->n_values; i++) {
		seen.v[i] = ind->values[i];
		if (seen.v[i].type == MODEL_UINT64)
			seen.u64[i] = *seen.v[i].u64;
		if (seen.v[i].type == MODEL_BYTE_ARRAY16_TYPE)
			seen.bytes16[i] = *seen.v[i].bytes16;
	}
}

static unsigned index_of(const char *condition)
{
	const struct model_layer *layer = model_layer_by_id(seen.layer);
	int i = model_field_index(layer, model_condition_key(condition));

	CHECK(i >= 0);
	return (unsigned)i;
}

static bool is_empty(const char *condition)
{
	return seen.v[index_of(condition)].type == MODEL_EMPTY;
}

static uint64_t number(const char *condition)
{
	const unsigned i = index_of(condition);

	switch (seen.v[i].type) {
	case MODEL_UINT8:
		return seen.v[i].u8;
	case MODEL_UINT16:
		return seen.v[i].u16;
	case MODEL_UINT32:
		return seen.v[i].u32;
	case MODEL_UINT64:
		return seen.u64[i];
	default:
		CHECK_SAY("%s is of type %u", condition, seen.v[i].type);
		return 0;
	}
}

static void watch_at(struct world *w, uint16_t layer)
{
	world_callout(w, layer, MODEL_ACTION_CALLOUT_INSPECTION, 1, watch);
}

SIM_TEST(outbound_transport_shows_the_five_tuple_from_the_local_side)
{
	struct world *w = world_create();

	watch_at(w, MODEL_LAYER_OUTBOUND_TRANSPORT_V4);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK_EQ_U(number("IP_PROTOCOL"), 17);
	CHECK_EQ_U(number("IP_LOCAL_ADDRESS"), 0x0a000001);
	CHECK_EQ_U(number("IP_REMOTE_ADDRESS"), 0x0a000002);
	CHECK_EQ_U(number("IP_LOCAL_PORT"), 1111);
	CHECK_EQ_U(number("IP_REMOTE_PORT"), 80);
	CHECK_EQ_U(number("INTERFACE_INDEX"), 2);
	CHECK_EQ_U(number("IP_LOCAL_INTERFACE"), UINT64_C(6) << 48 | 2 << 24);
	CHECK_EQ_U(number("IP_DESTINATION_ADDRESS_TYPE"), 1);
	CHECK_EQ_U(number("FLAGS"), 0);
	CHECK_EQ_U(number("COMPARTMENT_ID"), 1);
	CHECK(seen.meta.present & ENGINE_META_FLOW_HANDLE);
	CHECK(!(seen.meta.present & ENGINE_META_IP_HEADER_SIZE));
	CHECK_EQ_U(seen.meta.transport_header_size, 8);
	world_destroy(w);
}

SIM_TEST(addresses_and_ports_are_shown_in_host_order)
{
	struct world *w = world_create();
	struct craft c = out;

	c.src = "1.2.3.4";
	c.src_port = 0x1234;
	watch_at(w, MODEL_LAYER_ALE_AUTH_CONNECT_V4);
	world_give_and_turn(w, craft_udp(&c, "a", 1));
	CHECK_EQ_U(number("IP_LOCAL_ADDRESS"), 0x01020304);
	CHECK_EQ_U(number("IP_LOCAL_PORT"), 0x1234);
	world_destroy(w);
}

SIM_TEST(version_6_addresses_are_shown_as_sixteen_bytes)
{
	struct world *w = world_create();

	watch_at(w, MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	world_give_and_turn(w, craft_udp(&out6, "a", 1));
	CHECK_EQ_U(seen.bytes16[index_of("IP_LOCAL_ADDRESS")].b[15], 1);
	CHECK_EQ_U(seen.bytes16[index_of("IP_REMOTE_ADDRESS")].b[15], 2);
	CHECK(seen.meta.present & ENGINE_META_COMPLETION_HANDLE);
	world_destroy(w);
}

SIM_TEST(inbound_transport_says_whether_ale_will_be_asked)
{
	struct world *w = world_create();

	watch_at(w, MODEL_LAYER_INBOUND_TRANSPORT_V4);
	world_give_and_turn(w, craft_udp(&in, "a", 1));
	CHECK(number("FLAGS") & 0x100);
	CHECK(seen.meta.present & ENGINE_META_ALE_CLASSIFY_REQUIRED);
	world_give_and_turn(w, craft_udp(&in, "b", 1));
	CHECK_EQ_U(number("FLAGS") & 0x100, 0);
	CHECK(!(seen.meta.present & ENGINE_META_ALE_CLASSIFY_REQUIRED));
	CHECK_EQ_U(seen.meta.ip_header_size, 20);
	world_destroy(w);
}

SIM_TEST(a_known_user_is_shown_to_ale_and_an_unknown_one_is_empty)
{
	struct world *w = world_create();
	struct craft other = out;
	struct packet *p;

	watch_at(w, MODEL_LAYER_ALE_AUTH_CONNECT_V4);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK(is_empty("ALE_USER_ID"));
	CHECK(is_empty("ALE_APP_ID"));
	other.src_port = 1112;
	p = craft_udp(&other, "a", 1);
	p->uid = 1000;
	world_give_and_turn(w, p);
	CHECK_EQ_U(seen.v[index_of("ALE_USER_ID")].type, MODEL_TOKEN_ACCESS_INFORMATION_TYPE);
	world_destroy(w);
}

SIM_TEST(a_reauthorization_by_the_other_direction_has_an_empty_arrival_interface)
{
	struct world *w = world_create();

	watch_at(w, MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4);
	world_give_and_turn(w, craft_udp(&in, "a", 1));
	CHECK_EQ_U(number("ARRIVAL_INTERFACE_INDEX"), 1);
	CHECK_EQ_U(seen.meta.direction, 1);
	world_filter(w, MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4, MODEL_ACTION_PERMIT, NULL, 0);
	world_give_and_turn(w, craft_udp(&out, "b", 1));
	CHECK(is_empty("ARRIVAL_INTERFACE_INDEX"));
	CHECK(number("FLAGS") & 0x4);
	CHECK_EQ_U(seen.meta.direction, 0);
	world_destroy(w);
}

SIM_TEST(icmp_shows_type_and_code_as_ports_and_its_id)
{
	struct world *w = world_create();

	watch_at(w, MODEL_LAYER_DATAGRAM_DATA_V4);
	world_give_and_turn(w, craft_echo(&out, false, 7, 3));
	CHECK_EQ_U(number("IP_LOCAL_PORT"), 8);
	CHECK_EQ_U(number("IP_REMOTE_PORT"), 0);
	CHECK_EQ_U(number("DIRECTION"), 0);
	CHECK(seen.meta.present & ENGINE_META_ICMP_ID_AND_SEQUENCE);
	CHECK_EQ_U(seen.meta.icmp_id, 7);
	CHECK_EQ_U(seen.meta.icmp_sequence, 3);
	world_destroy(w);
}

SIM_TEST(an_icmp_error_shows_the_packet_it_is_about)
{
	struct world *w = world_create();
	struct craft router = in;
	struct packet *sent = craft_udp(&out, "a", 1);

	router.src = "10.9.9.9";
	watch_at(w, MODEL_LAYER_INBOUND_ICMP_ERROR_V4);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	world_give_and_turn(w, craft_unreachable(&router, sent, 64));
	CHECK_EQ_U(number("EMBEDDED_PROTOCOL"), 17);
	CHECK_EQ_U(number("EMBEDDED_REMOTE_ADDRESS"), 0x0a000002);
	CHECK_EQ_U(number("EMBEDDED_LOCAL_PORT"), 1111);
	CHECK_EQ_U(number("EMBEDDED_REMOTE_PORT"), 80);
	CHECK_EQ_U(number("IP_REMOTE_ADDRESS"), 0x0a090909);
	CHECK(seen.meta.present & ENGINE_META_ENDPOINT_HANDLE);
	packet_put(sent);
	world_destroy(w);
}

SIM_TEST(fragments_say_so_and_so_does_the_datagram_made_of_them)
{
	static uint8_t data[100];
	struct world *w = world_create();
	struct packet *whole = craft_udp(&in, data, sizeof(data)), *pieces[4];
	const unsigned n = craft_train(whole, 7, 56, pieces, ARRAY_LEN(pieces));

	watch_at(w, MODEL_LAYER_INBOUND_IPPACKET_V4);
	world_give_and_turn(w, pieces[0]);
	CHECK(number("FLAGS") & 0x20);
	CHECK(seen.meta.present & ENGINE_META_FRAGMENT_DATA);
	CHECK_EQ_U(seen.meta.fragment_id, 7);
	CHECK_EQ_U(seen.meta.fragment_more, 1);
	watch_at(w, MODEL_LAYER_INBOUND_TRANSPORT_V4);
	for (unsigned i = 1; i < n; i++)
		world_give_and_turn(w, pieces[i]);
	CHECK_EQ_U(seen.layer, MODEL_LAYER_INBOUND_TRANSPORT_V4);
	CHECK(number("FLAGS") & 0x400);
	packet_put(whole);
	world_destroy(w);
}

SIM_TEST(forwarded_packets_show_both_interfaces)
{
	struct world *w = world_create();
	struct craft c = out;

	c.hook = PACKET_FORWARD;
	watch_at(w, MODEL_LAYER_IPFORWARD_V4);
	world_give_and_turn(w, craft_udp(&c, "a", 1));
	CHECK_EQ_U(number("IP_SOURCE_ADDRESS"), 0x0a000001);
	CHECK_EQ_U(number("IP_DESTINATION_ADDRESS"), 0x0a000002);
	CHECK_EQ_U(number("SOURCE_INTERFACE_INDEX"), 1);
	CHECK_EQ_U(number("DESTINATION_INTERFACE_INDEX"), 2);
	CHECK_EQ_U(seen.meta.source_interface, 1);
	CHECK_EQ_U(seen.meta.destination_interface, 2);
	world_destroy(w);
}

SIM_TEST(discard_layers_say_why)
{
	struct world *w = world_create();

	watch_at(w, MODEL_LAYER_OUTBOUND_TRANSPORT_V4_DISCARD);
	world_filter(w, MODEL_LAYER_OUTBOUND_TRANSPORT_V4, MODEL_ACTION_BLOCK, NULL, 1);
	world_give_and_turn(w, craft_udp(&out, "a", 1));
	CHECK(seen.meta.present & ENGINE_META_DISCARD_REASON);
	CHECK_EQ_U(seen.meta.discard_module, DISCARD_GENERAL);
	CHECK_EQ_U(seen.meta.discard_reason, DISCARD_FIREWALL_POLICY);
	watch_at(w, MODEL_LAYER_INBOUND_TRANSPORT_V4_DISCARD);
	w->endpoint = PORT_ENDPOINT_NONE;
	world_give_and_turn(w, craft_tcp(&in, 1, 0, HEADERS_SYN, NULL, 0));
	CHECK_EQ_U(seen.meta.discard_module, DISCARD_TRANSPORT);
	CHECK_EQ_U(seen.meta.discard_reason, DISCARD_ENDPOINT_NOT_FOUND);
	world_destroy(w);
}

SIM_TEST(multicast_and_loopback_are_recognised)
{
	struct world *w = world_create();
	struct craft c = out;
	struct packet *p;

	c.dst = "224.0.0.251";
	watch_at(w, MODEL_LAYER_ALE_AUTH_CONNECT_V4);
	p = craft_udp(&c, "a", 1);
	p->loopback = true;
	world_give_and_turn(w, p);
	CHECK_EQ_U(number("IP_DESTINATION_ADDRESS_TYPE"), 3);
	CHECK_EQ_U(number("INTERFACE_TYPE"), 24);
	CHECK(number("FLAGS") & 0x1);
	world_destroy(w);
}

/* Whatever a layer shows has the type that the catalogue says, or is empty. */
static void check_types(UNUSED struct world_callout *c, const struct engine_call *call,
			UNUSED struct engine_classify_out *o)
{
	const struct model_layer *layer = model_layer_by_id(call->ind->layer);
	unsigned filled = 0;

	for (unsigned i = 0; i < layer->n_fields; i++) {
		const struct model_field *f = &layer->fields[i];
		const int at = f->index[MODEL_SCHEMA_2026];

		if (at < 0)
			continue;
		CHECK((unsigned)at < call->ind->n_values);
		if (call->ind->values[at].type == MODEL_EMPTY)
			continue;
		if (call->ind->values[at].type != (uint32_t)f->type)
			CHECK_SAY("%s of %s has type %u", f->name, layer->name,
				  call->ind->values[at].type);
		filled++;
	}
	CHECK(filled >= 4);
}

SIM_TEST(every_value_has_the_type_of_the_catalogue)
{
	struct world *w = world_create();
	struct craft forward = out6;
	struct packet *quoted = craft_udp(&out, "a", 1);

	for (uint16_t layer = 0; layer < WORLD_LAYERS; layer++)
		if (layer < MODEL_LAYER_ALE_RESOURCE_ASSIGNMENT_V4 ||
		    layer >= MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4)
			world_callout(w, layer, MODEL_ACTION_CALLOUT_INSPECTION, 1, check_types);
	forward.hook = PACKET_FORWARD;
	world_give_and_turn(w, craft_tcp(&out, 1, 0, HEADERS_SYN, NULL, 0));
	world_give_and_turn(w, craft_tcp(&in, 1, 2, HEADERS_SYN | HEADERS_ACK, NULL, 0));
	world_give_and_turn(w, craft_tcp(&out, 2, 2, HEADERS_ACK, "a", 1));
	world_give_and_turn(w, craft_udp(&in, "a", 1));
	world_give_and_turn(w, craft_udp(&out6, "a", 1));
	world_give_and_turn(w, craft_udp(&forward, "a", 1));
	world_give_and_turn(w, craft_unreachable(&in, quoted, 64));
	world_give_and_turn(w, craft_unreachable(&out, quoted, 64));
	packet_put(quoted);
	world_destroy(w);
}
