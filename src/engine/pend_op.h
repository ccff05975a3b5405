/* SPDX-License-Identifier: MIT */
/*
 * pend_op - the operation and its pool, as the files of pend see them.
 *
 * pend.c is the owner's and the engine's side, pend_driver.c the driver's, pend_pool.c what goes
 * over all operations, pend_ticket.c the classify handles.  Nobody else includes this, but for the
 * explorer by way of pend_trace.h.
 */
#pragma once

#include "base/mailbox.h"
#include "engine/pend.h"
#include "engine/pend_handle.h"
#include "engine/pend_pool.h"
#include "engine/pend_record.h"
#include "engine/pend_slots.h"
#include "engine/pend_step.h"

/* [A] atomic   [I] from pend_begin to pend_end   [W] the thread that classifies, then the owner */
struct pend_op {
	struct pend_slot slot;
	struct atom64 word;		  /* [A] changed by pend_op_step alone */
	struct pend_pool *pool;		  /* [I] */
	enum pend_kind kind;		  /* [I] */
	uint16_t layer;			  /* [I] */
	bool reauthorize;		  /* [I] */
	const struct pend_owner_ops *ops; /* [I] */
	void *owner;			  /* [I] */
	struct mail mail;		  /* the owner's */
	uint32_t n_records;		  /* [W] in use in this life, in the order of the walk */
	struct pend_record records[PEND_RECORDS];
};

/* [I] immutable   [A] atomic */
struct pend_pool {
	struct engine *engine;	     /* [I] */
	struct engine_config config; /* [I] */
	uint64_t secret;	     /* [I] keys the checksum of handles */
	struct atom32 stopping;	     /* [A] engine_stop was called */
	struct atom64 pended_now, joined, completed_before_return, resumed; /* [A] */
	/* The spin also guards that an operation with a hold keeps its records. */
	struct pend_slots ops;
	struct pend_slots tickets;
};

static inline uint32_t pend_op_generation(const struct pend_op *op)
{
	return pend_word_generation(atom64_load(&op->word));
}

/*
 * Feeds one event and does its counting.  The caller has a right that keeps the operation in this
 * life: it owns it, classifies it, or has just won a record.  After a drop that right is gone: only
 * POST in *did gives the operation back to the caller, to post it.
 */
MUST_CHECK bool pend_op_step(struct pend_op *op, enum pend_event event, enum pend_reason reason,
			     uint32_t *did);
/* pend_record_step of one of its records. */
bool pend_op_record_step(struct pend_op *op, unsigned record, uint32_t generation,
			 enum pend_record_event event, const struct pend_answer *answer,
			 enum pend_record_state *was);
/* Drops the hold of a record that was just won, and posts the operation if it was the last. */
void pend_op_let_go(struct pend_op *op, const struct pend_record *r, enum pend_event event);
/* Takes a hold away, if it still stands in that generation. */
bool pend_op_revoke(struct pend_op *op, unsigned record, uint32_t generation,
		    enum pend_reason reason);

/* What a context names; NULL: nothing that ever was. */
struct pend_op *pend_op_of_context(struct pend_pool *pool, uint64_t context,
				   struct pend_name *name);
uint64_t pend_op_context(const struct pend_op *op, unsigned record);

/* Takes a record and a hold for the callout of the running classifyFn; pend_driver.c. */
MUST_CHECK wfp_err pend_driver_hold(struct pend_pool *pool, struct engine_frame *frame,
				    enum pend_kind kind, uint64_t handle, uint64_t *context);
wfp_err pend_driver_complete(struct pend_pool *pool, uint64_t context,
			     const struct pend_answer *answer);
