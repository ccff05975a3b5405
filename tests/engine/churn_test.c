/* SPDX-License-Identifier: MIT */
/*
 * Everything at once: workers classify and hold, another thread completes, policy changes, and the
 * driver goes and comes back.  Every operation must end once, and nothing may be left.
 */
#include "kit.h"

#include "base/thread.h"
#include "engine/metadata.h"
#include "engine/pend.h"

#define WORKERS	 2u
#define PACKETS	 12u
#define CONTEXTS (WORKERS * PACKETS * 2)

static struct atom64 contexts[CONTEXTS]; /* what the completer has to complete; 0: nothing */
static struct atom32 n_contexts, workers_left, calls_inside;

static void pend_or_not(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	uint64_t context = 0;

	(void)ctx;
	atom32_add(&calls_inside, 1);
	out->action = MODEL_ACTION_PERMIT;
	if (pend_operation(kit, call->ind->meta->completion_handle, &context) == ERR_OK) {
		atom64_store(&contexts[atom32_add(&n_contexts, 1) - 1], context);
		sched_point("pended");
		out->action = MODEL_ACTION_BLOCK;
		out->flags |= ENGINE_OUT_ABSORB;
		out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
	}
	atom32_sub(&calls_inside, 1);
}

static void gone(void *ctx)
{
	(void)ctx;
	CHECK_EQ_U(atom32_load(&calls_inside), 0);
}

static const struct engine_callout_ops ops = {.classify = pend_or_not, .released = gone};
static const struct engine_callout_desc desc = {
	.key = {.a = 7}, .driver = 1, .name = "churn", .ops = &ops};

static void post(void *owner, struct pend_op *op)
{
	(void)op;
	atom32_add(owner, 1);
}

static const struct pend_owner_ops owner_ops = {.post = post};

/* One packet from its indication to its end. */
static void one_packet(void)
{
	struct model_value values[KIT_VALUES] = {{0}};
	struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};
	struct engine_indication ind = {
		.layer = KIT_LAYER, .n_values = KIT_VALUES, .values = values, .meta = &meta};
	struct atom32 posts;
	struct engine_verdict v;
	struct pend_result r;

	atom32_init(&posts, 0);
	CHECK_OK(pend_begin(kit, PEND_ALE, KIT_LAYER, false, &owner_ops, &posts, &ind.op));
	meta.completion_handle = pend_handle(ind.op);
	engine_classify(kit, &ind, &v);
	if (v.outcome == ENGINE_PENDED) {
		while (atom32_load(&posts) == 0)
			thread_yield();
		pend_resume(ind.op, &r);
		CHECK_EQ_U(r.holders, 1);
	}
	CHECK_EQ_U(atom32_load(&posts), v.outcome == ENGINE_PENDED);
	pend_end(ind.op);
}

static void worker(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < PACKETS; i++)
		one_packet();
	atom32_sub(&workers_left, 1);
}

static void completer(void *arg)
{
	(void)arg;
	while (atom32_load(&workers_left) > 0) {
		for (unsigned i = 0; i < CONTEXTS; i++) {
			uint64_t context = atom64_exchange(&contexts[i], 0);

			/* It may have been revoked meanwhile. */
			if (context)
				(void)pend_complete(kit, context);
		}
		thread_yield();
	}
}

static void driver(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t id;

		CHECK_OK(engine_callout_register(kit, &desc, &id));
		thread_yield();
		CHECK_OK(engine_callout_unregister(kit, id, ENGINE_UNREGISTER_FORCED));
	}
}

SIM_TEST(every_operation_ends_once_while_policy_and_drivers_come_and_go)
{
	struct thread *t[WORKERS + 2];
	struct engine_counters c;
	unsigned n = 0;

	memset(contexts, 0, sizeof(contexts));
	atom32_store(&n_contexts, 0);
	atom32_store(&workers_left, WORKERS);
	kit_begin();
	kit_sublayer(1);
	kit_sublayer(2);
	kit_callout_filter(2, 1, MODEL_ACTION_CALLOUT_UNKNOWN,
			   MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED, &desc.key);
	for (unsigned i = 0; i < WORKERS; i++)
		CHECK_OK(thread_start(&t[n++], "worker", worker, NULL));
	CHECK_OK(thread_start(&t[n++], "completer", completer, NULL));
	CHECK_OK(thread_start(&t[n++], "driver", driver, NULL));
	for (unsigned i = 0; i < 6; i++)
		kit_remove(kit_filter(1, 1, MODEL_ACTION_BLOCK, 0));
	while (n > 0)
		thread_join(t[--n]);
	engine_counters_get(kit, &c);
	CHECK_EQ_U(c.pended_now, 0);
	CHECK_EQ_U(c.classifies, WORKERS * PACKETS);
	kit_end();
}
