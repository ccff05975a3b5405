/* SPDX-License-Identifier: MIT */
/*
 * state - what struct bfe is made of; for the files of src/bfe only.
 *
 * Who may change objects is a role, not a held lock: the session that is b->writer changes them,
 * and no lock is held while it talks to the engine or the store.  It takes b->lock for the few
 * instructions that change what others read.  Everybody else, and the writer too, looks things up
 * with the lock held, because the end of a reader's snapshot takes dead objects out of the tables.
 */
#pragma once

#include "base/atomic.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/lock.h"
#include "bfe/bfe.h"

/* A leaf: nothing is called with it held. */
#define BFE_RANK	  300u
#define BFE_FIRST_FILTER  65537u
#define BFE_FIRST_CONTEXT 1u
#define BFE_BUILTIN_ID	  UINT64_C(0x8000000000000000) /* of the first built-in provider context */
#define BFE_CALLOUTS_MAX  100000u
#define BFE_WEIGHTS	  65536u
#define BFE_NEVER	  UINT64_MAX

/* What an object may refer to lives at least as long as itself; see outlives() in objects.c. */
enum bfe_lifetime {
	BFE_BUILTIN,
	BFE_DYNAMIC,	/* dies with its session */
	BFE_STATIC,	/* dies with this process */
	BFE_PERSISTENT, /* kept in the store */
	BFE_BOOTTIME,	/* kept in the store, in force before the others are loaded */
};

/*
 * A descriptor as it counts, with what is inherited: immutable, and shared by all objects that got
 * the same.
 */
struct bfe_sd {
	struct atom32 refs;
	struct model_blob *blob; /* one block */
	struct bfe_sd *next;	 /* [P] what takes its place, while a change is passed down */
};

/*
 * What a reader sees: what was committed when it began.  An object that dies is kept while a
 * snapshot may show it, in the list of the newest one that does; when that one ends the object goes
 * to the next older, or for good.  [L] all.
 */
struct bfe_snapshot {
	struct list link; /* in bfe->snapshots, oldest first */
	uint64_t number;  /* of the last commit that is seen */
	struct list dead; /* objects, by their txn links */
};

/*
 *            insert            commit             delete             commit
 *   (none) ----------> ADDED ----------> LIVE ----------------> DELETED ------> DEAD ----> (freed)
 *     ^                  |                ^                        |
 *     +------------------+                +------------------------+
 *       delete or abort                             abort
 *
 * born and died are commit numbers: ADDED is born never, DEAD has died, DELETED is flagged.
 */
/* [I] immutable   [W] changed by the writer, with the lock   [P] the writer's own */
struct bfe_object {
	struct hnode by_key, by_id; /* [W] and the end of a snapshot */
	struct list all;	    /* [W] likewise; in the list of its kind or layer */
	struct list txn;	    /* [P] in the writer's added or deleted; dead: [W] */
	struct list owned;	    /* [P] in owner->owned */
	struct model_object *o;	    /* [I] one reference */
	struct bfe_sd *sd;	    /* [W] one reference; not versioned */
	uint64_t born, died;	    /* [W] */
	bool deleted;		    /* [W] */
	enum bfe_lifetime lifetime; /* [I] */
	const char *label;	    /* [I] what the headers call a built-in one; else NULL */
	struct bfe_session *owner;  /* [P] the dynamic session it dies with; else NULL */
	uint32_t refs;		    /* [P] objects, not deleted, that use this one */
	bool reserved;		    /* [P] a callout's id is held in the engine */
	uint32_t boot_refs;	    /* [P] those of them that are boot-time filters */
	bool stored;		    /* [P] has been written in this transaction already */
	bool disabled;		    /* [I] a start has disabled it */
	bool in_engine;		    /* [P] the engine has it, or gets it with this commit */
	struct bfe_object *uses[MODEL_KINDS]; /* [I] what it refers to, by kind; NULL: nothing */
};

/* [L] the lock   [B] whoever made the session busy   [I] immutable */
struct bfe_session {
	struct bfe *bfe;
	struct list all;	      /* [L] in bfe->sessions */
	struct list dying;	      /* [L] in bfe->dying */
	struct guid key;	      /* [I] */
	char *name, *description;     /* [I] owned; NULL: none */
	char *user;		      /* [I] owned; NULL: unknown */
	struct model_blob *token;     /* [I] owned; NULL: every check passes */
	uint32_t flags, wait_ms, pid; /* [I] */
	bool kernel;		      /* [I] */
	bool any_owner;		      /* [I] */
	bool (*alive)(void *ctx);     /* [I] */
	void *ctx;		      /* [I] */
	bool busy;		      /* [L] a call runs */
	bool closing;		      /* [L] */
	bool in_txn, read_only;	      /* [B] */
	bool aborted;		      /* [B] the watchdog has ended the transaction; not said yet */
	uint64_t txn_began;	      /* [B] */
	struct bfe_snapshot snapshot; /* of a read-only transaction */
	struct list added, deleted;   /* [B] the transaction's journal */
	struct list owned;	      /* [B] objects of a dynamic session */
	struct list enums;	      /* [L] its enumerations */
	struct bfe_sd *inherited[MODEL_KINDS]; /* [B] what its new objects get by themselves */
	uint64_t inherited_as_of;	       /* [B] the sd_generation of those */
};

/* [L] the lock   [P] the writer's own */
struct bfe {
	struct bfe_config config; /* immutable */
	struct engine *engine;	  /* immutable */
	struct lock lock;
	struct cond changed;	     /* busy, writer */
	struct list sessions, dying; /* [L] */
	struct bfe_session *writer;  /* [L] */
	uint32_t writer_thread;	     /* [L] that became the writer */
	uint32_t committing;	     /* [L] the thread inside a commit's callbacks; 0: none */
	uint64_t commit;	     /* [L] the number of the last commit */
	struct list snapshots;	     /* [L] oldest first */
	struct htable by_key[MODEL_KINDS], by_id[MODEL_KINDS]; /* [L] */
	struct list all[MODEL_FILTER]; /* [L] the objects of each kind but filters, oldest first */
	struct list filters[MODEL_LAYERS_MAX]; /* [L] the filters of each layer, oldest first */
	uint64_t next_filter, next_context;    /* [P] */
	bool booting, loading;		    /* [P] between the steps of a start; in one of them */
	uint32_t n_callouts;		    /* [P] not built in, not deleted */
	uint64_t weights[BFE_WEIGHTS / 64]; /* [P] those of sublayers not deleted */
	struct bfe_sd *secured[BFE_SECURED_SORTS]; /* [W] of the containers and the engine */
	struct bfe_sd *layers[MODEL_LAYERS_MAX];   /* [W] of each layer */
	struct atom32 options[BFE_OPTIONS];	   /* [W] read by anybody */
	struct bfe_sd *restored[MODEL_KINDS]; /* [P] the last one of each kind, while loading */
	struct list subscriptions;	      /* [L] oldest first */
	uint64_t sd_generation;		      /* [P] grows when one of the former changes */
};

/* ---- object.c: by the writer, the lock not held --------------------------------------------- */

/* A new object in no table; takes over the reference to o. */
MUST_CHECK wfp_err bfe_object_create(struct bfe_object **out, struct model_object *o);
/* Gives an id up that a callout has reserved. */
void bfe_object_free(struct bfe *b, struct bfe_object *o);
/* What the writer sees. */
struct bfe_object *bfe_object_find(struct bfe *b, enum model_kind kind, const struct guid *key);
struct bfe_object *bfe_object_find_id(struct bfe *b, enum model_kind kind, uint64_t id);
/* The steps of the drawing above; none of them fails. */
void bfe_object_insert(struct bfe_session *s, struct bfe_object *o);
void bfe_object_remove(struct bfe_session *s, struct bfe_object *o);
void bfe_objects_publish(struct bfe_session *s);
void bfe_objects_settle(struct bfe_session *s);
void bfe_objects_roll_back(struct bfe_session *s);
/* For the beginning and the end. */
void bfe_object_insert_builtin(struct bfe *b, struct bfe_object *o);
void bfe_objects_free_all(struct bfe *b);
uint64_t bfe_guid_hash(const struct guid *key);
/* The list that an object is enumerated from.  REQUIRES(b->lock) to look at it. */
struct list *bfe_object_list(struct bfe *b, enum model_kind kind, uint16_t layer);

/* ---- objects.c ------------------------------------------------------------------------------ */

wfp_err bfe_not_found(enum model_kind kind);
bool bfe_is_kept(enum bfe_lifetime lifetime);
/* As it was kept, by the writer; takes over the reference.  sd NULL: inherited. */
MUST_CHECK wfp_err bfe_object_restore(struct bfe_session *s, struct model_object *o,
				      const struct model_blob *sd);

/* ---- security.c ----------------------------------------------------------------------------- */

/* As it was kept, by the writer, but inheriting what is above it now. */
MUST_CHECK wfp_err bfe_security_restore(struct bfe_session *s, enum bfe_secured what,
					const struct guid *key, const struct model_blob *sd);

/* ---- view.c --------------------------------------------------------------------------------- */

/* own: the writer's; else what was committed as of `at`. */
struct bfe_view {
	bool own;
	uint64_t at;
};
bool bfe_view_shows(const struct bfe_view *v, const struct bfe_object *o);
/* NULL: none.  REQUIRES(b->lock) */
struct bfe_object *bfe_view_find(struct bfe *b, const struct bfe_view *v, enum model_kind kind,
				 const struct guid *key);
struct bfe_object *bfe_view_find_id(struct bfe *b, const struct bfe_view *v, enum model_kind kind,
				    uint64_t id);
/* The view of a session that is in a call.  REQUIRES(b->lock) */
struct bfe_view bfe_view_of(const struct bfe_session *s);
/* Until it ends, nothing that it shows goes away. */
void bfe_snapshot_begin(struct bfe *b, struct bfe_snapshot *snapshot);
void bfe_snapshot_end(struct bfe *b, struct bfe_snapshot *snapshot);
/* False: no snapshot shows the dead object.  REQUIRES(b->lock) */
bool bfe_snapshot_keeps(struct bfe *b, struct bfe_object *o);
/* Out of all tables.  REQUIRES(b->lock) */
void bfe_object_unlink(struct bfe *b, struct bfe_object *o);

/* ---- txn.c ---------------------------------------------------------------------------------- */

typedef wfp_err bfe_op(struct bfe_session *s, void *arg);

/*
 * Runs op as the writer, in the session's transaction or in one of its own.  Before one of its own
 * may says what can be said without the role, so that who is refused anyway does not wait for it;
 * what it has seen may have changed until op runs.
 */
MUST_CHECK wfp_err bfe_write(struct bfe_session *s, bfe_op *may, bfe_op *op, void *arg);
/* Refused inside an explicit transaction; op changes at once what is not versioned. */
MUST_CHECK wfp_err bfe_write_alone(struct bfe_session *s, bfe_op *may, bfe_op *op, void *arg);
/* One call at a time per session; refused inside a notifyFn or a classifyFn. */
MUST_CHECK wfp_err bfe_call_enter(struct bfe_session *s);
void bfe_call_leave(struct bfe_session *s);
/* deadline 0: do not wait. */
MUST_CHECK wfp_err bfe_txn_acquire(struct bfe_session *s, uint64_t deadline);
uint64_t bfe_txn_deadline(const struct bfe_session *s);
/* Both end the transaction; a commit that fails has rolled back. */
MUST_CHECK wfp_err bfe_txn_settle(struct bfe_session *s);
void bfe_txn_roll_back(struct bfe_session *s);
/* What this thread calls while it tells others of a commit is refused; 0: it is done. */
void bfe_txn_set_committing(struct bfe *b, uint32_t thread);

/* ---- delta.c -------------------------------------------------------------------------------- */

/* Tells the engine what the transaction has changed; all or nothing. */
MUST_CHECK wfp_err bfe_delta_commit(struct bfe_session *s);

/* ---- session.c ------------------------------------------------------------------------------ */

/* Finishes closing the sessions that could not be closed at once, as far as possible. */
void bfe_sessions_reap(struct bfe *b);

/* ---- access.c -------------------------------------------------------------------------------- */

/* Takes the block over, also on failure. */
MUST_CHECK wfp_err bfe_sd_create(struct bfe_sd **out, struct model_blob *blob);
struct bfe_sd *bfe_sd_get(struct bfe_sd *sd);
void bfe_sd_put(struct bfe_sd *sd); /* NULL is fine */
/* May the session do that to what has this descriptor?  Any thread. */
MUST_CHECK wfp_err bfe_sd_check(const struct bfe_session *s, const struct bfe_sd *sd,
				uint32_t right);
/* The same for a container or the engine.  The lock not held. */
MUST_CHECK wfp_err bfe_container_check(struct bfe_session *s, enum bfe_secured what,
				       uint32_t right);
/* ERR_INVALID_SECURITY_DESCR: what a caller gives is not well-formed.  NULL is fine. */
MUST_CHECK wfp_err bfe_sd_check_form(const struct model_blob *given);
/* The descriptor of a new object; given NULL: what it inherits.  By the writer. */
MUST_CHECK wfp_err bfe_sd_inherit(struct bfe_session *s, enum model_kind kind,
				  const struct model_blob *given, struct bfe_sd **out);
/* Replaces *out by a kept descriptor that inherits what its container says now; objects that share
 * one go on sharing. */
MUST_CHECK wfp_err bfe_sd_restore(struct bfe *b, enum bfe_secured container,
				  const struct model_blob *kept, struct bfe_sd **out);
/* The engine, the containers and the layers as they are from the start. */
MUST_CHECK wfp_err bfe_access_create(struct bfe *b);
void bfe_access_destroy(struct bfe *b);
/* A built-in object's. */
MUST_CHECK wfp_err bfe_sd_builtin(struct bfe *b, enum bfe_secured container, struct bfe_sd **out);
/* The session forgets what its objects would inherit. */
void bfe_sd_forget(struct bfe_session *s);

/* ---- enum.c --------------------------------------------------------------------------------- */

/* The session is closed. */
void bfe_enums_end(struct bfe_session *s);
/* Replaces a reference to an object by one whose computed flags are up to date.  On failure the
 * reference is gone. */
MUST_CHECK wfp_err bfe_object_complete(struct bfe *b, struct model_object **o);

/* ---- subscribe.c ---------------------------------------------------------------------------- */

/* What the writer's journal says, now that it is committed. */
void bfe_subscribers_tell(struct bfe_session *writer);
/* The session is closed. */
void bfe_subscriptions_end(struct bfe_session *s);

/* ---- options.c ------------------------------------------------------------------------------ */

void bfe_options_reset(struct bfe *b);
MUST_CHECK wfp_err bfe_options_load(struct bfe *b);

/* ---- builtin.c ------------------------------------------------------------------------------ */

MUST_CHECK wfp_err bfe_builtins_add(struct bfe *b);

/* ---- weight.c ------------------------------------------------------------------------------- */

/* The weight that a sublayer gets which asks for this one; false: all are taken. */
bool bfe_weight_choose(const struct bfe *b, uint16_t wanted, uint16_t *out);
void bfe_weight_set(struct bfe *b, uint16_t weight, bool taken);
