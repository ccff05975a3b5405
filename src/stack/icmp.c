/* SPDX-License-Identifier: MIT */
/*
 * icmp - queries, answers, errors, told apart by one table per version.
 */
#include "stack/icmp.h"

#define ICMP_HEADER 8u

/* A type with an id, and the question it belongs to: itself, or what it answers. */
struct query {
	uint8_t version, type, question;
};

static const struct query queries[] = {
	{4, 0, 8},		      /* echo */
	{4, 8, 8},     {4, 13, 13},   /* timestamp */
	{4, 14, 13},   {4, 15, 15},   /* information */
	{4, 16, 15},   {4, 17, 17},   /* address mask */
	{4, 18, 17},   {6, 128, 128}, /* echo */
	{6, 129, 128},
};

static const struct query *query_find(uint8_t version, uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		if (queries[i].version == version && queries[i].type == type)
			return &queries[i];
	return NULL;
}

uint8_t icmp_class(uint8_t version, uint8_t type)
{
	const struct query *q = query_find(version, type);

	return q ? q->question : type;
}

bool icmp_has_id(uint8_t version, uint8_t type)
{
	return query_find(version, type) != NULL;
}

bool icmp_is_reply(uint8_t version, uint8_t type)
{
	const struct query *q = query_find(version, type);

	return q && q->question != type;
}

/* Unreachable, source quench, redirect, time exceeded, parameter problem; ICMPv6: below 128. */
bool icmp_is_error(const struct headers *h)
{
	if (!h->has_transport)
		return false;
	if (h->version == 6)
		return h->protocol == HEADERS_ICMPV6 && h->icmp_type < 128;
	if (h->protocol != HEADERS_ICMP)
		return false;
	return (h->icmp_type >= 3 && h->icmp_type <= 5) || h->icmp_type == 11 || h->icmp_type == 12;
}

static enum headers_fault parse_quoted(struct headers *quoted, const struct headers *h,
				       const uint8_t *bytes)
{
	if (h->transport_size != ICMP_HEADER)
		return HEADERS_TRUNCATED;
	return headers_parse_embedded(quoted, bytes + h->payload, h->payload_len);
}

bool icmp_quoted(struct headers *quoted, const struct headers *h, const uint8_t *bytes)
{
	enum headers_fault fault;

	if (!icmp_is_error(h))
		return false;
	fault = parse_quoted(quoted, h, bytes);
	return (fault == HEADERS_OK || fault == HEADERS_TRANSPORT_TRUNCATED) &&
	       quoted->version == h->version;
}

bool icmp_flow_key(struct flow_key *out, const struct headers *h, const uint8_t *bytes,
		   enum packet_hook hook)
{
	/* Whoever receives an error had sent what it quotes. */
	static const enum packet_hook quoted_hook[PACKET_HOOKS] = {
		[PACKET_IN] = PACKET_OUT,
		[PACKET_OUT] = PACKET_IN,
		[PACKET_FORWARD] = PACKET_FORWARD,
	};
	struct headers quoted;

	if (!icmp_quoted(&quoted, h, bytes) || quoted.fault || quoted.frag_offset > 0)
		return false;
	if (icmp_is_error(&quoted))
		return false; /* errors are not answered with errors */
	*out = flow_key_from(&quoted, quoted_hook[hook]);
	return true;
}
