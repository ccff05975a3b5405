/* SPDX-License-Identifier: MIT */
/*
 * scenario_parse - a scenario's text, statement by statement.
 *
 * A table names the statements, others the words within them.  What can only be checked when all is
 * read (which packet, which driver) is checked at the end, with the line it was said at.
 */
#include "explore/scenario_words.h"

#include "base/mem.h"
#include "base/utf.h"
#include "model/catalogue.h"
#include "stack/headers.h"

#include <arpa/inet.h>
#include <string.h>

#define ABOUT_MAX 4096u

struct parser {
	struct scenario *s;
	struct scenario_words w;
};

static wfp_err no_memory(void *p)
{
	return p ? ERR_OK : ERR_NO_MEMORY;
}

/* ---- small statements ------------------------------------------------------------------- */

static wfp_err set_text(const struct parser *p, char **to, const char *text)
{
	if (*to)
		return scenario_words_wrong(&p->w, "it was said before");
	*to = mem_strdup(text);
	return no_memory(*to);
}

static wfp_err parse_name(struct parser *p)
{
	if (!p->w.rest[0])
		return scenario_words_wrong(&p->w, "a name is expected");
	return set_text(p, &p->s->name, p->w.rest);
}

/* Each further line of it is one more line of the text. */
static wfp_err parse_about(struct parser *p)
{
	struct buf all = {0};
	wfp_err err;

	if (!p->w.rest[0])
		return scenario_words_wrong(&p->w, "text is expected");
	if (p->s->about)
		buf_printf(&all, "%s\n", p->s->about);
	buf_append_str(&all, p->w.rest);
	err = buf_err(&all);
	if (!err && all.len > ABOUT_MAX)
		err = scenario_words_wrong(&p->w, "more than %u bytes", ABOUT_MAX);
	if (!err) {
		mem_free(p->s->about);
		p->s->about = buf_steal(&all);
		err = no_memory(p->s->about);
	}
	buf_free(&all);
	return err;
}

static wfp_err parse_layer_name(struct parser *p, const char **out)
{
	const struct model_layer *layer = NULL;

	if (p->w.at < p->w.n)
		layer = model_layer_by_name(p->w.words[p->w.at].text);
	if (!layer)
		return scenario_words_expected(&p->w, "a layer, such as ALE_AUTH_CONNECT_V4,");
	*out = layer->name;
	p->w.at++;
	return ERR_OK;
}

static wfp_err parse_layer(struct parser *p)
{
	return parse_layer_name(p, &p->s->layer);
}

static const struct {
	const char *word;
	uint8_t v4, v6;
} protocols[] = {
	{"tcp", HEADERS_TCP, HEADERS_TCP},
	{"udp", HEADERS_UDP, HEADERS_UDP},
	{"icmp", HEADERS_ICMP, HEADERS_ICMPV6},
};

/* ICMP is answered as that of IPv4 until the addresses are known. */
static wfp_err parse_protocol_word(struct parser *p, uint8_t *out)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (!scenario_words_take(&p->w, protocols[i].word))
			continue;
		*out = protocols[i].v4;
		return ERR_OK;
	}
	return scenario_words_expected(&p->w, "'tcp', 'udp' or 'icmp'");
}

static wfp_err parse_protocol(struct parser *p)
{
	return parse_protocol_word(p, &p->s->protocol);
}

static wfp_err parse_file(struct parser *p, char **out)
{
	const struct scenario_word *word = scenario_words_next(&p->w);

	if (!word || word->len == 0 || !utf8_valid(word->text, word->len))
		return scenario_words_wrong(&p->w, "the name of a file is expected");
	return set_text(p, out, word->text);
}

static wfp_err parse_driver(struct parser *p)
{
	struct scenario *s = p->s;
	char name[64], other[64];
	wfp_err err;

	if (s->n_drivers == SCENARIO_DRIVERS)
		return scenario_words_wrong(&p->w, "more than %u drivers", SCENARIO_DRIVERS);
	err = parse_file(p, &s->drivers[s->n_drivers]);
	if (err)
		return err;
	s->n_drivers++;
	scenario_driver_name(s->drivers[s->n_drivers - 1], name, sizeof(name));
	for (uint32_t i = 0; i + 1 < s->n_drivers; i++) {
		scenario_driver_name(s->drivers[i], other, sizeof(other));
		if (strcmp(name, other) == 0)
			return scenario_words_wrong(&p->w, "a driver '%s' was named before", name);
	}
	return ERR_OK;
}

static wfp_err parse_capture(struct parser *p)
{
	return parse_file(p, &p->s->capture);
}

/* ---- packets ---------------------------------------------------------------------------- */

struct endpoint {
	bool v6, has_port;
	uint8_t address[16];
	uint16_t port;
};

static bool parse_port(const char *text, uint16_t *out)
{
	uint32_t port = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		port = port * 10 + (uint32_t)(*text - '0');
	*out = (uint16_t)port;
	return !*text && port <= UINT16_MAX;
}

/* "10.0.0.1", "10.0.0.1:80", "fd97::1", "[fd97::1]:80". */
static bool parse_endpoint_text(const char *text, struct endpoint *e)
{
	const char *from = text, *to = text + strlen(text), *port = NULL;
	char address[64];

	if (*text == '[') {
		from = text + 1;
		to = strchr(text, ']');
		if (!to || (to[1] && to[1] != ':'))
			return false;
		port = to[1] ? to + 2 : NULL;
	} else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		to = strchr(text, ':');
		port = to + 1;
	}
	if ((size_t)(to - from) >= sizeof(address))
		return false;
	memcpy(address, from, (size_t)(to - from));
	address[to - from] = '\0';
	e->v6 = strchr(address, ':') != NULL;
	e->has_port = port != NULL;
	if (port && !parse_port(port, &e->port))
		return false;
	return inet_pton(e->v6 ? AF_INET6 : AF_INET, address, e->address) == 1;
}

static wfp_err parse_endpoint(struct parser *p, bool ports, struct endpoint *e)
{
	const char *what = ports ? "ADDRESS:PORT, such as 10.0.0.1:80 or [fd97::1]:80,"
				 : "an address without a port, such as 10.0.0.1 or fd97::1,";

	*e = (struct endpoint){0};
	if (p->w.at == p->w.n || !parse_endpoint_text(p->w.words[p->w.at].text, e) ||
	    e->has_port != ports)
		return scenario_words_expected(&p->w, what);
	p->w.at++;
	return ERR_OK;
}

static wfp_err parse_ends(struct parser *p, struct scenario_packet *packet)
{
	const bool ports = packet->protocol != HEADERS_ICMP;
	struct endpoint src, dst;
	wfp_err err = parse_endpoint(p, ports, &src);

	if (!err && !scenario_words_take(&p->w, ">"))
		err = scenario_words_expected(&p->w, "'>'");
	if (!err)
		err = parse_endpoint(p, ports, &dst);
	if (err)
		return err;
	if (src.v6 != dst.v6)
		return scenario_words_wrong(&p->w, "one address is IPv4, the other IPv6");
	packet->v6 = src.v6;
	if (src.v6 && packet->protocol == HEADERS_ICMP)
		packet->protocol = HEADERS_ICMPV6;
	memcpy(packet->src, src.address, sizeof(packet->src));
	memcpy(packet->dst, dst.address, sizeof(packet->dst));
	packet->src_port = src.port;
	packet->dst_port = dst.port;
	return ERR_OK;
}

static const struct {
	const char *word;
	uint8_t flag;
} tcp_flags[] = {
	{"syn", HEADERS_SYN}, {"ack", HEADERS_ACK}, {"fin", HEADERS_FIN},
	{"rst", HEADERS_RST}, {"psh", HEADERS_PSH}, {"urg", HEADERS_URG},
};

static bool next_is_number(const struct parser *p)
{
	return p->w.at < p->w.n && p->w.words[p->w.at].text[0] >= '0' &&
	       p->w.words[p->w.at].text[0] <= '9';
}

/* "ack" alone is the flag; "ack 7" the number, which sets the flag, too. */
static wfp_err parse_ack(struct parser *p, struct scenario_packet *packet)
{
	uint64_t v = 0;
	wfp_err err = ERR_OK;

	if (next_is_number(p))
		err = scenario_words_number(&p->w, "the number acknowledged", 0, UINT32_MAX, &v);
	packet->tcp_flags |= HEADERS_ACK;
	packet->ack = (uint32_t)v;
	return err;
}

static wfp_err parse_seq(struct parser *p, struct scenario_packet *packet)
{
	const uint64_t most = packet->protocol == HEADERS_TCP ? UINT32_MAX : UINT16_MAX;
	uint64_t v;
	wfp_err err = scenario_words_number(&p->w, "the sequence number", 0, most, &v);

	packet->seq = err ? 0 : (uint32_t)v;
	return err;
}

static wfp_err parse_data(struct parser *p, struct scenario_packet *packet)
{
	const struct scenario_word *word = scenario_words_next(&p->w);

	if (!word || !word->quoted)
		return scenario_words_wrong(&p->w, "behind data: text in quotes is expected");
	if (packet->payload)
		return scenario_words_wrong(&p->w, "data was said before");
	if (word->len > SCENARIO_PAYLOAD)
		return scenario_words_wrong(&p->w, "more than %u bytes of data", SCENARIO_PAYLOAD);
	packet->len = (uint32_t)word->len;
	if (word->len == 0)
		return ERR_OK;
	packet->payload = mem_dup(word->text, word->len);
	return no_memory(packet->payload);
}

static wfp_err parse_after(struct parser *p, struct scenario_packet *packet)
{
	uint64_t v;
	wfp_err err = scenario_words_number(&p->w, "the number of an earlier packet", 1,
					    p->s->n_packets - 1, &v);

	packet->after = err ? 0 : (uint32_t)v;
	return err;
}

static wfp_err parse_chain(struct parser *p, struct scenario_packet *packet)
{
	uint64_t v;
	wfp_err err = scenario_words_number(&p->w, "how many packets", 2, SCENARIO_PACKETS, &v);

	packet->chain = err ? 0 : (uint32_t)v;
	return err;
}

static wfp_err parse_reply(struct parser *p, struct scenario_packet *packet)
{
	(void)p;
	packet->reply = true;
	return ERR_OK;
}

enum { FOR_TCP = 1, FOR_UDP = 2, FOR_ICMP = 4, FOR_ALL = 7 };

static const struct {
	const char *word;
	unsigned for_protocols;
	wfp_err (*parse)(struct parser *p, struct scenario_packet *packet);
} packet_words[] = {
	{"ack", FOR_TCP, parse_ack},	 {"seq", FOR_TCP | FOR_ICMP, parse_seq},
	{"data", FOR_ALL, parse_data},	 {"after", FOR_ALL, parse_after},
	{"chain", FOR_ALL, parse_chain}, {"reply", FOR_ICMP, parse_reply},
};

static unsigned protocol_bit(uint8_t protocol)
{
	if (protocol == HEADERS_TCP)
		return FOR_TCP;
	return protocol == HEADERS_UDP ? FOR_UDP : FOR_ICMP;
}

static bool take_flag(struct parser *p, struct scenario_packet *packet)
{
	for (size_t i = 0; packet->protocol == HEADERS_TCP && i < ARRAY_LEN(tcp_flags); i++) {
		if (tcp_flags[i].flag == HEADERS_ACK ||
		    !scenario_words_take(&p->w, tcp_flags[i].word))
			continue;
		packet->tcp_flags |= tcp_flags[i].flag;
		return true;
	}
	return false;
}

static wfp_err parse_packet_word(struct parser *p, struct scenario_packet *packet)
{
	if (take_flag(p, packet))
		return ERR_OK;
	for (size_t i = 0; i < ARRAY_LEN(packet_words); i++)
		if (packet_words[i].for_protocols & protocol_bit(packet->protocol) &&
		    scenario_words_take(&p->w, packet_words[i].word))
			return packet_words[i].parse(p, packet);
	return scenario_words_expected(
		&p->w, packet->protocol == HEADERS_TCP
			       ? "syn, ack, fin, rst, psh, urg, seq, data, after or "
				 "chain"
		       : packet->protocol == HEADERS_UDP ? "data, after or chain"
							 : "seq, data, reply, after or chain");
}

static wfp_err parse_packet(struct parser *p)
{
	struct scenario_packet *packet;
	wfp_err err;

	if (p->s->n_packets == SCENARIO_PACKETS)
		return scenario_words_wrong(&p->w, "more than %u packets", SCENARIO_PACKETS);
	packet = &p->s->packets[p->s->n_packets++];
	packet->line = p->w.line;
	packet->chain = 1;
	packet->out = scenario_words_take(&p->w, "out");
	if (!packet->out && !scenario_words_take(&p->w, "in"))
		return scenario_words_expected(&p->w, "'out' or 'in'");
	err = parse_protocol_word(p, &packet->protocol);
	if (!err)
		err = parse_ends(p, packet);
	while (!err && p->w.at < p->w.n)
		err = parse_packet_word(p, packet);
	return err;
}

/* ---- filters and disturbances ----------------------------------------------------------- */

static wfp_err parse_filter_word(struct parser *p, struct scenario_filter *f)
{
	uint64_t v;
	wfp_err err;

	if (scenario_words_take(&p->w, "weight")) {
		err = scenario_words_number(&p->w, "a weight", 0, UINT64_MAX, &f->weight);
		f->has_weight = !err;
		return err;
	}
	if (!scenario_words_take(&p->w, "sublayer"))
		return scenario_words_expected(&p->w, "'weight' or 'sublayer'");
	err = scenario_words_number(&p->w, "the weight of a sublayer", 0, UINT16_MAX, &v);
	f->has_sublayer = !err;
	f->sublayer = err ? 0 : (uint16_t)v;
	return err;
}

static wfp_err parse_filter(struct parser *p)
{
	struct scenario_filter *f = &p->s->filters[p->s->n_filters];
	wfp_err err;

	if (p->s->n_filters == SCENARIO_FILTERS)
		return scenario_words_wrong(&p->w, "more than %u filters", SCENARIO_FILTERS);
	p->s->n_filters++;
	f->line = p->w.line;
	err = parse_layer_name(p, &f->layer);
	if (err)
		return err;
	f->permit = scenario_words_take(&p->w, "permit");
	if (!f->permit && !scenario_words_take(&p->w, "block"))
		return scenario_words_expected(&p->w, "'permit' or 'block'");
	while (!err && p->w.at < p->w.n)
		err = parse_filter_word(p, f);
	return err;
}

/* A number, from 1; or the name of a driver statement above. */
static wfp_err parse_driver_word(struct parser *p, struct scenario_disturbance *d)
{
	uint64_t number;
	wfp_err err;
	char name[64];

	for (uint32_t i = 0; i < p->s->n_drivers; i++) {
		scenario_driver_name(p->s->drivers[i], name, sizeof(name));
		if (!scenario_words_take(&p->w, name))
			continue;
		d->driver = i;
		return ERR_OK;
	}
	err = scenario_words_number(&p->w, "the name of a driver statement above, or a number", 1,
				    SCENARIO_DRIVERS, &number);
	d->driver = err ? 0 : (uint32_t)number - 1;
	return err;
}

static wfp_err parse_packet_number(struct parser *p, struct scenario_disturbance *d)
{
	uint64_t number;
	wfp_err err = scenario_words_number(&p->w, "the number of a packet", 1, SCENARIO_PACKETS,
					    &number);

	d->packet = err ? 0 : (uint32_t)number;
	return err;
}

static wfp_err parse_disturbed_layer(struct parser *p, struct scenario_disturbance *d)
{
	return parse_layer_name(p, &d->layer);
}

static const struct {
	const char *first, *second; /* second NULL: one word */
	wfp_err (*about)(struct parser *p, struct scenario_disturbance *d); /* NULL: nothing */
} disturbs[SCENARIO_DISTURBS] = {
	[SCENARIO_CLOSE] = {"close", "packet", parse_packet_number},
	[SCENARIO_UNREGISTER] = {"unregister", NULL, parse_driver_word},
	[SCENARIO_UNLOAD] = {"unload", NULL, parse_driver_word},
	[SCENARIO_FILTER_ADD] = {"filter", "add", parse_disturbed_layer},
	[SCENARIO_FILTER_DELETE] = {"filter", "delete", parse_driver_word},
	[SCENARIO_STOP] = {"stop", NULL, NULL},
	[SCENARIO_TIMEOUT] = {"timeout", NULL, NULL},
};

static bool take_disturb(struct parser *p, unsigned kind)
{
	if (!scenario_words_take(&p->w, disturbs[kind].first))
		return false;
	if (!disturbs[kind].second || scenario_words_take(&p->w, disturbs[kind].second))
		return true;
	p->w.at--; /* the first word may begin another kind */
	return false;
}

static wfp_err parse_disturb(struct parser *p)
{
	struct scenario_disturbance *d = &p->s->disturbances[p->s->n_disturbances];

	if (p->s->n_disturbances == SCENARIO_DISTURBANCES)
		return scenario_words_wrong(&p->w, "more than %u disturbances",
					    SCENARIO_DISTURBANCES);
	for (unsigned i = 0; i < SCENARIO_DISTURBS; i++) {
		if (!take_disturb(p, i))
			continue;
		d->kind = (enum scenario_disturb)i;
		d->line = p->w.line;
		p->s->n_disturbances++;
		return disturbs[i].about ? disturbs[i].about(p, d) : ERR_OK;
	}
	return scenario_words_expected(&p->w,
				       "'close packet', 'unregister', 'unload', 'filter add', "
				       "'filter delete', 'stop' or 'timeout'");
}

/* ---- what is chosen and expected -------------------------------------------------------- */

static wfp_err parse_choose(struct parser *p)
{
	if (scenario_words_take(&p->w, "memory"))
		p->s->choose_memory = true;
	else if (scenario_words_take(&p->w, "clone"))
		p->s->choose_clone = true;
	else
		return scenario_words_expected(&p->w, "'memory' or 'clone'");
	return ERR_OK;
}

static wfp_err parse_option(struct parser *p)
{
	if (scenario_words_take(&p->w, "strict"))
		p->s->strict = true;
	else if (scenario_words_take(&p->w, "freeze"))
		p->s->freeze = true;
	else if (scenario_words_take(&p->w, "no-unload"))
		p->s->no_unload = true;
	else
		return scenario_words_expected(&p->w, "'strict', 'freeze' or 'no-unload'");
	return ERR_OK;
}

static wfp_err parse_time(struct parser *p)
{
	uint64_t v;
	wfp_err err = scenario_words_number(&p->w, "how often time may pass", 0, 1000, &v);

	p->s->time_jumps = err ? 0 : (uint32_t)v;
	return err;
}

static wfp_err parse_rule(struct parser *p)
{
	for (unsigned i = 0; i < EXPLORE_RULES; i++) {
		if (!scenario_words_take(&p->w, explore_rule_name((enum explore_rule)i)))
			continue;
		p->s->expect_rules |= 1u << i;
		return ERR_OK;
	}
	return scenario_words_expected(&p->w, "'none', or a rule, such as LostPacket,");
}

static wfp_err parse_expect(struct parser *p)
{
	wfp_err err = ERR_OK;

	if (p->s->expects)
		return scenario_words_wrong(&p->w, "it was said before");
	p->s->expects = true;
	if (scenario_words_take(&p->w, "none"))
		return ERR_OK;
	do
		err = parse_rule(p);
	while (!err && p->w.at < p->w.n);
	return err;
}

/* ---- the whole -------------------------------------------------------------------------- */

static const struct {
	const char *word;
	wfp_err (*parse)(struct parser *p);
} statements[] = {
	{"name", parse_name},	      {"about", parse_about},	{"layer", parse_layer},
	{"protocol", parse_protocol}, {"driver", parse_driver}, {"packet", parse_packet},
	{"capture", parse_capture},   {"filter", parse_filter}, {"disturb", parse_disturb},
	{"choose", parse_choose},     {"option", parse_option}, {"time", parse_time},
	{"expect", parse_expect},
};

static wfp_err parse_statement(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		wfp_err err;

		if (!scenario_words_take(&p->w, statements[i].word))
			continue;
		err = statements[i].parse(p);
		return err ? err : scenario_words_end(&p->w);
	}
	return scenario_words_expected(&p->w, "name, about, layer, protocol, driver, packet, "
					      "capture, filter, disturb, choose, option, time or "
					      "expect");
}

static wfp_err parse_lines(struct parser *p, const char *text, size_t len)
{
	const char *end = text + len;
	wfp_err err = ERR_OK;

	while (!err && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		p->w.line++;
		if (stop > text && stop[-1] == '\r')
			err = scenario_words_read(&p->w, text, (size_t)(stop - text) - 1);
		else
			err = scenario_words_read(&p->w, text, (size_t)(stop - text));
		if (!err && p->w.n > 0)
			err = parse_statement(p);
		text = newline ? newline + 1 : end;
	}
	return err;
}

/* Those of a chain are fed with its first: they cannot wait, or begin one of their own. */
static wfp_err check_chain(struct parser *p, uint32_t first)
{
	const struct scenario *s = p->s;
	const uint32_t end = first + s->packets[first].chain;

	p->w.line = s->packets[first].line;
	if (end > s->n_packets)
		return scenario_words_wrong(&p->w, "a chain of %u packets, but only %u follow",
					    s->packets[first].chain, s->n_packets - first - 1);
	for (uint32_t i = first + 1; i < end; i++)
		if (s->packets[i].after || s->packets[i].chain > 1)
			return scenario_words_wrong(&p->w,
						    "packet %u of the chain may have neither "
						    "'after' nor 'chain'",
						    i + 1);
	return ERR_OK;
}

static wfp_err check(struct parser *p)
{
	const struct scenario *s = p->s;
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; !err && i < s->n_packets; i++)
		err = check_chain(p, i);
	for (uint32_t i = 0; !err && !s->capture && i < s->n_disturbances; i++) {
		p->w.line = s->disturbances[i].line;
		if (s->disturbances[i].packet > s->n_packets)
			err = scenario_words_wrong(&p->w, "there is no packet %u",
						   s->disturbances[i].packet);
	}
	p->w.line = s->n_packets > 0 ? s->packets[0].line : 0;
	if (!err && s->capture && s->n_packets > 0)
		err = scenario_words_wrong(&p->w, "packets, and a capture as well");
	return err;
}

static wfp_err parse_all(struct parser *p, const char *text, size_t len)
{
	wfp_err err;

	if (len > SCENARIO_TEXT) {
		buf_printf(p->w.why, "longer than %u bytes", SCENARIO_TEXT);
		return ERR_INVALID_DATA;
	}
	err = parse_lines(p, text, len);
	if (!err)
		err = scenario_add_default_packets(p->s);
	return err ? err : check(p);
}

wfp_err scenario_parse(struct scenario **out, const char *text, size_t len, struct buf *why)
{
	struct parser *p = mem_zalloc(sizeof(*p));
	wfp_err err = ERR_NO_MEMORY;

	if (!p)
		return err;
	p->w.why = why;
	p->s = mem_zalloc(sizeof(*p->s));
	if (p->s)
		err = parse_all(p, text, len);
	if (err == ERR_NO_MEMORY)
		buf_append_str(why, "no memory");
	if (err)
		scenario_free(p->s);
	else
		*out = p->s;
	mem_free(p);
	return err;
}
