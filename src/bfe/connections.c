/* SPDX-License-Identifier: MIT */
/*
 * connections - the table of watched connections; see connections.h.
 *
 * An object's life: a worker makes it, its `opened` note puts it into the table, the worker's
 * `closed` note takes it out and frees it.  Both notes come from the same worker, so they arrive in
 * that order.
 */
#include "bfe/connections.h"

#include "base/hash.h"
#include "base/lock.h"
#include "base/mem.h"
#include "bfe/note.h"
#include "bfe/subs.h"
#include "stack/sink.h"

#define DEFAULT_MAX 65536u
#define LOCK_RANK   320u

/* [I] immutable   [L] the table's lock */
struct watched {
	struct stack_connection counts; /* first; the worker's */
	struct bfe_connections *table;	/* [I] */
	struct model_connection facts;	/* [I] */
	struct hnode node;		/* [L] */
	struct bfe_note opened, closed;
};

struct bfe_connection_sub {
	struct bfe_sub sub; /* first */
	uint64_t id;	    /* 0: all */
	bfe_connection_fn *fn;
	void *ctx;
};

/* [I] immutable   [A] atomic   [L] lock */
struct bfe_connections {
	struct lock lock;
	struct htable table;	     /* [L] by id */
	struct mailbox *mailbox;     /* [I] where notes go */
	uint32_t max;		     /* [I] */
	struct atom32 objects;	     /* [A] made and not freed */
	struct atom64 unwatched;     /* [A] */
	uint64_t n_opened, n_closed; /* [L] */
	struct bfe_subs subs;
};

static void sub_free(struct bfe_sub *sub)
{
	mem_free(CONTAINER_OF(sub, struct bfe_connection_sub, sub));
}

wfp_err bfe_connections_create(struct bfe_connections **out, uint32_t max, struct mailbox *mailbox)
{
	struct bfe_connections *c = mem_zalloc(sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	err = htable_init(&c->table, 0);
	if (err) {
		mem_free(c);
		return err;
	}
	lock_init(&c->lock, "connections", LOCK_RANK);
	bfe_subs_init(&c->subs, &c->lock, sub_free);
	c->mailbox = mailbox;
	c->max = max ? max : DEFAULT_MAX;
	atom32_init(&c->objects, 0);
	atom64_init(&c->unwatched, 0);
	*out = c;
	return ERR_OK;
}

void bfe_connections_destroy(struct bfe_connections *c)
{
	if (!c)
		return;
	BUG_ON(atom32_load(&c->objects) > 0);
	bfe_subs_destroy(&c->subs);
	htable_destroy(&c->table);
	lock_destroy(&c->lock);
	mem_free(c);
}

/* ---- asking --------------------------------------------------------------------------------- */

static struct model_connection as_it_is(const struct watched *w)
{
	struct model_connection m = w->facts;

	m.bytes_in = atom64_load_relaxed(&w->counts.bytes_in);
	m.bytes_out = atom64_load_relaxed(&w->counts.bytes_out);
	return m;
}

static const struct watched *find(const struct bfe_connections *c, uint64_t id)
{
	struct hnode *node = htable_first(&c->table, hash_u64(id));

	for (; node; node = htable_next(node)) {
		const struct watched *w = CONTAINER_OF(node, struct watched, node);

		if (w->facts.id == id)
			return w;
	}
	return NULL;
}

wfp_err bfe_connections_get(struct bfe_connections *c, uint64_t id, struct model_connection *out)
{
	const struct watched *w;

	lock_take(&c->lock);
	w = find(c, id);
	if (w)
		*out = as_it_is(w);
	lock_drop(&c->lock);
	return w ? ERR_OK : ERR_NOT_FOUND;
}

static uint32_t copy_all(const struct bfe_connections *c, struct model_connection *to)
{
	const struct hnode *node = NULL;
	uint32_t n = 0;

	while ((node = htable_walk(&c->table, node)))
		to[n++] = as_it_is(CONTAINER_OF(node, struct watched, node));
	return n;
}

wfp_err bfe_connections_list(struct bfe_connections *c, uint64_t id, struct model_connection **out,
			     uint32_t *n_out)
{
	struct model_connection *all;
	const struct watched *one;
	uint32_t n = 0;

	lock_take(&c->lock);
	all = mem_zalloc_array(id ? 1 : c->table.count, sizeof(*all));
	if (all && !id)
		n = copy_all(c, all);
	one = all && id ? find(c, id) : NULL;
	if (one)
		all[n++] = as_it_is(one);
	lock_drop(&c->lock);
	if (!all)
		return ERR_NO_MEMORY;
	*out = all;
	*n_out = n;
	return ERR_OK;
}

void bfe_connections_counters_get(struct bfe_connections *c, struct bfe_connections_counters *out)
{
	lock_take(&c->lock);
	*out = (struct bfe_connections_counters){
		.opened = c->n_opened,
		.closed = c->n_closed,
		.unwatched = atom64_load_relaxed(&c->unwatched),
		.now = (uint32_t)c->table.count,
	};
	lock_drop(&c->lock);
}

/* ---- subscriptions -------------------------------------------------------------------------- */

wfp_err bfe_connections_subscribe(struct bfe_connections *c, uint64_t id, bfe_connection_fn *fn,
				  void *ctx, struct bfe_connection_sub **out)
{
	struct bfe_connection_sub *s = mem_zalloc(sizeof(*s));

	if (!s)
		return ERR_NO_MEMORY;
	s->id = id;
	s->fn = fn;
	s->ctx = ctx;
	bfe_subs_join(&c->subs, &s->sub);
	*out = s;
	return ERR_OK;
}

void bfe_connections_unsubscribe(struct bfe_connections *c, struct bfe_connection_sub *s)
{
	if (s)
		bfe_subs_leave(&c->subs, &s->sub);
}

struct news {
	enum model_connection_event what;
	struct model_connection connection;
};

static void tell_one(struct bfe_sub *sub, void *arg)
{
	struct bfe_connection_sub *s = CONTAINER_OF(sub, struct bfe_connection_sub, sub);
	const struct news *news = arg;

	if (!s->id || s->id == news->connection.id)
		s->fn(s->ctx, news->what, &news->connection);
}

static void tell(struct bfe_connections *c, enum model_connection_event what,
		 const struct watched *w)
{
	struct news news = {.what = what, .connection = as_it_is(w)};

	bfe_subs_each(&c->subs, tell_one, &news);
}

/* ---- coming and going ----------------------------------------------------------------------- */

static void read_opened(struct bfe_note *note)
{
	struct watched *w = CONTAINER_OF(note, struct watched, opened);
	struct bfe_connections *c = w->table;

	lock_take(&c->lock);
	htable_insert(&c->table, &w->node, hash_u64(w->facts.id));
	c->n_opened++;
	lock_drop(&c->lock);
	tell(c, MODEL_CONNECTION_ADD, w);
}

static void read_closed(struct bfe_note *note)
{
	struct watched *w = CONTAINER_OF(note, struct watched, closed);
	struct bfe_connections *c = w->table;

	lock_take(&c->lock);
	htable_remove(&c->table, &w->node);
	c->n_closed++;
	lock_drop(&c->lock);
	tell(c, MODEL_CONNECTION_DELETE, w);
	mem_free(w);
	atom32_sub(&c->objects, 1);
}

static struct watched *make(struct bfe_connections *c)
{
	struct watched *w = NULL;

	if (atom32_add(&c->objects, 1) <= c->max)
		w = mem_zalloc(sizeof(*w));
	if (!w) {
		atom32_sub(&c->objects, 1);
		atom64_add_relaxed(&c->unwatched, 1);
	}
	return w;
}

struct stack_connection *bfe_connections_open(struct bfe_connections *c,
					      const struct model_connection *facts)
{
	struct watched *w = make(c);

	if (!w)
		return NULL;
	atom64_init(&w->counts.bytes_in, 0);
	atom64_init(&w->counts.bytes_out, 0);
	w->table = c;
	w->facts = *facts;
	w->opened.read = read_opened;
	w->closed.read = read_closed;
	mailbox_push(c->mailbox, &w->opened.mail);
	return &w->counts;
}

void bfe_connections_close(struct bfe_connections *c, struct stack_connection *s)
{
	struct watched *w = CONTAINER_OF(s, struct watched, counts);

	BUG_ON(w->table != c);
	mailbox_push(c->mailbox, &w->closed.mail);
}
