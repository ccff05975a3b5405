/* SPDX-License-Identifier: MIT */
/*
 * pend - what pend, complete and resume cost over the plain classify: one callout, which permits in
 * the baseline and pends in the case; it completes at once, the owner resumes.
 */
#include "bench.h"
#include "policy.h"

#include "base/rcu.h"

#include "engine/pend.h"

static void permit(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	(void)ctx;
	(void)call;
	out->action = MODEL_ACTION_PERMIT;
}

static uint64_t pended;

static void pend(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	(void)ctx;
	BUG_ON(pend_operation(engine_frame_current()->engine, call->ind->meta->completion_handle,
			      &pended) != ERR_OK);
	out->action = MODEL_ACTION_BLOCK;
	out->flags |= ENGINE_OUT_ABSORB;
}

static const struct engine_callout_ops permit_ops = {.classify = permit},
				       pend_ops = {.classify = pend};

/* This program is the owner and resumes by itself: the post has nothing to do. */
static void post(void *owner, struct pend_op *op)
{
	(void)owner;
	(void)op;
}
static const struct pend_owner_ops owner_ops = {.post = post};

static void run_plain(void *ctx, uint64_t rounds)
{
	struct policy *p = ctx;
	struct engine_verdict v;

	for (uint64_t i = 0; i < rounds; i++) {
		struct engine_indication ind = policy_indication(p, i);

		engine_classify(p->engine, &ind, &v);
	}
}

static void run_pend(void *ctx, uint64_t rounds)
{
	struct policy *p = ctx;
	struct pend_result result;
	struct engine_verdict v;

	for (uint64_t i = 0; i < rounds; i++) {
		struct engine_indication ind = policy_indication(p, i);
		struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};

		BUG_ON(pend_begin(p->engine, PEND_ALE, POLICY_LAYER, false, &owner_ops, NULL,
				  &ind.op) != ERR_OK);
		meta.completion_handle = pend_handle(ind.op);
		ind.meta = &meta;
		engine_classify(p->engine, &ind, &v);
		BUG_ON(v.outcome != ENGINE_PENDED);
		BUG_ON(pend_complete(p->engine, pended) != ERR_OK);
		pend_resume(ind.op, &result);
		pend_end(ind.op);
	}
}

int main(void)
{
	struct bench_case cases[] = {{.run = run_plain}, {.run = run_pend}};

	rcu_thread_enter();
	cases[0].ctx = policy_callout_create(&permit_ops, NULL);
	cases[1].ctx = policy_callout_create(&pend_ops, NULL);
	bench_run(cases, 2, 100000, 15);
	bench_print("pend and complete, over the plain classify", cases[1].ns - cases[0].ns,
		    "classify with a callout", cases[0].ns);
	policy_destroy(cases[0].ctx);
	policy_destroy(cases[1].ctx);
	rcu_thread_leave();
	return 0;
}
