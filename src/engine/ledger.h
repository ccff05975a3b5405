/* SPDX-License-Identifier: MIT */
/*
 * ledger - packets that have left the stack's hands: who owes an answer for each.
 *
 * See docs/design/ledger.md.  An entry is opened when a packet is absorbed or its authorization
 * is pended.  Its holders are the callouts that took it (and, for a pended ALE operation, the
 * operation itself).  A driver's clones and references of the packet are its claims.  A holder
 * leaves by injecting a clone (released), by giving up its last claim without injecting
 * (discarded), or by force (reclaimed).  The packet goes on once, when the last holder has left
 * and none discarded; until then an injected clone is merged: completed with success, not sent.
 * A clone whose bytes differ supersedes the packet: it goes on at once as a new packet and what
 * the others still hold is void.
 *
 *	HELD --last release, none discarded--> GO        (the owner sends it, once)
 *	HELD --last release, some discarded--> DROP      (blocked by those who discarded)
 *	HELD --modified clone injected-------> SUPERSEDED (the clone goes; the rest is void)
 *	HELD --reclaim (watchdog, unload)----> as if that holder had discarded, reported
 *
 * An entry has one owner (the worker whose packet it is); every other thread only adds and drops
 * claims and releases holders, under the entry's own spin lock; the decision is posted to the
 * owner.
 */
#pragma once

#include "base/list.h"
#include "engine/engine.h"

enum ledger_decision { LEDGER_GO, LEDGER_DROP, LEDGER_SUPERSEDED };

/* What discarding means: at RECV_ACCEPT and for plain absorbs it is a block; at AUTH_CONNECT the
 * reauthorization decides and a dropped claim is no opinion. */
enum ledger_mode { LEDGER_DISCARD_BLOCKS, LEDGER_VERDICT_BY_OP };

struct ledger_entry;

struct ledger_owner_ops {
	/*
	 * The entry is decided, once.  Any thread; must not block or fail: send yourself mail.
	 * by_callout: who discarded (DROP) or superseded.
	 */
	void (*decided)(void *packet, enum ledger_decision decision, uint32_t by_callout);
	/* The last claim and holder are gone: the entry no longer refers to the packet.  Any
	 * thread. */
	void (*released)(void *packet);
};

/* Opens an entry with one claim, the opener's (dropped by ledger_settle). */
MUST_CHECK wfp_err ledger_open(struct engine *e, enum ledger_mode mode,
			       const struct ledger_owner_ops *ops, void *packet,
			       struct ledger_entry **out);
/* During the classify: a callout of `driver` took the packet.  Idempotent per callout. */
MUST_CHECK wfp_err ledger_hold(struct ledger_entry *l, uint32_t callout_id, uint32_t driver);
/*
 * During the classify: a callout of `driver` may not take the packet again, which goes on without
 * it.  Clones that the driver has made all the same say nothing new: unless it holds the packet by
 * another callout they are void, or two such drivers would send one packet round for ever.
 */
void ledger_refuse(struct ledger_entry *l, uint32_t driver);
/* The pended operation holds it, too (VERDICT_BY_OP). */
void ledger_hold_op(struct ledger_entry *l);
/* The operation was resolved: permit releases, block discards. */
void ledger_op_done(struct ledger_entry *l, bool permit);
/* Some driver has a claim.  Thread: the owner; stands still once the classify has returned. */
bool ledger_claimed(struct ledger_entry *l);
/*
 * The classify is over: from here the entry may be decided.  A holder without a claim cannot
 * inject: it has discarded, or, when it pended and never made a clone, has no say beside the
 * operation's. An entry without holders is never decided; it is released when the last claim goes.
 */
void ledger_settle(struct ledger_entry *l, bool pended);

/* Clones and references made by a driver.  Any thread. */
void ledger_claim(struct ledger_entry *l, uint32_t driver);
void ledger_unclaim(struct ledger_entry *l, uint32_t driver);

enum ledger_inject {
	/* No entry, or the packet has gone on already: a packet of its own. */
	LEDGER_INJECT_SEND,
	/* The last holder, or modified: send this one in the packet's place.  This is the
	 * decision; `decided` is not called. */
	LEDGER_INJECT_LAST,
	/* Others still hold: complete with success, send nothing. */
	LEDGER_INJECT_MERGED,
	/* Discarded or superseded by another, or of a driver that was refused: complete with
	 * success, send nothing. */
	LEDGER_INJECT_VOID,
};

/*
 * A driver injects a clone of the packet.  `modified`: its bytes differ.  *seen receives the
 * callouts that are released by it.  Thread: the owner.
 */
enum ledger_inject ledger_inject(struct ledger_entry *l, uint32_t driver, bool modified,
				 struct engine_seen *seen);

/*
 * Takes back what a driver (0: every one) has held since before `older_than` (clock_now): unload,
 * watchdog.  Reported by name.  Claims stay, because the clones do: whoever frees those unclaims.
 */
void ledger_reclaim(struct engine *e, uint32_t driver, uint64_t older_than);

struct ledger_info {
	uint32_t callout_id, driver;
	uint64_t since;
	unsigned claims;
};
void ledger_list(struct engine *e, void (*each)(void *ctx, const struct ledger_info *info),
		 void *ctx);
