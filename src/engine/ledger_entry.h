/* SPDX-License-Identifier: MIT */
/*
 * ledger_entry - one held packet: who holds it, who has clones of it, what was decided.
 *
 * ledger.c moves entries, ledger_book.c walks over all of them.  Nobody else includes this.
 */
#pragma once

#include "base/list.h"
#include "base/lock.h"
#include "engine/ledger.h"
#include "engine/ledger_book.h"

#define LEDGER_HOLDERS ENGINE_SEEN_MAX /* as many may be refused */
#define LEDGER_DRIVERS 16u

enum ledger_state { LEDGER_OPEN, LEDGER_HELD, LEDGER_WENT, LEDGER_DROPPED, LEDGER_VOID };

/* [E] the entry's spin */
struct ledger_holder {
	uint32_t callout_id, driver; /* [E] */
	uint64_t since;		     /* [E] */
	bool holding;		     /* [E] false: it has left */
};

struct ledger_claims {
	uint32_t driver; /* 0: those that found no room of their own */
	uint32_t count;
};

/* [I] immutable   [B] the book's spin   [E] the entry's spin */
struct ledger_entry {
	struct list link;		    /* [B] in the book, oldest first */
	struct ledger_book *book;	    /* [I] */
	enum ledger_mode mode;		    /* [I] */
	const struct ledger_owner_ops *ops; /* [I] */
	void *packet;			    /* [I] */
	struct spin spin;
	enum ledger_state state;		      /* [E] */
	bool op_holds, op_held;			      /* [E] now; ever */
	bool discarded;				      /* [E] somebody did */
	bool counted;				      /* [E] in absorbed_now */
	uint32_t discarded_by;			      /* [E] the first who did; 0: the operation */
	uint32_t keepers;			      /* [E] opener and calls under way */
	uint32_t total_claims;			      /* [E] of all drivers */
	uint32_t n_holders, n_drivers, n_refused;     /* [E] */
	struct ledger_holder holders[LEDGER_HOLDERS]; /* [E] */
	uint32_t refused[LEDGER_HOLDERS];	      /* [E] drivers */
	struct ledger_claims claims[LEDGER_DRIVERS + 1]; /* [E] the last: the rest */
};

/* [I] immutable   [B] spin   [A] atomic */
struct ledger_book {
	struct engine *engine; /* [I] */
	struct spin spin;
	struct list entries;					    /* [B] */
	struct atom64 absorbed_now, injected, discarded, reclaimed; /* [A] */
};

/* Keeps the entry until ledger_entry_put; false: it is on its way out. */
bool ledger_entry_get(struct ledger_entry *l);
void ledger_entry_put(struct ledger_entry *l);
/* Reclaims the matching holders; their callouts are written to `lost`. */
unsigned ledger_entry_reclaim(struct ledger_entry *l, uint32_t driver, uint64_t older_than,
			      uint32_t lost[LEDGER_HOLDERS]);
/* Those that still hold, one row each. */
unsigned ledger_entry_list(struct ledger_entry *l, struct ledger_info rows[LEDGER_HOLDERS]);
