/* SPDX-License-Identifier: MIT */
/*
 * state - what struct bfe is made of; for the files of src/bfe only.
 *
 * Objects of all four kinds share one struct.  Who may change them is a role, not a held lock: the
 * session that is b->writer changes objects, and no lock is held while it talks to the engine.  It
 * takes b->lock to change what others read, and reads without it.
 */
#pragma once

#include "base/hash.h"
#include "base/list.h"
#include "base/lock.h"
#include "bfe/bfe.h"

/* A leaf: nothing is called with it held. */
#define BFE_RANK	 300u
#define BFE_FIRST_FILTER 65537u
#define BFE_CALLOUTS_MAX 100000u
#define BFE_WEIGHTS	 65536u

enum bfe_kind { BFE_PROVIDER, BFE_SUBLAYER, BFE_CALLOUT, BFE_FILTER, BFE_KINDS };

/*
 *            insert            commit             delete             commit
 *   (none) ----------> ADDED ----------> LIVE ----------------> DELETED ------> (freed)
 *     ^                  |                ^                        |
 *     +------------------+                +------------------------+
 *       delete or abort                             abort
 */
enum bfe_state { BFE_ADDED, BFE_LIVE, BFE_DELETED };

/* [I] immutable   [W] changed by the writer, with the lock   [P] the writer's own */
struct bfe_object {
	struct hnode by_key, by_id; /* [W] */
	struct list txn;	    /* [P] in the writer's added or deleted, or in neither */
	struct list owned;	    /* [P] in owner->owned */
	enum bfe_kind kind;	    /* [I] */
	enum bfe_state state;	    /* [W] */
	bool builtin;		    /* [I] */
	struct bfe_session *owner;  /* [I] the dynamic session it dies with; NULL: static */
	uint32_t refs;		    /* [P] objects, not deleted, that use this one */
	struct bfe_object *uses[BFE_KINDS]; /* [I] what it refers to, by kind; NULL: nothing */
	struct guid key;		    /* [I] */
	uint64_t id;			    /* [I] callouts and filters; else 0 */
	char *name;		     /* [I] owned; NULL for filters: theirs is in the filter */
	uint32_t flags;		     /* [I] */
	uint16_t weight;	     /* [I] sublayers */
	uint16_t layer;		     /* [I] callouts */
	struct model_filter *filter; /* [I] filters; one reference */
};

/* [L] the lock   [B] whoever made the session busy */
struct bfe_session {
	struct bfe *bfe;
	struct list all;	    /* [L] in bfe->sessions */
	struct list dying;	    /* [L] in bfe->dying */
	uint32_t flags;		    /* immutable */
	uint32_t wait_ms;	    /* immutable */
	bool busy;		    /* [L] a call runs */
	bool closing;		    /* [L] */
	bool in_txn, read_only;	    /* [B] */
	struct list added, deleted; /* [B] the transaction's journal */
	struct list owned;	    /* [B] objects of a dynamic session */
};

/* [L] the lock */
struct bfe {
	struct engine *engine;
	struct lock lock;
	struct cond changed;	     /* busy, writer, readers */
	struct list sessions, dying; /* [L] */
	struct bfe_session *writer;  /* [L] */
	uint32_t writer_thread;	     /* [L] that became the writer */
	unsigned readers;	     /* [L] read-only transactions */
	uint32_t committing;	     /* [L] the thread inside engine_commit; 0: none */
	struct htable by_key[BFE_KINDS], by_id[BFE_KINDS]; /* changed by the writer with the lock */
	uint64_t next_filter;				   /* the writer's */
	uint64_t weights[BFE_WEIGHTS / 64]; /* the writer's; those of sublayers not deleted */
};

/* ---- object.c: by the writer, the lock not held --------------------------------------------- */

/* A new object in no table.  The name is copied; NULL: none. */
MUST_CHECK wfp_err bfe_object_create(struct bfe_object **out, enum bfe_kind kind,
				     const struct guid *key, const char *name);
/* Gives an id up that a callout has reserved. */
void bfe_object_free(struct bfe *b, struct bfe_object *o);
/* Objects that are not deleted. */
struct bfe_object *bfe_object_find(struct bfe *b, enum bfe_kind kind, const struct guid *key);
struct bfe_object *bfe_object_find_id(struct bfe *b, enum bfe_kind kind, uint64_t id);
/* The four steps of the drawing above; none of them fails. */
void bfe_object_insert(struct bfe_session *s, struct bfe_object *o);
void bfe_object_delete(struct bfe_session *s, struct bfe_object *o);
void bfe_objects_settle(struct bfe_session *s);
void bfe_objects_roll_back(struct bfe_session *s);
/* For the beginning and the end. */
void bfe_object_insert_builtin(struct bfe *b, struct bfe_object *o);
void bfe_objects_free_all(struct bfe *b);
uint64_t bfe_guid_hash(const struct guid *key);

/* ---- txn.c ---------------------------------------------------------------------------------- */

typedef wfp_err bfe_op(struct bfe_session *s, void *arg);

/* Runs op as the writer, in the session's transaction or in one of its own. */
MUST_CHECK wfp_err bfe_write(struct bfe_session *s, bfe_op *op, void *arg);
/* One call at a time per session; refused inside a notifyFn or a classifyFn. */
MUST_CHECK wfp_err bfe_call_enter(struct bfe_session *s);
void bfe_call_leave(struct bfe_session *s);
/* deadline 0: do not wait. */
MUST_CHECK wfp_err bfe_txn_acquire(struct bfe_session *s, bool read_only, uint64_t deadline);
uint64_t bfe_txn_deadline(const struct bfe_session *s);
/* Both end the transaction; a commit that fails has rolled back. */
MUST_CHECK wfp_err bfe_txn_settle(struct bfe_session *s);
void bfe_txn_roll_back(struct bfe_session *s);

/* ---- session.c ------------------------------------------------------------------------------ */

/* Finishes closing the sessions that could not be closed at once, as far as possible. */
void bfe_sessions_reap(struct bfe *b);

/* ---- weight.c ------------------------------------------------------------------------------- */

/* The weight that a sublayer gets which asks for this one; false: all are taken. */
bool bfe_weight_choose(const struct bfe *b, uint16_t wanted, uint16_t *out);
void bfe_weight_set(struct bfe *b, uint16_t weight, bool taken);
