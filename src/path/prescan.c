/* SPDX-License-Identifier: MIT */
/*
 * prescan - one entry per attempt (a SYN, or a datagram in one direction), see prescan.h.
 */
#include "path/prescan.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

/* No padding: hashed and compared as bytes. */
struct attempt_key {
	uint8_t version, protocol;
	uint16_t from_port, to_port, zero;
	union headers_addr from, to;
};
STATIC_ASSERT(sizeof(struct attempt_key) == 40, "hashed as bytes");

struct attempt {
	struct hnode node;
	struct attempt_key key;
	bool answered, refused;
};

struct prescan {
	struct htable table;
	uint8_t key[16];
};

wfp_err prescan_create(struct prescan **out)
{
	struct prescan *s = mem_zalloc(sizeof(*s));
	uint64_t words[2] = {entropy_u64(), entropy_u64()};
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	memcpy(s->key, words, sizeof(s->key));
	err = htable_init(&s->table, 256);
	if (err) {
		mem_free(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

void prescan_destroy(struct prescan *s)
{
	struct hnode *node;

	if (!s)
		return;
	while ((node = htable_walk(&s->table, NULL)) != NULL) {
		htable_remove(&s->table, node);
		mem_free(CONTAINER_OF(node, struct attempt, node));
	}
	htable_destroy(&s->table);
	mem_free(s);
}

static struct attempt_key key_of(const struct headers *h)
{
	struct attempt_key k;

	memset(&k, 0, sizeof(k));
	k.version = h->version;
	k.protocol = h->protocol;
	k.from_port = h->src_port;
	k.to_port = h->dst_port;
	k.from = h->src;
	k.to = h->dst;
	return k;
}

/* The attempt that a packet of the other direction answers. */
static struct attempt_key reverse_of(const struct headers *h)
{
	struct attempt_key k = key_of(h);

	k.from_port = h->dst_port;
	k.to_port = h->src_port;
	k.from = h->dst;
	k.to = h->src;
	return k;
}

static struct attempt *find(const struct prescan *s, const struct attempt_key *k)
{
	struct hnode *node = htable_first(&s->table, hash_siphash(s->key, k, sizeof(*k)));

	for (; node; node = htable_next(node)) {
		struct attempt *a = CONTAINER_OF(node, struct attempt, node);

		if (memcmp(&a->key, k, sizeof(*k)) == 0)
			return a;
	}
	return NULL;
}

static wfp_err note_attempt(struct prescan *s, const struct attempt_key *k)
{
	struct attempt *a = find(s, k);

	if (a)
		return ERR_OK;
	a = mem_zalloc(sizeof(*a));
	if (!a)
		return ERR_NO_MEMORY;
	a->key = *k;
	htable_insert(&s->table, &a->node, hash_siphash(s->key, k, sizeof(*k)));
	return ERR_OK;
}

static void note_answer(struct prescan *s, const struct attempt_key *k, bool refused)
{
	struct attempt *a = find(s, k);

	if (a && refused)
		a->refused = true;
	else if (a)
		a->answered = true;
}

static wfp_err observe_tcp(struct prescan *s, const struct headers *h)
{
	const struct attempt_key k = key_of(h), answered = reverse_of(h);
	const unsigned flags = h->tcp_flags;

	if ((flags & (HEADERS_SYN | HEADERS_ACK | HEADERS_RST)) == HEADERS_SYN)
		return note_attempt(s, &k);
	if (flags & HEADERS_RST)
		note_answer(s, &answered, true);
	else
		note_answer(s, &answered, false);
	return ERR_OK;
}

static wfp_err observe_udp(struct prescan *s, const struct headers *h)
{
	const struct attempt_key k = key_of(h), answered = reverse_of(h);

	note_answer(s, &answered, false);
	return note_attempt(s, &k);
}

static bool is_port_unreachable(const struct headers *h)
{
	return (h->protocol == HEADERS_ICMP && h->icmp_type == 3 && h->icmp_code == 3) ||
	       (h->protocol == HEADERS_ICMPV6 && h->icmp_type == 1 && h->icmp_code == 4);
}

static void observe_icmp(struct prescan *s, const struct headers *h, const uint8_t *bytes)
{
	const uint32_t at = h->ip_size + 8; /* the fixed part of both ICMP headers */
	struct headers inner;
	struct attempt_key k;

	if (!is_port_unreachable(h) || h->total_len <= at)
		return;
	if (headers_parse_embedded(&inner, bytes + at, h->total_len - at) != HEADERS_OK ||
	    !inner.has_transport)
		return;
	k = key_of(&inner);
	note_answer(s, &k, true);
}

wfp_err prescan_observe(struct prescan *s, const struct headers *h, const uint8_t *bytes)
{
	if (!h->has_transport)
		return ERR_OK;
	switch (h->protocol) {
	case HEADERS_TCP:
		return observe_tcp(s, h);
	case HEADERS_UDP:
		return observe_udp(s, h);
	default:
		observe_icmp(s, h, bytes);
		return ERR_OK;
	}
}

enum port_endpoint prescan_endpoint(const struct prescan *s, const struct headers *h)
{
	const struct attempt_key k = key_of(h);
	const struct attempt *a = h->has_transport ? find(s, &k) : NULL;

	if (!a || (!a->answered && !a->refused))
		return PORT_ENDPOINT_UNKNOWN;
	return a->answered ? PORT_ENDPOINT_EXISTS : PORT_ENDPOINT_NONE;
}
