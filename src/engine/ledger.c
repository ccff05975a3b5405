/* SPDX-License-Identifier: MIT */
/*
 * ledger - the life of an entry, from ledger_open to its last claim.
 *
 *	OPEN --settle, somebody holds--> HELD --last one leaves--> WENT
 *	  |                               |  |         or some had discarded: DROPPED
 *	  | settle, nobody holds          |  +--a modified clone is injected--> VOID
 *	  v                               v
 *	released when the last claim goes, whatever was decided; never decided twice
 *
 * Every change is made under the entry's spin and says what follows (struct outcome); the owner is
 * told afterwards, with no lock held.  A call keeps the entry until it has told the owner, so
 * `released` never overtakes `decided`.
 */
#include "engine/ledger.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/ledger_entry.h"
#include "engine/state.h"

/* What a change under the spin obliges its caller to do without it. */
struct outcome {
	bool decided;
	enum ledger_decision decision;
	uint32_t by_callout;
};

wfp_err ledger_open(struct engine *e, enum ledger_mode mode, const struct ledger_owner_ops *ops,
		    void *packet, struct ledger_entry **out)
{
	struct ledger_book *book = engine_ledger_book(e);
	struct ledger_entry *l = mem_zalloc(sizeof(*l));

	if (!l)
		return ERR_NO_MEMORY;
	l->book = book;
	l->mode = mode;
	l->ops = ops;
	l->packet = packet;
	l->keepers = 1;
	spin_init(&l->spin, "ledger entry", ENGINE_RANK_LEDGER + 1);
	spin_take(&book->spin);
	list_add_tail(&book->entries, &l->link);
	spin_drop(&book->spin);
	*out = l;
	return ERR_OK;
}

static void uncount(struct ledger_entry *l) REQUIRES(l->spin);
static void uncount(struct ledger_entry *l)
{
	if (l->counted)
		atom64_sub_relaxed(&l->book->absorbed_now, 1);
	l->counted = false;
}

static bool is_held(const struct ledger_entry *l) REQUIRES(l->spin);
static bool is_held(const struct ledger_entry *l)
{
	for (uint32_t i = 0; i < l->n_holders; i++)
		if (l->holders[i].holding)
			return true;
	return l->op_holds;
}

static struct outcome decide(struct ledger_entry *l, enum ledger_state state,
			     enum ledger_decision decision, uint32_t by) REQUIRES(l->spin);
static struct outcome decide(struct ledger_entry *l, enum ledger_state state,
			     enum ledger_decision decision, uint32_t by)
{
	l->state = state;
	uncount(l);
	return (struct outcome){true, decision, by};
}

/* After somebody left: was it the last one? */
static struct outcome after_leaving(struct ledger_entry *l) REQUIRES(l->spin);
static struct outcome after_leaving(struct ledger_entry *l)
{
	if (l->state != LEDGER_HELD || is_held(l))
		return (struct outcome){0};
	if (l->discarded)
		return decide(l, LEDGER_DROPPED, LEDGER_DROP, l->discarded_by);
	return decide(l, LEDGER_WENT, LEDGER_GO, 0);
}

static void note_discard(struct ledger_entry *l, uint32_t by) REQUIRES(l->spin);
static void note_discard(struct ledger_entry *l, uint32_t by)
{
	if (!l->discarded)
		l->discarded_by = by;
	l->discarded = true;
	atom64_add_relaxed(&l->book->discarded, 1);
}

/* Tells the owner and ends the call that keeps the entry. */
static void finish(struct ledger_entry *l, struct outcome o)
{
	if (o.decided)
		l->ops->decided(l->packet, o.decision, o.by_callout);
	ledger_entry_put(l);
}

bool ledger_entry_get(struct ledger_entry *l)
{
	bool alive;

	spin_take(&l->spin);
	alive = l->keepers > 0 || l->total_claims > 0 || l->op_holds;
	l->keepers += alive;
	spin_drop(&l->spin);
	return alive;
}

static void free_entry(struct ledger_entry *l)
{
	const struct ledger_owner_ops *ops = l->ops;
	struct ledger_book *book = l->book;
	void *packet = l->packet;

	spin_take(&book->spin);
	list_del(&l->link);
	spin_drop(&book->spin);
	spin_destroy(&l->spin);
	mem_free(l);
	/* Last: the owner may end the engine on it. */
	ops->released(packet);
}

void ledger_entry_put(struct ledger_entry *l)
{
	bool last;

	spin_take(&l->spin);
	l->keepers--;
	last = l->keepers == 0 && l->total_claims == 0 && !l->op_holds;
	if (last)
		uncount(l);
	spin_drop(&l->spin);
	if (last)
		free_entry(l);
}

/* ---- during the classify -------------------------------------------------------------------- */

static bool holds_already(const struct ledger_entry *l, uint32_t callout_id) REQUIRES(l->spin);
static bool holds_already(const struct ledger_entry *l, uint32_t callout_id)
{
	for (uint32_t i = 0; i < l->n_holders; i++)
		if (l->holders[i].callout_id == callout_id)
			return true;
	return false;
}

wfp_err ledger_hold(struct ledger_entry *l, uint32_t callout_id, uint32_t driver)
{
	struct ledger_holder h = {callout_id, driver, clock_now(), true};
	wfp_err err = ERR_OK;

	spin_take(&l->spin);
	BUG_ON(l->state != LEDGER_OPEN);
	if (holds_already(l, callout_id)) {
		/* Once is enough. */
	} else if (l->n_holders == LEDGER_HOLDERS) {
		err = ERR_NO_MEMORY;
	} else {
		l->holders[l->n_holders++] = h;
		if (!l->counted)
			atom64_add_relaxed(&l->book->absorbed_now, 1);
		l->counted = true;
	}
	spin_drop(&l->spin);
	return err;
}

static bool was_refused(const struct ledger_entry *l, uint32_t driver) REQUIRES(l->spin);
static bool was_refused(const struct ledger_entry *l, uint32_t driver)
{
	for (uint32_t i = 0; i < l->n_refused; i++)
		if (l->refused[i] == driver)
			return true;
	return false;
}

/* Whoever is refused is in the packet's seen-by set, which is no longer than the list. */
void ledger_refuse(struct ledger_entry *l, uint32_t driver)
{
	spin_take(&l->spin);
	if (!was_refused(l, driver) && l->n_refused < LEDGER_HOLDERS)
		l->refused[l->n_refused++] = driver;
	spin_drop(&l->spin);
}

void ledger_hold_op(struct ledger_entry *l)
{
	spin_take(&l->spin);
	BUG_ON(l->state != LEDGER_OPEN);
	l->op_holds = l->op_held = true;
	spin_drop(&l->spin);
}

static struct ledger_claims *claims_of(struct ledger_entry *l, uint32_t driver) REQUIRES(l->spin);
static struct ledger_claims *claims_of(struct ledger_entry *l, uint32_t driver)
{
	for (uint32_t i = 0; i < l->n_drivers; i++)
		if (l->claims[i].driver == driver)
			return &l->claims[i];
	return &l->claims[LEDGER_DRIVERS];
}

/* Where the reauthorization decides, throwing the clones away is no opinion. */
static bool discard_blocks(const struct ledger_entry *l) REQUIRES(l->spin);
static bool discard_blocks(const struct ledger_entry *l)
{
	return l->mode == LEDGER_DISCARD_BLOCKS || !l->op_held;
}

static void leave(struct ledger_entry *l, struct ledger_holder *h, bool discards) REQUIRES(l->spin);
static void leave(struct ledger_entry *l, struct ledger_holder *h, bool discards)
{
	h->holding = false;
	if (discards)
		note_discard(l, h->callout_id);
}

static bool ever_claimed(struct ledger_entry *l, uint32_t driver) REQUIRES(l->spin);
static bool ever_claimed(struct ledger_entry *l, uint32_t driver)
{
	return claims_of(l, driver) != &l->claims[LEDGER_DRIVERS];
}

/*
 * Holders without a claim: they have discarded; but who pended and never cloned has no say. Whoever
 * cloned and gave up before the classify was over is not better off than one who does it later.
 */
static void settle_holders(struct ledger_entry *l, bool pended) REQUIRES(l->spin);
static void settle_holders(struct ledger_entry *l, bool pended)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->n_holders; i++) {
		struct ledger_holder h = l->holders[i];
		bool claims = claims_of(l, h.driver)->count > 0;

		if (!claims && pended && !ever_claimed(l, h.driver))
			continue;
		if (!claims)
			leave(l, &h, discard_blocks(l));
		l->holders[kept++] = h;
	}
	l->n_holders = kept;
}

void ledger_settle(struct ledger_entry *l, bool pended)
{
	struct outcome o;

	spin_take(&l->spin);
	BUG_ON(l->state != LEDGER_OPEN);
	settle_holders(l, pended);
	if (l->n_holders == 0)
		uncount(l);
	if (l->n_holders > 0 || l->op_holds)
		l->state = LEDGER_HELD;
	o = after_leaving(l);
	spin_drop(&l->spin);
	finish(l, o); /* the opener's claim */
}

/* ---- afterwards ----------------------------------------------------------------------------- */

void ledger_op_done(struct ledger_entry *l, bool permit)
{
	struct outcome o;

	spin_take(&l->spin);
	BUG_ON(!l->op_holds);
	l->op_holds = false;
	l->keepers++;
	if (!permit)
		note_discard(l, 0);
	o = after_leaving(l);
	spin_drop(&l->spin);
	finish(l, o);
}

bool ledger_claimed(struct ledger_entry *l)
{
	bool claimed;

	spin_take(&l->spin);
	claimed = l->total_claims > 0;
	spin_drop(&l->spin);
	return claimed;
}

void ledger_claim(struct ledger_entry *l, uint32_t driver)
{
	struct ledger_claims *c;

	spin_take(&l->spin);
	c = claims_of(l, driver);
	if (c == &l->claims[LEDGER_DRIVERS] && l->n_drivers < LEDGER_DRIVERS) {
		c = &l->claims[l->n_drivers++];
		c->driver = driver;
	}
	c->count++;
	l->total_claims++;
	spin_drop(&l->spin);
}

/* A driver gave up its last claim: what it still holds it will never inject. */
static void leave_all_of(struct ledger_entry *l, uint32_t driver, bool discards) REQUIRES(l->spin);
static void leave_all_of(struct ledger_entry *l, uint32_t driver, bool discards)
{
	for (uint32_t i = 0; i < l->n_holders; i++)
		if (l->holders[i].holding && l->holders[i].driver == driver)
			leave(l, &l->holders[i], discards);
}

void ledger_unclaim(struct ledger_entry *l, uint32_t driver)
{
	struct outcome o = {0};
	struct ledger_claims *c;

	spin_take(&l->spin);
	c = claims_of(l, driver);
	BUG_ON(c->count == 0);
	c->count--;
	l->total_claims--;
	l->keepers++;
	if (c->count == 0 && l->state == LEDGER_HELD) {
		leave_all_of(l, driver, discard_blocks(l));
		o = after_leaving(l);
	}
	spin_drop(&l->spin);
	finish(l, o);
}

/* Everything of that driver leaves with this clone; the rest is for the others to say. */
static void release_holders(struct ledger_entry *l, uint32_t driver, struct engine_seen *seen)
	REQUIRES(l->spin);
static void release_holders(struct ledger_entry *l, uint32_t driver, struct engine_seen *seen)
{
	for (uint32_t i = 0; i < l->n_holders; i++) {
		struct ledger_holder *h = &l->holders[i];

		if (!h->holding || h->driver != driver)
			continue;
		leave(l, h, false);
		BUG_ON(!engine_seen_add(seen, h->callout_id));
	}
}

static bool ever_held(const struct ledger_entry *l, uint32_t driver, uint32_t *callout_id)
	REQUIRES(l->spin);
static bool ever_held(const struct ledger_entry *l, uint32_t driver, uint32_t *callout_id)
{
	for (uint32_t i = 0; i < l->n_holders; i++) {
		if (l->holders[i].driver == driver) {
			*callout_id = l->holders[i].callout_id;
			return true;
		}
	}
	return false;
}

/* While nothing is decided.  *o: when it is now, and the caller of ledger_inject is not told. */
static enum ledger_inject inject_held(struct ledger_entry *l, uint32_t driver, bool modified,
				      struct engine_seen *seen, struct outcome *o)
	REQUIRES(l->spin);
static enum ledger_inject inject_held(struct ledger_entry *l, uint32_t driver, bool modified,
				      struct engine_seen *seen, struct outcome *o)
{
	uint32_t callout_id;

	if (!ever_held(l, driver, &callout_id))
		return LEDGER_INJECT_SEND;
	atom64_add_relaxed(&l->book->injected, 1);
	release_holders(l, driver, seen);
	if (modified) {
		decide(l, LEDGER_VOID, LEDGER_SUPERSEDED, callout_id);
		return LEDGER_INJECT_LAST;
	}
	*o = after_leaving(l);
	if (!o->decided)
		return LEDGER_INJECT_MERGED;
	if (o->decision == LEDGER_DROP)
		return LEDGER_INJECT_VOID;
	*o = (struct outcome){0};
	return LEDGER_INJECT_LAST;
}

enum ledger_inject ledger_inject(struct ledger_entry *l, uint32_t driver, bool modified,
				 struct engine_seen *seen)
{
	enum ledger_inject how = LEDGER_INJECT_SEND;
	struct outcome o = {0};
	uint32_t callout_id;

	spin_take(&l->spin);
	l->keepers++;
	if (was_refused(l, driver) && !ever_held(l, driver, &callout_id))
		how = LEDGER_INJECT_VOID;
	else if (l->state == LEDGER_HELD)
		how = inject_held(l, driver, modified, seen, &o);
	else if (l->state == LEDGER_DROPPED || l->state == LEDGER_VOID)
		how = LEDGER_INJECT_VOID;
	spin_drop(&l->spin);
	finish(l, o);
	return how;
}

/* ---- for the book ---------------------------------------------------------------------------- */

unsigned ledger_entry_reclaim(struct ledger_entry *l, uint32_t driver, uint64_t older_than,
			      uint32_t lost[LEDGER_HOLDERS])
{
	struct outcome o = {0};
	unsigned n = 0;

	spin_take(&l->spin);
	l->keepers++;
	for (uint32_t i = 0; l->state == LEDGER_HELD && i < l->n_holders; i++) {
		struct ledger_holder *h = &l->holders[i];

		if (!h->holding || (driver != 0 && h->driver != driver) || h->since >= older_than)
			continue;
		leave(l, h, discard_blocks(l));
		lost[n++] = h->callout_id;
	}
	if (n > 0)
		o = after_leaving(l);
	spin_drop(&l->spin);
	finish(l, o);
	return n;
}

unsigned ledger_entry_list(struct ledger_entry *l, struct ledger_info rows[LEDGER_HOLDERS])
{
	unsigned n = 0;

	spin_take(&l->spin);
	for (uint32_t i = 0; i < l->n_holders; i++) {
		const struct ledger_holder *h = &l->holders[i];

		if (h->holding)
			rows[n++] = (struct ledger_info){h->callout_id, h->driver, h->since,
							 claims_of(l, h->driver)->count};
	}
	spin_drop(&l->spin);
	return n;
}
