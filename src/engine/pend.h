/* SPDX-License-Identifier: MIT */
/*
 * pend - operations that callouts hold, and the one way they are resumed.
 *
 * See docs/design/pend.md.  One 64-bit word per operation, changed only by compare-and-swap through
 * the generated step of pend_table.def; the classify itself owns a hold, and a pend is legal only
 * inside the classifyFn of that operation, so holds never rise from zero and the drop to zero
 * happens once.  Whoever drops the last hold posts the operation to its owner, on any thread; the
 * owner resumes it on its own worker.  A completer never runs engine code on its own stack.
 *
 * The owner's sequence (the stack, on one worker):
 *	pend_begin -> engine_classify(ind.op = op) -> ENGINE_PENDED: keep op, else pend_end
 *	... post() is called on some thread: send yourself mail ...
 *	pend_resume -> act on the result -> pend_end
 */
#pragma once

#include "engine/callout.h"
#include "engine/engine.h"

enum pend_kind { PEND_ALE, PEND_CLASSIFY };

/* Why a hold or an operation ended without a verdict of its holder. */
enum pend_reason {
	PEND_REASON_NONE,
	PEND_REASON_CLOSED,	  /* the endpoint closed */
	PEND_REASON_UNREGISTERED, /* the callout went away */
	PEND_REASON_TIMEOUT,	  /* the watchdog */
	PEND_REASON_STOPPED,	  /* the engine stops */
	PEND_REASON_NO_ABSORB,	  /* pended, but returned no Block with absorb */
	PEND_REASONS
};

struct pend_owner_ops {
	/* The last hold is gone.  Any thread; must not block, fail, or touch the operation. */
	void (*post)(void *owner, struct pend_op *op);
};

/*
 * Takes a slot in phase CLASSIFYING with the classify's own hold.  No memory: the classify runs
 * with op NULL and pends are refused with STATUS_INSUFFICIENT_RESOURCES.
 * `mail` inside the operation is for the owner's post().
 */
MUST_CHECK wfp_err pend_begin(struct engine *e, enum pend_kind kind, uint16_t layer,
			      bool reauthorize, const struct pend_owner_ops *ops, void *owner,
			      struct pend_op **out);
uint64_t pend_handle(const struct pend_op *op); /* the completion handle in the metadata */
struct mail *pend_mail(struct pend_op *op);
struct pend_op *pend_of_mail(struct mail *mail);
void *pend_owner(const struct pend_op *op);

/* engine_classify's side. */
enum pend_left { PEND_LEFT_INLINE, PEND_LEFT_HELD };
/* The callout returned: enforces Block with absorb; true when its hold stands. */
bool pend_callout_returned(struct engine_frame *frame);
/*
 * The walk is over: drops the classify's own hold.  INLINE: nobody held, the verdict is delivered
 * by the caller.  HELD: somebody does, or did and has completed: post() was or will be called.
 */
enum pend_left pend_classified(struct pend_op *op);

struct pend_result {
	enum pend_reason cancelled; /* NONE: completed by all holders or resolved by default */
	bool final;		    /* every holder gave a verdict (pend classify): use `outcome` */
	/*
	 * A hold was revoked and decides: use `outcome`.  Not set when the default permits and
	 * another holder left it to a reauthorization.
	 */
	bool revoked;
	enum engine_outcome outcome; /* PERMIT or BLOCK: DONE and REVOKED records arbitrated */
	uint32_t by_callout;	     /* who decided, 0: nobody */
	uint32_t holders;	     /* how many callouts held it */
};
/* Thread: the owner, after post().  Says what to do; the slot stays until pend_end. */
void pend_resume(struct pend_op *op, struct pend_result *out);
/* Frees the slot: generation + 1, every handle to it is stale.  Thread: the owner. */
void pend_end(struct pend_op *op);
/*
 * Sticky: the endpoint closed.  Revokes all holds; post() follows if the op is held.  Thread: the
 * owner, or any other that keeps the owner from ending the operation meanwhile.
 */
void pend_cancel(struct pend_op *op, enum pend_reason reason);

/* ---- the driver's side: contexts and handles are numbers, never pointers ------------------ */

/* FwpsPendOperation0.  STATUS_FWP_CANNOT_PEND, STATUS_FWP_TCPIP_NOT_READY, no memory. */
MUST_CHECK wfp_err pend_operation(struct engine *e, uint64_t completion_handle, uint64_t *context);
/* FwpsCompleteOperation0.  Any thread; a stale or second one is reported and has no effect. */
wfp_err pend_complete(struct engine *e, uint64_t context);

/* FwpsAcquireClassifyHandle0 and its family; `classify_context` is that of the running classify. */
MUST_CHECK wfp_err pend_acquire(struct engine *e, uint64_t *handle);
void pend_release(struct engine *e, uint64_t handle);
MUST_CHECK wfp_err pend_classify(struct engine *e, uint64_t handle, uint64_t filter_id,
				 struct engine_classify_out *out);
/* out NULL: reauthorize; else final.  Deep copied. */
void pend_complete_classify(struct engine *e, uint64_t handle,
			    const struct engine_classify_out *out);

/* Revokes every hold of one callout; engine_callout_unregister's forced way. */
void pend_revoke_callout(struct engine *e, uint32_t callout_id, enum pend_reason reason);

/* What is held now, for listings and for the report at unload.  Calls back with no lock held. */
struct pend_info {
	uint64_t handle;
	uint16_t layer;
	uint32_t callout_id;
	const char *driver;
	uint64_t since; /* clock_now */
};
void pend_list(struct engine *e, void (*each)(void *ctx, const struct pend_info *info), void *ctx);
