/* SPDX-License-Identifier: MIT */
/*
 * scenario_print - a scenario as text again, and the packets of one that names none.
 *
 * Called by the parser, and by whoever writes traces.
 */
#include "explore/scenario_words.h"

#include "base/mem.h"
#include "base/utf.h"
#include "stack/headers.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- the packets that a layer is visited by ---------------------------------------------- */

/* One packet of a conversation between this host and another. */
struct step {
	bool back; /* against the first one's direction */
	uint8_t flags;
	uint32_t seq, ack;
	const char *data;
};

static const struct step first_segment[] = {{false, HEADERS_SYN, 100, 0, NULL}};
static const struct step datagram[] = {{false, 0, 0, 0, "hello"}};
static const struct step stream[] = {
	{false, HEADERS_SYN, 100, 0, NULL},
	{true, HEADERS_SYN | HEADERS_ACK, 900, 101, NULL},
	{false, HEADERS_ACK, 101, 901, NULL},
	{false, HEADERS_ACK | HEADERS_PSH, 101, 901, "hello"},
};

#define HERE_PORT  40000
#define THERE_PORT 5001

static void set_ends(struct scenario_packet *p, bool sent_here)
{
	static const uint8_t v4[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
	static const uint8_t v6[2][2] = {{0xfd, 1}, {0xfd, 2}}; /* first and last byte */
	const unsigned src = sent_here ? 0 : 1;

	if (p->v6) {
		p->src[0] = p->dst[0] = v6[0][0];
		p->src[15] = v6[src][1];
		p->dst[15] = v6[!src][1];
	} else {
		memcpy(p->src, v4[src], 4);
		memcpy(p->dst, v4[!src], 4);
	}
	if (p->protocol == HEADERS_ICMP || p->protocol == HEADERS_ICMPV6)
		return;
	p->src_port = sent_here ? HERE_PORT : THERE_PORT;
	p->dst_port = sent_here ? THERE_PORT : HERE_PORT;
}

static wfp_err add_step(struct scenario *s, const struct step *step, bool in)
{
	const bool v6 = strstr(s->layer, "_V6") != NULL;
	struct scenario_packet *p = &s->packets[s->n_packets];

	p->out = in == step->back;
	p->v6 = v6;
	p->protocol = s->protocol == HEADERS_ICMP && v6 ? HEADERS_ICMPV6 : s->protocol;
	p->tcp_flags = step->flags;
	p->seq = step->seq;
	p->ack = step->ack;
	p->chain = 1;
	p->after = s->n_packets; /* the one before */
	set_ends(p, p->out);
	if (step->data) {
		p->payload = mem_strdup(step->data);
		if (!p->payload)
			return ERR_NO_MEMORY;
		p->len = (uint32_t)strlen(step->data);
	}
	s->n_packets++;
	return ERR_OK;
}

wfp_err scenario_add_default_packets(struct scenario *s)
{
	const struct step *steps = first_segment;
	size_t n = ARRAY_LEN(first_segment);
	wfp_err err = ERR_OK;
	bool in;

	if (!s->layer || s->n_packets > 0 || s->capture)
		return ERR_OK;
	if (!s->protocol)
		s->protocol = strstr(s->layer, "DATAGRAM") ? HEADERS_UDP : HEADERS_TCP;
	if (s->protocol != HEADERS_TCP) {
		steps = datagram;
		n = ARRAY_LEN(datagram);
	} else if (strstr(s->layer, "STREAM") || strstr(s->layer, "FLOW_ESTABLISHED")) {
		steps = stream;
		n = ARRAY_LEN(stream);
	}
	in = strstr(s->layer, "INBOUND") || strstr(s->layer, "RECV_ACCEPT");
	for (size_t i = 0; !err && i < n; i++)
		err = add_step(s, &steps[i], in);
	return err;
}

/* ---- printing --------------------------------------------------------------------------- */

/* One character, or a byte that belongs to none. */
static const uint8_t *print_char(const uint8_t *at, const uint8_t *end, struct buf *out)
{
	const uint8_t *next = at;
	uint32_t c = utf8_next(&next, end);

	if (c == '"' || c == '\\') {
		buf_printf(out, "\\%c", (char)c);
	} else if (c == UTF_BAD || c < ' ' || c == 0x7f) {
		buf_printf(out, "\\x%02x", *at);
		next = at + 1;
	} else {
		buf_append(out, at, (size_t)(next - at));
	}
	return next;
}

static void print_quoted(const char *text, size_t len, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + len;

	buf_append_byte(out, '"');
	while (at < end)
		at = print_char(at, end, out);
	buf_append_byte(out, '"');
}

static void print_file(const char *statement, const char *file, struct buf *out)
{
	buf_printf(out, "%s ", statement);
	if (strpbrk(file, " \t\"#\\") || strlen(file) == 0)
		print_quoted(file, strlen(file), out);
	else
		buf_append_str(out, file);
	buf_append_byte(out, '\n');
}

static void print_about(const char *about, struct buf *out)
{
	while (*about) {
		size_t len = strcspn(about, "\n");

		buf_printf(out, "about %.*s\n", (int)len, about);
		about += len + (about[len] == '\n');
	}
}

static const char *protocol_word(uint8_t protocol)
{
	if (protocol == HEADERS_TCP)
		return "tcp";
	return protocol == HEADERS_UDP ? "udp" : "icmp";
}

static void print_end(const struct scenario_packet *p, const uint8_t *address, uint16_t port,
		      struct buf *out)
{
	char text[64] = "";
	const bool ports = p->protocol == HEADERS_TCP || p->protocol == HEADERS_UDP;

	(void)!inet_ntop(p->v6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
	buf_printf(out, p->v6 && ports ? " [%s]" : " %s", text);
	if (ports)
		buf_printf(out, ":%u", port);
}

static const struct {
	const char *word;
	uint8_t flag;
} flags[] = {
	{" syn", HEADERS_SYN}, {" fin", HEADERS_FIN}, {" rst", HEADERS_RST},
	{" psh", HEADERS_PSH}, {" urg", HEADERS_URG},
};

static void print_tcp(const struct scenario_packet *p, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (p->tcp_flags & flags[i].flag)
			buf_append_str(out, flags[i].word);
	if (p->seq)
		buf_printf(out, " seq %u", p->seq);
	if (p->ack)
		buf_printf(out, " ack %u", p->ack);
	else if (p->tcp_flags & HEADERS_ACK)
		buf_append_str(out, " ack");
}

static void print_packet(const struct scenario_packet *p, struct buf *out)
{
	buf_printf(out, "packet %s %s", p->out ? "out" : "in", protocol_word(p->protocol));
	print_end(p, p->src, p->src_port, out);
	buf_append_str(out, " >");
	print_end(p, p->dst, p->dst_port, out);
	if (p->protocol == HEADERS_TCP)
		print_tcp(p, out);
	else if (p->seq)
		buf_printf(out, " seq %u", p->seq);
	if (p->reply)
		buf_append_str(out, " reply");
	if (p->after)
		buf_printf(out, " after %u", p->after);
	if (p->chain > 1)
		buf_printf(out, " chain %u", p->chain);
	if (p->len > 0) {
		buf_append_str(out, " data ");
		print_quoted(p->payload, p->len, out);
	}
	buf_append_byte(out, '\n');
}

static void print_filter(const struct scenario_filter *f, struct buf *out)
{
	buf_printf(out, "filter %s %s", f->layer, f->permit ? "permit" : "block");
	if (f->has_weight)
		buf_printf(out, " weight %llu", (unsigned long long)f->weight);
	if (f->has_sublayer)
		buf_printf(out, " sublayer %u", f->sublayer);
	buf_append_byte(out, '\n');
}

static void print_disturbance(const struct scenario_disturbance *d, struct buf *out)
{
	static const char *const words[SCENARIO_DISTURBS] = {
		[SCENARIO_CLOSE] = "close packet", [SCENARIO_UNREGISTER] = "unregister",
		[SCENARIO_UNLOAD] = "unload",	   [SCENARIO_FILTER_ADD] = "filter add",
		[SCENARIO_STOP] = "stop",	   [SCENARIO_FILTER_DELETE] = "filter delete",
		[SCENARIO_TIMEOUT] = "timeout",
	};

	buf_printf(out, "disturb %s", words[d->kind]);
	if (d->kind == SCENARIO_CLOSE)
		buf_printf(out, " %u", d->packet);
	else if (d->kind == SCENARIO_FILTER_ADD)
		buf_printf(out, " %s", d->layer);
	else if (scenario_names_driver(d))
		buf_printf(out, " %u", d->driver + 1);
	buf_append_byte(out, '\n');
}

static void print_switches(const struct scenario *s, struct buf *out)
{
	const struct {
		bool on;
		const char *line;
	} switches[] = {
		{s->choose_memory, "choose memory\n"}, {s->choose_clone, "choose clone\n"},
		{s->strict, "option strict\n"},	       {s->freeze, "option freeze\n"},
		{s->no_unload, "option no-unload\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (switches[i].on)
			buf_append_str(out, switches[i].line);
	if (s->time_jumps)
		buf_printf(out, "time %u\n", s->time_jumps);
}

static void print_expected(const struct scenario *s, struct buf *out)
{
	if (!s->expects)
		return;
	buf_append_str(out, s->expect_rules ? "expect" : "expect none");
	for (unsigned i = 0; i < EXPLORE_RULES; i++)
		if (s->expect_rules >> i & 1)
			buf_printf(out, " %s", explore_rule_name((enum explore_rule)i));
	buf_append_byte(out, '\n');
}

wfp_err scenario_print(const struct scenario *s, struct buf *out)
{
	if (s->name)
		buf_printf(out, "name %s\n", s->name);
	if (s->about)
		print_about(s->about, out);
	if (s->layer)
		buf_printf(out, "layer %s\n", s->layer);
	if (s->protocol)
		buf_printf(out, "protocol %s\n", protocol_word(s->protocol));
	for (uint32_t i = 0; i < s->n_drivers; i++)
		print_file("driver", s->drivers[i], out);
	if (s->capture)
		print_file("capture", s->capture, out);
	for (uint32_t i = 0; i < s->n_packets; i++)
		print_packet(&s->packets[i], out);
	for (uint32_t i = 0; i < s->n_filters; i++)
		print_filter(&s->filters[i], out);
	for (uint32_t i = 0; i < s->n_disturbances; i++)
		print_disturbance(&s->disturbances[i], out);
	print_switches(s, out);
	print_expected(s, out);
	return buf_err(out);
}
