/* SPDX-License-Identifier: MIT */
/*
 * netevents - history, snapshots, subscriptions and options of net events; see netevents.h.
 *
 * An event that was kept is immutable and counted: the history, every enumeration and the batch
 * that is being told of share it.  The lock is held for the time of moving pointers; matching and
 * callbacks happen outside.
 */
#include "bfe/netevents.h"

#include "base/lock.h"
#include "base/mem.h"
#include "bfe/netevent_template.h"
#include "bfe/subs.h"
#include "stack/sink.h"

#define DEFAULT_MAX 8192u
#define BATCH	    64u
#define LOCK_RANK   310u
#define OUR_WANTS                                                                                  \
	((uint32_t)(STACK_WANT_DROPS | STACK_WANT_ALLOWS | STACK_WANT_INBOUND_MULTICAST |          \
		    STACK_WANT_INBOUND_BROADCAST | STACK_WANT_NO_ENDPOINT))

/* [I] all but refs   [A] refs */
struct kept {
	struct atom32 refs; /* [A] */
	struct model_netevent e;
};

struct bfe_netevent_sub {
	struct bfe_sub sub; /* first */
	struct netevent_template *template;
	bfe_netevent_fn *fn;
	void *ctx;
};

/* [I] immutable   [A] atomic   [L] lock */
struct bfe_netevents {
	struct lock lock;
	struct atom32 *wanted;	/* [I] the sink's */
	struct atom32 collect;	/* [A] */
	struct atom32 keywords; /* [A] */
	uint32_t max;		/* [I] */
	uint32_t first, n;	/* [L] the oldest; how many */
	struct kept **history;	/* [L] a circle of max */
	struct bfe_subs subs;
	uint64_t collected, forgotten, lost; /* [L] */
};

struct bfe_netevent_enum {
	uint32_t next, n;
	struct kept *events[];
};

/* ---- kept events ---------------------------------------------------------------------------- */

static struct kept *keep(const struct model_netevent *e)
{
	struct kept *k = mem_alloc(sizeof(*k));

	if (!k)
		return NULL;
	atom32_init(&k->refs, 1);
	k->e = *e;
	model_netevent_keep(&k->e);
	return k;
}

static struct kept *kept_get(struct kept *k)
{
	atom32_add(&k->refs, 1);
	return k;
}

static void kept_put(struct kept *k)
{
	if (!k || atom32_sub(&k->refs, 1) > 0)
		return;
	model_netevent_let_go(&k->e);
	mem_free(k);
}

/* ---- options -------------------------------------------------------------------------------- */

static uint32_t wants_of(bool collect, uint32_t keywords)
{
	static const struct {
		uint32_t keyword, want;
	} wants[] = {
		{MODEL_NETEVENT_KEYWORD_CLASSIFY_ALLOW, STACK_WANT_ALLOWS},
		{MODEL_NETEVENT_KEYWORD_INBOUND_MCAST, STACK_WANT_INBOUND_MULTICAST},
		{MODEL_NETEVENT_KEYWORD_INBOUND_BCAST, STACK_WANT_INBOUND_BROADCAST},
		{MODEL_NETEVENT_KEYWORD_PORT_SCANNING_DROP, STACK_WANT_NO_ENDPOINT},
	};
	uint32_t all = STACK_WANT_DROPS;

	for (size_t i = 0; i < ARRAY_LEN(wants); i++)
		if (keywords & wants[i].keyword)
			all |= wants[i].want;
	return collect ? all : 0;
}

/* The lock keeps two callers from leaving a mixture of their wishes. */
static void publish_wants(struct bfe_netevents *n)
{
	const uint32_t wants = wants_of(atom32_load(&n->collect) != 0, atom32_load(&n->keywords));

	lock_assert_held(&n->lock);
	atom32_or(n->wanted, wants);
	atom32_and(n->wanted, wants | ~OUR_WANTS);
}

void bfe_netevents_set_collect(struct bfe_netevents *n, bool collect)
{
	lock_take(&n->lock);
	atom32_store(&n->collect, collect);
	publish_wants(n);
	lock_drop(&n->lock);
}

bool bfe_netevents_collect(const struct bfe_netevents *n)
{
	return atom32_load(&n->collect) != 0;
}

wfp_err bfe_netevents_set_keywords(struct bfe_netevents *n, uint32_t keywords)
{
	if (keywords & ~(uint32_t)MODEL_NETEVENT_KEYWORDS)
		return ERR_FWP_INVALID_PARAMETER;
	lock_take(&n->lock);
	atom32_store(&n->keywords, keywords);
	publish_wants(n);
	lock_drop(&n->lock);
	return ERR_OK;
}

uint32_t bfe_netevents_keywords(const struct bfe_netevents *n)
{
	return atom32_load(&n->keywords);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void sub_free(struct bfe_sub *sub)
{
	struct bfe_netevent_sub *s = CONTAINER_OF(sub, struct bfe_netevent_sub, sub);

	netevent_template_destroy(s->template);
	mem_free(s);
}

wfp_err bfe_netevents_create(struct bfe_netevents **out, uint32_t max, struct atom32 *sink_wanted)
{
	struct bfe_netevents *n = mem_zalloc(sizeof(*n));

	if (!n)
		return ERR_NO_MEMORY;
	n->max = max ? max : DEFAULT_MAX;
	n->history = mem_zalloc_array(n->max, sizeof(*n->history));
	if (!n->history) {
		mem_free(n);
		return ERR_NO_MEMORY;
	}
	lock_init(&n->lock, "net events", LOCK_RANK);
	bfe_subs_init(&n->subs, &n->lock, sub_free);
	n->wanted = sink_wanted;
	atom32_init(&n->collect, 0);
	atom32_init(&n->keywords, 0);
	bfe_netevents_set_collect(n, true);
	*out = n;
	return ERR_OK;
}

void bfe_netevents_destroy(struct bfe_netevents *n)
{
	if (!n)
		return;
	bfe_netevents_set_collect(n, false);
	for (uint32_t i = 0; i < n->max; i++)
		kept_put(n->history[i]);
	bfe_subs_destroy(&n->subs);
	lock_destroy(&n->lock);
	mem_free(n->history);
	mem_free(n);
}

/* ---- enumeration ---------------------------------------------------------------------------- */

/* Everything that is there, oldest first. */
static wfp_err take_snapshot(struct bfe_netevents *n, struct bfe_netevent_enum **out)
{
	struct bfe_netevent_enum *e;

	lock_take(&n->lock);
	e = mem_alloc(sizeof(*e) + n->n * sizeof(e->events[0]));
	if (e) {
		e->next = 0;
		e->n = n->n;
		for (uint32_t i = 0; i < n->n; i++)
			e->events[i] = kept_get(n->history[(n->first + i) % n->max]);
	}
	lock_drop(&n->lock);
	if (!e)
		return ERR_NO_MEMORY;
	*out = e;
	return ERR_OK;
}

static void sieve(struct bfe_netevent_enum *e, const struct netevent_template *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n; i++) {
		if (netevent_template_matches(t, &e->events[i]->e))
			e->events[n++] = e->events[i];
		else
			kept_put(e->events[i]);
	}
	e->n = n;
}

wfp_err bfe_netevents_enum_create(struct bfe_netevents *n, const struct bfe_netevent_template *t,
				  struct bfe_netevent_enum **out)
{
	struct netevent_template *template;
	struct bfe_netevent_enum *e;
	wfp_err err;

	if (!bfe_netevents_collect(n))
		return ERR_NET_EVENTS_DISABLED;
	err = netevent_template_create(&template, t);
	if (err)
		return err;
	err = take_snapshot(n, &e);
	if (!err) {
		sieve(e, template);
		*out = e;
	}
	netevent_template_destroy(template);
	return err;
}

uint32_t bfe_netevents_enum_next(struct bfe_netevent_enum *e, uint32_t max,
				 const struct model_netevent **out)
{
	uint32_t n = 0;

	while (n < max && e->next < e->n)
		out[n++] = &e->events[e->next++]->e;
	return n;
}

void bfe_netevents_enum_destroy(struct bfe_netevent_enum *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->n; i++)
		kept_put(e->events[i]);
	mem_free(e);
}

/* ---- subscriptions -------------------------------------------------------------------------- */

wfp_err bfe_netevents_subscribe(struct bfe_netevents *n, const struct bfe_netevent_template *t,
				bfe_netevent_fn *fn, void *ctx, struct bfe_netevent_sub **out)
{
	struct bfe_netevent_sub *s = mem_zalloc(sizeof(*s));
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	err = netevent_template_create(&s->template, t);
	if (err) {
		mem_free(s);
		return err;
	}
	s->fn = fn;
	s->ctx = ctx;
	bfe_subs_join(&n->subs, &s->sub);
	*out = s;
	return ERR_OK;
}

void bfe_netevents_unsubscribe(struct bfe_netevents *n, struct bfe_netevent_sub *s)
{
	if (s)
		bfe_subs_leave(&n->subs, &s->sub);
}

/* ---- coming in ------------------------------------------------------------------------------ */

struct batch {
	uint32_t n;
	struct kept *events[BATCH];
};

static void tell_one(struct bfe_sub *sub, void *arg)
{
	struct bfe_netevent_sub *s = CONTAINER_OF(sub, struct bfe_netevent_sub, sub);
	const struct batch *batch = arg;

	for (uint32_t i = 0; i < batch->n && bfe_sub_listens(sub); i++)
		if (netevent_template_matches(s->template, &batch->events[i]->e))
			s->fn(s->ctx, &batch->events[i]->e);
}

/* The history's newest; what it pushes out is returned. */
static struct kept *append(struct bfe_netevents *n, struct kept *k)
{
	struct kept **place = &n->history[(n->first + n->n) % n->max];
	struct kept *oldest = *place;

	lock_assert_held(&n->lock);
	*place = kept_get(k);
	if (n->n < n->max) {
		n->n++;
	} else {
		n->first = (n->first + 1) % n->max;
		n->forgotten++;
	}
	return oldest;
}

static void remember(struct bfe_netevents *n, const struct batch *batch, uint32_t came)
{
	struct kept *pushed_out[BATCH];

	lock_take(&n->lock);
	for (uint32_t i = 0; i < batch->n; i++)
		pushed_out[i] = append(n, batch->events[i]);
	n->collected += came;
	n->lost += came - batch->n;
	lock_drop(&n->lock);
	for (uint32_t i = 0; i < batch->n; i++)
		kept_put(pushed_out[i]);
}

static void add_batch(struct bfe_netevents *n, const struct model_netevent *events, uint32_t came)
{
	struct batch batch = {0};

	for (uint32_t i = 0; i < came; i++) {
		struct kept *k = keep(&events[i]);

		if (k)
			batch.events[batch.n++] = k;
	}
	remember(n, &batch, came);
	bfe_subs_each(&n->subs, tell_one, &batch);
	for (uint32_t i = 0; i < batch.n; i++)
		kept_put(batch.events[i]);
}

void bfe_netevents_add(struct bfe_netevents *n, const struct model_netevent *events,
		       uint32_t n_events)
{
	while (n_events > 0 && bfe_netevents_collect(n)) {
		const uint32_t some = n_events < BATCH ? n_events : BATCH;

		add_batch(n, events, some);
		events += some;
		n_events -= some;
	}
}

void bfe_netevents_counters_get(struct bfe_netevents *n, struct bfe_netevents_counters *out)
{
	lock_take(&n->lock);
	*out = (struct bfe_netevents_counters){
		.collected = n->collected,
		.forgotten = n->forgotten,
		.lost = n->lost,
		.now = n->n,
		.subscriptions = n->subs.n,
	};
	lock_drop(&n->lock);
}
