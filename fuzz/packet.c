/* SPDX-License-Identifier: MIT */
/*
 * packet - any bytes as packets: parsed, put together, tracked, their streams read.
 *
 * The input is a row of records: one byte (hook in the low bits, seconds that pass in the others),
 * two bytes of length, the packet.  A length past the end takes what is there.
 */
#include "fuzz.h"

#include "base/clock.h"
#include "base/mem.h"
#include "stack/checksum.h"
#include "stack/flow.h"
#include "stack/fragment.h"
#include "stack/icmp.h"
#include "stack/rebuild.h"

#include <string.h>

struct world {
	struct fragment_table *fragments;
	struct flow_table *flows;
	uint64_t now;
	uint64_t given; /* by the stream that is being read */
};

static void on_dropped(void *ctx, struct list *originals, enum fragment_fault why)
{
	struct list *link;

	BUG_ON(why == FRAGMENT_NONE || list_empty(originals));
	while ((link = list_pop_head(originals)))
		packet_put(LIST_ENTRY(link, struct packet, queued));
}

static void on_closed(void *ctx, struct flow *f, enum flow_end why)
{
}

static void on_data(void *ctx, const uint8_t *bytes, uint32_t len, uint64_t at)
{
	struct world *w = ctx;

	BUG_ON(len == 0 || at < w->given);
	w->given = at + len;
	(void)checksum_add(0, bytes, len); /* touches every byte */
}

static void on_gap(void *ctx, uint64_t len, uint64_t at)
{
	BUG_ON(len == 0);
}

static void on_end(void *ctx, bool reset)
{
}

static void check_offsets(const struct headers *h, uint32_t len)
{
	BUG_ON(h->total_len > len || h->ip_size > h->total_len);
	BUG_ON(h->payload != h->ip_size + h->transport_size);
	BUG_ON(h->payload > h->total_len || h->payload_len > h->total_len - h->payload);
}

/* In a block that ends where the packet ends, so that a sanitizer sees one byte too many. */
static void parse_exactly(const uint8_t *bytes, uint32_t len)
{
	uint8_t *exact = mem_zalloc(len ? len : 1);
	struct headers h, quoted;

	if (!exact)
		return;
	if (len)
		memcpy(exact, bytes, len);
	if (!headers_parse(&h, exact, len)) {
		check_offsets(&h, len);
		(void)checksum_ip_verify(&h, exact);
		(void)checksum_transport_verify(&h, exact);
		if (icmp_quoted(&quoted, &h, exact))
			check_offsets(&quoted, h.payload_len);
	}
	if (!headers_parse_embedded(&h, exact, len))
		check_offsets(&h, len);
	mem_free(exact);
}

static void rebuild(const struct packet *p)
{
	struct packet *again;

	if (rebuild_ip_header_like(&again, p, p->data + p->h.ip_size,
				   p->h.total_len - p->h.ip_size))
		return;
	BUG_ON(again->h.protocol != p->h.protocol || again->h.payload_len != p->h.payload_len);
	BUG_ON(checksum_transport_verify(&again->h, again->data) == CHECKSUM_BAD &&
	       again->h.protocol != HEADERS_UDP_LITE);
	packet_put(again);
}

static void read_stream(struct world *w, struct flow *f, enum flow_dir dir, const struct packet *p)
{
	const struct stream_sink sink = {on_data, on_gap, on_end, w};
	struct stream *s = &f->stream[dir];
	const struct headers *h = &p->h;

	w->given = 0;
	if (h->tcp_flags & HEADERS_RST)
		stream_reset(s, &sink);
	else if (h->tcp_flags & HEADERS_SYN)
		stream_open(s, h->tcp_seq + 1);
	else
		stream_segment(s, h->tcp_seq, p->data + h->payload, h->payload_len,
			       h->tcp_flags & HEADERS_FIN, &sink);
	BUG_ON(s->early_bytes > 4096);
}

static void track(struct world *w, const struct packet *p)
{
	struct flow_key key = flow_key_from(&p->h, p->hook), about;
	struct flow *f = flow_table_find(w->flows, &key);
	enum flow_dir dir;

	BUG_ON(flow_shard_packet((const uint8_t *)"0123456789abcdef", p, 7) >= 7);
	if (icmp_flow_key(&about, &p->h, p->data, p->hook))
		(void)flow_table_find(w->flows, &about);
	if (!f && flow_table_open(w->flows, &f, &key, p, w->now))
		return;
	dir = flow_table_use(w->flows, f, p, w->now);
	if (!p->h.has_transport || p->h.protocol != HEADERS_TCP)
		return;
	if (tcp_segment(&f->tcp, dir, &p->h, p->data).reopened)
		flow_table_close(w->flows, f, FLOW_END_CLOSED);
	else
		read_stream(w, f, dir, p);
}

static void whole_packet(struct world *w, struct packet *p)
{
	if (!fragment_make_whole(p)) {
		rebuild(p);
		track(w, p);
	}
	packet_put(p);
}

static void piece(struct world *w, struct packet *p)
{
	struct packet *whole;
	struct list originals, *link;

	if (!fragment_add(w->fragments, p, w->now, &whole, &originals))
		return;
	while ((link = list_pop_head(&originals)))
		packet_put(LIST_ENTRY(link, struct packet, queued));
	whole_packet(w, whole);
}

static void record(struct world *w, uint8_t control, const uint8_t *bytes, uint32_t len)
{
	struct packet *p;

	w->now += (control >> 2) * CLOCK_S;
	fragment_table_tick(w->fragments, w->now);
	flow_table_tick(w->flows, w->now);
	parse_exactly(bytes, len);
	if (packet_create(&p, bytes, len))
		return;
	p->hook = (enum packet_hook)((control & 3) % PACKET_HOOKS);
	if (headers_parse(&p->h, p->data, p->len))
		packet_put(p);
	else if (p->h.is_fragment)
		piece(w, p);
	else
		whole_packet(w, p);
}

static bool start(struct world *w)
{
	const struct fragment_config fragments = {.max_bytes = 64 * 1024, .dropped = on_dropped};
	const struct flow_config flows = {
		.max_flows = 8,
		.max_stream_bytes = 4096,
		.udp_idle = 60 * CLOCK_S,
		.icmp_idle = 60 * CLOCK_S,
		.other_idle = 60 * CLOCK_S,
		.tcp_idle = 600 * CLOCK_S,
		.tcp_half_open_idle = 60 * CLOCK_S,
		.closed = on_closed,
	};

	*w = (struct world){.now = CLOCK_S};
	if (fragment_table_create(&w->fragments, &fragments))
		return false;
	if (!flow_table_create(&w->flows, &flows))
		return true;
	fragment_table_destroy(w->fragments);
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;

	if (!start(&w))
		return 0;
	while (size >= 3) {
		size_t len = (size_t)data[1] << 8 | data[2];

		if (len > size - 3)
			len = size - 3;
		record(&w, data[0], data + 3, (uint32_t)len);
		data += 3 + len;
		size -= 3 + len;
	}
	fragment_table_flush(w.fragments);
	flow_table_flush(w.flows);
	BUG_ON(fragment_table_bytes(w.fragments) > 0);
	fragment_table_destroy(w.fragments);
	flow_table_destroy(w.flows);
	return 0;
}
