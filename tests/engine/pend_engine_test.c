/* SPDX-License-Identifier: MIT */
/*
 * pend inside the whole engine: what the walk makes of a pend, what policy changes, unregistration
 * and stopping do to a held operation.  The cells of the event table that pend alone cannot show.
 */
#include "kit.h"

#include "base/clock.h"
#include "engine/ledger.h"
#include "engine/pend.h"

struct held {
	struct pend_op *op;
	unsigned posts;
	struct engine_verdict verdict;
};

struct pair {
	struct kit_script a, b; /* a is asked first */
	uint64_t context_a, context_b, filter_a;
	struct held held;
};

static void post(void *owner, struct pend_op *op)
{
	struct held *h = owner;

	CHECK(h->op == op);
	h->posts++;
}

static const struct pend_owner_ops owner_ops = {post};

static void pend_inside(struct kit_script *s, const struct engine_call *call)
{
	CHECK_OK(pend_operation(kit, call->ind->meta->completion_handle, s->arg));
}

/* A callout that pends and returns Block with absorb. */
static struct kit_script pending(uint16_t n, uint64_t *context)
{
	struct kit_script s = kit_answer(n, MODEL_ACTION_BLOCK);

	s.flags = ENGINE_OUT_ABSORB;
	s.clear_right = true;
	s.inside = pend_inside;
	s.arg = context;
	return s;
}

static void open_pair(struct pair *p, struct engine_config config)
{
	*p = (struct pair){0};
	kit_begin_with(config);
	kit_sublayer(20);
	kit_sublayer(10);
	p->a = pending(1, &p->context_a);
	p->b = pending(2, &p->context_b);
	kit_register(&p->a);
	kit_register(&p->b);
	p->filter_a = kit_callout_filter(20, 1, MODEL_ACTION_CALLOUT_UNKNOWN, 0, &p->a.key);
	kit_callout_filter(10, 1, MODEL_ACTION_CALLOUT_UNKNOWN, 0, &p->b.key);
}

static void ask(struct held *h, bool reauthorize)
{
	struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};

	*h = (struct held){0};
	CHECK_OK(pend_begin(kit, PEND_ALE, KIT_LAYER, reauthorize, &owner_ops, h, &h->op));
	meta.completion_handle = pend_handle(h->op);
	kit_ind.meta = &meta;
	kit_ind.op = h->op;
	kit_ind.reauthorize = reauthorize;
	h->verdict = kit_classify();
	kit_ind.meta = NULL;
	kit_ind.op = NULL;
	if (h->verdict.outcome != ENGINE_PENDED)
		pend_end(h->op);
}

static struct pend_result resume(struct held *h)
{
	struct pend_result r;

	CHECK_EQ_U(h->posts, 1);
	pend_resume(h->op, &r);
	pend_end(h->op);
	return r;
}

static void close_pair(struct pair *p)
{
	kit_unregister(&p->a);
	kit_unregister(&p->b);
	CHECK_EQ_U(p->a.released + p->b.released, 2);
	kit_end();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(a_pend_is_the_sublayers_provisional_block_and_lower_sublayers_are_still_asked)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	ask(&p.held, false);
	CHECK_EQ_U(p.held.verdict.outcome, ENGINE_PENDED);
	CHECK_EQ_U(p.b.calls, 1);
	CHECK(p.b.entry.rights & ENGINE_RIGHT_ACTION_WRITE);
	CHECK_OK(pend_complete(kit, p.context_b));
	CHECK_EQ_U(p.held.posts, 0);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_EQ_U(resume(&p.held).holders, 2);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendRightsIgnored], 0);
	close_pair(&p);
}

TEST(in_freeze_mode_the_walk_stops_at_the_first_pend)
{
	struct pair p;

	open_pair(&p, (struct engine_config){.join = ENGINE_JOIN_FREEZE});
	ask(&p.held, false);
	CHECK_EQ_U(p.a.calls, 1);
	CHECK_EQ_U(p.b.calls, 0);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_EQ_U(resume(&p.held).holders, 1);
	close_pair(&p);
}

static void pend_refused(struct kit_script *s, const struct engine_call *call)
{
	CHECK_ERR(pend_operation(kit, call->ind->meta->completion_handle, s->arg), ERR_CANNOT_PEND);
}

TEST(in_strict_mode_a_lower_callout_may_not_pend_what_a_higher_one_holds)
{
	struct pair p;

	open_pair(&p, (struct engine_config){.strict_rights = true});
	p.b.inside = pend_refused;
	ask(&p.held, false);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendRightsIgnored], 1);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_EQ_U(resume(&p.held).holders, 1);
	close_pair(&p);
}

TEST(a_lower_callout_vetoes_what_a_higher_one_holds)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.b = kit_answer(2, MODEL_ACTION_BLOCK);
	p.b.clear_right = true;
	CHECK_OK(engine_callout_id_by_key(kit, &p.b.key, &p.b.id));
	ask(&p.held, false);
	CHECK_EQ_U(p.held.verdict.outcome, ENGINE_PENDED);
	CHECK(p.held.verdict.hard);
	CHECK_EQ_U(p.held.verdict.callout_id, p.b.id);
	CHECK_OK(pend_complete(kit, p.context_a));
	resume(&p.held);
	close_pair(&p);
}

TEST(a_callout_that_pends_and_permits_blocks)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.a.action = MODEL_ACTION_PERMIT;
	p.b.inside = NULL;
	p.b.action = MODEL_ACTION_PERMIT;
	p.b.flags = 0;
	ask(&p.held, false);
	CHECK_EQ_U(p.held.verdict.outcome, ENGINE_PENDED);
	CHECK_EQ_U(resume(&p.held).outcome, ENGINE_BLOCK);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendNoAbsorb], 1);
	close_pair(&p);
}

TEST(the_resume_asks_again_and_a_pend_is_then_refused)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.b.inside = NULL;
	p.b.action = MODEL_ACTION_PERMIT;
	p.b.flags = 0;
	ask(&p.held, false);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK(!resume(&p.held).final);
	p.a.inside = pend_refused;
	p.a.action = MODEL_ACTION_PERMIT;
	p.a.flags = 0;
	ask(&p.held, true);
	CHECK_EQ_U(p.held.verdict.outcome, ENGINE_PERMIT);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendOnReauth], 1);
	close_pair(&p);
}

TEST(a_filter_deleted_while_pended_leaves_the_hold_and_the_resume_sees_the_newest_policy)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	ask(&p.held, false);
	kit_remove(p.filter_a);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_OK(pend_complete(kit, p.context_b));
	resume(&p.held);
	p.b.inside = NULL;
	ask(&p.held, true);
	CHECK_EQ_U(p.a.calls, 1);
	CHECK_EQ_U(p.b.calls, 2);
	close_pair(&p);
}

static void delete_filter_inside(struct kit_script *s, const struct engine_call *call)
{
	const uint64_t id = call->filter->id;

	CHECK_ERR(engine_commit(kit, &(struct engine_delta){.remove_filters = &id,
							    .n_remove_filters = 1}),
		  ERR_NOT_SUPPORTED);
	pend_inside(s, call);
}

TEST(a_filter_cannot_be_deleted_from_inside_the_classify_that_pends)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.a.inside = delete_filter_inside;
	ask(&p.held, false);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_OK(pend_complete(kit, p.context_b));
	resume(&p.held);
	close_pair(&p);
}

TEST(unregistering_while_holding_is_busy_and_succeeds_after_the_completion)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	ask(&p.held, false);
	CHECK_ERR(engine_callout_unregister(kit, p.a.id, ENGINE_UNREGISTER_POLITE), ERR_IN_USE);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_OK(engine_callout_unregister(kit, p.a.id, ENGINE_UNREGISTER_POLITE));
	CHECK_EQ_U(p.a.released, 1);
	CHECK_OK(pend_complete(kit, p.context_b));
	resume(&p.held);
	kit_unregister(&p.b);
	kit_end();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(unregistering_by_force_revokes_the_hold_blocks_and_leaves_the_late_complete_harmless)
{
	struct pend_result r;
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	ask(&p.held, false);
	CHECK_OK(pend_complete(kit, p.context_b));
	CHECK_OK(engine_callout_unregister(kit, p.a.id, ENGINE_UNREGISTER_FORCED));
	CHECK_EQ_U(kit_reports[ENGINE_RULE_UnloadWithHolds], 1);
	CHECK_EQ_U(p.a.released, 1);
	r = resume(&p.held);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	CHECK_ERR(pend_complete(kit, p.context_a), ERR_OPERATION_ABORTED);
	kit_unregister(&p.b);
	kit_end();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(the_filter_of_an_unregistered_callout_blocks_the_resume_unless_it_forgives)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.b.inside = NULL;
	p.b.action = MODEL_ACTION_PERMIT;
	p.b.flags = 0;
	p.b.clear_right = false;
	ask(&p.held, false);
	CHECK_OK(pend_complete(kit, p.context_a));
	resume(&p.held);
	kit_unregister(&p.a);
	ask(&p.held, true);
	CHECK_EQ_U(p.held.verdict.outcome, ENGINE_BLOCK);
	kit_remove(p.filter_a);
	kit_callout_filter(20, 1, MODEL_ACTION_CALLOUT_UNKNOWN,
			   MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED, &p.a.key);
	ask(&p.held, true);
	CHECK_EQ_U(p.held.verdict.outcome, ENGINE_PERMIT);
	kit_unregister(&p.b);
	kit_end();
}

TEST(engine_stop_resolves_what_is_held_and_the_engine_can_end)
{
	struct pend_result r;
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	ask(&p.held, false);
	engine_stop(kit);
	r = resume(&p.held);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	close_pair(&p);
}

TEST(engine_tick_resolves_a_hold_that_was_forgotten)
{
	struct pair p;

	open_pair(&p, (struct engine_config){.pend_timeout = CLOCK_S});
	ask(&p.held, false);
	engine_tick(kit, clock_now() + 2 * CLOCK_S);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendLost], 2);
	CHECK(resume(&p.held).revoked);
	close_pair(&p);
}

static void acquire_inside(struct kit_script *s, const struct engine_call *call)
{
	(void)call;
	CHECK_OK(pend_acquire(kit, s->arg));
}

TEST(a_classify_handle_never_released_is_reported_when_its_callout_is_unregistered)
{
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.a.inside = p.b.inside = acquire_inside;
	CHECK_EQ_U(kit_classify().outcome, ENGINE_ABSORB);
	pend_release(kit, p.context_b);
	kit_unregister(&p.b);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_ClassifyHandleBalance], 0);
	kit_unregister(&p.a);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_ClassifyHandleBalance], 1);
	pend_release(kit, p.context_a);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_StaleContext], 1);
	kit_end();
	CHECK_EQ_U(mem_live(), 0);
}

/* ---- with a ledger entry ----------------------------------------------------------------------
 */

static unsigned released;

static void on_decided(void *packet, enum ledger_decision decision, uint32_t by)
{
	(void)by;
	*(enum ledger_decision *)packet = decision;
}

static void on_released(void *packet)
{
	(void)packet;
	released++;
}

static const struct ledger_owner_ops ledger_ops = {on_decided, on_released};

static void clone_and_pend(struct kit_script *s, const struct engine_call *call)
{
	ledger_claim(call->ind->ledger, 1);
	pend_inside(s, call);
}

TEST(a_pended_packet_goes_on_when_the_operation_and_the_reinjected_clone_agree)
{
	enum ledger_decision decision = LEDGER_DROP;
	struct engine_seen seen = {0};
	struct ledger_entry *l;
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.a.inside = clone_and_pend;
	CHECK_OK(ledger_open(kit, LEDGER_DISCARD_BLOCKS, &ledger_ops, &decision, &l));
	kit_ind.ledger = l;
	ask(&p.held, false);
	kit_ind.ledger = NULL;
	CHECK(ledger_claimed(l));
	ledger_hold_op(l);
	ledger_settle(l, true);
	CHECK_OK(pend_complete(kit, p.context_a));
	CHECK_OK(pend_complete(kit, p.context_b));
	resume(&p.held);
	CHECK_EQ_U(ledger_inject(l, 1, false, &seen), LEDGER_INJECT_MERGED);
	CHECK(engine_seen_has(&seen, p.a.id));
	ledger_unclaim(l, 1);
	ledger_op_done(l, true);
	CHECK_EQ_U(decision, LEDGER_GO);
	CHECK_EQ_U(released, 1);
	close_pair(&p);
}

TEST(an_absorbed_packet_is_held_by_the_callout_that_absorbed_it_alone)
{
	enum ledger_decision decision = LEDGER_GO;
	struct ledger_entry *l;
	struct pair p;

	open_pair(&p, (struct engine_config){0});
	p.a.inside = NULL;
	p.b = kit_answer(2, 0);
	CHECK_OK(engine_callout_id_by_key(kit, &p.b.key, &p.b.id));
	CHECK_OK(ledger_open(kit, LEDGER_DISCARD_BLOCKS, &ledger_ops, &decision, &l));
	kit_ind.ledger = l;
	CHECK_EQ_U(kit_classify().outcome, ENGINE_ABSORB);
	kit_ind.ledger = NULL;
	ledger_settle(l, false);
	CHECK_EQ_U(decision, LEDGER_DROP);
	CHECK_EQ_U(released, 1);
	close_pair(&p);
}
