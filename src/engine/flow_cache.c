/* SPDX-License-Identifier: MIT */
/*
 * flow_cache - the verdict of a packet like one before; see flow_cache.h and cache_table.h.
 *
 * The fast way compares the generation of the layer, which grows after a new version is visible,
 * and needs no RCU section: a verdict of that version is one that a classify begun now may give.
 * Everything else happens in a section, on one snapshot.  Thread: the worker that owns the cache.
 */
#include "engine/flow_cache.h"

#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "engine/cache_table.h"
#include "engine/classify.h"
#include "engine/state.h"
#include "engine/trail.h"

#define SUBLAYERS_MAX 256u

/* A layer's key, and that of before: what was found with it may still hold. */
struct cache_layer {
	uint64_t version; /* of the view that `now` was made for; 0: none yet */
	bool usable, was_usable;
	bool all; /* every field of the layer is in the key: callouts may be believed */
	struct cache_shape now, before;
};

/* [I] immutable   [W] the worker   [C] lock of the list of caches */
struct engine_flow_cache {
	struct list link;			     /* [C] */
	struct engine *engine;			     /* [I] */
	struct cache_secret secret;		     /* [I] */
	struct atom64 hits[CACHE_BLOCK + 1], misses; /* [W] written, relaxed; read by anybody */
	struct cache_table table;		     /* [W] */
	struct engine_flow_cache_stats stats;	     /* [W] */
	uint64_t epoch;				     /* [W] engine's cache_epoch, as last seen */
	uint32_t n_shapes;			     /* [W] numbers given */
	unsigned n_sublayers;			     /* [W] */
	struct cache_sublayer {
		struct guid key;
		uint16_t weight;
	} sublayers[SUBLAYERS_MAX];		     /* [W] the first: none */
	struct cache_layer layers[MODEL_LAYERS_MAX]; /* [W] */
};

/* ---- life -------------------------------------------------------------------------------------
 */

wfp_err engine_flow_cache_create(struct engine_flow_cache **out, struct engine *e, uint32_t entries)
{
	struct engine_flow_cache *c = mem_zalloc_aligned(CACHELINE, sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	err = cache_table_create(&c->table, entries);
	if (err) {
		mem_free(c);
		return err;
	}
	c->engine = e;
	c->n_sublayers = 1;
	for (unsigned i = 0; i < ARRAY_LEN(c->secret.words); i++)
		c->secret.words[i] = entropy_u64();
	lock_take(&e->caches_lock);
	list_add_tail(&e->caches, &c->link);
	lock_drop(&e->caches_lock);
	*out = c;
	return ERR_OK;
}

/* A hit is a classify; a miss has been counted as one elsewhere. */
static void add_counts(const struct engine_flow_cache *c, uint64_t words[ENGINE_COUNTER_WORDS])
{
	const uint64_t permits = atom64_load_relaxed(&c->hits[0]);
	const uint64_t blocks = atom64_load_relaxed(&c->hits[CACHE_BLOCK]);

	words[ENGINE_COUNTER(classifies)] += permits + blocks;
	words[ENGINE_COUNTER(permits)] += permits;
	words[ENGINE_COUNTER(blocks)] += blocks;
	words[ENGINE_COUNTER(cache_hits)] += permits + blocks;
	words[ENGINE_COUNTER(cache_misses)] += atom64_load_relaxed(&c->misses);
}

void flow_caches_count(struct engine *e, uint64_t words[ENGINE_COUNTER_WORDS])
{
	struct list *link;

	LIST_FOR_EACH (link, &e->caches)
		add_counts(LIST_ENTRY(link, struct engine_flow_cache, link), words);
}

bool flow_caches_any(struct engine *e)
{
	bool any;

	lock_take(&e->caches_lock);
	any = !list_empty(&e->caches);
	lock_drop(&e->caches_lock);
	return any;
}

/* What it has counted is the engine's from now on. */
static void leave_engine(struct engine_flow_cache *c)
{
	struct engine *e = c->engine;
	uint64_t words[ENGINE_COUNTER_WORDS] = {0};

	add_counts(c, words);
	lock_take(&e->caches_lock);
	list_del(&c->link);
	for (unsigned i = 0; i < ENGINE_COUNTER_WORDS; i++)
		if (words[i])
			engine_count(e, i, (int64_t)words[i]);
	lock_drop(&e->caches_lock);
}

void engine_flow_cache_destroy(struct engine_flow_cache *c)
{
	if (!c)
		return;
	leave_engine(c);
	cache_table_destroy(&c->table);
	mem_free(c);
}

struct engine_flow_cache_stats engine_flow_cache_stats(const struct engine_flow_cache *c)
{
	struct engine_flow_cache_stats stats = c->stats;

	stats.hits = atom64_load_relaxed(&c->hits[0]) + atom64_load_relaxed(&c->hits[CACHE_BLOCK]);
	stats.misses = atom64_load_relaxed(&c->misses);
	return stats;
}

size_t engine_flow_cache_bytes(const struct engine_flow_cache *c)
{
	return sizeof(*c) + cache_table_bytes(&c->table);
}

const struct cache_secret *flow_cache_secret(const struct engine_flow_cache *c)
{
	return &c->secret;
}

/* Nobody else writes it. */
static void count(struct atom64 *word)
{
	atom64_store_relaxed(word, atom64_load_relaxed(word) + 1);
}

static void flush(struct engine_flow_cache *c)
{
	cache_table_clear(&c->table);
	c->n_sublayers = 1;
	c->stats.flushes++;
}

/* ---- shapes -----------------------------------------------------------------------------------
 */

static bool callouts_may_be_cached(const struct engine_flow_cache *c)
{
	return atom32_load_relaxed(&c->engine->cacheable_callouts) > 0;
}

static void reshape(struct engine_flow_cache *c, struct cache_layer *l, uint16_t layer,
		    uint64_t fields)
{
	struct cache_shape next;
	const bool fits = cache_shape_make(&next, layer, fields);

	if (l->usable) {
		l->before = l->now;
		l->was_usable = true;
	}
	l->usable = fits;
	if (!fits)
		return;
	next.number = ++c->n_shapes;
	l->now = next;
}

/* A callout may look at every value. */
static bool wants_all(const struct engine_flow_cache *c, const struct engine_view *v)
{
	return v->n_callouts > 0 && callouts_may_be_cached(c);
}

static uint64_t fields_of(uint16_t layer)
{
	const unsigned n = model_layer_by_id(layer)->n_fields;
	uint64_t fields = 0;

	for (unsigned i = 0; i < n; i++) {
		const int index = model_layer_by_id(layer)->fields[i].index[MODEL_SCHEMA_2026];

		if (index >= 0)
			fields |= UINT64_C(1) << index;
	}
	return fields;
}

static void follow(struct engine_flow_cache *c, struct cache_layer *l, uint16_t layer,
		   const struct engine_view *v)
{
	struct cache_shape whole;
	uint64_t fields = v->fields;

	if (l->version == v->version)
		return;
	l->all = wants_all(c, v) && cache_shape_make(&whole, layer, fields_of(layer));
	if (l->all)
		fields = whole.fields;
	if (l->version == 0 || !l->usable || l->now.fields != fields)
		reshape(c, l, layer, fields);
	l->version = v->version;
}

/*
 * A callout whose verdicts may be here has come or gone: what it said holds no longer, and shapes
 * depend on whether there is such a callout.  That is rare, so everything goes.
 */
static void follow_callouts(struct engine_flow_cache *c)
{
	const uint64_t epoch = atom64_load_acquire(&c->engine->cache_epoch);

	if (LIKELY(c->epoch == epoch))
		return;
	c->epoch = epoch;
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		c->layers[i].version = 0;
	flush(c);
}

/* ---- what an entry says -----------------------------------------------------------------------
 */

#define STAMP_VERSION_SHIFT 16
#define STAMP_REST	    0xffffu

static uint64_t version_of(const struct cache_hot *hot)
{
	return hot->stamp >> STAMP_VERSION_SHIFT;
}

static void stamp_version(struct cache_hot *hot, uint64_t version)
{
	hot->stamp = (hot->stamp & STAMP_REST) | version << STAMP_VERSION_SHIFT;
}

static const struct cache_sublayer *sublayer_of(const struct engine_flow_cache *c, uint64_t stamp)
{
	return &c->sublayers[stamp >> 8 & 0xff];
}

/* The trail names everybody who spoke, the decider among them. */
static uint32_t decider_callout(const struct cache_cold *cold, uint64_t filter_id)
{
	for (unsigned i = 0; i < cold->n_trail; i++)
		if (cold->trail[i].filter_id == filter_id)
			return cold->trail[i].callout_id;
	return 0;
}

static void read_trail(const struct engine_flow_cache *c, const struct cache_cold *cold,
		       struct engine_trail *trail)
{
	trail->n = cold->n_trail;
	for (unsigned i = 0; i < cold->n_trail; i++) {
		const struct cache_word *w = &cold->trail[i];

		trail->words[i] = (struct model_netevent_word){
			.filter_id = w->filter_id,
			.sublayer = c->sublayers[w->sublayer].key,
			.callout_id = w->callout_id,
			.action = w->flags & CACHE_BLOCK ? MODEL_ACTION_BLOCK : MODEL_ACTION_PERMIT,
			.hard = w->flags & CACHE_HARD,
		};
	}
}

static void hit(struct engine_flow_cache *c, uint32_t entry, const struct engine_indication *ind,
		struct engine_verdict *out)
{
	const struct cache_hot *hot = &c->table.hot[entry];
	const uint64_t stamp = hot->stamp;
	const struct cache_sublayer *s = sublayer_of(c, stamp);

	*out = (struct engine_verdict){
		.outcome = stamp & CACHE_BLOCK ? ENGINE_BLOCK : ENGINE_PERMIT,
		.veto = stamp & CACHE_VETO,
		.hard = stamp & CACHE_HARD,
		.filter_id = hot->filter_id,
		.sublayer_weight = s->weight,
		.sublayer = s->key,
	};
	if (stamp & CACHE_CALLOUT)
		out->callout_id = decider_callout(&c->table.cold[entry], hot->filter_id);
	if (ind->trail)
		read_trail(c, &c->table.cold[entry], ind->trail);
	count(&c->hits[stamp & CACHE_BLOCK]);
}

/* The number of a sublayer; 0: no room for another.  weight NULL: any will do. */
static unsigned sublayer_number(struct engine_flow_cache *c, const struct guid *key,
				const uint16_t *weight)
{
	unsigned i;

	for (i = 1; i < c->n_sublayers; i++)
		if (guid_equal(&c->sublayers[i].key, key) &&
		    (!weight || c->sublayers[i].weight == *weight))
			return i;
	if (i == SUBLAYERS_MAX)
		return 0;
	c->sublayers[i] = (struct cache_sublayer){*key, weight ? *weight : 0};
	c->n_sublayers++;
	return i;
}

static bool write_trail(struct engine_flow_cache *c, struct cache_cold *cold,
			const struct engine_trail *trail)
{
	cold->n_trail = trail->n;
	for (unsigned i = 0; i < trail->n; i++) {
		const struct model_netevent_word *w = &trail->words[i];
		const unsigned sublayer = sublayer_number(c, &w->sublayer, NULL);

		if (!sublayer)
			return false;
		cold->trail[i] = (struct cache_word){
			.filter_id = w->filter_id,
			.callout_id = w->callout_id,
			.sublayer = (uint8_t)sublayer,
			.flags = (uint8_t)((w->action == MODEL_ACTION_BLOCK ? CACHE_BLOCK : 0) |
					   (w->hard ? CACHE_HARD : 0)),
		};
	}
	return true;
}

/* False: more sublayers than the cache can name. */
static bool write(struct engine_flow_cache *c, uint32_t entry, uint64_t version,
		  const struct engine_verdict *v, const struct engine_trail *trail)
{
	struct cache_hot *hot = &c->table.hot[entry];
	unsigned sublayer = 0;

	hot->stamp = 0;
	if (v->filter_id)
		sublayer = sublayer_number(c, &v->sublayer, &v->sublayer_weight);
	if ((v->filter_id && !sublayer) || !write_trail(c, &c->table.cold[entry], trail))
		return false;
	hot->filter_id = v->filter_id;
	hot->stamp = version << STAMP_VERSION_SHIFT | sublayer << 8 |
		     (v->outcome == ENGINE_BLOCK ? CACHE_BLOCK : 0) | (v->veto ? CACHE_VETO : 0) |
		     (v->hard ? CACHE_HARD : 0) | (v->callout_id ? CACHE_CALLOUT : 0);
	return true;
}

/* ---- classify ---------------------------------------------------------------------------------
 */

/* What is known about one packet on the way. */
struct lookup {
	struct engine_flow_cache *c;
	const struct engine_indication *ind;
	struct cache_layer *layer;
	uint32_t shape; /* number of the shape of the key; 0: no key yet, or none at all */
	struct cache_key key;
	uint32_t entry;
};

/* By the layer's shape as it is now.  False: the packet has no key. */
static bool look_up(struct lookup *u)
{
	const struct engine_indication *ind = u->ind;
	const struct cache_shape *shape = &u->layer->now;

	if (u->layer->usable && u->shape == shape->number)
		return true;
	u->shape = 0;
	u->entry = CACHE_NONE;
	if (!u->layer->usable ||
	    !cache_key_make(&u->key, shape, &u->c->secret, ind->values, ind->n_values))
		return false;
	u->entry = cache_table_find(&u->c->table, &u->key, shape->words);
	u->shape = shape->number;
	return true;
}

/* Is the entry of the view's version, or does it hold there for this packet, too? */
static bool holds(const struct lookup *u, const struct engine_view *v, uint32_t entry)
{
	const uint64_t version = version_of(&u->c->table.hot[entry]);

	return version == v->version ||
	       (version >= v->floor && version < v->version &&
		!engine_view_touched(v, version, u->ind->values, u->ind->n_values));
}

/* Where the verdict of this packet goes; CACHE_NONE: nowhere. */
static uint32_t place(struct lookup *u)
{
	enum cache_place place;
	uint32_t entry;

	if (u->entry != CACHE_NONE)
		return u->entry;
	place = cache_table_place(&u->c->table, &u->key, u->layer->now.words, &entry);
	u->c->stats.inserted += place == CACHE_PLACED;
	u->c->stats.refused += place == CACHE_FULL;
	return place == CACHE_PLACED ? entry : CACHE_NONE;
}

/*
 * The entry of the packet's key.  A changed filter that matters looks at no field that is not in
 * the key, so what holds for this packet holds for all that have its key.
 */
static bool found(struct lookup *u, const struct engine_view *v)
{
	struct cache_hot *hot;

	if (u->entry == CACHE_NONE || !holds(u, v, u->entry))
		return false;
	hot = &u->c->table.hot[u->entry];
	if (version_of(hot) != v->version)
		u->c->stats.revalidated++;
	stamp_version(hot, v->version);
	return true;
}

/*
 * The entry of the key that the layer had before.  It may hold for this packet and not for another
 * with that key, so it stays as it is, and this packet's own key gets a copy.  CACHE_NONE: none.
 */
static uint32_t found_before(struct lookup *u, const struct engine_view *v)
{
	const struct cache_shape *shape = &u->layer->before;
	struct cache_table *t = &u->c->table;
	struct cache_key key;
	uint32_t old, copy;

	if (!u->layer->was_usable ||
	    !cache_key_make(&key, shape, &u->c->secret, u->ind->values, u->ind->n_values))
		return CACHE_NONE;
	old = cache_table_find(t, &key, shape->words);
	if (old == CACHE_NONE || !holds(u, v, old))
		return CACHE_NONE;
	u->c->stats.revalidated++;
	copy = place(u);
	if (copy == CACHE_NONE)
		return old;
	if (copy != old)
		cache_table_copy(t, copy, old);
	stamp_version(&t->hot[copy], v->version);
	return copy;
}

static void keep(struct lookup *u, const struct engine_view *v, const struct engine_verdict *out,
		 const struct engine_trail *trail, enum classify_part part)
{
	uint32_t entry;

	if (part == CLASSIFY_PART_OTHER || (part == CLASSIFY_PART_CACHEABLE && !u->layer->all) ||
	    trail->n > CACHE_TRAIL)
		return;
	entry = place(u);
	if (entry != CACHE_NONE && !write(u->c, entry, v->version, out, trail))
		flush(u->c);
}

static void miss(struct lookup *u, const struct engine_snapshot *s, const struct engine_view *v,
		 struct engine_verdict *out)
{
	struct engine_trail own, *trail = u->ind->trail ? u->ind->trail : &own;
	enum classify_part part;

	own.n = own.more = 0;
	part = classify_anew(u->c->engine, s, NULL, u->ind, trail, out);
	count(&u->c->misses);
	if (v)
		keep(u, v, out, trail, part);
}

/* Inside a section. */
static void classify_on(struct lookup *u, const struct engine_snapshot *s,
			struct engine_verdict *out)
{
	const struct engine_layer *layer = s->layers[u->ind->layer];
	const struct engine_view *v = layer ? &layer->view : NULL;
	uint32_t entry;

	if (v)
		follow(u->c, u->layer, u->ind->layer, v);
	if (!v || !look_up(u)) {
		miss(u, s, NULL, out);
		return;
	}
	entry = found(u, v) ? u->entry : found_before(u, v);
	if (entry != CACHE_NONE)
		hit(u->c, entry, u->ind, out);
	else
		miss(u, s, v, out);
}

/* Without a section; false: it takes one. */
static bool classify_fast(struct lookup *u, struct engine_verdict *out)
{
	const struct engine *e = u->c->engine;
	const uint64_t version = u->layer->version;

	if (UNLIKELY(version < atom64_load_acquire(&e->generations[u->ind->layer])) ||
	    !look_up(u) || u->entry == CACHE_NONE ||
	    version_of(&u->c->table.hot[u->entry]) != version)
		return false;
	hit(u->c, u->entry, u->ind, out);
	return true;
}

void flow_cache_classify(struct engine *e, const struct engine_snapshot *s,
			 const struct engine_indication *ind, struct engine_verdict *out)
{
	struct engine_flow_cache *c = ind->cache;
	struct lookup u; /* the key is large: it is not cleared */

	u.c = c;
	u.ind = ind;
	u.layer = &c->layers[ind->layer];
	u.shape = 0;
	u.entry = CACHE_NONE;
	follow_callouts(c);
	if (s) {
		classify_on(&u, s, out);
		return;
	}
	if (classify_fast(&u, out))
		return;
	rcu_read_begin();
	classify_on(&u, rcu_load(&e->snapshot), out);
	rcu_read_end();
}
