/* SPDX-License-Identifier: MIT */
/*
 * fragment - datagrams in the making.
 *
 * The pieces of a datagram are its packets themselves, ordered by offset.  What they cover never
 * overlaps (exact repeats aside), so the datagram is complete when the bytes add up to its end.
 * A datagram that was refused stays as a grave without packets until its time is over, so that
 * its late pieces share its fate.
 */
#include "stack/fragment.h"

#include "base/be.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/mem.h"
#include "stack/checksum.h"

#include <string.h>

#define SOURCE_SHARE 4u /* one source may use one part in so many */
#define PACKET_COST  ((uint32_t)sizeof(struct packet) + PACKET_HEAD_ROOM)

/* Compared and hashed as bytes: no padding. */
struct datagram_key {
	union headers_addr src, dst;
	uint32_t id;
	uint8_t version, hook;
	uint8_t protocol; /* IPv4; in IPv6 the pieces may differ */
	uint8_t zero;
};
STATIC_ASSERT(sizeof(struct datagram_key) == 40, "hashed as bytes");

/* Whoever sends pieces, and how much of the memory they take. */
struct source {
	struct hnode node;
	union headers_addr addr;
	uint32_t bytes, datagrams;
};

struct datagram {
	struct hnode node;
	struct list age; /* the table's, oldest first */
	struct timer_node timer;
	struct datagram_key key;
	struct source *source;
	struct list pieces;	   /* struct packet, by offset */
	uint32_t n_pieces, bytes;  /* charged */
	uint32_t covered, reach;   /* bytes of data present, highest end seen */
	uint32_t end;		   /* of the data; 0: the last piece is still missing */
	enum fragment_fault grave; /* not FRAGMENT_NONE: refused */
};

struct fragment_table {
	struct fragment_config config;
	struct htable datagrams, sources;
	struct list age;
	struct timerq timers;
	uint32_t bytes, pieces;
};

const char *fragment_fault_name(enum fragment_fault why)
{
	static const char *const names[FRAGMENT_FAULTS] = {
		[FRAGMENT_NONE] = "none",
		[FRAGMENT_OVERLAP] = "overlapping fragments",
		[FRAGMENT_LENGTH] = "fragments disagree about the length",
		[FRAGMENT_TINY] = "first fragment without its headers",
		[FRAGMENT_HEADERS] = "malformed after reassembly",
		[FRAGMENT_TIMEOUT] = "reassembly timed out",
		[FRAGMENT_MEMORY] = "no memory for reassembly",
		[FRAGMENT_TOO_MANY] = "too many fragments",
		[FRAGMENT_FLUSHED] = "reassembly stopped",
	};

	return (unsigned)why < FRAGMENT_FAULTS ? names[why] : "unknown";
}

/* ---- one piece ---------------------------------------------------------------------------- */

static struct packet *piece_at(struct list *link)
{
	return LIST_ENTRY(link, struct packet, queued);
}

/* Where the fragmented data begin in the packet. */
static uint32_t piece_start(const struct packet *p)
{
	return p->h.version == 4 ? p->h.ip_size : p->h.frag_header + 8;
}

static uint32_t piece_size(const struct packet *p)
{
	return p->h.total_len - piece_start(p);
}

static uint32_t piece_end(const struct packet *p)
{
	return p->h.frag_offset + piece_size(p);
}

static bool same_piece(const struct packet *a, const struct packet *b)
{
	return a->h.frag_offset == b->h.frag_offset && a->h.more == b->h.more &&
	       piece_size(a) == piece_size(b) &&
	       memcmp(a->data + piece_start(a), b->data + piece_start(b), piece_size(a)) == 0;
}

/* ---- sources ------------------------------------------------------------------------------ */

static struct source *source_get(struct fragment_table *t, const union headers_addr *addr)
{
	uint64_t hash = hash_siphash(t->config.hash_key, addr, sizeof(*addr));
	struct source *s;

	for (struct hnode *n = htable_first(&t->sources, hash); n; n = htable_next(n)) {
		s = CONTAINER_OF(n, struct source, node);
		if (headers_addr_equal(&s->addr, addr)) {
			s->datagrams++;
			return s;
		}
	}
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return NULL;
	s->addr = *addr;
	s->datagrams = 1;
	htable_insert(&t->sources, &s->node, hash);
	return s;
}

static void source_put(struct fragment_table *t, struct source *s)
{
	if (--s->datagrams > 0)
		return;
	htable_remove(&t->sources, &s->node);
	mem_free(s);
}

/* ---- datagrams ---------------------------------------------------------------------------- */

static void charge(struct fragment_table *t, struct datagram *d, uint32_t bytes)
{
	d->bytes += bytes;
	d->source->bytes += bytes;
	t->bytes += bytes;
}

static void uncharge(struct fragment_table *t, struct datagram *d, uint32_t bytes)
{
	d->bytes -= bytes;
	d->source->bytes -= bytes;
	t->bytes -= bytes;
}

static struct datagram_key key_of(const struct packet *p)
{
	return (struct datagram_key){
		.src = p->h.src,
		.dst = p->h.dst,
		.id = p->h.frag_id,
		.version = p->h.version,
		.hook = (uint8_t)p->hook,
		.protocol = p->h.version == 4 ? p->h.protocol : 0,
	};
}

static struct datagram *find(const struct fragment_table *t, const struct datagram_key *key,
			     uint64_t hash)
{
	for (struct hnode *n = htable_first(&t->datagrams, hash); n; n = htable_next(n)) {
		struct datagram *d = CONTAINER_OF(n, struct datagram, node);

		if (memcmp(&d->key, key, sizeof(*key)) == 0)
			return d;
	}
	return NULL;
}

static struct datagram *begin(struct fragment_table *t, const struct datagram_key *key,
			      uint64_t hash, uint64_t now)
{
	struct datagram *d = mem_zalloc(sizeof(*d));

	if (!d)
		return NULL;
	d->source = source_get(t, &key->src);
	if (!d->source) {
		mem_free(d);
		return NULL;
	}
	d->key = *key;
	list_init(&d->pieces);
	htable_insert(&t->datagrams, &d->node, hash);
	list_add_tail(&t->age, &d->age);
	timerq_add(&t->timers, &d->timer, now + FRAGMENT_TIMEOUT_S * CLOCK_S);
	charge(t, d, sizeof(*d));
	return d;
}

static void forget(struct fragment_table *t, struct datagram *d)
{
	htable_remove(&t->datagrams, &d->node);
	list_del(&d->age);
	timerq_del(&t->timers, &d->timer);
	uncharge(t, d, d->bytes);
	source_put(t, d->source);
	mem_free(d);
}

/* Takes the pieces away; the datagram stays, empty. */
static void take_pieces(struct fragment_table *t, struct datagram *d, struct list *out)
{
	list_splice_tail(out, &d->pieces);
	t->pieces -= d->n_pieces;
	d->n_pieces = 0;
	uncharge(t, d, d->bytes - (uint32_t)sizeof(*d));
}

static void give_back(struct fragment_table *t, struct datagram *d, enum fragment_fault why)
{
	struct list originals;

	list_init(&originals);
	take_pieces(t, d, &originals);
	if (!list_empty(&originals))
		t->config.dropped(t->config.ctx, &originals, why);
}

static void drop(struct fragment_table *t, struct datagram *d, enum fragment_fault why)
{
	give_back(t, d, why);
	forget(t, d);
}

/* Refuses what is here and, until the time is over, what is still to come. */
static void bury(struct fragment_table *t, struct datagram *d, enum fragment_fault why)
{
	d->grave = why;
	give_back(t, d, why);
}

static void drop_one(struct fragment_table *t, struct packet *p, enum fragment_fault why)
{
	struct list one;

	list_init(&one);
	list_add_tail(&one, &p->queued);
	t->config.dropped(t->config.ctx, &one, why);
}

/* Drops the oldest until `need` more fit.  False: they never will. */
static bool make_room(struct fragment_table *t, uint32_t need)
{
	if (need > t->config.max_bytes)
		return false;
	while (t->bytes > t->config.max_bytes - need) {
		struct list *oldest = list_first(&t->age);

		drop(t, LIST_ENTRY(oldest, struct datagram, age), FRAGMENT_MEMORY);
	}
	return true;
}

/* ---- adding ------------------------------------------------------------------------------- */

/* What the new piece says about the end of the data, against what others said. */
static bool ends_agree(struct datagram *d, const struct packet *p)
{
	uint32_t end = piece_end(p);

	if (!p->h.more) {
		if ((d->end && d->end != end) || d->reach > end)
			return false;
		d->end = end;
	}
	if (end > d->reach)
		d->reach = end;
	return !d->end || d->reach <= d->end;
}

/* The last piece that does not begin behind p, or the head: p belongs right after it. */
static struct list *place_of(struct datagram *d, const struct packet *p)
{
	struct list *pos = d->pieces.prev;

	while (pos != &d->pieces && piece_at(pos)->h.frag_offset > p->h.frag_offset)
		pos = pos->prev;
	return pos;
}

static enum fragment_fault insert(struct fragment_table *t, struct datagram *d, struct packet *p)
{
	struct list *before = place_of(d, p), *after = before->next;
	bool repeat = before != &d->pieces && same_piece(piece_at(before), p);
	enum fragment_fault fault = FRAGMENT_NONE;

	if (!repeat && before != &d->pieces && piece_end(piece_at(before)) > p->h.frag_offset)
		fault = FRAGMENT_OVERLAP;
	else if (!repeat && after != &d->pieces && piece_at(after)->h.frag_offset < piece_end(p))
		fault = FRAGMENT_OVERLAP;
	else if (!ends_agree(d, p))
		fault = FRAGMENT_LENGTH;
	else if (d->n_pieces == FRAGMENT_MAX_PIECES)
		fault = FRAGMENT_TOO_MANY;
	list_add_head(before, &p->queued);
	d->n_pieces++;
	t->pieces++;
	charge(t, d, PACKET_COST + p->len);
	if (!repeat)
		d->covered += piece_size(p);
	return fault;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* The first piece's header, without what made it a piece. */
static void write_header(struct packet *whole, const struct packet *first, uint32_t header)
{
	uint8_t *b = whole->data;

	memcpy(b, first->data, header);
	if (first->h.version == 6) {
		be16_put(b + 4, whole->len - 40);
		b[first->h.frag_link] = first->data[first->h.frag_header];
		return;
	}
	be16_put(b + 2, whole->len);
	be16_put(b + 6, 0);
	be16_put(b + 10, 0);
	be16_put(b + 10, checksum_fold(checksum_add(0, b, header)));
}

static void copy_pieces(struct packet *whole, struct datagram *d, uint32_t header)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &d->pieces) {
		const struct packet *p = piece_at(pos);

		memcpy(whole->data + header + p->h.frag_offset, p->data + piece_start(p),
		       piece_size(p));
	}
}

/* The first piece must hold the transport header that the whole has (RFC 7112). */
static enum fragment_fault check_whole(struct packet *whole, const struct packet *first)
{
	if (headers_parse(&whole->h, whole->data, whole->len))
		return FRAGMENT_HEADERS;
	if (whole->h.has_transport && !first->h.has_transport)
		return FRAGMENT_TINY;
	return FRAGMENT_NONE;
}

static enum fragment_fault assemble(struct datagram *d, struct packet **out)
{
	struct packet *first = piece_at(d->pieces.next), *whole;
	uint32_t header = first->h.version == 4 ? first->h.ip_size : first->h.frag_header;
	enum fragment_fault fault;

	if (header + d->end > (first->h.version == 4 ? 65535u : 65575u))
		return FRAGMENT_LENGTH;
	if (packet_create_blank(&whole, header + d->end))
		return FRAGMENT_MEMORY;
	packet_copy_facts(whole, first);
	write_header(whole, first, header);
	copy_pieces(whole, d, header);
	fault = check_whole(whole, first);
	if (fault)
		packet_put(whole);
	else
		*out = whole;
	return fault;
}

static bool is_complete(const struct datagram *d)
{
	return d->end && d->covered == d->end;
}

/* A refused datagram is dropped for good when it was only memory that lacked. */
static void refuse(struct fragment_table *t, struct datagram *d, enum fragment_fault fault)
{
	if (fault == FRAGMENT_MEMORY)
		drop(t, d, fault);
	else
		bury(t, d, fault);
}

static bool finish(struct fragment_table *t, struct datagram *d, struct packet **whole,
		   struct list *originals)
{
	enum fragment_fault fault = assemble(d, whole);

	if (fault) {
		refuse(t, d, fault);
		return false;
	}
	list_init(originals);
	take_pieces(t, d, originals);
	forget(t, d);
	return true;
}

/* The datagram that p belongs to, with room for p.  NULL: there is no room. */
static struct datagram *datagram_for(struct fragment_table *t, const struct packet *p, uint64_t now)
{
	struct datagram_key key = key_of(p);
	uint64_t hash = hash_siphash(t->config.hash_key, &key, sizeof(key));
	uint32_t need = PACKET_COST + p->len + (uint32_t)sizeof(struct datagram);
	struct datagram *d;

	if (!make_room(t, need))
		return NULL;
	d = find(t, &key, hash);
	if (!d)
		d = begin(t, &key, hash, now);
	if (d && d->source->bytes + need > t->config.max_bytes / SOURCE_SHARE) {
		drop(t, d, FRAGMENT_MEMORY);
		return NULL;
	}
	return d;
}

bool fragment_add(struct fragment_table *t, struct packet *p, uint64_t now, struct packet **whole,
		  struct list *originals)
{
	struct datagram *d = datagram_for(t, p, now);
	enum fragment_fault fault;

	if (!d || d->grave) {
		drop_one(t, p, d ? d->grave : FRAGMENT_MEMORY);
		return false;
	}
	fault = insert(t, d, p);
	if (fault) {
		bury(t, d, fault);
		return false;
	}
	return is_complete(d) && finish(t, d, whole, originals);
}

/* ---- the table ---------------------------------------------------------------------------- */

wfp_err fragment_table_create(struct fragment_table **out, const struct fragment_config *config)
{
	struct fragment_table *t = mem_zalloc(sizeof(*t));
	wfp_err err = ERR_NO_MEMORY;

	if (!t)
		return err;
	t->config = *config;
	list_init(&t->age);
	timerq_init(&t->timers);
	err = htable_init(&t->datagrams, 0);
	if (err)
		goto undo_alloc;
	err = htable_init(&t->sources, 0);
	if (err)
		goto undo_datagrams;
	*out = t;
	return ERR_OK;

undo_datagrams:
	htable_destroy(&t->datagrams);
undo_alloc:
	mem_free(t);
	return err;
}

void fragment_table_destroy(struct fragment_table *t)
{
	if (!t)
		return;
	BUG_ON(t->datagrams.count > 0);
	htable_destroy(&t->sources);
	htable_destroy(&t->datagrams);
	mem_free(t);
}

void fragment_table_tick(struct fragment_table *t, uint64_t now)
{
	struct timer_node *fired;

	while ((fired = timerq_pop_expired(&t->timers, now)))
		drop(t, CONTAINER_OF(fired, struct datagram, timer), FRAGMENT_TIMEOUT);
}

uint64_t fragment_table_next_deadline(const struct fragment_table *t)
{
	return timerq_next_deadline(&t->timers);
}

void fragment_table_flush(struct fragment_table *t)
{
	struct list *oldest;

	while ((oldest = list_first(&t->age)))
		drop(t, LIST_ENTRY(oldest, struct datagram, age), FRAGMENT_FLUSHED);
}

uint32_t fragment_table_bytes(const struct fragment_table *t)
{
	return t->bytes;
}

bool fragment_table_empty(const struct fragment_table *t)
{
	return t->pieces == 0;
}

/* ---- atomic fragments --------------------------------------------------------------------- */

enum headers_fault fragment_make_whole(struct packet *p)
{
	uint32_t header = p->h.frag_header;
	uint8_t protocol;

	if (!p->h.is_atomic)
		return (enum headers_fault)p->h.fault;
	protocol = p->data[header];
	memmove(p->data + 8, p->data, header);
	p->data += 8;
	p->len = p->h.total_len - 8;
	p->data[p->h.frag_link] = protocol;
	be16_put(p->data + 4, p->len - 40);
	return headers_parse(&p->h, p->data, p->len);
}
