/* SPDX-License-Identifier: MIT */
/*
 * pend under stress: eight threads and a million pairs of pend and complete on shared operations.
 *
 * Three owners classify; at each operation up to four callouts pend, and four more threads complete
 * for them, each another callout, at whatever moment they come to it.  The eighth thread is the
 * watchdog.  One callout is clumsy: it completes twice, late, with stale and invented contexts,
 * forgets, and pends outside of any classify.  Run it under the sanitizers; STRESS_PAIRS makes it
 * shorter.
 */
#include "pend_world.h"

#include "base/mailbox.h"

#define OWNERS	    3u
#define CALLOUTS    4u
#define CLUMSY	    3u /* the index of that callout */
#define LIVES	    64u /* operations that one owner has under way */
#define RING	    256u
#define DEFAULT_PAIRS 1000000u
#define TIMEOUT	    (20 * CLOCK_MS)

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
	uint64_t resumed, inline_;
	struct rng rng;
};

struct completer {
	struct stress *s;
	struct thread *thread;
	unsigned index;
	struct rng rng;
	uint64_t old[64]; /* contexts that are over */
};

struct stress {
	struct engine e;
	struct engine_callout callouts[CALLOUTS];
	struct owner owners[OWNERS];
	struct completer completers[CALLOUTS];
	struct ring rings[OWNERS][CALLOUTS];
	struct atom64 pairs;
	uint64_t wanted;
	struct atom32 owners_left;
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

/* A callout's classifyFn: pends, and completes at once or leaves that to its thread. */
static void classify_fn(struct owner *o, struct life *l, unsigned c)
{
	struct stress *s = o->s;
	struct world_call w;
	uint64_t context;

	world_enter(&w, &s->e, &s->callouts[c], l->op);
	if (rng_below(&o->rng, 8) != 0) {
		CHECK_OK(pend_operation(&s->e, pend_handle(l->op), &context));
		atom64_add_relaxed(&s->pairs, 1);
		if (rng_below(&o->rng, 16) == 0 || !ring_put(&s->rings[o - s->owners][c], context))
			pend_complete(&s->e, context);
		if (c != CLUMSY || rng_below(&o->rng, 64) != 0)
			world_absorb(&w);
	}
	world_return(&w);
}

static void classify(struct owner *o, struct life *l)
{
	atom32_store(&l->posted, 0);
	CHECK_OK(pend_begin(&o->s->e, PEND_ALE, 48, false, &owner_ops, l, &l->op));
	l->classified = false;
	for (unsigned c = 0; c < CALLOUTS; c++)
		classify_fn(o, l, c);
	l->classified = true;
	if (pend_classified(l->op) == PEND_LEFT_INLINE) {
		pend_end(l->op);
		l->op = NULL;
		o->inline_++;
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
	struct engine *e = &c->s->e;
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
	pend_complete(&c->s->e, context);
	if (c->index == CLUMSY && rng_below(&c->rng, 4) == 0)
		pend_complete(&c->s->e, context);
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

static void watch(void *arg)
{
	struct stress *s = arg;

	while (atom32_load(&s->owners_left) > 0) {
		clock_sleep_until(clock_now() + 5 * CLOCK_MS);
		pend_pool_tick(s->e.pool, clock_now());
	}
}

static void start(struct stress *s)
{
	for (unsigned i = 0; i < CALLOUTS; i++) {
		struct completer *c = &s->completers[i];

		world_callout_init(&s->callouts[i], i + 1, i == CLUMSY ? "clumsy" : "good");
		*c = (struct completer){.s = s, .index = i};
		rng_seed(&c->rng, test_seed() + 100 + i);
	}
	for (unsigned i = 0; i < OWNERS; i++) {
		struct owner *o = &s->owners[i];

		o->s = s;
		rng_seed(&o->rng, test_seed() + i);
		for (unsigned k = 0; k < LIVES; k++)
			o->lives[k].owner = o;
		CHECK_OK(mailbox_init(&o->mail, "owner"));
		CHECK_OK(thread_start(&o->thread, "owner", own, o));
	}
	for (unsigned i = 0; i < CALLOUTS; i++)
		CHECK_OK(thread_start(&s->completers[i].thread, "completer", complete_all,
				      &s->completers[i]));
}

static void check_quiet(struct stress *s)
{
	struct engine_counters n = world_counters(&s->e);
	uint64_t resumed = 0;

	for (unsigned i = 0; i < OWNERS; i++)
		resumed += s->owners[i].resumed;
	for (unsigned i = 0; i < CALLOUTS; i++) {
		CHECK_EQ_U(atom32_load(&s->callouts[i].pins), 0);
		CHECK_EQ_U(atom32_load(&s->callouts[i].holds), 0);
	}
	CHECK_EQ_U(n.resumed, resumed);
	CHECK_EQ_U(n.pended_now, 0);
	CHECK(n.joined > 0 && n.completed_before_return > 0);
	CHECK(world_rule(&s->e, ENGINE_RULE_PendDoubleComplete) > 0);
	CHECK(world_rule(&s->e, ENGINE_RULE_StaleContext) > 0);
	CHECK(world_rule(&s->e, ENGINE_RULE_PendNoAbsorb) > 0);
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
	world_open(&s->e, &config);
	start(s);
	CHECK_OK(thread_start(&watchdog, "watchdog", watch, s));
	for (unsigned i = 0; i < OWNERS; i++)
		thread_join(s->owners[i].thread);
	for (unsigned i = 0; i < CALLOUTS; i++)
		thread_join(s->completers[i].thread);
	thread_join(watchdog);
	check_quiet(s);
	for (unsigned i = 0; i < OWNERS; i++)
		mailbox_destroy(&s->owners[i].mail);
	world_close(&s->e);
	mem_free(s);
	CHECK_EQ_U(mem_live(), 0);
}
