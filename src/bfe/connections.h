/* SPDX-License-Identifier: MIT */
/*
 * connections - the conversations that are open now, for FwpmConnectionEnum and its kin.
 *
 * A worker and this table share one object per connection: the worker adds up its bytes there
 * without a lock, so what is shown is current.  Opening and closing arrive as mail, which cannot be
 * lost; what bounds the memory is the number of objects, and a connection beyond it is not watched
 * but counted.  Drained by one thread (bfe_monitor_drain), asked by any.
 */
#pragma once

#include "base/err.h"
#include "model/connection.h"

struct bfe_connections;
struct mailbox;
struct stack_connection;

/*
 * max: objects, those of closed connections that were not drained included; 0: 65 536.  What
 * workers have to say goes into the mailbox as struct bfe_note (note.h).
 */
MUST_CHECK wfp_err bfe_connections_create(struct bfe_connections **out, uint32_t max,
					  struct mailbox *mailbox);
/* The stack must be gone, its notes read, and no subscription left. */
void bfe_connections_destroy(struct bfe_connections *c);

/* FWP_E_NOT_FOUND: not there, or not any more. */
MUST_CHECK wfp_err bfe_connections_get(struct bfe_connections *c, uint64_t id,
				       struct model_connection *out);

/* A snapshot, with the bytes of its creation; id: only that one, 0: all.  For mem_free. */
MUST_CHECK wfp_err bfe_connections_list(struct bfe_connections *c, uint64_t id,
					struct model_connection **out, uint32_t *n_out);

struct bfe_connection_sub;
/* On the thread that drains, no lock held. */
typedef void bfe_connection_fn(void *ctx, enum model_connection_event what,
			       const struct model_connection *connection);
/* id: only that one, 0: all.  Those that are open already are not announced. */
MUST_CHECK wfp_err bfe_connections_subscribe(struct bfe_connections *c, uint64_t id,
					     bfe_connection_fn *fn, void *ctx,
					     struct bfe_connection_sub **out);
/* Waits for a call that is under way, unless it is made from inside it.  NULL is fine. */
void bfe_connections_unsubscribe(struct bfe_connections *c, struct bfe_connection_sub *s);

/* ---- where they come from ------------------------------------------------------------------ */

/* By a worker, any number of them at once.  NULL: not watched (the bound, or no memory). */
struct stack_connection *bfe_connections_open(struct bfe_connections *c,
					      const struct model_connection *facts);
void bfe_connections_close(struct bfe_connections *c, struct stack_connection *s);
struct bfe_connections_counters {
	uint64_t opened, closed;
	uint64_t unwatched; /* not taken: the bound, or no memory */
	uint32_t now;
};
void bfe_connections_counters_get(struct bfe_connections *c, struct bfe_connections_counters *out);
