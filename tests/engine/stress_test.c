/* SPDX-License-Identifier: MIT */
/*
 * pend under stress: eight threads and a million pairs of pend and complete on shared operations,
 * through the whole engine.
 *
 * Three owners classify; at each operation up to four callouts pend, and four more threads complete
 * for them, each for another callout, at whatever moment they come to it.  The eighth thread is the
 * watchdog; now and then it also takes a callout out by force and registers it again.  One callout
 * is clumsy: it completes twice, late, with stale and invented contexts, forgets, pends outside of
 * any classify, and does not always absorb.  Run it under the sanitizers; STRESS_PAIRS makes it
 * shorter.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "engine/pend.h"
#include "model/catalogue.h"

#define OWNERS	      3u
#define CALLOUTS      4u
#define CLUMSY	      3u  /* the index of that callout */
#define LIVES	      64u /* operations that one owner has under way */
#define RING	      256u
#define DEFAULT_PAIRS 1000000u
#define TIMEOUT	      (20 * CLOCK_MS)
#define LAYER	      MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define VALUES	      64u

/* Contexts on their way from one owner to one callout's thread. */
struct ring {
	struct atom32 head, tail;
	uint64_t contexts[RING];
};

struct stress;
struct owner;

struct life {
	struct owner *owner;
	struct pend_op *op;
	struct atom32 posted; /* must be 1 when it is resumed, never 2 */
	bool classified;
};

struct owner {
	struct stress *s;
	struct thread *thread;
	struct mailbox mail;
	struct life lives[LIVES];
	unsigned under_way;
	uint64_t resumed;
	struct rng rng;
};

struct completer {
	struct stress *s;
	struct thread *thread;
	unsigned index;
	struct rng rng;
	uint64_t old[64]; /* contexts that are over */
};

struct callout {
	struct stress *s;
	unsigned index;
	uint32_t id;
};

struct stress {
	struct engine *e;
	struct callout callouts[CALLOUTS];
	struct owner owners[OWNERS];
	struct completer completers[CALLOUTS];
	struct ring rings[OWNERS][CALLOUTS];
	struct model_value values[VALUES];
	struct atom64 pairs;
	uint64_t wanted;
	struct atom32 owners_left;
	unsigned reloads;
};

static bool ring_put(struct ring *r, uint64_t context)
{
	uint32_t head = atom32_load_relaxed(&r->head);

	if (head - atom32_load_acquire(&r->tail) == RING)
		return false;
	r->contexts[head % RING] = context;
	atom32_store_release(&r->head, head + 1);
	return true;
}

static bool ring_take(struct ring *r, uint64_t *context)
{
	uint32_t tail = atom32_load_relaxed(&r->tail);

	if (atom32_load_acquire(&r->head) == tail)
		return false;
	*context = r->contexts[tail % RING];
	atom32_store_release(&r->tail, tail + 1);
	return true;
}

static void post(void *arg, struct pend_op *op)
{
	struct life *l = arg;

	CHECK_EQ_U(atom32_add(&l->posted, 1), 1);
	mailbox_push(&l->owner->mail, pend_mail(op));
}

static const struct pend_owner_ops owner_ops = {post};

static void absorb(struct engine_classify_out *out)
{
	out->action = MODEL_ACTION_BLOCK;
	out->flags |= ENGINE_OUT_ABSORB;
	out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
}

/* A callout's classifyFn: pends, and completes at once or leaves that to its thread. */
static void classify_fn(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	struct callout *c = ctx;
	struct life *l = call->ind->layer_data;
	struct owner *o = l->owner;
	struct stress *s = c->s;
	uint64_t context;

	if (rng_below(&o->rng, 8) == 0)
		return;
	CHECK_OK(pend_operation(s->e, call->ind->meta->completion_handle, &context));
	atom64_add_relaxed(&s->pairs, 1);
	if (rng_below(&o->rng, 16) == 0 || !ring_put(&s->rings[o - s->owners][c->index], context))
		pend_complete(s->e, context);
	if (c->index != CLUMSY || rng_below(&o->rng, 64) != 0)
		absorb(out);
}

static const struct engine_callout_ops callout_ops = {.classify = classify_fn};

static void classify(struct owner *o, struct life *l)
{
	struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};
	struct engine_indication ind = {.layer = LAYER,
					.n_values = VALUES,
					.values = o->s->values,
					.meta = &meta,
					.layer_data = l};
	struct engine_verdict verdict;

	atom32_store(&l->posted, 0);
	CHECK_OK(pend_begin(o->s->e, PEND_ALE, LAYER, false, &owner_ops, l, &l->op));
	ind.op = l->op;
	meta.completion_handle = pend_handle(l->op);
	l->classified = false;
	engine_classify(o->s->e, &ind, &verdict);
	l->classified = true;
	if (verdict.outcome != ENGINE_PENDED) {
		pend_end(l->op);
		l->op = NULL;
		return;
	}
	o->under_way++;
	if (rng_below(&o->rng, 32) == 0)
		pend_cancel(l->op, PEND_REASON_CLOSED);
}

static void take_mail(struct owner *o)
{
	struct mail *m = mailbox_take_all(&o->mail);

	while (m) {
		struct pend_op *op = pend_of_mail(m);
		struct life *l = pend_owner(op);
		struct pend_result r;

		m = m->next;
		CHECK(l->classified && l->op == op);
		CHECK_EQ_U(atom32_load(&l->posted), 1);
		pend_resume(op, &r);
		CHECK(r.holders > 0);
		l->op = NULL;
		pend_end(op);
		o->under_way--;
		o->resumed++;
	}
}

static void own(void *arg)
{
	struct owner *o = arg;
	struct stress *s = o->s;

	while (atom64_load_relaxed(&s->pairs) < s->wanted) {
		for (unsigned i = 0; i < LIVES; i++)
			if (!o->lives[i].op)
				classify(o, &o->lives[i]);
		take_mail(o);
		thread_yield();
	}
	while (o->under_way > 0) {
		take_mail(o);
		thread_yield();
	}
	atom32_sub(&s->owners_left, 1);
}

/* What no driver should do. */
static bool be_clumsy(struct completer *c, uint64_t context)
{
	struct engine *e = c->s->e;
	uint64_t other;
	unsigned i = rng_below(&c->rng, ARRAY_LEN(c->old));

	pend_complete(e, c->old[i]);
	c->old[i] = context;
	switch (rng_below(&c->rng, 256)) {
	case 0:
		return false; /* forgets */
	case 1:
		CHECK_ERR(pend_operation(e, context, &other), ERR_CANNOT_PEND);
		break;
	case 2:
		pend_complete(e, rng_u64(&c->rng));
		break;
	default:
		break;
	}
	return true;
}

static void complete_one(struct completer *c, uint64_t context)
{
	if (c->index == CLUMSY && !be_clumsy(c, context))
		return;
	pend_complete(c->s->e, context);
	if (c->index == CLUMSY && rng_below(&c->rng, 4) == 0)
		pend_complete(c->s->e, context);
}

static void complete_all(void *arg)
{
	struct completer *c = arg;
	struct stress *s = c->s;
	uint64_t context;

	while (atom32_load(&s->owners_left) > 0) {
		for (unsigned o = 0; o < OWNERS; o++)
			while (ring_take(&s->rings[o][c->index], &context))
				complete_one(c, context);
		thread_yield();
	}
}

static void register_callout(struct callout *c)
{
	const struct engine_callout_desc desc = {
		.key = {.a = 0xca110000u + c->index},
		.driver = c->index + 1,
		.name = c->index == CLUMSY ? "clumsy" : "good",
		.ops = &callout_ops,
		.ctx = c,
	};

	CHECK_OK(engine_callout_register(c->s->e, &desc, &c->id));
}

static void reload(struct stress *s)
{
	struct callout *c = &s->callouts[s->reloads++ % CALLOUTS];

	CHECK_OK(engine_callout_unregister(s->e, c->id, ENGINE_UNREGISTER_FORCED));
	register_callout(c);
}

static void watch(void *arg)
{
	struct stress *s = arg;

	while (atom32_load(&s->owners_left) > 0) {
		clock_sleep_until(clock_now() + 5 * CLOCK_MS);
		engine_tick(s->e, clock_now());
		reload(s);
	}
}

/* One sublayer and one filter for each callout. */
static void add_policy(struct stress *s, unsigned i)
{
	const struct model_sublayer sublayer = {{.a = 0x5b000000u + i}, (uint16_t)(100 - i)};
	const struct model_filter draft = {.id = i + 1,
					   .layer = LAYER,
					   .sublayer = sublayer.key,
					   .action = MODEL_ACTION_CALLOUT_UNKNOWN,
					   .callout = {.a = 0xca110000u + i},
					   .name = (char *)(uintptr_t) "stress"};
	struct model_filter *f;

	CHECK_OK(model_filter_create(&f, &draft));
	CHECK_OK(engine_commit(s->e, &(struct engine_delta){.add_sublayers = &sublayer,
							    .n_add_sublayers = 1,
							    .add_filters = &f,
							    .n_add_filters = 1}));
	model_filter_put(f);
}

static void start_owner(struct stress *s, unsigned i)
{
	struct owner *o = &s->owners[i];

	o->s = s;
	rng_seed(&o->rng, test_seed() + i);
	for (unsigned k = 0; k < LIVES; k++)
		o->lives[k].owner = o;
	CHECK_OK(mailbox_init(&o->mail, "owner"));
	CHECK_OK(thread_start(&o->thread, "owner", own, o));
}

static void start(struct stress *s)
{
	for (unsigned i = 0; i < CALLOUTS; i++) {
		s->callouts[i] = (struct callout){.s = s, .index = i};
		register_callout(&s->callouts[i]);
		add_policy(s, i);
	}
	for (unsigned i = 0; i < CALLOUTS; i++) {
		struct completer *c = &s->completers[i];

		c->s = s;
		c->index = i;
		rng_seed(&c->rng, test_seed() + 100 + i);
		CHECK_OK(thread_start(&c->thread, "completer", complete_all, c));
	}
	for (unsigned i = 0; i < OWNERS; i++)
		start_owner(s, i);
}

static void check_quiet(struct stress *s)
{
	struct engine_counters n;
	uint64_t resumed = 0;

	engine_counters_get(s->e, &n);
	for (unsigned i = 0; i < OWNERS; i++)
		resumed += s->owners[i].resumed;
	CHECK_EQ_U(n.resumed, resumed);
	CHECK_EQ_U(n.pends, resumed);
	CHECK_EQ_U(n.pended_now, 0);
	CHECK(n.joined > 0 && n.completed_before_return > 0);
	CHECK(n.rules[ENGINE_RULE_PendDoubleComplete] > 0);
	CHECK(n.rules[ENGINE_RULE_StaleContext] > 0);
	CHECK(n.rules[ENGINE_RULE_PendNoAbsorb] > 0);
}

/* Every hold is gone, so nobody is busy. */
static void stop(struct stress *s)
{
	for (unsigned i = 0; i < CALLOUTS; i++)
		CHECK_OK(engine_callout_unregister(s->e, s->callouts[i].id,
						   ENGINE_UNREGISTER_POLITE));
	for (unsigned i = 0; i < OWNERS; i++)
		mailbox_destroy(&s->owners[i].mail);
	engine_stop(s->e);
	engine_destroy(s->e);
	mem_free(s);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(a_million_pairs_on_shared_operations_are_each_resumed_once)
{
	const struct engine_config config = {.pend_timeout = TIMEOUT};
	const char *pairs = getenv("STRESS_PAIRS");
	struct stress *s = mem_zalloc(sizeof(*s));
	struct thread *watchdog;

	CHECK(s);
	s->wanted = pairs ? strtoull(pairs, NULL, 0) : DEFAULT_PAIRS;
	atom32_store(&s->owners_left, OWNERS);
	CHECK_OK(engine_create(&s->e, &config));
	start(s);
	CHECK_OK(thread_start(&watchdog, "watchdog", watch, s));
	for (unsigned i = 0; i < OWNERS; i++)
		thread_join(s->owners[i].thread);
	for (unsigned i = 0; i < CALLOUTS; i++)
		thread_join(s->completers[i].thread);
	thread_join(watchdog);
	check_quiet(s);
	stop(s);
}
