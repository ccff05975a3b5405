/* SPDX-License-Identifier: MIT */
/*
 * subject - rules as filters, headers as values, and the commits of the benchmark.
 *
 * A filter's id says its rule: the low half is the rule's place, counted from FIRST_PLACE, the high
 * half counts replacements.  The filters of both layers are made from the same rules.
 */
#include "subject.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/flow_cache.h"
#include "model/catalogue.h"

#include <malloc.h>
#include <string.h>

/* In the low half of an id. */
#define FIRST_PLACE    0x10000u
#define FIRST_EXTRA    0x80000000u
#define OTHER_LAYER    0x40000000u

#define VALUES_MAX     64u
#define CONTINUES_FROM (UINT64_C(1) << 60) /* their weights */
#define RULES_FROM     (UINT64_C(1) << 40)

const char *const subject_layer_names[SUBJECT_LAYERS] = {"ALE_AUTH_CONNECT_V4",
							 "OUTBOUND_TRANSPORT_V4"};
static const uint16_t layer_ids[SUBJECT_LAYERS] = {MODEL_LAYER_ALE_AUTH_CONNECT_V4,
						   MODEL_LAYER_OUTBOUND_TRANSPORT_V4};
static const struct guid sublayer = {.a = 0x62656e63, .d = {3}};

enum five { SRC, DST, SPORT, DPORT, PROTOCOL, FIVE };
static const char *const field_names[FIVE] = {"IP_LOCAL_ADDRESS", "IP_REMOTE_ADDRESS",
					      "IP_LOCAL_PORT", "IP_REMOTE_PORT", "IP_PROTOCOL"};

struct subject {
	struct engine *engine;
	const struct ruleset *set;
	uint32_t *generations; /* of the ALE layer's filters: the high halves of their ids */
	uint32_t n_extra;
	uint64_t load_ns;
	double bytes;
};

struct subject_change {
	struct model_filter **add;
	uint64_t *remove;
	uint32_t n_add, n_remove;
};

static int16_t field(uint16_t layer, enum five f)
{
	int i = model_field_index(model_layer_by_id(layer), model_condition_key(field_names[f]));

	BUG_ON(i < 0);
	return (int16_t)i;
}

/* ---- filters --------------------------------------------------------------------------------- */

/* A filter in the making; the values of its conditions may point into it. */
struct draft {
	struct model_filter filter;
	struct model_condition conditions[FIVE];
	struct model_v4_mask masks[FIVE];
	struct model_range ranges[FIVE];
};

static struct model_condition *add_condition(struct draft *d, enum five f, enum model_match match)
{
	struct model_condition *c = &d->conditions[d->filter.n_conditions++];

	*c = (struct model_condition){.field_key = *model_condition_key(field_names[f]),
				      .field = field(d->filter.layer, f),
				      .match = (uint8_t)match};
	return c;
}

static void add_prefix(struct draft *d, enum five f, uint32_t address, unsigned len)
{
	struct model_condition *c;

	if (len == 0)
		return;
	c = add_condition(d, f, MODEL_MATCH_EQUAL);
	d->masks[f] = (struct model_v4_mask){address, ruleset_mask(len)};
	c->value = len == 32 ? (struct model_value){.type = MODEL_UINT32, .u32 = address}
			     : (struct model_value){.type = MODEL_V4_ADDR_MASK,
						    .v4mask = &d->masks[f]};
}

static struct model_value port_value(uint16_t port)
{
	return (struct model_value){.type = MODEL_UINT16, .u16 = port};
}

static void add_ports(struct draft *d, enum five f, uint16_t lo, uint16_t hi)
{
	if (lo == 0 && hi == UINT16_MAX)
		return;
	if (lo == hi) {
		add_condition(d, f, MODEL_MATCH_EQUAL)->value = port_value(lo);
		return;
	}
	d->ranges[f] = (struct model_range){port_value(lo), port_value(hi)};
	add_condition(d, f, MODEL_MATCH_RANGE)->value =
		(struct model_value){.type = MODEL_RANGE_TYPE, .range = &d->ranges[f]};
}

static void draft_begin(struct draft *d, enum subject_layer_name layer, uint32_t action,
			uint64_t weight, uint64_t id)
{
	memset(d, 0, sizeof(*d));
	d->filter = (struct model_filter){.id = id,
					  .layer = layer_ids[layer],
					  .sublayer = sublayer,
					  .weight = weight,
					  .action = action,
					  .name = (char *)"bench",
					  .conditions = d->conditions};
}

static struct model_filter *draft_finish(struct draft *d)
{
	struct model_filter *f;

	d->filter.requested_weight =
		(struct model_value){.type = MODEL_UINT64, .u64 = &d->filter.weight};
	BUG_ON(model_filter_create(&f, &d->filter));
	return f;
}

static struct model_filter *make_filter(const struct bench_rule *r, enum subject_layer_name layer,
					uint64_t weight, uint64_t id)
{
	struct draft d;

	draft_begin(&d, layer, id & 1 ? MODEL_ACTION_PERMIT : MODEL_ACTION_BLOCK, weight, id);
	add_prefix(&d, SRC, r->src, r->src_len);
	add_prefix(&d, DST, r->dst, r->dst_len);
	add_ports(&d, SPORT, r->sport_lo, r->sport_hi);
	add_ports(&d, DPORT, r->dport_lo, r->dport_hi);
	if (!r->any_protocol)
		add_condition(&d, PROTOCOL, MODEL_MATCH_EQUAL)->value =
			(struct model_value){.type = MODEL_UINT8, .u8 = r->protocol};
	return draft_finish(&d);
}

static struct model_filter *make_continue(uint32_t i)
{
	struct draft d;

	draft_begin(&d, SUBJECT_ALE, MODEL_ACTION_CONTINUE, CONTINUES_FROM + i, FIRST_EXTRA + i);
	add_ports(&d, DPORT, (uint16_t)(i + 1), (uint16_t)(UINT16_MAX - i));
	return draft_finish(&d);
}

static uint64_t place_weight(const struct subject *s, uint32_t place)
{
	return RULES_FROM + s->set->n - place;
}

static uint64_t place_id(const struct subject *s, uint32_t place)
{
	return (uint64_t)s->generations[place] << 32 | (FIRST_PLACE + place);
}

/* ---- changes --------------------------------------------------------------------------------- */

static struct subject_change *change_create(uint32_t n)
{
	struct subject_change *c = mem_zalloc(sizeof(*c));

	BUG_ON(!c);
	c->add = mem_zalloc_array(n + 1, sizeof(struct model_filter *));
	c->remove = mem_zalloc_array(n + 1, sizeof(*c->remove));
	BUG_ON(!c->add || !c->remove);
	return c;
}

struct subject_change *subject_replacement(struct subject *s, uint32_t n, struct rng *rng)
{
	struct subject_change *c = change_create(n);
	/* Places in a row with a wide step between them, so that none comes twice. */
	uint32_t step = s->set->n / n, first = rng_below(rng, step);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = first + i * step;

		c->remove[c->n_remove++] = place_id(s, place);
		s->generations[place]++;
		c->add[c->n_add++] = make_filter(&s->set->rules[place], SUBJECT_ALE,
						 place_weight(s, place), place_id(s, place));
	}
	return c;
}

struct subject_change *subject_addition(struct subject *s, uint32_t n)
{
	struct subject_change *c = change_create(n);

	for (uint32_t i = 0; i < n; i++)
		c->add[c->n_add++] = make_filter(&s->set->rules[(uint64_t)i * s->set->n / n],
						 SUBJECT_ALE, 1 + i, FIRST_EXTRA + i);
	s->n_extra = n;
	return c;
}

struct subject_change *subject_continues(struct subject *s, uint32_t n)
{
	struct subject_change *c = change_create(n);

	for (uint32_t i = 0; i < n; i++)
		c->add[c->n_add++] = make_continue(i);
	s->n_extra = n;
	return c;
}

static struct subject_change *subject_removal(struct subject *s)
{
	struct subject_change *c = change_create(s->n_extra);

	for (uint32_t i = 0; i < s->n_extra; i++)
		c->remove[c->n_remove++] = FIRST_EXTRA + i;
	s->n_extra = 0;
	return c;
}

static void change_free(struct subject_change *c)
{
	for (uint32_t i = 0; i < c->n_add; i++)
		model_filter_put(c->add[i]);
	mem_free(c->add);
	mem_free(c->remove);
	mem_free(c);
}

uint64_t subject_apply(struct subject *s, struct subject_change *c)
{
	const struct engine_delta delta = {.add_filters = c->add,
					   .n_add_filters = c->n_add,
					   .remove_filters = c->remove,
					   .n_remove_filters = c->n_remove};
	uint64_t start = clock_now(), ns;

	BUG_ON(engine_commit(s->engine, &delta));
	ns = clock_now() - start;
	change_free(c);
	return ns;
}

uint64_t subject_remove_extra(struct subject *s)
{
	return subject_apply(s, subject_removal(s));
}

void subject_maintain(struct subject *s)
{
	BUG_ON(engine_maintain(s->engine));
}

/* ---- the engine ------------------------------------------------------------------------------ */

static uint64_t heap_used(void)
{
	struct mallinfo2 m = mallinfo2();

	return (uint64_t)m.uordblks + m.hblkhd;
}

static uint64_t load(struct subject *s, enum subject_layer_name layer)
{
	struct subject_change *c = change_create(s->set->n);

	for (uint32_t i = 0; i < s->set->n; i++)
		c->add[c->n_add++] =
			make_filter(&s->set->rules[i], layer, place_weight(s, i),
				    place_id(s, i) | (layer == SUBJECT_ALE ? 0 : OTHER_LAYER));
	return subject_apply(s, c);
}

struct subject *subject_create(const struct ruleset *set)
{
	static const struct engine_config config = {.max_ops = 4};
	struct model_sublayer mine = {.key = sublayer, .weight = 100};
	struct subject *s = mem_zalloc(sizeof(*s));
	uint64_t before;

	BUG_ON(!s);
	s->set = set;
	s->generations = mem_zalloc_array(set->n, sizeof(*s->generations));
	BUG_ON(!s->generations);
	BUG_ON(engine_create(&s->engine, &config));
	BUG_ON(engine_commit(s->engine,
			     &(struct engine_delta){.add_sublayers = &mine, .n_add_sublayers = 1}));
	before = heap_used();
	s->load_ns = load(s, SUBJECT_ALE);
	(void)load(s, SUBJECT_TRANSPORT);
	s->bytes = (double)(heap_used() - before) / (SUBJECT_LAYERS * (double)set->n);
	return s;
}

void subject_destroy(struct subject *s)
{
	engine_destroy(s->engine);
	mem_free(s->generations);
	mem_free(s);
}

double subject_bytes_per_filter(const struct subject *s)
{
	return s->bytes;
}

uint64_t subject_load_ns(const struct subject *s)
{
	return s->load_ns;
}

/* ---- classifies ------------------------------------------------------------------------------ */

struct subject_worker {
	const struct subject *subject;
	struct engine *engine;
	struct engine_flow_cache *cache; /* NULL: none */
	struct engine_flow_cache_stats seen;
	const struct ruletrace *trace;
	struct subject_worker_options options;
	int16_t fields[FIVE];
	struct engine_metadata meta;
	struct engine_indication inds[SUBJECT_BURST_MAX];
	struct engine_verdict verdicts[SUBJECT_BURST_MAX];
	struct model_value values[SUBJECT_BURST_MAX][VALUES_MAX];
};

/* A value of the type that the layer indicates, zero or pointing to zeros. */
static struct model_value zero_value(enum model_type type)
{
	static const uint8_t zeros[16];
	static const struct model_blob nobody = {.size = 2, .data = (uint8_t *)(uintptr_t)zeros};

	switch (type) {
	case MODEL_UINT8:
	case MODEL_UINT16:
	case MODEL_UINT32:
		return (struct model_value){.type = type};
	case MODEL_UINT64:
	case MODEL_BYTE_ARRAY16_TYPE:
	case MODEL_BYTE_ARRAY6_TYPE:
		return (struct model_value){.type = type, .bytes16 = (const void *)zeros};
	case MODEL_BYTE_BLOB_TYPE:
		return (struct model_value){.type = type, .blob = &nobody};
	default: /* users, packages: nobody asks, so nobody is said */
		return (struct model_value){0};
	}
}

static void prepare(struct subject_worker *w, const struct model_layer *l, unsigned i)
{
	static const enum model_type types[FIVE] = {MODEL_UINT32, MODEL_UINT32, MODEL_UINT16,
						    MODEL_UINT16, MODEL_UINT8};

	w->inds[i] = (struct engine_indication){.layer = l->id,
						.n_values = l->n_fields,
						.values = w->values[i],
						.meta = &w->meta,
						.cache = w->cache};
	for (unsigned k = 0; k < l->n_fields; k++) {
		int at = l->fields[k].index[MODEL_SCHEMA_2026];

		if (at >= 0)
			w->values[i][at] = zero_value(l->fields[k].type);
	}
	for (unsigned f = 0; f < FIVE; f++)
		BUG_ON(w->values[i][w->fields[f]].type != types[f]);
}

struct subject_worker *subject_worker_create(struct subject *s, const struct ruletrace *t,
					     struct subject_worker_options o)
{
	const struct model_layer *l = model_layer_by_id(layer_ids[o.layer]);
	struct subject_worker *w = mem_zalloc_aligned(CACHELINE, sizeof(*w));

	BUG_ON(!w || o.burst == 0 || o.burst > SUBJECT_BURST_MAX || l->n_fields > VALUES_MAX);
	w->subject = s;
	w->engine = s->engine;
	w->trace = t;
	w->options = o;
	if (o.cached)
		BUG_ON(engine_flow_cache_create(&w->cache, s->engine, ENGINE_FLOW_CACHE_ENTRIES));
	for (unsigned f = 0; f < FIVE; f++)
		w->fields[f] = field(l->id, f);
	for (unsigned i = 0; i < o.burst; i++)
		prepare(w, l, i);
	return w;
}

void subject_worker_destroy(struct subject_worker *w)
{
	engine_flow_cache_destroy(w->cache);
	mem_free(w);
}

double subject_worker_hits(struct subject_worker *w)
{
	struct engine_flow_cache_stats now = engine_flow_cache_stats(w->cache), was = w->seen;
	uint64_t hits = now.hits - was.hits, misses = now.misses - was.misses;

	w->seen = now;
	return hits ? 100.0 * (double)hits / (double)(hits + misses) : 0;
}

static void put_address(struct model_value *v, uint32_t address)
{
	v->type = MODEL_UINT32;
	v->u32 = address;
}

static void put_port(struct model_value *v, uint16_t port)
{
	v->type = MODEL_UINT16;
	v->u16 = port;
}

/* With the same stores as the stack: what reads more than was written here would stall. */
static void fill(struct subject_worker *w, unsigned i, const struct bench_header *h)
{
	struct model_value *v = w->values[i];

	put_address(&v[w->fields[SRC]], h->src);
	put_address(&v[w->fields[DST]], h->dst);
	put_port(&v[w->fields[SPORT]], h->sport);
	put_port(&v[w->fields[DPORT]], h->dport);
	v[w->fields[PROTOCOL]].type = MODEL_UINT8;
	v[w->fields[PROTOCOL]].u8 = h->protocol;
}

static uint32_t place_of(const struct subject_worker *w, const struct engine_verdict *v)
{
	uint32_t low = (uint32_t)v->filter_id & ~OTHER_LAYER;

	if (!low)
		return 0;
	if (w->options.layer == SUBJECT_ALE &&
	    v->filter_id != place_id(w->subject, low - FIRST_PLACE))
		return SUBJECT_STALE;
	return low - FIRST_PLACE + 1;
}

void subject_worker_run(struct subject_worker *w, uint32_t first, uint32_t n, uint32_t *out)
{
	unsigned burst = w->options.burst;

	for (uint32_t at = 0; at < n;) {
		uint32_t k = n - at < burst ? n - at : burst;

		for (uint32_t i = 0; i < k; i++)
			fill(w, i, &w->trace->headers[first + at + i]);
		if (burst == 1)
			engine_classify(w->engine, w->inds, w->verdicts);
		else
			engine_classify_burst(w->engine, w->inds, k, w->verdicts);
		for (uint32_t i = 0; out && i < k; i++)
			out[at + i] = place_of(w, &w->verdicts[i]);
		at += k;
	}
}

void subject_worker_run_dependent(struct subject_worker *w, uint32_t first, uint32_t n)
{
	uint32_t nothing = 0; /* but the processor does not know */

	for (uint32_t i = 0; i < n; i++) {
		fill(w, 0, &w->trace->headers[first + i + nothing]);
		engine_classify(w->engine, w->inds, w->verdicts);
		nothing = (uint32_t)(w->verdicts[0].filter_id >> 63);
	}
}

void subject_worker_run_nothing(struct subject_worker *w, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		fill(w, 0, &w->trace->headers[first + i]);
		__asm__ volatile("" : : "r"(w->values[0]) : "memory");
	}
}
