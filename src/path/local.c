/* SPDX-License-Identifier: MIT */
/*
 * local - a table of every address in the capture, and the choice among them; see local.h.
 */
#include "path/local.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

#include <arpa/inet.h>
#include <string.h>

struct candidate {
	struct hnode node;
	uint8_t version;
	union headers_addr addr;
	bool local;   /* said, hinted or chosen */
	int64_t hint; /* frames that say it is this host's, less those that say it is not */
	uint64_t packets, first_seen;
	uint64_t first_syn; /* UINT64_MAX: none sent */
};

struct local {
	struct htable table;
	uint8_t key[16];
	uint64_t observed; /* packets so far */
	bool said, hints;
};

wfp_err local_create(struct local **out)
{
	struct local *l = mem_zalloc(sizeof(*l));
	uint64_t words[2] = {entropy_u64(), entropy_u64()};
	wfp_err err;

	if (!l)
		return ERR_NO_MEMORY;
	memcpy(l->key, words, sizeof(l->key));
	err = htable_init(&l->table, 64);
	if (err) {
		mem_free(l);
		return err;
	}
	*out = l;
	return ERR_OK;
}

void local_destroy(struct local *l)
{
	struct hnode *node;

	if (!l)
		return;
	while ((node = htable_walk(&l->table, NULL)) != NULL) {
		htable_remove(&l->table, node);
		mem_free(CONTAINER_OF(node, struct candidate, node));
	}
	htable_destroy(&l->table);
	mem_free(l);
}

static uint64_t hash_of(const struct local *l, const union headers_addr *addr)
{
	return hash_siphash(l->key, addr, sizeof(*addr));
}

static struct candidate *find(const struct local *l, uint8_t version,
			      const union headers_addr *addr)
{
	struct hnode *node = htable_first(&l->table, hash_of(l, addr));

	for (; node; node = htable_next(node)) {
		struct candidate *c = CONTAINER_OF(node, struct candidate, node);

		if (c->version == version && headers_addr_equal(&c->addr, addr))
			return c;
	}
	return NULL;
}

static struct candidate *find_or_add(struct local *l, uint8_t version,
				     const union headers_addr *addr)
{
	struct candidate *c = find(l, version, addr);

	if (c)
		return c;
	c = mem_zalloc(sizeof(*c));
	if (!c)
		return NULL;
	c->version = version;
	c->addr = *addr;
	c->first_seen = l->observed;
	c->first_syn = UINT64_MAX;
	htable_insert(&l->table, &c->node, hash_of(l, addr));
	return c;
}

wfp_err local_add(struct local *l, const char *text, struct buf *why)
{
	uint8_t bytes[16];
	uint8_t version = 4;
	union headers_addr addr;
	struct candidate *c;

	if (inet_pton(AF_INET, text, bytes) != 1) {
		version = 6;
		if (inet_pton(AF_INET6, text, bytes) != 1) {
			buf_printf(why, "'%s' is not an IPv4 or IPv6 address", text);
			return ERR_INVALID_PARAMETER;
		}
	}
	addr = headers_addr_read(version, bytes);
	c = find_or_add(l, version, &addr);
	if (!c)
		return ERR_NO_MEMORY;
	c->local = true;
	l->said = true;
	return ERR_OK;
}

static bool is_group(uint8_t version, const union headers_addr *addr)
{
	return headers_addr_is_multicast(version, addr) || headers_addr_is_broadcast(version, addr);
}

/* Could be the address of one host. */
static bool is_unicast(uint8_t version, const union headers_addr *addr)
{
	return !is_group(version, addr) && !headers_addr_is_unspecified(addr) &&
	       !headers_addr_is_loopback(version, addr);
}

/* hint: +1 the frame says that this end is the capturing host, -1 that it is not, 0 nothing. */
static wfp_err observe_end(struct local *l, uint8_t version, const union headers_addr *addr,
			   int hint, bool syn)
{
	struct candidate *c;

	if (!is_unicast(version, addr))
		return ERR_OK;
	c = find_or_add(l, version, addr);
	if (!c)
		return ERR_NO_MEMORY;
	c->packets++;
	c->hint += hint;
	l->hints |= hint != 0;
	if (syn && c->first_syn == UINT64_MAX)
		c->first_syn = l->observed;
	return ERR_OK;
}

wfp_err local_observe(struct local *l, const struct headers *h, enum link_direction d)
{
	const bool syn = h->has_transport && h->protocol == HEADERS_TCP &&
			 (h->tcp_flags & (HEADERS_SYN | HEADERS_ACK)) == HEADERS_SYN;
	const int sent = d == LINK_DIRECTION_OUT ? 1 : d == LINK_DIRECTION_IN ? -1 : 0;
	wfp_err err;

	l->observed++;
	err = observe_end(l, h->version, &h->src, sent, syn);
	return err ? err : observe_end(l, h->version, &h->dst, -sent, false);
}

/* 10/8, 172.16/12, 192.168/16, 100.64/10, 169.254/16; fc00::/7 and fe80::/10. */
static bool is_private(const struct candidate *c)
{
	const uint32_t a = c->addr.v4;

	if (c->version == 6)
		return (c->addr.v6.b[0] & 0xfe) == 0xfc ||
		       (c->addr.v6.b[0] == 0xfe && (c->addr.v6.b[1] & 0xc0) == 0x80);
	return a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 22 == 0x191 ||
	       a >> 16 == 0xa9fe;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	if (a->packets != b->packets)
		return a->packets > b->packets;
	if (a->first_syn != b->first_syn)
		return a->first_syn < b->first_syn;
	if (is_private(a) != is_private(b))
		return is_private(a);
	if (a->first_seen != b->first_seen)
		return a->first_seen < b->first_seen;
	/* Both ends of one packet: the table's order must not decide. */
	return memcmp(&a->addr, &b->addr, sizeof(a->addr)) < 0;
}

static void choose_best(struct local *l, uint8_t version)
{
	struct candidate *best = NULL;
	struct hnode *node = NULL;

	while ((node = htable_walk(&l->table, node)) != NULL) {
		struct candidate *c = CONTAINER_OF(node, struct candidate, node);

		if (c->version == version && (!best || is_better(c, best)))
			best = c;
	}
	if (best)
		best->local = true;
}

static void choose_hinted(struct local *l)
{
	struct hnode *node = NULL;

	while ((node = htable_walk(&l->table, node)) != NULL) {
		struct candidate *c = CONTAINER_OF(node, struct candidate, node);

		c->local |= c->hint > 0;
	}
}

void local_guess(struct local *l)
{
	if (l->said)
		return;
	if (l->hints) {
		choose_hinted(l);
		return;
	}
	choose_best(l, 4);
	choose_best(l, 6);
}

bool local_has(const struct local *l, uint8_t version, const union headers_addr *addr)
{
	const struct candidate *c;

	if (headers_addr_is_loopback(version, addr))
		return true;
	c = find(l, version, addr);
	return c && c->local;
}

enum packet_hook local_hook(const struct local *l, const struct headers *h, enum link_direction d,
			    bool *loopback)
{
	const bool from_here = local_has(l, h->version, &h->src);
	const bool to_here = local_has(l, h->version, &h->dst);

	*loopback = from_here && to_here;
	if (*loopback && d == LINK_DIRECTION_IN)
		return PACKET_IN;
	if (from_here || headers_addr_is_unspecified(&h->src))
		return PACKET_OUT;
	if (to_here || is_group(h->version, &h->dst))
		return PACKET_IN;
	return PACKET_FORWARD;
}
