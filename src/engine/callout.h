/* SPDX-License-Identifier: MIT */
/*
 * callout - what a driver registered (FwpsCalloutRegister) and how the engine calls it.
 *
 * A registration lives from engine_callout_register until its rundown ends: unregistering stops
 * new calls at once, is refused (FWP_E_IN_USE as STATUS_DEVICE_BUSY at the border) while flow
 * contexts or holds of it remain, and waits for calls in flight.  Callouts run on the worker that
 * classifies, at DISPATCH_LEVEL, with no lock of ours held; they may call back into pend.h,
 * ledger.h and flowctx.h, also from their own threads.
 *
 * The engine knows no Windows struct: src/ntshim registers thunks that convert at the border.
 */
#pragma once

#include "engine/engine.h"

/* FWPS_CLASSIFY_OUT0, same order and meaning. */
struct engine_classify_out {
	uint32_t action; /* enum model_action */
	uint64_t out_context;
	uint64_t filter_id;
	uint32_t rights; /* ENGINE_RIGHT_ACTION_WRITE */
	uint32_t flags;	 /* ENGINE_OUT_* */
};
#define ENGINE_RIGHT_ACTION_WRITE 0x1u
#define ENGINE_OUT_ABSORB	  0x1u
#define ENGINE_OUT_BUFFER_LIMIT	  0x2u

/* One call of one callout for one filter; valid until classify returns. */
struct engine_call {
	const struct engine_indication *ind;
	const struct model_filter *filter;
	uint32_t callout_id;
	uint64_t flow_context; /* 0: none associated */
};

enum engine_notify { ENGINE_NOTIFY_ADD_FILTER, ENGINE_NOTIFY_DELETE_FILTER };

/* Bits of engine_callout_desc.flags; FWP_CALLOUT_FLAG_* of FWPS_CALLOUT. */
#define ENGINE_CALLOUT_CONDITIONAL_ON_FLOW	0x1u
#define ENGINE_CALLOUT_ALLOW_OFFLOAD		0x2u
#define ENGINE_CALLOUT_ENABLE_COMMIT_ADD_NOTIFY 0x4u
/*
 * openwfp's own: what classify answers depends on nothing but the filter and the indicated values,
 * it has no other effect that somebody counts on, and it neither absorbs nor pends.  So an answer
 * may be given again without a call (flow_cache.h).  Without effect on a callout that is
 * conditional on flow or has flow_delete: what it keeps with a flow might change the answer.
 */
#define ENGINE_CALLOUT_VERDICT_CACHEABLE 0x40000000u

struct engine_callout_ops {
	void (*classify)(void *ctx, const struct engine_call *call,
			 struct engine_classify_out *out);
	/* NULL: not interested.  An error at ADD refuses the filter. */
	wfp_err (*notify)(void *ctx, enum engine_notify what, const struct model_filter *filter);
	/* NULL: the callout associates no flow contexts. */
	void (*flow_delete)(void *ctx, uint16_t layer, uint32_t callout_id, uint64_t flow_context);
	/* The registration has ended; ctx may be freed.  Called exactly once. */
	void (*released)(void *ctx);
};

struct engine_callout_desc {
	struct guid key;
	uint32_t flags;
	uint32_t driver;  /* which driver owns it: 1, 2, ... ; decides whose claims are whose */
	const char *name; /* for reports: the driver's name; copied */
	const struct engine_callout_ops *ops;
	void *ctx;
};

/*
 * Registers; *id names the registration and is that of the policy's callout object with the same
 * key, if one exists or comes to exist, so both orders of FwpsCalloutRegister and FwpmCalloutAdd
 * work.  FWP_E_ALREADY_EXISTS: the key is registered.
 */
MUST_CHECK wfp_err engine_callout_register(struct engine *e, const struct engine_callout_desc *desc,
					   uint32_t *id);

enum engine_unregister { ENGINE_UNREGISTER_POLITE, ENGINE_UNREGISTER_FORCED };

/*
 * Ends a registration.  Thread: any but a callout's own classify (refused: ERR_NOT_SUPPORTED).
 * POLITE: FWP_E_IN_USE while flow contexts or holds remain; flow contexts are then being deleted
 * (flow_delete is called for each), so trying again succeeds.  FORCED: holds are revoked.
 * Returns after the last call in flight has returned.
 */
MUST_CHECK wfp_err engine_callout_unregister(struct engine *e, uint32_t id,
					     enum engine_unregister how);

/*
 * The id that the registration with this key has or will have, held until it is released: for a
 * callout object that the policy is about to get.  Counted.  Thread: as engine_commit.
 */
MUST_CHECK wfp_err engine_callout_id_reserve(struct engine *e, const struct guid *key,
					     uint32_t *id);
void engine_callout_id_release(struct engine *e, const struct guid *key);
MUST_CHECK wfp_err engine_callout_id_by_key(struct engine *e, const struct guid *key, uint32_t *id);
/* Has a driver registered the callout with this id, now?  Any thread. */
bool engine_callout_is_registered(struct engine *e, uint32_t id);

/* The frame of the classifyFn that runs on this thread, or NULL outside of any. */
struct engine_frame {
	struct engine *engine;
	const struct engine_call *call;
	struct engine_callout *callout;
	struct pend_op *op; /* NULL: this indication cannot be pended */
	struct engine_classify_out *out;
	struct engine_frame *outer;
	uint32_t rights; /* of *out when the call began: the callout changes it */
	bool pended;	 /* this call took a hold */
	uint8_t record;	 /* its hold record in op, when pended */
};
struct engine_frame *engine_frame_current(void);

uint32_t engine_callout_driver(const struct engine_callout *c);
const char *engine_callout_name(const struct engine_callout *c);
uint32_t engine_callout_id(const struct engine_callout *c);
/* A pin keeps the registration (not the ability to be called) alive: hold records take one. */
void engine_callout_pin(struct engine_callout *c);
void engine_callout_unpin(struct engine_callout *c);
void engine_callout_count_hold(struct engine_callout *c, int delta);
