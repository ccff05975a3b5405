/* SPDX-License-Identifier: MIT */
/*
 * flow - keys, shards and the table of one worker.
 *
 * Timers are lazy: a packet only notes when it came; when the timer fires early, it is set again.
 * The list by last use exists for the cap alone.  A held flow is in neither.
 */
#include "stack/flow.h"

#include "base/clock.h"
#include "base/mem.h"
#include "stack/icmp.h"

#include <string.h>

#define DEFAULT_STREAM_BYTES (256u * 1024)

struct flow_table {
	struct flow_config config;
	struct htable flows;
	struct list idle; /* least recently used first */
	struct timerq timers;
};

/* ---- keys --------------------------------------------------------------------------------- */

struct end {
	union headers_addr addr;
	uint16_t port;
};

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_icmp(const struct headers *h)
{
	return h->protocol == (h->version == 4 ? HEADERS_ICMP : HEADERS_ICMPV6);
}

static void ends_of(const struct headers *h, struct end *src, struct end *dst)
{
	src->addr = h->src;
	dst->addr = h->dst;
	src->port = is_icmp(h) ? h->icmp_id : h->src_port;
	dst->port = is_icmp(h) ? h->icmp_id : h->dst_port;
}

static bool end_less(const struct end *a, const struct end *b)
{
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order < 0 : a->port < b->port;
}

bool flow_key_sent_by_local(const struct flow_key *k, const struct headers *h,
			    enum packet_hook hook)
{
	struct end src, dst;

	if (hook != PACKET_FORWARD)
		return hook == PACKET_OUT;
	ends_of(h, &src, &dst);
	return headers_addr_equal(&src.addr, &k->local) && src.port == k->local_port;
}

static struct flow_key key_of_ends(const struct headers *h, enum flow_kind kind,
				   const struct end *local, const struct end *remote)
{
	return (struct flow_key){
		.version = h->version,
		.protocol = h->protocol,
		.kind = (uint8_t)kind,
		.icmp_class = is_icmp(h) ? icmp_class(h->version, h->icmp_type) : 0,
		.local_port = local->port,
		.remote_port = remote->port,
		.icmp_code = is_icmp(h) ? h->icmp_code : 0,
		.local = local->addr,
		.remote = remote->addr,
	};
}

static struct flow_key ordered_key(const struct headers *h, const struct end *a,
				   const struct end *b)
{
	if (end_less(b, a))
		return key_of_ends(h, FLOW_FORWARDED, b, a);
	return key_of_ends(h, FLOW_FORWARDED, a, b);
}

struct flow_key flow_key_from(const struct headers *h, enum packet_hook hook)
{
	struct end src, dst;

	ends_of(h, &src, &dst);
	if (hook == PACKET_FORWARD)
		return ordered_key(h, &src, &dst);
	if (hook == PACKET_IN)
		return key_of_ends(h, FLOW_LOCAL, &dst, &src);
	return key_of_ends(h, FLOW_LOCAL, &src, &dst);
}

/* ---- shards ------------------------------------------------------------------------------- */

static unsigned shard(const uint8_t hash_key[16], const struct flow_key *ordered, unsigned workers)
{
	uint64_t hash = hash_siphash(hash_key, ordered, sizeof(*ordered));

	return (unsigned)((hash >> 32) * workers >> 32);
}

unsigned flow_shard(const uint8_t hash_key[16], const struct flow_key *k, unsigned workers)
{
	struct end local = {k->local, k->local_port}, remote = {k->remote, k->remote_port};
	struct flow_key ordered = *k;

	if (workers < 2)
		return 0;
	ordered.kind = FLOW_FORWARDED;
	if (end_less(&remote, &local)) {
		ordered.local = k->remote;
		ordered.remote = k->local;
		ordered.local_port = k->remote_port;
		ordered.remote_port = k->local_port;
	}
	return shard(hash_key, &ordered, workers);
}

unsigned flow_shard_packet(const uint8_t hash_key[16], const struct packet *p, unsigned workers)
{
	struct flow_key key;

	if (workers < 2)
		return 0;
	if (p->h.is_fragment)
		key = (struct flow_key){
			.version = p->h.version, .local = p->h.src, .remote = p->h.dst};
	else if (!icmp_flow_key(&key, &p->h, p->data, p->hook))
		key = flow_key_from(&p->h, p->hook);
	return flow_shard(hash_key, &key, workers);
}

/* ---- the table ---------------------------------------------------------------------------- */

wfp_err flow_table_create(struct flow_table **out, const struct flow_config *config)
{
	struct flow_table *t = mem_zalloc(sizeof(*t));
	wfp_err err;

	if (!t)
		return ERR_NO_MEMORY;
	t->config = *config;
	if (t->config.max_stream_bytes == 0)
		t->config.max_stream_bytes = DEFAULT_STREAM_BYTES;
	list_init(&t->idle);
	timerq_init(&t->timers);
	err = htable_init(&t->flows, 0);
	if (err) {
		mem_free(t);
		return err;
	}
	*out = t;
	return ERR_OK;
}

void flow_table_destroy(struct flow_table *t)
{
	if (!t)
		return;
	BUG_ON(t->flows.count > 0);
	htable_destroy(&t->flows);
	mem_free(t);
}

static uint64_t key_hash(const struct flow_table *t, const struct flow_key *k)
{
	return hash_siphash(t->config.hash_key, k, sizeof(*k));
}

static struct flow *find_hashed(const struct flow_table *t, const struct flow_key *k, uint64_t hash)
{
	for (struct hnode *n = htable_first(&t->flows, hash); n; n = htable_next(n)) {
		struct flow *f = CONTAINER_OF(n, struct flow, node);

		if (flow_key_equal(&f->key, k))
			return f;
	}
	return NULL;
}

struct flow *flow_table_find(const struct flow_table *t, const struct flow_key *k)
{
	return find_hashed(t, k, key_hash(t, k));
}

static uint64_t idle_time(const struct flow_config *c, const struct flow *f)
{
	switch (f->key.protocol) {
	case HEADERS_TCP:
		return tcp_is_half_open(&f->tcp) ? c->tcp_half_open_idle : c->tcp_idle;
	case HEADERS_UDP:
	case HEADERS_UDP_LITE:
		return c->udp_idle;
	case HEADERS_ICMP:
	case HEADERS_ICMPV6:
		return c->icmp_idle;
	default:
		return c->other_idle;
	}
}

static uint64_t deadline(const struct flow *f)
{
	uint64_t at = f->last_seen + f->idle_time;

	return at < f->last_seen ? CLOCK_NEVER - 1 : at;
}

static bool make_room(struct flow_table *t)
{
	struct list *idlest;

	if (t->flows.count < t->config.max_flows)
		return true;
	idlest = list_first(&t->idle);
	if (!idlest)
		return false;
	flow_table_close(t, LIST_ENTRY(idlest, struct flow, idle), FLOW_END_EVICTED);
	return true;
}

static void flow_init(const struct flow_config *c, struct flow *f, const struct flow_key *k,
		      const struct packet *first, uint64_t now)
{
	f->key = *k;
	f->first = first->hook;
	f->sent_by_local = flow_key_sent_by_local(k, &first->h, first->hook);
	f->opened = f->last_seen = now;
	tcp_init(&f->tcp, k->kind == FLOW_LOCAL && f->sent_by_local);
	for (unsigned dir = 0; dir < FLOW_DIRS; dir++)
		stream_init(&f->stream[dir], c->max_stream_bytes);
	f->idle_time = idle_time(c, f);
}

wfp_err flow_table_open(struct flow_table *t, struct flow **out, const struct flow_key *k,
			const struct packet *first, uint64_t now)
{
	struct flow *f = mem_zalloc(sizeof(*f));

	if (!f)
		return ERR_NO_MEMORY;
	if (!make_room(t)) {
		mem_free(f);
		return ERR_NO_MEMORY;
	}
	flow_init(&t->config, f, k, first, now);
	htable_insert(&t->flows, &f->node, key_hash(t, k));
	list_add_tail(&t->idle, &f->idle);
	timerq_add(&t->timers, &f->timer, deadline(f));
	*out = f;
	return ERR_OK;
}

enum flow_dir flow_dir_of(const struct flow *f, const struct packet *p)
{
	bool by_local = flow_key_sent_by_local(&f->key, &p->h, p->hook);

	return by_local == f->sent_by_local ? FLOW_ORIGINAL : FLOW_REPLY;
}

enum flow_dir flow_table_use(struct flow_table *t, struct flow *f, const struct packet *p,
			     uint64_t now)
{
	enum flow_dir dir = flow_dir_of(f, p);

	f->count[dir].packets++;
	f->count[dir].bytes += p->h.total_len;
	f->last_seen = now;
	if (f->holds == 0) {
		list_del(&f->idle);
		list_add_tail(&t->idle, &f->idle);
	}
	return dir;
}

void flow_table_retime(struct flow_table *t, struct flow *f, uint64_t now)
{
	f->idle_time = idle_time(&t->config, f);
	f->last_seen = now;
	if (f->holds == 0)
		timerq_add(&t->timers, &f->timer, deadline(f));
}

void flow_table_close(struct flow_table *t, struct flow *f, enum flow_end why)
{
	htable_remove(&t->flows, &f->node);
	if (f->holds == 0)
		list_del(&f->idle);
	timerq_del(&t->timers, &f->timer);
	t->config.closed(t->config.ctx, f, why);
	for (unsigned dir = 0; dir < FLOW_DIRS; dir++)
		stream_clear(&f->stream[dir]);
	mem_free(f);
}

void flow_table_hold(struct flow_table *t, struct flow *f)
{
	if (f->holds++ > 0)
		return;
	list_del(&f->idle);
	timerq_del(&t->timers, &f->timer);
}

void flow_table_release(struct flow_table *t, struct flow *f, uint64_t now)
{
	BUG_ON(f->holds == 0);
	if (--f->holds > 0)
		return;
	f->last_seen = now;
	list_add_tail(&t->idle, &f->idle);
	timerq_add(&t->timers, &f->timer, deadline(f));
}

void flow_table_tick(struct flow_table *t, uint64_t now)
{
	struct timer_node *fired;

	while ((fired = timerq_pop_expired(&t->timers, now))) {
		struct flow *f = CONTAINER_OF(fired, struct flow, timer);

		if (deadline(f) > now)
			timerq_add(&t->timers, &f->timer, deadline(f));
		else
			flow_table_close(t, f, FLOW_END_IDLE);
	}
}

uint64_t flow_table_next_deadline(const struct flow_table *t)
{
	return timerq_next_deadline(&t->timers);
}

void flow_table_flush(struct flow_table *t)
{
	struct list *link;
	struct hnode *n;

	while ((link = list_first(&t->idle)))
		flow_table_close(t, LIST_ENTRY(link, struct flow, idle), FLOW_END_FLUSHED);
	while ((n = htable_walk(&t->flows, NULL))) /* the held ones */
		flow_table_close(t, CONTAINER_OF(n, struct flow, node), FLOW_END_FLUSHED);
}

uint32_t flow_table_count(const struct flow_table *t)
{
	return (uint32_t)t->flows.count;
}
